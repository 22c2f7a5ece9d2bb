import {
  type Address,
  addressFromHex,
  bytesEqual,
  type Hex,
  toHex,
  ZERO_ADDRESS,
} from "@phala-l2/protocol/bytes";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { addressSubject } from "./claims-tree.ts";
import { CLAIM_FORMS, type ClaimForm, formNumber } from "./message.ts";
import type { RegisteredReceiver } from "./snapshot.ts";

/**
 * Receivers that accounts named on the parachain before its end, for keys that cannot sign a message: a signed
 * extrinsic whose call itself is `system.remark` or `remark_with_event` of
 * `phala-l2 sunset receiver: <L1 chain id> <0x address> <ethereum|l2|staked>`. A remark within another call never counts:
 * a proxy of kind `NonTransfer` may remark for an account whose money it may not move.
 */
const TEXT = /^phala-l2 sunset receiver: (\d{1,20}) (0x[0-9a-fA-F]{40}) (ethereum|l2|staked)$/;

/** What an account remarks, to have its claim go to that receiver. @param chainId the L1 that claims are paid on */
export function registrationText(chainId: bigint, receiver: Address, form: ClaimForm): string {
  return `phala-l2 sunset receiver: ${chainId} ${toHex(receiver)} ${form}`;
}

/** How a signed extension stands between signature and call. */
type Extension = "era" | "compact" | "zero";
/**
 * The extensions that runtimes have in an extrinsic: era, nonce, tip; Asset Hub's optional asset for fees, and the mode
 * of a metadata hash, both absent. Whichever fits, account and text are the same.
 */
const LAYOUTS: readonly (readonly Extension[])[] = [
  ["era", "compact", "compact"],
  ["era", "compact", "compact", "zero"],
  ["era", "compact", "compact", "zero", "zero"],
];
/** Version 4, signed. */
const SIGNED = 0x84;
/** `MultiAddress::Id`. */
const ACCOUNT_ID = 0;
/** Lengths of `MultiSignature`'s kinds: ed25519, sr25519, ecdsa. */
const SIGNATURE_LENGTHS: readonly number[] = [64, 64, 65];
const SYSTEM = 0;
/** `remark` and `remark_with_event`, as runtimes number them today, and as they did before 2023. */
const REMARKS: ReadonlySet<number> = new Set([0, 7, 1, 8]);

function skip(reader: ScaleReader, extension: Extension): void {
  if (extension === "compact") reader.compact();
  else {
    const first = reader.u8();
    if (extension === "era" && first !== 0) reader.u8();
    else if (extension === "zero" && first !== 0) reader.fail("scale-variant-unknown");
  }
}

/** What a remark is, when the rest of an extrinsic is one. */
function remarkAt(extrinsic: Uint8Array, at: number, layout: readonly Extension[]): Uint8Array | undefined {
  const reader = new ScaleReader(extrinsic, at);
  for (const extension of layout) skip(reader, extension);
  if (reader.u8() !== SYSTEM || !REMARKS.has(reader.u8())) return undefined;
  const remark = reader.byteString();
  return reader.finish(0).kind === "ok" ? remark : undefined;
}

/** Who signed a remark alone, and the remark; undefined for every other extrinsic. Never throws. */
export function signedRemark(extrinsic: Uint8Array): { account: Hex; remark: Uint8Array } | undefined {
  const outer = new ScaleReader(extrinsic);
  const body = outer.byteString();
  if (outer.finish(0).kind !== "ok") return undefined;
  const reader = new ScaleReader(body);
  if (reader.u8() !== SIGNED || reader.u8() !== ACCOUNT_ID) return undefined;
  const account = toHex(reader.take(32));
  reader.take(SIGNATURE_LENGTHS[reader.u8()] ?? body.length);
  if (reader.fault !== undefined) return undefined;
  for (const layout of LAYOUTS) {
    const remark = remarkAt(body, reader.at, layout);
    if (remark !== undefined) return { account, remark };
  }
  return undefined;
}

/** The receiver that an extrinsic registers on this L1, if it does. */
function registrationIn(extrinsic: Uint8Array, chainId: bigint): RegisteredReceiver | undefined {
  const signed = signedRemark(extrinsic);
  if (signed === undefined) return undefined;
  const [, chain = "", address = "", name] = TEXT.exec(new TextDecoder("latin1").decode(signed.remark)) ?? [];
  const form = CLAIM_FORMS.find((each) => each === name);
  if (form === undefined || BigInt(chain) !== chainId) return undefined;
  const receiver = addressFromHex(address);
  if (bytesEqual(receiver, ZERO_ADDRESS)) return undefined;
  return { account: signed.account, subject: addressSubject(receiver), form: formNumber(form) };
}

/**
 * Receivers that a block's extrinsics register, one an account, its last. A signed extrinsic in a final block has a signature that
 * the runtime checked. Never throws.
 * @param chainId the L1 that claims are paid on
 */
export function registrationsOf(
  extrinsics: readonly Uint8Array[],
  chainId: bigint,
): readonly RegisteredReceiver[] {
  const receivers = new Map<Hex, RegisteredReceiver>();
  for (const extrinsic of extrinsics) {
    const registration = registrationIn(extrinsic, chainId);
    if (registration !== undefined) receivers.set(registration.account, registration);
  }
  return [...receivers.values()];
}
