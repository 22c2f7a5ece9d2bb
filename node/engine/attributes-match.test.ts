import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jovianConfig } from "@phala-l2/execution/testing/config";
import { asAddress, asHash, fromHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Block } from "@phala-l2/protocol/wire/block";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header } from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { attributesMismatch } from "./attributes-match.ts";

const config = jovianConfig(901n);
const parentHash = keccak256(Uint8Array.of(1));
const feeRecipient = asAddress(new Uint8Array(20).fill(0x11));
const transactions = [Uint8Array.of(0x7e, 1), Uint8Array.of(2, 3)];

const attributes: PayloadAttributes = {
  timestamp: 100n,
  prevRandao: keccak256(Uint8Array.of(2)),
  feeRecipient,
  parentBeaconBlockRoot: keccak256(Uint8Array.of(3)),
  gasLimit: 30_000_000n,
  eip1559Params: fromHex("0x000000fa00000006"),
  minBaseFee: 5n,
  transactions,
};

const header: Header = {
  parentHash,
  ommersHash: EMPTY_OMMERS_HASH,
  beneficiary: feeRecipient,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 7n,
  gasLimit: 30_000_000n,
  gasUsed: 21_000n,
  timestamp: 100n,
  extraData: fromHex("0x01000000fa000000060000000000000005"),
  prevRandao: attributes.prevRandao,
  nonce: EMPTY_NONCE,
  baseFeePerGas: 1n,
  withdrawalsRoot: ZERO_HASH,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
  requestsHash: ZERO_HASH,
};
const block: Block = { header, transactions };

function mismatch(changes: Partial<PayloadAttributes>, header: Partial<Header> = {}) {
  const changed = { header: { ...block.header, ...header }, transactions };
  return attributesMismatch(config, {
    attributes: { ...attributes, ...changes },
    parentHash,
    block: changed,
  });
}

describe("L1 consolidation: payload attributes matching", () => {
  it("holds for the block that the attributes describe", () => {
    assert.equal(mismatch({}), undefined);
  });
  it("takes all-zero EIP-1559 parameters for the chain's defaults", () => {
    assert.equal(mismatch({ eip1559Params: new Uint8Array(8) }), undefined);
    const other = { extraData: fromHex("0x01000000fb000000060000000000000005") };
    assert.equal(mismatch({ eip1559Params: new Uint8Array(8) }, other), "extra-data");
  });
  const other = asHash(new Uint8Array(32).fill(9));
  const cases: readonly [string, Partial<PayloadAttributes>, Partial<Header>?][] = [
    ["parent-hash", {}, { parentHash: other }],
    ["timestamp", { timestamp: 102n }],
    ["prev-randao", { prevRandao: other }],
    ["parent-beacon-block-root", { parentBeaconBlockRoot: other }],
    ["parent-beacon-block-root", {}, { parentBeaconBlockRoot: undefined }],
    ["gas-limit", { gasLimit: 30_000_001n }],
    ["fee-recipient", { feeRecipient: asAddress(new Uint8Array(20)) }],
    ["extra-data", { minBaseFee: 6n }],
    ["extra-data", { eip1559Params: fromHex("0x000000fa00000007") }],
    ["extra-data", {}, { extraData: fromHex("0x00000000fa00000006") }],
    ["transactions", { transactions: transactions.slice(0, 1) }],
    ["transactions", { transactions: [...transactions, Uint8Array.of(1)] }],
    ["transactions", { transactions: transactions.toReversed() }],
    ["transactions", { transactions: [] }],
    ["transactions", { transactions: [Uint8Array.of(0x7e, 1), Uint8Array.of(2, 4)] }],
  ];
  for (const [name, changes, header] of cases) {
    it(`fails for another ${name.replaceAll("-", " ")}: ${Object.keys({ ...changes, ...header })}`, () => {
      assert.equal(mismatch(changes, header), name);
    });
  }
});
