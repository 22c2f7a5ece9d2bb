import { unpacked } from "@phala-l2/node/compressed-file";
import { EMPTY_BYTES, fromHex, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import type { ExecutionConfig } from "@phala-l2/protocol/config/rollup";
import { readExecutionConfig } from "@phala-l2/protocol/config/rollup-json";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { BLOOM_LENGTH, type Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";

/** One block of a real chain with the witness of its execution, as kona's tests of its executor have it. */
export type BlockFixture = {
  readonly config: ExecutionConfig;
  readonly parent: Header;
  readonly attributes: PayloadAttributes;
  /** The hash that the chain gave the block. */
  readonly expected: Hash;
  /** Trie nodes, codes and headers by the hash that they were found to have. */
  readonly preimages: ReadonlyMap<Hex, Uint8Array>;
};

const U256_MAX = 2n ** 256n - 1n;
const NONCE_LENGTH = 8;
const EIP1559_PARAMS_LENGTH = 8;

/**
 * Reads a fixture: JSON with rollup_config, parent_header, executing_payload, expected_block_hash and preimages,
 * as it is or compressed by gzip or zstd.
 * @throws RollupError FIXTURE_MALFORMED with file and field
 */
export function readBlockFixture(bytes: Uint8Array, file: string): BlockFixture {
  const text = new TextDecoder();
  try {
    return parseBlockFixture(JSON.parse(text.decode(unpacked(bytes))));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RollupError("FIXTURE_MALFORMED", `${file}: ${why}`, { data: { file }, cause });
  }
}

/** @throws RollupError CONFIG_INVALID with the path of the bad field */
export function parseBlockFixture(json: unknown): BlockFixture {
  const root = new JsonObject(json, "");
  const attributes = readAttributes(root.object("executing_payload"));
  return {
    config: readExecutionConfig(root.object("rollup_config"), attributes.timestamp),
    parent: readHeader(root.object("parent_header")),
    attributes,
    expected: root.hash("expected_block_hash"),
    preimages: readPreimages(root.object("preimages")),
  };
}

function readHeader(json: JsonObject): Header {
  return {
    parentHash: json.hash("parentHash"),
    ommersHash: json.hash("sha3Uncles"),
    beneficiary: json.address("miner"),
    stateRoot: json.hash("stateRoot"),
    transactionsRoot: json.hash("transactionsRoot"),
    receiptsRoot: json.hash("receiptsRoot"),
    logsBloom: json.bytes("logsBloom", BLOOM_LENGTH),
    difficulty: json.integer("difficulty", U256_MAX),
    number: json.integer("number"),
    gasLimit: json.integer("gasLimit"),
    gasUsed: json.integer("gasUsed"),
    timestamp: json.integer("timestamp"),
    extraData: fromHex(json.text("extraData")),
    prevRandao: json.hash("mixHash"),
    nonce: json.bytes("nonce", NONCE_LENGTH),
    baseFeePerGas: json.integer("baseFeePerGas", U256_MAX),
    withdrawalsRoot: hashOr(json, "withdrawalsRoot", undefined),
    blobGasUsed: json.has("blobGasUsed") ? json.integer("blobGasUsed") : undefined,
    excessBlobGas: json.has("excessBlobGas") ? json.integer("excessBlobGas") : undefined,
    parentBeaconBlockRoot: hashOr(json, "parentBeaconBlockRoot", undefined),
    requestsHash: hashOr(json, "requestsHash", undefined),
  };
}

function hashOr<Absent>(json: JsonObject, name: string, absent: Absent): Hash | Absent {
  return json.has(name) ? json.hash(name) : absent;
}

function readAttributes(json: JsonObject): PayloadAttributes {
  return {
    timestamp: json.integer("timestamp"),
    prevRandao: json.hash("prevRandao"),
    feeRecipient: json.address("suggestedFeeRecipient"),
    parentBeaconBlockRoot: hashOr(json, "parentBeaconBlockRoot", ZERO_HASH),
    gasLimit: json.integer("gasLimit"),
    eip1559Params: json.has("eip1559Params")
      ? json.bytes("eip1559Params", EIP1559_PARAMS_LENGTH)
      : EMPTY_BYTES,
    minBaseFee: json.integerOr("minBaseFee", 0n),
    transactions: json.texts("transactions").map(fromHex),
  };
}

/** By the hashes that the bytes have; what the file calls them proves nothing. */
function readPreimages(json: JsonObject): ReadonlyMap<Hex, Uint8Array> {
  const preimages = new Map<Hex, Uint8Array>();
  for (const name of json.names()) {
    const bytes = fromHex(json.text(name));
    preimages.set(toHex(keccak256(bytes)), bytes);
  }
  return preimages;
}
