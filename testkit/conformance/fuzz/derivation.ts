import { isDeepStrictEqual } from "node:util";
import { orderedFrames } from "@phala-l2/derivation/frame-queue";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { decodeBatch, encodeSingular, SPAN_BATCH_VERSION } from "@phala-l2/protocol/wire/batch";
import { decodeBlob } from "@phala-l2/protocol/wire/blob";
import { maxRlpBytesPerChannel, readChannel } from "@phala-l2/protocol/wire/channel";
import { decodeFrames, encodeFrames } from "@phala-l2/protocol/wire/frame";
import {
  decodeSpanBatch,
  deriveSpanBatch,
  encodeSpanBatch,
  type SpanBatchRules,
} from "@phala-l2/protocol/wire/span-batch";
import { Attacker } from "../../derivation/attacker.ts";
import { channelId, inboxTransaction, wholeFrame } from "../../derivation/batcher-data.ts";
import { l2Transaction } from "../../derivation/l2-transactions.ts";
import { Random } from "../../derivation/random.ts";
import { Scenario } from "../../derivation/scenario.ts";
import type { FuzzFailure, FuzzOptions, FuzzReport } from "./report.ts";

/**
 * Hostile L1 data against derivation: each case is one batcher transaction's data, blob, channel, batch, or
 * stream of frames.
 *
 * - A decoder answers with a value, twice the same, and what it accepts encodes to what was accepted.
 * - The pipeline takes a whole L1 block of such data without throwing or stalling; the same L1 read by a second
 *   pipeline gives the same chain; and a valid batch in the next L1 block is accepted.
 */
const ROUND = 1_000;
/** Of each round: decoders get these, the pipeline the others. */
const FRAMES = 200;
const BATCHES = 200;
const CHANNELS = 100;
const CALLDATA = 20;
const BLOBS = 30;
const STREAMS = 100;

/** The pipeline's L1 begins anew after so many rounds, so that what it keeps does not grow with the run. */
const ROUNDS_A_CHAIN = 10;
/** What a run may use, the program itself included: a channel is read within 100 MB and a burst, not more. */
const MEMORY_BOUND = 1 << 30;
const MOST_FAILURES = 20;
const MOST_INPUT = 4_096;

class Run {
  readonly outcomes: Record<string, number> = {};
  readonly failures: FuzzFailure[] = [];
  cases = 0;
  peakMemory = 0;

  count(outcome: string, times = 1): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + times;
  }

  fail(kind: string, message: string, input: Uint8Array): void {
    if (this.failures.length >= MOST_FAILURES) return;
    const shown = toHex(input.subarray(0, MOST_INPUT));
    this.failures.push({ index: this.cases, kind, message, input: shown });
  }

  /** One case of a decoder: `judge` tells the outcome; what it throws is what the fuzzer looks for. */
  decode(kind: string, input: Uint8Array, judge: (input: Uint8Array) => string): void {
    try {
      const outcome = judge(input);
      if (judge(input) !== outcome) this.fail(kind, "two answers to one input", input);
      this.count(`${kind}: ${outcome}`);
    } catch (error) {
      this.fail(kind, error instanceof Error ? error.message : String(error), input);
    }
    this.cases += 1;
  }

  sampleMemory(): void {
    this.peakMemory = Math.max(this.peakMemory, process.memoryUsage.rss());
  }
}

function judgeFrames(data: Uint8Array): string {
  const decoded = decodeFrames(data);
  if (decoded.kind === "invalid") return decoded.reason;
  if (!bytesEqual(encodeFrames(decoded.frames), data)) throw new Error("frames do not encode to their data");
  const kept = orderedFrames(decoded.frames);
  if (!isDeepStrictEqual(orderedFrames(kept), kept))
    throw new Error("frames in order were put in order again");
  return kept.length === decoded.frames.length ? "ok" : "frame-out-of-order";
}

function judgeBlob(blob: Uint8Array): string {
  const decoded = decodeBlob(blob);
  return decoded.kind === "invalid" ? decoded.reason : judgeFrames(decoded.data);
}

function judgeChannel(channel: Uint8Array): string {
  const { payloads, stop } = readChannel(channel, { fjord: true });
  const size = payloads.reduce((sum, { length }) => sum + length, 0);
  if (size > maxRlpBytesPerChannel({ fjord: true })) throw new Error("a channel gave more than its bound");
  return stop ?? `ok, ${payloads.length} batches`;
}

function judgeBatch(payload: Uint8Array, rules: SpanBatchRules): string {
  const decoded = decodeBatch(payload, rules);
  if (decoded.kind === "invalid") return decoded.reason;
  if (decoded.kind === "singular") {
    // Bytes may follow the batch, and are ignored.
    const encoded = encodeSingular(decoded.batch);
    if (!bytesEqual(encoded, payload.subarray(0, encoded.length))) {
      throw new Error("a singular batch has two encodings");
    }
    return "singular";
  }
  if (payload[0] !== SPAN_BATCH_VERSION) throw new Error("a span batch without its version");
  const columns = decodeSpanBatch(payload.subarray(1));
  if (columns.kind === "invalid") throw new Error("a span batch that was derived does not decode");
  const again = decodeSpanBatch(encodeSpanBatch(columns.batch));
  const derived = again.kind === "ok" ? deriveSpanBatch(again.batch, rules) : again;
  if (derived.kind !== "ok" || !isDeepStrictEqual(derived.batch, decoded.batch)) {
    throw new Error("a span batch encodes to another one");
  }
  return "span";
}

/** One chain with its attacker; a second verifier reads the same L1 at the end. */
class Battlefield {
  readonly #run: Run;
  readonly scenario = new Scenario({ seqWindowSize: 1_000_000n });
  readonly attacker: Attacker;

  constructor(run: Run, random: Random) {
    this.#run = run;
    this.scenario.l1.mineEmpty(2);
    this.attacker = new Attacker(random, this.scenario);
  }

  get rules(): SpanBatchRules {
    const { genesis, blockTime, l2ChainId } = this.scenario.config;
    return { genesisTime: genesis.l2Time, blockTime, chainId: l2ChainId };
  }

  /** One L1 block full of hostile data, as far as `left` cases go; the next must be read as if nothing had been. */
  attack(left: number): number {
    const { scenario, attacker } = this;
    const { config, l1 } = scenario;
    const inbox = (data: Uint8Array) => inboxTransaction(config, l1, { data });
    const share = (wanted: number, given: number) => Math.max(0, Math.min(wanted, left - given));
    const counts = { calldata: share(CALLDATA, 0), blobs: 0, streams: 0, channels: 0 };
    counts.blobs = share(BLOBS, counts.calldata);
    counts.streams = share(STREAMS, counts.calldata + counts.blobs);
    counts.channels = share(left, counts.calldata + counts.blobs + counts.streams);
    const times = <T>(count: number, make: (index: number) => T): T[] =>
      Array.from({ length: count }, (_, index) => make(index));
    const calldata = times(counts.calldata, () => inbox(attacker.data()));
    const blobs = times(counts.blobs, () => attacker.blob());
    const streams = times(counts.streams, () => attacker.stream()).flat();
    const channels = times(counts.channels, (i) => wholeFrame(channelId(3 + i), attacker.channel()));
    const packed = [streams, channels].filter(({ length }) => length > 0);
    const transactions = [
      ...calldata,
      ...(blobs.length > 0 ? [inboxTransaction(config, l1, { blobs })] : []),
      ...packed.map((frames) => inbox(encodeFrames(frames))),
    ];
    this.#inPipeline(() => this.#survive(transactions), transactions);
    return counts.calldata + counts.blobs + counts.streams + counts.channels;
  }

  #inPipeline(check: () => void, transactions: readonly Uint8Array[]): void {
    try {
      check();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#run.fail("pipeline", message, transactions.at(-1) ?? new Uint8Array(0));
    }
  }

  #survive(transactions: readonly Uint8Array[]): void {
    const { scenario } = this;
    const from = scenario.verifier.head.ref.number;
    scenario.l1.mine({ transactions });
    for (const { reason, count } of scenario.derive().dropped) this.#run.count(`pipeline: ${reason}`, count);
    this.#adopt(from);
    scenario.mineBatches([scenario.sequence([l2Transaction(1)])]);
    const { blocks } = scenario.derive();
    if (blocks.length !== 1) throw new Error(`a valid batch gave ${blocks.length} blocks`);
    if (!isDeepStrictEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref)) {
      throw new Error("a valid batch gave another block");
    }
    this.#run.count("pipeline: valid batch accepted");
  }

  /** The sequencer takes over whatever was derived, as it must. */
  #adopt(from: bigint): void {
    const { sequencer, verifier } = this.scenario;
    sequencer.rewind(from);
    sequencer.blocks.push(...verifier.blocks.slice(Number(from) + 1));
  }

  /** Derivation from the genesis on, in one go, gives the chain that was derived step by step. */
  compare(): void {
    this.#inPipeline(() => {
      const { scenario } = this;
      const { ref } = scenario.verifier.head;
      scenario.verifier.rewind(0n);
      scenario.restart();
      scenario.derive();
      if (!isDeepStrictEqual(scenario.verifier.head.ref, ref)) {
        throw new Error("two pipelines derived different chains from one L1");
      }
      this.#run.count("pipeline: derived again the same");
    }, []);
  }
}

/** Runs `cases` hostile inputs against derivation. Source: SECURITY.md, "deterministic skip, never a throw". */
export async function fuzzDerivation({ cases, seed }: FuzzOptions): Promise<FuzzReport> {
  const started = performance.now();
  const run = new Run();
  const random = new Random(seed);
  let field: Battlefield | undefined;
  for (let round = 0; run.cases < cases; round++) {
    if (round % ROUNDS_A_CHAIN === 0) {
      field?.compare();
      field = new Battlefield(run, random);
    }
    if (field === undefined) break;
    const { attacker, rules } = field;
    attacker.study();
    const left = Math.min(ROUND, cases - run.cases);
    const decode = (
      kind: string,
      count: number,
      make: () => Uint8Array,
      judge: (input: Uint8Array) => string,
    ) => {
      for (let i = 0; i < Math.floor((count * left) / ROUND); i++) run.decode(kind, make(), judge);
    };
    const before = run.cases;
    decode("frame", FRAMES, () => attacker.data(), judgeFrames);
    decode("blob", BLOBS, () => attacker.blob(), judgeBlob);
    decode("channel", CHANNELS, () => attacker.channel(), judgeChannel);
    decode(
      "batch",
      BATCHES,
      () => attacker.batch(),
      (payload) => judgeBatch(payload, rules),
    );
    run.cases += field.attack(left - (run.cases - before));
    run.sampleMemory();
    // Whoever waits for this process (a signal, a timer) gets a turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  field?.compare();
  run.sampleMemory();
  return {
    target: "derivation",
    cases: run.cases,
    seed,
    outcomes: Object.fromEntries(Object.entries(run.outcomes).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    failures: run.failures,
    seconds: (performance.now() - started) / 1000,
    peakMemory: run.peakMemory,
    memoryBound: MEMORY_BOUND,
  };
}
