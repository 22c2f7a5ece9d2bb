import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { SECP256K1_ORDER } from "@phala-l2/protocol/secp256k1";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import type { SubmissionResult } from "./eth/submission.ts";
import { ALICE_KEY, CHAIN_ID, LOGGER } from "./testing/genesis.ts";
import { ask, type Served, serveMemoryChain } from "./testing/serve.ts";

const KEY = fromHex(ALICE_KEY);

describe("transactions that are refused", () => {
  const received: Uint8Array[] = [];
  let outcome: SubmissionResult = { kind: "accepted" };
  let served: Served;
  before(async () => {
    served = await serveMemoryChain({
      submit: async ({ raw }) => {
        received.push(raw);
        return outcome;
      },
    });
  });
  after(async () => served.server.stop());

  const common = { nonce: 0n, gasLimit: 21_000n, to: LOGGER, value: 0n, data: new Uint8Array(0) };
  const feeMarket = {
    type: 2,
    chainId: CHAIN_ID,
    ...common,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
    accessList: [],
  } as const;
  const good = signTransaction(feeMarket, KEY);
  const rows: readonly (readonly [name: string, raw: Uint8Array, words: string | RegExp])[] = [
    ["nothing", new Uint8Array(0), "typed transaction too short"],
    ["an unknown type", Uint8Array.of(9, 0xc0), "transaction type not supported"],
    ["a blob transaction", Uint8Array.of(3, 0xc0), "transaction type not supported"],
    ["a deposit", Uint8Array.of(0x7e, 0xc0), "transaction type not supported"],
    ["garbage", Uint8Array.of(2, 1, 2, 3), /^rlp: /],
    [
      "another chain's id",
      encodeTransaction(signTransaction({ ...feeMarket, chainId: 1n }, KEY)),
      "invalid sender: invalid chain id for signer: have 1 want 901",
    ],
    [
      "no chain id",
      encodeTransaction(
        signTransaction({ type: 0, chainId: undefined, ...common, gasPrice: 10n ** 10n }, KEY),
      ),
      "only replay-protected (EIP-155) transactions allowed over RPC",
    ],
    [
      "a high s",
      encodeTransaction({ ...good, s: SECP256K1_ORDER - good.s, yParity: good.yParity === 0 ? 1 : 0 }),
      "invalid sender: invalid transaction v, r, s values",
    ],
    [
      "r of zero",
      encodeTransaction({ ...good, r: 0n }),
      "invalid sender: invalid transaction v, r, s values",
    ],
    ["a byte too many", Uint8Array.of(...encodeTransaction(good), 0), /^rlp: /],
  ];
  for (const [name, raw, words] of rows) {
    test(`${name}: refused before the pool sees it`, async () => {
      const before = received.length;
      const { error } = await ask(served.server.url, "eth_sendRawTransaction", [toHex(raw)]);
      assert.equal(error?.code, -32000);
      if (typeof words === "string") assert.equal(error?.message, words);
      else assert.match(error?.message ?? "", words);
      assert.equal(received.length, before);
    });
  }

  const rejections: readonly (readonly [rejection: SubmissionResult, words: string])[] = [
    [{ kind: "rejected", rejection: { reason: "already-known" } }, "already known"],
    [
      { kind: "rejected", rejection: { reason: "nonce-too-low", next: 5n, given: 3n } },
      "nonce too low: next nonce 5, tx nonce 3",
    ],
    [
      { kind: "rejected", rejection: { reason: "insufficient-funds", balance: 5n, cost: 7n } },
      "insufficient funds for gas * price + value: balance 5, tx cost 7, overshot 2",
    ],
    [
      {
        kind: "rejected",
        rejection: { reason: "gas-limit-above-cap", cap: 16_777_216n, given: 20_000_000n },
      },
      "transaction gas limit too high (cap: 16777216, tx: 20000000)",
    ],
    [{ kind: "rejected", rejection: { reason: "gas-limit-exceeds-block" } }, "exceeds block gas limit"],
    [
      { kind: "rejected", rejection: { reason: "replacement-underpriced" } },
      "replacement transaction underpriced",
    ],
    [
      { kind: "rejected", rejection: { reason: "underpriced", tip: 1n, needed: 2n } },
      "transaction underpriced: gas tip cap 1, minimum needed 2",
    ],
    [{ kind: "rejected", rejection: { reason: "pool-full" } }, "txpool is full"],
    [{ kind: "failure", code: -32000, message: "as the sequencer said" }, "as the sequencer said"],
  ];
  for (const [rejection, words] of rejections) {
    test(`the pool's refusal: ${words.slice(0, 40)}`, async () => {
      outcome = rejection;
      const { error } = await ask(served.server.url, "eth_sendRawTransaction", [
        toHex(encodeTransaction(good)),
      ]);
      assert.deepEqual(error, { code: -32000, message: words });
    });
  }

  test("an accepted one is answered by its hash, and its receipt where that is asked for", async () => {
    outcome = { kind: "accepted" };
    const raw = encodeTransaction({ ...good });
    const hash = (await ask(served.server.url, "eth_sendRawTransaction", [toHex(raw)])).result;
    assert.match(String(hash), /^0x[0-9a-f]{64}$/);
    const late = await ask(served.server.url, "eth_sendRawTransactionSync", [toHex(raw), 20]);
    assert.equal(late.error?.code, 4);
    assert.equal(late.error?.data, hash);
    const waiting = ask(served.server.url, "eth_sendRawTransactionSync", [toHex(raw), 300]);
    while (served.chain.listenerCount === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await served.chain.extend(encodeTransaction(signTransaction({ ...feeMarket, gasLimit: 100_000n }, KEY)));
    const other = encodeTransaction(signTransaction({ ...feeMarket, nonce: 1n, gasLimit: 100_000n }, KEY));
    await served.chain.extend(other);
    const included = await ask(served.server.url, "eth_sendRawTransactionSync", [toHex(other), 5_000]);
    assert.equal((included.result as { status: string }).status, "0x1");
    assert.equal((await waiting).error?.code, 4);
    assert.equal(served.chain.listenerCount, 0);
  });
});
