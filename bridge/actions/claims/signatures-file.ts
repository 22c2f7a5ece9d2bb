import { fromHex, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord, type JsonRecord } from "@phala-l2/protocol/json-record";
import { readAccount } from "../../snapshot/account-text.ts";
import type { Multisig } from "./contract.ts";
import type { WalletSignatures } from "./submit.ts";

export type SignaturesReading =
  | { readonly kind: "ok"; readonly signatures: WalletSignatures }
  | { readonly kind: "invalid"; readonly reason: string };

/** A list of objects; an absent one is empty. */
function records(value: unknown): readonly JsonRecord[] {
  const list = value ?? [];
  if (Array.isArray(list) && list.every(isRecord)) return list;
  throw new SyntaxError("keys and multisigs are lists of objects");
}

function accountIn(value: unknown): Hash {
  const reading = readAccount(String(value));
  if (reading.kind === "ok") return reading.account;
  throw new SyntaxError(reading.reason);
}

function keyIn({ signer, signature }: JsonRecord) {
  if (typeof signature !== "string") throw new SyntaxError("a key has no signature");
  return { signer: accountIn(signer), signature: fromHex(signature) };
}

/** Thresholds are u16 on the parachain. */
const MAX_THRESHOLD = 2 ** 16 - 1;

function multisigIn({ signatories, threshold }: JsonRecord): Multisig {
  if (!Array.isArray(signatories)) throw new SyntaxError("a multisig has no list of signatories");
  if (
    typeof threshold !== "number" ||
    !Number.isInteger(threshold) ||
    threshold < 1 ||
    threshold > MAX_THRESHOLD
  ) {
    throw new SyntaxError("a multisig's threshold is a number from 1");
  }
  const accounts: readonly Hex[] = signatories.map((signatory) => toHex(accountIn(signatory)));
  return { signatories: accounts, threshold };
}

/**
 * Reads signatures as people pass them on: JSON with `keys`, each of `signer` (SS58 or hex) and `signature` (hex), and
 * `multisigs`, inner ones first, each of `signatories` and `threshold`. Never throws.
 */
export function readSignatures(text: string): SignaturesReading {
  try {
    const document: unknown = JSON.parse(text);
    if (!isRecord(document))
      return { kind: "invalid", reason: "an object with keys and multisigs is wanted" };
    const keys = records(document.keys).map(keyIn);
    const multisigs = records(document.multisigs).map(multisigIn);
    return { kind: "ok", signatures: { keys, multisigs } };
  } catch (error) {
    if (error instanceof SyntaxError || isRollupError(error))
      return { kind: "invalid", reason: error.message };
    throw error;
  }
}
