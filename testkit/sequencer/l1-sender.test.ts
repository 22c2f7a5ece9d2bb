import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemClock } from "@phala-l2/node/clock";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { addressFromHex, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { decodeBlob, encodeBlob } from "@phala-l2/protocol/wire/blob";
import type { Payload } from "@phala-l2/sequencer/batcher/data-availability";
import { createL1Sender } from "@phala-l2/sequencer/batcher/l1-sender";
import { createPublicClient, createTestClient, createWalletClient, http, parseGwei } from "viem";
import { type Anvil, startAnvil } from "../l1/anvil.ts";

const inbox = addressFromHex("0xff00000000000000000000000000000000000901");
const account = dangerouslyDevelopmentAccount(0, 31_337n);
const calldata: Payload = { kind: "calldata", data: Uint8Array.of(0, 1, 2, 3) };

describe("posting to a real L1", () => {
  let anvil: Anvil;
  let clients: ReturnType<typeof connect>;

  function connect(url: string) {
    const transport = http(url);
    const l1 = createPublicClient({ transport, pollingInterval: 20 });
    return {
      l1,
      test: createTestClient({ mode: "anvil", transport }),
      wallet: createWalletClient({ account, transport }),
    };
  }

  function newSender(resubmitAfterMs = 10_000) {
    return createL1Sender(
      {
        chainId: 31_337n,
        inbox,
        resubmitAfterMs,
        pollIntervalMs: 20,
        feeCeiling: parseGwei("500"),
      },
      {
        l1: clients.l1,
        account,
        kzg: nativeKzg,
        clock: systemClock,
        log: silentLog,
        signal: new AbortController().signal,
      },
    );
  }

  before(async () => {
    anvil = await startAnvil({ port: 0, chainId: 31_337 });
    clients = connect(anvil.url);
  });
  after(() => anvil.stop());

  it("carries calldata, with exactly the gas that Osaka asks for", async () => {
    const posted = await newSender().post(calldata);
    const receipt = await clients.l1.getTransactionReceipt({ hash: posted.hash });
    const transaction = await clients.l1.getTransaction({ hash: posted.hash });
    assert.equal(receipt.status, "success");
    assert.equal(transaction.input, "0x00010203");
    assert.equal(transaction.to, toHex(inbox));
    assert.equal(receipt.gasUsed, transaction.gas);
  });

  it("carries a blob with Osaka's cell proofs, which L1 then gives back", async () => {
    const data = Uint8Array.of(0, 9, 8, 7);
    const posted = await newSender().post({ kind: "blobs", blobs: [encodeBlob(data)] });
    const transaction = await clients.l1.getTransaction({ hash: posted.hash });
    assert.equal(transaction.blobVersionedHashes?.length, 1);
    const response = await fetch(`${anvil.url}/eth/v1/beacon/blobs/${posted.l1Number}`);
    const { data: blobs } = (await response.json()) as { data: string[] };
    const decoded = decodeBlob(fromHex(blobs[0] ?? "0x"));
    assert.deepEqual(decoded.kind === "ok" ? decoded.data : decoded.reason, data);
  });

  for (const payload of [calldata, { kind: "blobs", blobs: [encodeBlob(Uint8Array.of(0))] }] as const) {
    it(`replaces a transaction that is stuck, by one of ${payload.kind}`, async () => {
      await clients.test.setAutomine(false);
      try {
        const nonce = await clients.l1.getTransactionCount({ address: account.address });
        const fee = parseGwei("3");
        await clients.wallet.sendTransaction({
          chain: null,
          to: account.address,
          nonce,
          gas: 21_000n,
          maxFeePerGas: fee,
          maxPriorityFeePerGas: fee,
        });
        const posting = newSender(200).post(payload);
        await systemClock.sleep(700);
        await clients.test.mine({ blocks: 1 });
        const posted = await posting;
        const transaction = await clients.l1.getTransaction({ hash: posted.hash });
        assert.equal(transaction.nonce, nonce);
        assert.equal(transaction.to, toHex(inbox));
        assert.ok((transaction.maxFeePerGas ?? 0n) > fee);
        assert.equal(await clients.l1.getTransactionCount({ address: account.address }), nonce + 1);
      } finally {
        await clients.test.setAutomine(true);
      }
    });
  }
});
