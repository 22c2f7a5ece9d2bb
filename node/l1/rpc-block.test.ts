import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { encodeHeader, headerHash } from "@phala-l2/protocol/wire/header";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { readRpcBlock } from "./rpc-block.ts";
import { readRpcHeader } from "./rpc-header.ts";

const VECTORS = new URL("../../../shared/vectors/op/l1-rpc-blocks/data/", import.meta.url);
const skip = existsSync(VECTORS) ? false : "the shared vectors are not on this machine";

type Fields = Record<string, unknown>;

function readJson(path: string): Fields {
  return JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
}

function vectorsOf(kind: "blocks" | "headers") {
  return readdirSync(new URL(`${kind}/`, VECTORS))
    .filter((file) => file.endsWith("_metadata.json"))
    .map((file) => ({
      metadata: readJson(`${kind}/${file}`),
      data: readJson(`${kind}/${file.replace("_metadata", "_data")}`),
    }));
}

const isInvalid = (error: unknown) => isRollupError(error, "L1_DATA_INVALID");

/** The header of a real block as a server gives it, with transactions left out. */
const HEADER: Fields = {
  parentHash: toHex(ZERO_HASH),
  sha3Uncles: toHex(ZERO_HASH),
  miner: `0x${"11".repeat(20)}`,
  stateRoot: toHex(ZERO_HASH),
  transactionsRoot: toHex(ZERO_HASH),
  receiptsRoot: toHex(ZERO_HASH),
  logsBloom: `0x${"00".repeat(256)}`,
  difficulty: "0x0",
  number: "0x10",
  gasLimit: "0x1c9c380",
  gasUsed: "0x0",
  timestamp: "0x64",
  extraData: "0x",
  mixHash: toHex(ZERO_HASH),
  nonce: "0x0000000000000000",
  baseFeePerGas: "0x7",
  withdrawalsRoot: toHex(ZERO_HASH),
  blobGasUsed: "0x0",
  excessBlobGas: "0x0",
  parentBeaconBlockRoot: toHex(ZERO_HASH),
  requestsHash: toHex(ZERO_HASH),
};

/** The block's hash with these encoded fields after the known ones. */
function hashWith(...extraFields: readonly Uint8Array[]): string {
  return toHex(keccak256(encodeHeader({ ...knownHeader(), extraFields })));
}

function knownHeader() {
  const base = { ...HEADER, hash: toHex(ZERO_HASH) };
  try {
    readRpcHeader(base, undefined);
  } catch (error) {
    assert.ok(isRollupError(error, "L1_DATA_INVALID"));
    const { computed } = error.data as { computed: string };
    return readRpcHeader({ ...base, hash: computed }, undefined).header;
  }
  throw new Error("a header with a wrong hash was accepted");
}

describe("L1 blocks of real servers", { skip }, () => {
  if (skip !== false) return;
  for (const { metadata, data } of vectorsOf("blocks")) {
    it(`${metadata.name} is ${metadata.fail === true ? "refused" : "read"}`, () => {
      if (metadata.fail === true) assert.throws(() => readRpcBlock(data, undefined), isInvalid);
      else assert.equal(toHex(readRpcBlock(data, undefined).hash), data.hash);
    });
  }
  for (const { metadata, data } of vectorsOf("headers")) {
    it(`header ${metadata.name} is ${metadata.fail === true ? "refused" : "read"}`, () => {
      if (metadata.fail === true) assert.throws(() => readRpcHeader(data, undefined), isInvalid);
      else assert.equal(toHex(readRpcHeader(data, undefined).hash), data.hash);
    });
  }
  it("refuses each single changed header field", () => {
    const good = readJson("headers/post-shanghai-success_data.json");
    for (const name of ["parentHash", "stateRoot", "receiptsRoot", "mixHash", "withdrawalsRoot"]) {
      const changed = { ...good, [name]: toHex(keccak256(new TextEncoder().encode(name))) };
      assert.throws(() => readRpcHeader(changed, undefined), isInvalid, name);
    }
    for (const name of ["number", "timestamp", "gasLimit", "gasUsed", "baseFeePerGas"]) {
      assert.throws(() => readRpcHeader({ ...good, [name]: "0x123456" }, undefined), isInvalid, name);
    }
  });
  it("refuses a good block that is not the one asked for", () => {
    const good = readJson("headers/post-shanghai-success_data.json");
    const number = BigInt(String(good.number));
    assert.equal(readRpcHeader(good, number).header.number, number);
    assert.throws(() => readRpcHeader(good, number + 1n), isInvalid);
    assert.throws(() => readRpcHeader(good, ZERO_HASH), isInvalid);
    assert.ok(readRpcHeader(good, hashFromHex(String(good.hash))));
  });
  it("refuses a block with a transaction left out, added twice or in another order", () => {
    const good = readJson("blocks/post-shanghai-success_data.json");
    const transactions = good.transactions as unknown[];
    for (const changed of [
      transactions.slice(1),
      [...transactions, transactions[0]],
      transactions.toReversed(),
    ]) {
      assert.throws(() => readRpcBlock({ ...good, transactions: changed }, undefined), isInvalid);
    }
  });
});

describe("L1 headers with fields of a future fork", () => {
  it("are read with a proof by hash, in any order and form of the new fields", () => {
    const hashField = keccak256(Uint8Array.of(1));
    const hash = hashWith(encodeRlp(hashField), encodeRlp(77n));
    const { header, unknownFields } = readRpcHeader(
      { ...HEADER, slotNumber: "0x4d", blockAccessListHash: toHex(hashField), hash, size: "0x999" },
      undefined,
    );
    assert.deepEqual(unknownFields, ["blockAccessListHash", "slotNumber"]);
    assert.equal(toHex(headerHash(header)), hash);
  });
  it("are read beside unknown fields that are not part of the header", () => {
    const { unknownFields } = readRpcHeader(
      { ...HEADER, receivedAt: "0x5", newField: "0x09", hash: hashWith(encodeRlp(9n)) },
      undefined,
    );
    assert.deepEqual(unknownFields, ["newField"]);
  });
  it("are refused when no reading gives the hash", () => {
    const hash = hashWith(encodeRlp(9n));
    assert.throws(() => readRpcHeader({ ...HEADER, newField: "0x0a", hash }, undefined), isInvalid);
    assert.throws(() => readRpcHeader({ ...HEADER, hash }, undefined), isInvalid);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`field${index}`, "0x01"]));
    assert.throws(() => readRpcHeader({ ...HEADER, ...many, hash }, undefined), isInvalid);
  });
});

describe("what is no block", () => {
  for (const [name, value] of Object.entries({
    text: "block",
    list: [HEADER],
    "an empty object": {},
    "a number too long": { ...HEADER, hash: toHex(ZERO_HASH), number: `0x${"1".repeat(65)}` },
    "a negative number": { ...HEADER, hash: toHex(ZERO_HASH), number: "-0x1" },
    "a short hash": { ...HEADER, hash: "0x12" },
    "a hash that is no hex": { ...HEADER, hash: `0x${"zz".repeat(32)}` },
    "a null field": { ...HEADER, hash: toHex(ZERO_HASH), miner: null },
  })) {
    it(`${name} is refused`, () => assert.throws(() => readRpcHeader(value, undefined), isInvalid));
  }
});
