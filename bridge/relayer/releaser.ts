import { addressFromHex, type Hash, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import {
  type Release,
  releaseDigest,
  swapSettingsHash,
  WEI_PER_PLANCK,
} from "@phala-l2/protocol/swap-release";
import type { ReleaseJudge, ReleaseWitness } from "@phala-l2/swap/release";
import { encodeReleaseWitness, parseBlockProof } from "@phala-l2/swap/witness-json";
import type { FinalityCollector } from "./finality.ts";
import type { DepositRecord, Journal, RecordedSignature } from "./journal.ts";
import type { L1Outbox } from "./l1-outbox.ts";
import { type AboutRelease, askProvers, type ProverEndpoint } from "./provers.ts";
import { encodeRelease, type Paid, type Refusal, type SwapContract } from "./swap-contract.ts";

export type ReleaserDependencies = {
  readonly journal: Journal;
  /** By what deposits are judged now. */
  readonly judge: () => ReleaseJudge;
  readonly contract: SwapContract;
  readonly outbox: L1Outbox;
  readonly provers: readonly ProverEndpoint[];
  /** Undefined where the swap's settings have no finality anchor. */
  readonly finality: FinalityCollector | undefined;
  /** Seconds until provers are asked again that have not signed. */
  readonly askAgainAfter: number;
  /** Who pays for the transactions. */
  readonly sender: Hex;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** What shows a deposit: to the judge, and in which blocks. */
type Shown = { readonly witness: ReleaseWitness; readonly blocks: readonly Hash[] };

/** Seconds until a release is tried again whose time nobody can tell. */
const RETRY_SECONDS = 30;
/** Seconds until one is tried again that only a person can mend. */
const SLOW_RETRY_SECONDS = 600;

const seconds = () => Math.floor(Date.now() / 1000);

/** Brings each valid deposit to L1, one step after another; each step is in the journal before the next. */
export class Releaser {
  readonly #on: ReleaserDependencies;

  constructor(dependencies: ReleaserDependencies) {
    this.#on = dependencies;
  }

  /** Ends what a run before this one has left under way. */
  async resume(): Promise<void> {
    const { journal, outbox, log } = this.#on;
    const inFlight = await journal.inFlight();
    if (inFlight === undefined) return;
    const record = await journal.deposit(inFlight.depositKey);
    if (record === undefined)
      throw new RollupError("STORE_CORRUPT", "a transaction of no deposit is under way");
    log.info({ nonce: inFlight.nonce, height: record.height }, "a transaction is under way from before");
    await outbox.resume(record, inFlight);
  }

  /** Goes once over all deposits that still need something. @returns how many there are */
  async round(): Promise<number> {
    const { journal, signal } = this.#on;
    const keys = await journal.openKeys();
    for (const key of keys) {
      if (signal.aborted) break;
      const record = await journal.deposit(key);
      if (record !== undefined) await this.#advance(key, record);
    }
    return keys.length;
  }

  async #advance(key: string, given: DepositRecord): Promise<void> {
    const owed = BigInt(given.planck) * WEI_PER_PLANCK;
    const seen = await this.#withPaid(given, owed);
    if (BigInt(seen.paid) >= owed || isWaiting(seen)) return;
    const { release, ...shown } = await this.#releaseOf(seen);
    const record = await this.#withSignatures(seen, release, shown);
    if (record?.judgedBy === undefined) return;
    const call = {
      release,
      settingsHash: record.judgedBy,
      signatures: record.signatures.map(({ signature }) => signature),
      from: addressFromHex(this.#on.sender),
    };
    const refusal = await this.#on.contract.refusalOf(call);
    if (refusal !== undefined) {
      await this.#wait(record, refusal);
      return;
    }
    const gas = await this.#on.contract.gasOf(call);
    const { address: to } = this.#on.contract;
    const sent = await this.#on.outbox.send({ depositKey: key, to, data: encodeRelease(call), gas }, record);
    if (sent.outcome === "included") await this.#withPaid(sent.record, owed);
    const { height, eventIndex: event, receiver } = record;
    this.#on.log.info({ height, event, receiver, outcome: sent.outcome }, "release");
  }

  /** What L1 has paid so far; a reorg of L1 may take a payment back until it is final. */
  async #withPaid(record: DepositRecord, owed: bigint): Promise<DepositRecord> {
    const { latest, finalized } = await this.#on.contract.paidOf(record.id);
    if (latest.toString() === record.paid && finalized < owed) return record;
    const stage = paidStage({ latest, finalized }, owed) ?? stageBefore(record);
    if (latest < BigInt(record.paid)) {
      this.#on.log.warn(
        { id: record.id, paid: record.paid, now: latest },
        "L1 took a payment back; paying again",
      );
    }
    const { waitsFor: _, ...rest } = record;
    const next: DepositRecord = { ...rest, stage, paid: latest.toString() };
    await this.#on.journal.recordDeposit(next);
    return next;
  }

  async #proofAt(height: string) {
    const proof = parseBlockProof(await this.#on.journal.proof(height));
    if (proof === undefined)
      throw new RollupError("STORE_CORRUPT", `the proof of block ${height} is not there`);
    return proof;
  }

  async #releaseOf({ height, eventIndex, repairedBy }: DepositRecord) {
    const deposit = { block: await this.#proofAt(height), eventIndex };
    const witness: ReleaseWitness =
      repairedBy === undefined
        ? { deposit }
        : {
            deposit,
            repair: { block: await this.#proofAt(repairedBy.height), eventIndex: repairedBy.eventIndex },
          };
    const judged = this.#on.judge().releaseOf(witness);
    if (judged.kind === "release") return { release: judged.release, witness, blocks: judged.blocks };
    if (judged.reason === "runtime-unknown") {
      const message = `the swap's file names the runtime no more by which the deposit at ${height}-${eventIndex} was read`;
      throw new RollupError("RELAYER_SETTINGS", message, { data: { height, eventIndex } });
    }
    const message = `the deposit at ${height}-${eventIndex} was valid and is not any more: ${judged.reason}`;
    throw new RollupError("STORE_CORRUPT", message, { data: { height, eventIndex, reason: judged.reason } });
  }

  /** The record with signatures that count now, of as many vendors as it takes; undefined when there are fewer. */
  async #withSignatures(
    record: DepositRecord,
    release: Release,
    shown: Shown,
  ): Promise<DepositRecord | undefined> {
    const { journal, log } = this.#on;
    const kept = record.judgedBy === undefined ? undefined : await this.#countingOf(record.signatures);
    if (kept !== undefined && kept.length === record.signatures.length) return record;
    const { judgedBy: _, waitsFor: _waited, ...bare } = record;
    // All by one and the same settings: signatures by earlier ones count on, and are never put beside others.
    const { domain, settings } = this.#on.judge();
    const settingsHash =
      kept !== undefined && record.judgedBy !== undefined
        ? hashFromHex(record.judgedBy)
        : swapSettingsHash(settings);
    const digest = releaseDigest(domain, settingsHash, release);
    const about = { settingsHash, digest, log };
    const asked = kept ?? (await this.#ask(record, shown, about));
    if (asked === undefined) {
      await this.#waitForFinality(record);
      return undefined;
    }
    const signatures = await this.#countingOf(asked);
    const next: DepositRecord =
      signatures === undefined
        ? {
            ...bare,
            stage: stageBefore(record),
            signatures: [],
            waitsFor: later("signatures", this.#on.askAgainAfter),
          }
        : { ...bare, stage: "signed", signatures, judgedBy: toHex(settingsHash) };
    await journal.recordDeposit(next);
    return signatures === undefined ? undefined : next;
  }

  /** Provers' signatures; undefined while nothing shows that the deposit is final. */
  async #ask(record: DepositRecord, { witness, blocks }: Shown, about: AboutRelease) {
    const { finality, provers } = this.#on;
    // Provers that were asked before may have refused the proofs: of a set too new or too old for them.
    const isStale = record.waitsFor?.what === "signatures";
    const proofs = finality === undefined ? [] : await finality.proofsOf(record, blocks, isStale);
    return proofs && askProvers(provers, { witness: encodeReleaseWitness(witness), finality: proofs }, about);
  }

  /** Asked for again in each round: the relay chain needs half a minute. */
  async #waitForFinality(record: DepositRecord): Promise<void> {
    if (record.waitsFor?.what === "finality") return;
    const { height, eventIndex: event } = record;
    this.#on.log.info({ height, event }, "the relay chain has not made the deposit final yet");
    await this.#on.journal.recordDeposit({ ...record, waitsFor: { what: "finality" } });
  }

  /** One signature a vendor of those that count, or undefined when that is too few. */
  async #countingOf(
    signatures: readonly RecordedSignature[],
  ): Promise<readonly RecordedSignature[] | undefined> {
    const { contract } = this.#on;
    const chosen = new Map<number, RecordedSignature>();
    for (const signature of signatures) {
      if (chosen.size >= contract.minHostVendors) break;
      const vendor = await contract.vendorOf(signature.key);
      if (vendor !== undefined && !chosen.has(vendor)) chosen.set(vendor, signature);
    }
    return chosen.size >= contract.minHostVendors ? [...chosen.values()] : undefined;
  }

  async #wait(record: DepositRecord, { error, args }: Refusal): Promise<void> {
    const until = REFUSALS[error]?.(args) ?? seconds() + SLOW_RETRY_SECONDS;
    const { height, eventIndex } = record;
    this.#on.log.info({ height, event: eventIndex, error, until }, "L1 does not take the release yet");
    await this.#on.journal.recordDeposit({ ...record, waitsFor: { what: error, until } });
  }
}

/** When it is worth trying again, by the contract's errors. */
const REFUSALS: Readonly<Record<string, (args: readonly unknown[]) => number>> = {
  ParachainSwap_AboveLimit: ([, , opensAt]) => Number(opensAt),
  ParachainSwap_Paused: ([until]) => Number(until),
  ParachainSwap_Underfunded: () => seconds() + RETRY_SECONDS,
  ParachainSwap_AlreadyReleased: () => seconds() + RETRY_SECONDS,
  ParachainSwap_KeyDoesNotCount: () => seconds(),
};

function later(what: string, delay: number): { readonly what: string; readonly until: number } {
  return { what, until: seconds() + delay };
}

function isWaiting({ waitsFor }: DepositRecord): boolean {
  return waitsFor?.until !== undefined && waitsFor.until > seconds();
}

function paidStage({ latest, finalized }: Paid, owed: bigint): "final" | "paid" | undefined {
  if (finalized >= owed) return "final";
  return latest >= owed ? "paid" : undefined;
}

/** The stage of a deposit that L1 has not paid whole. */
function stageBefore({ transactions, signatures }: DepositRecord): DepositRecord["stage"] {
  if (transactions.length > 0) return "submitted";
  return signatures.length > 0 ? "signed" : "seen";
}
