import { type Address, bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { depositId } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "@phala-l2/swap/account";
import type { BlockProof } from "@phala-l2/swap/block-proof";
import type { Deposit } from "@phala-l2/swap/deposit";
import { findRemark } from "@phala-l2/swap/find-remark";
import type { ReleaseJudge } from "@phala-l2/swap/release";
import { encodeBlockProof, parseBlockProof } from "@phala-l2/swap/witness-json";
import { type DepositRecord, depositKey, type Journal } from "./journal.ts";
import type { Parachain, ParachainBlock } from "./parachain.ts";

/** Blocks asked for at once while catching up: a node answers them side by side. */
const READ_AHEAD = 32;

export type WatcherDependencies = {
  readonly parachain: Parachain;
  readonly journal: Journal;
  /** By what blocks are read now; only the runtimes in it ever change. */
  readonly judge: () => ReleaseJudge;
  readonly log: Log;
};

/** How far the watcher is. */
export type WatchProgress = {
  /** The last height that was read; the one before the first to read at the beginning. */
  readonly read: bigint;
  /** The last one there is to read now. */
  readonly known: bigint;
  /** No further block's deposits belong to this swap. */
  readonly isComplete: boolean;
};

/**
 * Reads finalised blocks one after another and writes their deposits into the journal. A block with a deposit that cannot be
 * read, as one of a runtime that nobody has named yet, is never passed over: it is tried until it can be.
 */
export class Watcher {
  readonly #on: WatcherDependencies;
  readonly #account: Uint8Array;

  constructor(dependencies: WatcherDependencies) {
    this.#on = dependencies;
    this.#account = swapAccount(dependencies.judge().domain.contract);
  }

  /**
   * Reads the next blocks, some at a time.
   * @throws RollupError PARACHAIN_FORKED, PARACHAIN_UNREADABLE, PARACHAIN_INVALID, RPC_…
   */
  async readNext(): Promise<WatchProgress> {
    const { parachain, journal, judge } = this.#on;
    const { firstHeight, lastHeight } = judge().settings;
    const cursor = await journal.cursor();
    const next = cursor === undefined ? firstHeight : BigInt(cursor.height) + 1n;
    const finalized = await parachain.finalizedHeight();
    const known = finalized < lastHeight ? finalized : lastHeight;
    if (next > known) return { read: next - 1n, known, isComplete: next > lastHeight };
    const count = Math.min(READ_AHEAD, Number(known - next) + 1);
    const heights = Array.from({ length: count }, (_, i) => next + BigInt(i));
    const blocks = await Promise.all(heights.map((height) => parachain.blockAt(height)));
    let parent = cursor?.hash;
    for (const block of blocks) {
      if (parent !== undefined && toHex(block.header.parentHash) !== parent) throw forked(block, parent);
      await this.#read(block);
      parent = toHex(block.hash);
    }
    const read = next + BigInt(count) - 1n;
    return { read, known, isComplete: read === lastHeight };
  }

  async #read(block: ParachainBlock): Promise<void> {
    const cursor = { height: block.height.toString(), hash: toHex(block.hash) };
    // An account stands in events as its 32 bytes: where these are not, nothing was paid to it.
    if (Buffer.from(block.events).indexOf(this.#account) < 0) {
      await this.#on.journal.recordBlock({ cursor, deposits: [] });
      return;
    }
    const { proof, deposits } = await this.#judge(block);
    const recorded = deposits.length === 0 ? [] : await this.#withRepairs(deposits, block);
    await this.#on.journal.recordBlock({
      cursor,
      deposits: recorded,
      ...(deposits.length > 0 && { proof: encodeBlockProof(proof) }),
    });
    for (const { height, eventIndex, sender, planck, refusal, repairedBy } of recorded) {
      this.#on.log.info({ height, event: eventIndex, sender, planck, refusal, repairedBy }, "deposit");
    }
  }

  /** The block's deposits, with the texts of remarks that they need. */
  async #judge(block: ParachainBlock): Promise<{ proof: BlockProof; deposits: readonly Deposit[] }> {
    const { parachain } = this.#on;
    const bare = await parachain.proofOf(block);
    const first = this.#depositsOf(bare, block);
    const undecided = first.flatMap(({ verdict, extrinsicIndex }) =>
      verdict.kind === "undecided" && extrinsicIndex !== undefined
        ? [{ hash: verdict.remarkHash, extrinsicIndex }]
        : [],
    );
    if (undecided.length === 0) return { proof: bare, deposits: first };
    const extrinsics = await parachain.extrinsicsOf(block);
    const texts = new Map<string, Uint8Array>();
    for (const { hash, extrinsicIndex } of undecided) {
      const text = findRemark(extrinsics[extrinsicIndex] ?? new Uint8Array(0), hash);
      if (text !== undefined) texts.set(toHex(hash), text);
    }
    const proof = { ...bare, remarks: [...texts.values()] };
    return { proof, deposits: this.#depositsOf(proof, block) };
  }

  #depositsOf(proof: BlockProof, { height, hash }: ParachainBlock): readonly Deposit[] {
    const judged = this.#on.judge().judgeBlock(proof);
    const data = { height: height.toString(), blockHash: toHex(hash) };
    if (judged.kind === "ok" && bytesEqual(judged.blockHash, hash)) return judged.deposits;
    const reason = judged.kind === "ok" ? "other-block" : judged.reason;
    const message = `block ${height} can not be read (${reason}); its deposits, and later ones, wait`;
    throw new RollupError("PARACHAIN_UNREADABLE", message, { data: { ...data, reason } });
  }

  /** The block's deposits as records, and the earlier ones that they repair. */
  async #withRepairs(deposits: readonly Deposit[], block: ParachainBlock): Promise<readonly DepositRecord[]> {
    const records = new Map(
      deposits.map((deposit) => {
        const record = this.#recordOf(deposit, block.hash);
        return [depositKey(record), record] as const;
      }),
    );
    for (const deposit of deposits) {
      if (deposit.verdict.kind !== "valid") continue;
      const { receiver, repairs } = deposit.verdict;
      for (const { height, eventIndex } of repairs) {
        const key = depositKey({ height: height.toString(), eventIndex });
        const earlier = records.get(key) ?? (await this.#on.journal.deposit(key));
        const isRepaired =
          earlier?.stage === "refused" && (await this.#isRepair(earlier, deposit, block, records.has(key)));
        if (isRepaired) records.set(key, repaired(earlier, deposit, receiver));
      }
    }
    return [...records.values()];
  }

  /** Whether provers will say so too: it is their own rule that is asked. */
  async #isRepair(
    earlier: DepositRecord,
    later: Deposit,
    block: ParachainBlock,
    isSameBlock: boolean,
  ): Promise<boolean> {
    const { proof: laterProof } = await this.#judge(block);
    const stored = isSameBlock ? undefined : await this.#on.journal.proof(earlier.height);
    const proof = isSameBlock ? laterProof : parseBlockProof(stored);
    if (proof === undefined) return false;
    const judged = this.#on.judge().releaseOf({
      deposit: { block: proof, eventIndex: earlier.eventIndex },
      repair: { block: laterProof, eventIndex: later.eventIndex },
    });
    return judged.kind === "release";
  }

  #recordOf(deposit: Deposit, blockHash: Hash): DepositRecord {
    const { height, eventIndex, sender, planck, verdict } = deposit;
    const { genesisHash } = this.#on.judge().settings;
    const isValid = verdict.kind === "valid";
    return {
      id: toHex(depositId({ genesisHash, height, eventIndex })),
      height: height.toString(),
      blockHash: toHex(blockHash),
      eventIndex,
      sender: toHex(sender),
      planck: planck.toString(),
      stage: isValid ? "seen" : "refused",
      ...(isValid && { receiver: toHex(verdict.receiver) }),
      ...(verdict.kind === "refused" && { refusal: verdict.reason }),
      ...(verdict.kind === "undecided" && { refusal: "remark-not-shown" }),
      signatures: [],
      transactions: [],
      paid: "0",
    };
  }
}

function repaired(earlier: DepositRecord, by: Deposit, receiver: Address): DepositRecord {
  const { height, eventIndex } = by;
  return {
    ...earlier,
    stage: "seen",
    receiver: toHex(receiver),
    repairedBy: { height: height.toString(), eventIndex },
  };
}

function forked({ height }: ParachainBlock, parent: string): RollupError<"PARACHAIN_FORKED"> {
  const message = `block ${height} does not follow the block ${parent} that was final: the node is of another chain, or lies`;
  return new RollupError("PARACHAIN_FORKED", message, { data: { height: height.toString(), parent } });
}
