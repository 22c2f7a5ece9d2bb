import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { BLOOM_LENGTH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { invalidL1Data } from "./json-rpc.ts";
import { bytesOfHex, RpcFields } from "./rpc-fields.ts";

/** The header of a block object, whose hash has been computed and is the one that the server claims. */
export type RpcHeader = {
  readonly header: Header;
  readonly hash: Hash;
  /** Names of header fields that this program does not know but that proved to be part of the hash. */
  readonly unknownFields: readonly string[];
};

const NONCE_LENGTH = 8;

/** What a block object has beside header fields of later forks; none of it is part of the hash by itself. */
const KNOWN_NAMES = new Set(
  [
    "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit",
    "gasUsed timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas",
    "parentBeaconBlockRoot requestsHash hash size totalDifficulty uncles transactions withdrawals author sealFields",
  ].flatMap((line) => line.split(" ")),
);

/**
 * More unknown names than this are not tried as header fields: each fork so far added at most three, and the
 * number of orders grows as a factorial.
 */
const MAX_UNKNOWN_FIELDS = 5;

/**
 * Reads a block object's header and checks its hash.
 *
 * A future L1 fork adds fields at the end of the header. Their names and order are not known here, but their
 * values are in the object: every order and both forms (number, bytes) of the unknown ones are tried until the
 * hash is the claimed one. A match is as strong a proof as with known fields.
 *
 * @throws RollupError L1_DATA_INVALID when no reading gives the claimed hash, or it is not the wanted block
 */
export function readRpcHeader(value: unknown, wanted: bigint | Hash | undefined): RpcHeader {
  const fields = new RpcFields(value, "block");
  const header = readKnownFields(fields);
  const claimed = fields.hash("hash");
  const found = bytesEqual(headerHash(header), claimed)
    ? { header, unknownFields: [] }
    : completeHeader(header, fields, claimed);
  if (found === undefined) {
    throw invalidL1Data("the block's header does not have the hash that the server claims", {
      claimed: toHex(claimed),
      computed: toHex(headerHash(header)),
    });
  }
  checkWanted(header, claimed, wanted);
  return { ...found, hash: claimed };
}

function checkWanted(header: Header, hash: Hash, wanted: bigint | Hash | undefined): void {
  if (wanted === undefined) return;
  const matches = typeof wanted === "bigint" ? header.number === wanted : bytesEqual(hash, wanted);
  if (matches) return;
  throw invalidL1Data("the server answered with another block than the one asked for", {
    wanted: typeof wanted === "bigint" ? wanted.toString() : toHex(wanted),
    number: header.number.toString(),
    hash: toHex(hash),
  });
}

function readKnownFields(fields: RpcFields): Header {
  const quantity = (from: RpcFields, name: string) => from.quantity(name);
  const hash = (from: RpcFields, name: string) => from.hash(name);
  return {
    parentHash: fields.hash("parentHash"),
    ommersHash: fields.hash("sha3Uncles"),
    beneficiary: fields.address("miner"),
    stateRoot: fields.hash("stateRoot"),
    transactionsRoot: fields.hash("transactionsRoot"),
    receiptsRoot: fields.hash("receiptsRoot"),
    logsBloom: fields.fixed("logsBloom", BLOOM_LENGTH),
    difficulty: fields.quantity("difficulty"),
    number: fields.quantity("number"),
    gasLimit: fields.quantity("gasLimit"),
    gasUsed: fields.quantity("gasUsed"),
    timestamp: fields.quantity("timestamp"),
    extraData: fields.bytes("extraData"),
    prevRandao: fields.hash("mixHash"),
    nonce: fields.fixed("nonce", NONCE_LENGTH),
    baseFeePerGas: fields.optional("baseFeePerGas", quantity),
    withdrawalsRoot: fields.optional("withdrawalsRoot", hash),
    blobGasUsed: fields.optional("blobGasUsed", quantity),
    excessBlobGas: fields.optional("excessBlobGas", quantity),
    parentBeaconBlockRoot: fields.optional("parentBeaconBlockRoot", hash),
    requestsHash: fields.optional("requestsHash", hash),
  };
}

type Candidate = { readonly name: string; readonly encodings: readonly Uint8Array[] };

function completeHeader(
  header: Header,
  fields: RpcFields,
  claimed: Hash,
): { readonly header: Header; readonly unknownFields: readonly string[] } | undefined {
  const candidates = fields.names
    .filter((name) => !KNOWN_NAMES.has(name))
    .flatMap((name) => candidate(fields, name));
  if (candidates.length > MAX_UNKNOWN_FIELDS) return undefined;
  for (const { names, encoded } of arrangements(candidates)) {
    const full = { ...header, extraFields: encoded };
    if (bytesEqual(headerHash(full), claimed)) return { header: full, unknownFields: names };
  }
  return undefined;
}

/** A value as RLP: as bytes, and as a number too where it can be one. */
function candidate(fields: RpcFields, name: string): readonly Candidate[] {
  const value = fields.raw(name);
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]+$/.test(value)) return [];
  const bytes = bytesOfHex(value);
  const encodings = bytes === undefined ? [] : [encodeRlp(bytes)];
  if (value.length <= 2 + 64) encodings.push(encodeRlp(BigInt(value)));
  return [{ name, encodings }];
}

type Arrangement = { readonly names: readonly string[]; readonly encoded: readonly Uint8Array[] };

/** Every non-empty sequence of distinct candidates, each in every encoding. */
function* arrangements(candidates: readonly Candidate[]): Generator<Arrangement> {
  for (const [index, first] of candidates.entries()) {
    const others = candidates.toSpliced(index, 1);
    for (const encoding of first.encodings) {
      yield { names: [first.name], encoded: [encoding] };
      for (const rest of arrangements(others)) {
        yield { names: [first.name, ...rest.names], encoded: [encoding, ...rest.encoded] };
      }
    }
  }
}
