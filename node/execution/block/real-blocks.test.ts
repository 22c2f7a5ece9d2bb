import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { addressFromHex, fromHex, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Header } from "@phala-l2/protocol/wire/header";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import { trieState } from "../state/trie-state.ts";
import { holoceneConfig } from "../testing/config.ts";
import { executeAttributes, executeBlock } from "./execute.ts";
import type { OpenBlockInput } from "./open-block.ts";

const FOLDER = new URL("../../../../shared/vectors/op/execution/", import.meta.url);
const SKIP = existsSync(FOLDER) ? false : "the vectors of real blocks are not beside this repository";

type Vector = {
  readonly parent_header: Readonly<Record<string, string>>;
  readonly executing_payload: Readonly<Record<string, string>> & { readonly transactions: readonly string[] };
  readonly expected_block_hash: string;
  readonly preimages: Readonly<Record<string, string>>;
};

function load(name: string): {
  input: Omit<OpenBlockInput, "evm">;
  hash: Hash;
  read: Set<string>;
  drop: Set<string>;
} {
  const vector: Vector = JSON.parse(gunzipSync(readFileSync(new URL(name, FOLDER))).toString());
  const read = new Set<string>();
  const drop = new Set<string>();
  const preimage = (hash: Hash): Uint8Array | undefined => {
    const key = toHex(hash);
    const hex = drop.has(key) ? undefined : (vector.preimages[key.slice(2)] ?? vector.preimages[key]);
    if (hex !== undefined) read.add(key);
    return hex === undefined ? undefined : fromHex(hex);
  };
  const parent = headerOf(vector.parent_header);
  const payload = vector.executing_payload;
  const field = (key: string): string => payload[key] ?? assert.fail(`no ${key}`);
  return {
    read,
    drop,
    hash: hashFromHex(vector.expected_block_hash),
    input: {
      config: holoceneConfig(11155420n),
      parent,
      attributes: {
        timestamp: BigInt(field("timestamp")),
        prevRandao: hashFromHex(field("prevRandao")),
        feeRecipient: addressFromHex(field("suggestedFeeRecipient")),
        parentBeaconBlockRoot: hashFromHex(field("parentBeaconBlockRoot")),
        gasLimit: BigInt(field("gasLimit")),
        eip1559Params: fromHex(field("eip1559Params")),
        minBaseFee: 0n,
        transactions: payload.transactions.map(fromHex),
      },
      state: trieState(parent.stateRoot, preimage, preimage),
      readNode: preimage,
    },
  };
}

function headerOf(json: Readonly<Record<string, string>>): Header {
  const field = (key: string): string => json[key] ?? assert.fail(`no ${key}`);
  return {
    parentHash: hashFromHex(field("parentHash")),
    ommersHash: hashFromHex(field("sha3Uncles")),
    beneficiary: addressFromHex(field("miner")),
    stateRoot: hashFromHex(field("stateRoot")),
    transactionsRoot: hashFromHex(field("transactionsRoot")),
    receiptsRoot: hashFromHex(field("receiptsRoot")),
    logsBloom: fromHex(field("logsBloom")),
    difficulty: BigInt(field("difficulty")),
    number: BigInt(field("number")),
    gasLimit: BigInt(field("gasLimit")),
    gasUsed: BigInt(field("gasUsed")),
    timestamp: BigInt(field("timestamp")),
    extraData: fromHex(field("extraData")),
    prevRandao: hashFromHex(field("mixHash")),
    nonce: fromHex(field("nonce")),
    baseFeePerGas: BigInt(field("baseFeePerGas")),
    withdrawalsRoot: hashFromHex(field("withdrawalsRoot")),
    blobGasUsed: BigInt(field("blobGasUsed")),
    excessBlobGas: BigInt(field("excessBlobGas")),
    parentBeaconBlockRoot: hashFromHex(field("parentBeaconBlockRoot")),
  };
}

for (const name of ["block-26207960.json.gz", "block-26208927.json.gz"]) {
  test(`${name} of OP Sepolia re-executes to its hash`, { skip: SKIP }, async () => {
    const { input, hash } = load(name);
    const evm = await createEthereumjsEvm(input.config);
    const execution = await executeAttributes({ ...input, evm });
    assert.equal(execution.kind, "sealed");
    if (execution.kind !== "sealed") return;
    assert.equal(toHex(execution.sealed.hash), toHex(hash));
  });
}

test("a real block is valid under its own hash, and invalid with any changed field", {
  skip: SKIP,
}, async () => {
  const { input } = load("block-26207960.json.gz");
  const evm = await createEthereumjsEvm(input.config);
  const made = await executeAttributes({ ...input, evm });
  assert.equal(made.kind, "sealed");
  if (made.kind !== "sealed") return;
  const { block } = made.sealed;
  const verdict = async (header: Partial<Header>): Promise<string> => {
    const again = load("block-26207960.json.gz").input;
    const changed = { ...block, header: { ...block.header, ...header } };
    const execution = await executeBlock({ ...again, evm, block: changed });
    return execution.kind === "valid" ? "valid" : execution.reason;
  };
  const other = keccak256(Uint8Array.of(1));
  assert.equal(await verdict({}), "valid");
  assert.equal(await verdict({ stateRoot: other }), "state-root-mismatch");
  assert.equal(await verdict({ receiptsRoot: other }), "receipts-root-mismatch");
  assert.equal(await verdict({ transactionsRoot: other }), "transactions-root-mismatch");
  assert.equal(await verdict({ withdrawalsRoot: other }), "withdrawals-root-mismatch");
  assert.equal(await verdict({ gasUsed: block.header.gasUsed + 1n }), "gas-used-mismatch");
  assert.equal(await verdict({ baseFeePerGas: 1n }), "base-fee-mismatch");
  assert.equal(await verdict({ blobGasUsed: 1n }), "blob-gas-used-mismatch");
  assert.equal(await verdict({ excessBlobGas: 1n }), "block-hash-mismatch");
  assert.equal(await verdict({ parentHash: other }), "parent-hash-mismatch");
  assert.equal(await verdict({ number: block.header.number + 1n }), "number-mismatch");
  assert.equal(await verdict({ timestamp: input.parent.timestamp }), "timestamp-not-after-parent");
  assert.equal(await verdict({ extraData: new Uint8Array(9) }), "extra-data-invalid");
  assert.equal(await verdict({ requestsHash: other }), "block-hash-mismatch");
  assert.equal(
    await verdict({ requestsHash: other, extraFields: [Uint8Array.of(0x80)] }),
    "block-hash-mismatch",
  );
});

test("a real block without one witness node ends in TRIE_NODE_MISSING, never in another root", {
  skip: SKIP,
}, async () => {
  const name = "block-26207960.json.gz";
  const whole = load(name);
  const evm = await createEthereumjsEvm(whole.input.config);
  await executeAttributes({ ...whole.input, evm });
  const nodes = [...whole.read];
  for (let i = 0; i < nodes.length; i += Math.ceil(nodes.length / 6)) {
    const { input, drop } = load(name);
    const missing = nodes[i] ?? "";
    drop.add(missing);
    await assert.rejects(
      executeAttributes({ ...input, evm }),
      (error) => isRollupError(error, "TRIE_NODE_MISSING") || isRollupError(error, "CODE_MISSING"),
      `without ${missing}`,
    );
  }
});
