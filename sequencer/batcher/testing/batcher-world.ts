import { bigintToBytes, concatBytes, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { TestClock } from "../../testing/clock.ts";
import { Batcher, type BatcherOptions } from "../batcher.ts";
import type { Payload } from "../data-availability.ts";
import type { L1Sender } from "../l1-sender.ts";
import { FakeSequencer } from "./fake-sequencer.ts";
import { blocksOf, framesOf } from "./posted-data.ts";
import { TEST_ROLLUP } from "./rollup.ts";

export const RULES = { genesisTime: 1_700_000_000n, blockTime: 2n, chainId: 901n };
/** How long a channel is open in these tests, in milliseconds. */
export const DURATION = 60_000;

export type Posted = { readonly payload: Payload; readonly l1Number: bigint };

/** Includes each payload in the next L1 block. */
export class FakeSender implements L1Sender {
  readonly posted: Posted[] = [];
  l1Number = 100n;
  blobBaseFee = 1n;
  /** Runs before a payload is included. */
  before: () => void | Promise<void> = () => {};

  async prices() {
    return { gasPrice: 10n ** 9n, blobBaseFee: this.blobBaseFee };
  }

  async post(payload: Payload) {
    await this.before();
    this.l1Number += 1n;
    this.posted.push({ payload, l1Number: this.l1Number });
    return { hash: "0x" as const, l1Number: this.l1Number };
  }
}

/** A batcher whose time, L1 and sequencer are the test's. */
export function setUp(options: Partial<BatcherOptions> = {}, sequencer = new FakeSequencer(TEST_ROLLUP)) {
  const clock = new TestClock();
  const sender = new FakeSender();
  const logged: string[] = [];
  const note = (_: object, message: string) => logged.push(message);
  const log: Log = { ...silentLog, warn: note, error: note };
  const controller = new AbortController();
  const batcher = new Batcher(
    {
      dataAvailability: "blobs",
      targetSize: 780_000,
      maxChannelDurationMs: DURATION,
      pollIntervalMs: 2_000,
      ...options,
    },
    { config: TEST_ROLLUP, sequencer: sequencer.request, sender, clock, log, signal: controller.signal },
  );
  /** Steps until there is nothing to do. */
  const settle = async () => {
    for (let i = 0; await batcher.step(); i++) if (i > 100) throw new Error("the batcher never came to rest");
  };
  /** Loads what there is and lets the channel's time pass. */
  const post = async () => {
    await settle();
    clock.pass(DURATION);
    await settle();
  };
  return { clock, sender, sequencer, batcher, logged, settle, post, stop: () => controller.abort() };
}

/** Numbers of the blocks in each posted channel. */
export function channels(posted: readonly Posted[]): readonly (readonly [bigint, bigint])[] {
  const groups = new Map<string, Payload[]>();
  for (const { payload } of posted) {
    const id = Buffer.from(framesOf(payload)[0]?.channelId ?? []).toString("hex");
    groups.set(id, [...(groups.get(id) ?? []), payload]);
  }
  return [...groups.values()].map((payloads) => {
    const blocks = blocksOf(payloads, RULES);
    const number = (at: number) => ((blocks.at(at)?.timestamp ?? 0n) - RULES.genesisTime) / RULES.blockTime;
    return [number(0), number(-1)];
  });
}

/** A transaction that does not compress. */
export function noise(bytes: number, seed: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i * 32 < bytes; i++) parts.push(keccak256(bigintToBytes(BigInt(seed * 1_000_000 + i), 8)));
  const unsigned = {
    type: 2,
    chainId: 901n,
    accessList: [],
    nonce: BigInt(seed),
    gasLimit: 30_000_000n,
    to: ZERO_ADDRESS,
    value: 0n,
    data: concatBytes(...parts),
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: 1n,
  } as const;
  return encodeTransaction(signTransaction(unsigned, bigintToBytes(7n, 32)));
}
