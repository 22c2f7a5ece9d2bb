import { fromHex, type Hash, type Hex, hashFromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord, type JsonRecord } from "@phala-l2/protocol/json-record";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";

/** What a prover answers to `tee_signSunset`. */
export type SunsetAnswer =
  | { readonly kind: "running"; readonly blocks: bigint; readonly entries: bigint; readonly bytes: bigint }
  | {
      readonly kind: "signed";
      readonly key: Hex;
      readonly settingsHash: Hash;
      readonly signature: Uint8Array;
      readonly statement: SunsetStatement;
    };

function hash(json: JsonRecord, name: string): Hash {
  return hashFromHex(String(json[name]));
}

const DECIMAL = /^\d{1,39}$/;

function amount(json: JsonRecord, name: string): bigint {
  const value = json[name];
  if (typeof value === "string" && DECIMAL.test(value)) return BigInt(value);
  throw new SyntaxError(`${name} is no amount`);
}

const QUANTITY = /^0x[0-9a-f]{1,16}$/;

function count(json: JsonRecord, name: string): bigint {
  const value = json[name];
  return typeof value === "string" && QUANTITY.test(value) ? BigInt(value) : 0n;
}

function statementOf(json: JsonRecord): SunsetStatement {
  return {
    genesisHash: hash(json, "genesisHash"),
    height: amount(json, "height"),
    blockHash: hash(json, "blockHash"),
    stateRoot: hash(json, "stateRoot"),
    claimsRoot: hash(json, "claimsRoot"),
    issuance: amount(json, "issuance"),
    claimable: amount(json, "claimable"),
    excluded: amount(json, "excluded"),
    rounding: amount(json, "rounding"),
  };
}

const KEY = /^0x[0-9a-f]{40}$/;

/** An answer of anybody's; undefined when it is none. */
export function readSunsetAnswer(answer: unknown): SunsetAnswer | undefined {
  if (!isRecord(answer)) return undefined;
  const { status, key, signature, sunset } = answer;
  if (status === "running") {
    const [blocks, entries, bytes] = [
      count(answer, "blocks"),
      count(answer, "entries"),
      count(answer, "bytes"),
    ];
    return { kind: "running", blocks, entries, bytes };
  }
  if (status !== "signed" || !isRecord(sunset)) return undefined;
  if (typeof key !== "string" || !KEY.test(key) || typeof signature !== "string") return undefined;
  try {
    return {
      kind: "signed",
      key: `0x${key.slice(2)}`,
      settingsHash: hash(answer, "settingsHash"),
      signature: fromHex(signature),
      statement: statementOf(sunset),
    };
  } catch (error) {
    if (isRollupError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
