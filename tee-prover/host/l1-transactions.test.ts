import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import { createPublicClient, custom, encodeErrorResult, type Hex, parseTransaction, zeroHash } from "viem";
import { type Call, createL1Transactions } from "./l1-transactions.ts";

const call: Call = { to: "0x00000000000000000000000000000000000000b1", data: "0x1234" };
const account = dangerouslyDevelopmentAccount(0, 31_337n);

type Chain = {
  /** Revert data of an estimate, if it reverts. */
  readonly reverts?: Hex;
  /** Status of the receipt; undefined: no block takes the transaction. */
  readonly receipt?: "0x0" | "0x1";
  readonly fails?: string;
  readonly gas?: Hex;
};

/** An L1 that knows five methods. */
function l1(chain: Chain) {
  const sent: Hex[] = [];
  const block = { number: "0x1", baseFeePerGas: "0x7", hash: zeroHash, timestamp: "0x0", transactions: [] };
  const receipt = { status: chain.receipt, gasUsed: "0x5208", blockNumber: "0x1", logs: [], type: "0x2" };
  const request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    switch (method) {
      case "eth_estimateGas":
        if (chain.fails !== undefined) throw { code: -32_000, message: chain.fails };
        if (chain.reverts !== undefined)
          throw { code: 3, message: "execution reverted", data: chain.reverts };
        return chain.gas ?? "0x186a0";
      case "eth_chainId":
        return "0x7a69";
      case "eth_getTransactionCount":
        return "0x5";
      case "eth_getBlockByNumber":
        return block;
      case "eth_maxPriorityFeePerGas":
        return "0x64";
      case "eth_sendRawTransaction":
        sent.push(Array.isArray(params) ? params[0] : "0x");
        return zeroHash;
      case "eth_getTransactionReceipt":
        return chain.receipt === undefined ? null : receipt;
      default:
        throw new Error(`the test's L1 has no ${method}`);
    }
  };
  let now = 0;
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) });
  const { signal } = new AbortController();
  const options = { resubmitAfterMs: 100, pollIntervalMs: 10 };
  return { sent, transactions: createL1Transactions(options, { client, account, clock, signal }) };
}

describe("a transaction on L1", () => {
  it("is sent with the nonce that L1 counts and some gas to spare, and waited for", async () => {
    const { sent, transactions } = l1({ receipt: "0x1" });
    const outcome = await transactions.send(call);
    assert.deepEqual(outcome, { kind: "included", hash: zeroHash, gasUsed: 21_000n });
    const parsed = parseTransaction(sent[0] ?? "0x");
    assert.deepEqual([parsed.nonce, parsed.gas, parsed.chainId], [5, 130_000n, 31_337]);
  });

  it("is not sent when the contract refuses it: the reason is the error's name", async () => {
    const errors: readonly (readonly [Hex, string])[] = [
      [
        encodeErrorResult({ abi: disputeGameFactoryAbi, errorName: "GameAlreadyExists", args: [zeroHash] }),
        "GameAlreadyExists",
      ],
      [
        encodeErrorResult({ abi: multiProofGameAbi, errorName: "MultiProofGame_NotInProgress" }),
        "MultiProofGame_NotInProgress",
      ],
      ["0x12345678", "0x12345678"],
    ];
    for (const [reverts, reason] of errors) {
      const { sent, transactions } = l1({ reverts });
      assert.deepEqual(await transactions.send(call), { kind: "refused", reason, error: reverts });
      assert.equal(await transactions.wouldSucceed(call), false);
      assert.deepEqual(sent, []);
    }
  });

  it("that a block took in vain was overtaken by another prover's", async () => {
    const { transactions } = l1({ receipt: "0x0" });
    assert.deepEqual(await transactions.send(call), { kind: "refused", reason: "overtaken", hash: zeroHash });
  });

  it("that no block takes is replaced by one with the same nonce and a higher offer", async () => {
    const { sent, transactions } = l1({});
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(transactions.send(call), { code: "L1_TRANSACTION_PENDING" });
    }
    const offers = sent.map((raw) => parseTransaction(raw));
    assert.deepEqual(
      offers.map(({ nonce }) => nonce),
      [5, 5, 5],
    );
    const [first = 0n, second = 0n, third = 0n] = offers.map(({ maxFeePerGas }) => maxFeePerGas);
    assert.ok(second * 100n >= first * 110n && third * 100n >= second * 110n);
  });

  it("never takes more gas than EIP-7825 allows: the spare gas goes up to that, and what needs more is not sent", async () => {
    const close = l1({ receipt: "0x1", gas: "0xf42400" });
    assert.equal((await close.transactions.send(call)).kind, "included");
    assert.equal(parseTransaction(close.sent[0] ?? "0x").gas, 2n ** 24n);
    const above = l1({ receipt: "0x1", gas: "0x1000001" });
    const outcome = await above.transactions.send(call);
    assert.equal(outcome.kind, "refused");
    assert.match(outcome.kind === "refused" ? outcome.reason : "", /16777217 gas/);
    assert.deepEqual(above.sent, []);
  });

  it("goes out beside others with the next nonce each, and beside another caller's in turn", async () => {
    const { sent, transactions } = l1({ receipt: "0x1" });
    const [outcomes] = await Promise.all([transactions.sendAll([call, call, call]), transactions.send(call)]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["included", "included", "included"],
    );
    // This L1 always counts five: the fourth came after the others were mined.
    const nonces = sent.map((raw) => parseTransaction(raw).nonce);
    assert.deepEqual(nonces, [5, 6, 7, 5]);
    assert.deepEqual(await transactions.sendAll([]), []);
  });

  it("is no refusal when L1 itself fails", async () => {
    const { transactions } = l1({ fails: "no such host" });
    await assert.rejects(transactions.send(call));
    await assert.rejects(transactions.wouldSucceed(call));
  });
});
