import { setImmediate as nextTurn } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { encodeFrames } from "@phala-l2/protocol/wire/frame";
import { Attacker } from "../../derivation/attacker.ts";
import { channelId, inboxTransaction, wholeFrame } from "../../derivation/batcher-data.ts";
import { l2Transaction } from "../../derivation/l2-transactions.ts";
import { Random } from "../../derivation/random.ts";
import { Scenario } from "../../derivation/scenario.ts";
import { judgedTwice } from "./cases.ts";
import { judgeBatch, judgeBlob, judgeChannel, judgeFrames, spanRulesOf } from "./decoders.ts";
import type { FuzzOptions, FuzzReport, FuzzTarget } from "./report.ts";
import { messageOf, Tally } from "./tally.ts";

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
const BOUND_MIB = 1024;

/** One case of a decoder. */
function decode(
  tally: Tally,
  kind: string,
  input: Uint8Array,
  { onCase }: FuzzOptions,
  judge: (input: Uint8Array) => string,
): void {
  onCase?.(tally.cases, input);
  try {
    tally.count(`${kind}: ${judgedTwice(judge)(input)}`);
  } catch (error) {
    tally.fail(tally.cases, kind, messageOf(error), input);
  }
  tally.cases += 1;
}

/** One chain with its attacker; a second verifier reads the same L1 at the end. */
class Battlefield {
  readonly #tally: Tally;
  readonly scenario = new Scenario({ seqWindowSize: 1_000_000n });
  readonly attacker: Attacker;

  constructor(tally: Tally, random: Random) {
    this.#tally = tally;
    this.scenario.l1.mineEmpty(2);
    this.attacker = new Attacker(random, this.scenario);
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
      const input = transactions.at(-1) ?? new Uint8Array(0);
      this.#tally.fail(this.#tally.cases, "pipeline", messageOf(error), input);
    }
  }

  #survive(transactions: readonly Uint8Array[]): void {
    const { scenario } = this;
    const from = scenario.verifier.head.ref.number;
    scenario.l1.mine({ transactions });
    for (const { reason, count } of scenario.derive().dropped)
      this.#tally.count(`pipeline: ${reason}`, count);
    this.#adopt(from);
    scenario.mineBatches([scenario.sequence([l2Transaction(1)])]);
    const { blocks } = scenario.derive();
    if (blocks.length !== 1) throw new Error(`a valid batch gave ${blocks.length} blocks`);
    if (!isDeepStrictEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref)) {
      throw new Error("a valid batch gave another block");
    }
    this.#tally.count("pipeline: valid batch accepted");
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
      this.#tally.count("pipeline: derived again the same");
    }, []);
  }
}

/** Runs `cases` hostile inputs against derivation. Source: SECURITY.md, "deterministic skip, never a throw". */
async function fuzzDerivation(options: FuzzOptions): Promise<FuzzReport> {
  const { cases, seed, onCase } = options;
  const tally = new Tally(seed);
  const random = new Random(seed);
  let field: Battlefield | undefined;
  for (let round = 0; tally.cases < cases; round++) {
    if (round % ROUNDS_A_CHAIN === 0) {
      field?.compare();
      field = new Battlefield(tally, random);
    }
    if (field === undefined) break;
    const { attacker, scenario } = field;
    attacker.study();
    const rules = spanRulesOf(scenario);
    const left = Math.min(ROUND, cases - tally.cases);
    const share = (count: number) => Math.floor((count * left) / ROUND);
    const before = tally.cases;
    for (let i = share(FRAMES); i > 0; i--) decode(tally, "frame", attacker.data(), options, judgeFrames);
    for (let i = share(BLOBS); i > 0; i--) decode(tally, "blob", attacker.blob(), options, judgeBlob);
    for (let i = share(CHANNELS); i > 0; i--)
      decode(tally, "channel", attacker.channel(), options, judgeChannel);
    for (let i = share(BATCHES); i > 0; i--)
      decode(tally, "batch", attacker.batch(), options, (payload) => judgeBatch(payload, rules));
    onCase?.(tally.cases, new Uint8Array(0));
    tally.cases += field.attack(left - (tally.cases - before));
    // Whoever waits for this process (a signal, a timer) gets a turn.
    await nextTurn();
  }
  field?.compare();
  return tally.reportOf(derivationTarget);
}

export const derivationTarget: FuzzTarget = {
  name: "derivation",
  boundMiB: BOUND_MIB,
  // Its L1 grows with the run.
  hasSingleCases: false,
  run: fuzzDerivation,
};
