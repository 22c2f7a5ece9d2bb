import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressFromHex, asHash, toHex } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { answerText } from "./dispatch.ts";
import type { PooledTransaction, PoolView } from "./pool-view.ts";
import { txpoolMethods } from "./txpool.ts";

const SENDER = addressFromHex(`0x${"aa".repeat(20)}`);

/** One sender's transactions, in order, with that many bytes of data each. */
function poolOf(count: number, bytes: number): PoolView {
  const pooled = Array.from({ length: count }, (_, nonce): PooledTransaction => {
    const transaction: SignedTransaction = {
      ...({ type: 2, chainId: 1n, nonce: BigInt(nonce), gasLimit: 1n, to: SENDER, value: 0n } as const),
      data: new Uint8Array(bytes),
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
      accessList: [],
      yParity: 0,
      r: 1n,
      s: 1n,
    };
    const raw = new Uint8Array(bytes + 100);
    return { hash: asHash(new Uint8Array(32)), raw, transaction, sender: SENDER };
  });
  return {
    get: () => undefined,
    nextNonce: () => undefined,
    pending: () => pooled,
    queued: () => pooled,
    subscribe: () => () => {},
  };
}

async function answerOf(pool: PoolView, name: string, params: readonly unknown[] = []) {
  const method = txpoolMethods(pool)[name];
  assert.ok(method);
  const reply = await method(params, { signal: new AbortController().signal });
  assert.ok(reply.kind === "result" && isRecord(reply.value));
  return { value: reply.value, text: answerText(1, reply) };
}

describe("what is shown of the pool", () => {
  for (const [name, params] of [
    ["txpool_content", []],
    ["txpool_contentFrom", [toHex(SENDER)]],
  ] as const) {
    test(`${name} of 60 MB is no answer of 240 MB`, async () => {
      const { text } = await answerOf(poolOf(480, 128 * 1024), name, params);
      assert.ok(text.length > 10_000_000 && text.length < 25_000_000, `${text.length}`);
    });
  }

  test("thousands of one sender, each under its nonce", async () => {
    const { value } = await answerOf(poolOf(4_000, 0), "txpool_content");
    assert.ok(isRecord(value.pending));
    const own = value.pending[toHex(SENDER)];
    assert.ok(isRecord(own));
    assert.deepEqual(
      Object.keys(own),
      Array.from({ length: 4_000 }, (_, nonce) => `${nonce}`),
    );
  });
});
