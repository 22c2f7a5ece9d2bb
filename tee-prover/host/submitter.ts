import type { Clock } from "@phala-l2/node/clock";
import type { L1Source } from "@phala-l2/node/l1/l1-source";
import { type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { BaseError } from "viem";
import type { ProverClass } from "../attest/kind.ts";
import { anchorCall, createCall, proveCall, resolveCall } from "./calls.ts";
import type { Claims } from "./claims.ts";
import type { GameBook, SettlementAddresses } from "./games.ts";
import type { Call, L1Transactions } from "./l1-transactions.ts";
import { l1HeadFor, type OwnNode, ownOutputRoot } from "./own-view.ts";
import {
  anchorCandidates,
  type Game,
  gamesToProve,
  gamesToResolve,
  type Output,
  type ProofTask,
  proposalDue,
  type Situation,
  verdictOn,
} from "./strategy.ts";
import { takeTurns } from "./turns.ts";

export type SubmitterOptions = {
  readonly addresses: SettlementAddresses;
  readonly own: ProverClass;
  /** L2 blocks between proposals. */
  readonly interval: bigint;
  readonly maxBlocks: bigint;
  readonly pollIntervalMs: number;
};

/** A key, and what it signs. */
export type Signer = { readonly key: Hex; readonly claims: Claims };

export type SubmitterDependencies = {
  readonly book: Pick<GameBook, "read" | "isValidKey" | "isClaimValid">;
  readonly node: OwnNode;
  readonly l1: Pick<L1Source, "blockRef">;
  /** The key that signs now; it may be another one at the next turn. */
  readonly signer: () => Signer;
  readonly transactions: Pick<L1Transactions, "send" | "wouldSucceed">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** The longest pause after failures in a row. */
const MAX_PAUSE_MS = 60_000;
/**
 * Keeps settlement going from one prover: contradicts what is false, supports what is right, proposes what is
 * due, and finishes what is ripe. It decides anew from L1 at each turn, so that nothing need be remembered.
 */
export class Submitter {
  readonly #options: SubmitterOptions;
  readonly #dependencies: SubmitterDependencies;
  #wasValid = true;
  /** Of this turn. */
  #signer: Signer;
  readonly #alarmed = new Set<string>();

  constructor(options: SubmitterOptions, dependencies: SubmitterDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#signer = dependencies.signer();
  }

  /** Runs until the signal; a failure is logged and waited out. */
  run(): Promise<void> {
    const { clock, signal } = this.#dependencies;
    return takeTurns({
      turn: () => this.turn(),
      report: (error, failures) => this.#report(error, failures),
      pollIntervalMs: this.#options.pollIntervalMs,
      maxPauseMs: MAX_PAUSE_MS,
      clock,
      signal,
    });
  }

  /** One look at L1 and everything that follows from it. */
  async turn(): Promise<void> {
    const { book, signal, signer } = this.#dependencies;
    this.#signer = signer();
    const situation = await this.#look();
    this.#raiseAlarms(situation);
    if (await this.#isRegistered()) {
      for (const task of gamesToProve(situation)) {
        if (signal.aborted) return;
        await this.#guarded(() => this.#prove(task));
      }
      await this.#propose(situation);
    }
    for (const game of gamesToResolve(situation)) {
      await this.#sendIfRipe(resolveCall(game.address), game, "game resolved");
    }
    for (const game of anchorCandidates(situation)) {
      if (!(await book.isClaimValid(game.address))) continue;
      await this.#sendIfRipe(anchorCall(this.#options.addresses, game.address), game, "anchor moved");
      break;
    }
  }

  /** What fails for one game must not keep the others from being proven. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isRollupError(error, "STOPPED")) throw error;
      this.#report(error);
    }
  }

  async #look(): Promise<Situation> {
    const { book, node } = this.#dependencies;
    const { own, interval, maxBlocks } = this.#options;
    const { anchor, games } = await book.read();
    const safe = node.chain.heads().safe.number;
    const outputRoot = (number: bigint) => ownOutputRoot(node, number);
    const reached = node.currentL1().number;
    return {
      own: { ...own, key: this.#signer.key },
      games,
      anchor,
      safe,
      reached,
      outputRoot,
      interval,
      maxBlocks,
    };
  }

  async #isRegistered(): Promise<boolean> {
    const { book, log } = this.#dependencies;
    const isValid = await book.isValidKey(this.#signer.key);
    if (isValid !== this.#wasValid) {
      const facts = { key: this.#signer.key };
      if (isValid) log.info(facts, "the registry counts this prover's key");
      else
        log.warn(
          facts,
          "the registry does not count this prover's key (not registered yet, expired or revoked); nothing is proven until it does",
        );
      this.#wasValid = isValid;
    }
    return isValid;
  }

  /** A game on a false base can't be judged; if its base is not contradicted in time, a person must act. */
  #raiseAlarms(situation: Situation): void {
    for (const game of situation.games) {
      if (verdictOn(situation, game) !== "foreign-base" || this.#alarmed.has(game.address)) continue;
      this.#alarmed.add(game.address);
      const facts = { ...factsOf(game), previousOutputRoot: game.previousOutputRoot, parent: game.parent };
      this.#dependencies.log.error(
        facts,
        "a game builds on an output root that is not this node's: look at the game below it",
      );
    }
  }

  async #prove({ game }: ProofTask): Promise<void> {
    const { log } = this.#dependencies;
    const signed = await this.#signer.claims({
      l1Head: hashFromHex(game.l1Head),
      previousBlockNumber: game.previousBlockNumber,
      previousOutputRoot: hashFromHex(game.previousOutputRoot),
      l2BlockNumber: game.l2BlockNumber,
      mayBeAbsent: true,
    });
    const proven = toHex(signed.claim.outputRoot);
    const isSupport = proven === game.rootClaim;
    if (!isSupport) {
      log.warn(
        { ...factsOf(game), claimed: game.rootClaim, proven },
        "a game's claim is false; contradicting it",
      );
    }
    await this.#send(
      proveCall(game.address, signed),
      game,
      isSupport ? "game supported" : "game contradicted",
    );
  }

  async #propose(situation: Situation): Promise<void> {
    const { node, l1, log } = this.#dependencies;
    const proposal = proposalDue(situation);
    if (proposal === undefined) return;
    const { target, previous } = proposal;
    const l1Head = await l1HeadFor(node, l1, target.number);
    if (l1Head === undefined) {
      log.debug({ l2Block: target.number }, "no canonical L1 block for the proposal yet");
      return;
    }
    const signed = await this.#signer.claims({
      l1Head: l1Head.hash,
      previousBlockNumber: previous.number,
      previousOutputRoot: hashFromHex(previous.root),
      l2BlockNumber: target.number,
      mayBeAbsent: false,
    });
    requireAgreement(toHex(signed.claim.outputRoot), target);
    const facts = { l2Block: target.number, outputRoot: target.root, parent: proposal.parent };
    await this.#sendWith(
      createCall(this.#options.addresses, proposal, l1Head.number, signed),
      facts,
      "game created",
    );
  }

  async #sendIfRipe(call: Call, game: Game, done: string): Promise<void> {
    if (this.#dependencies.signal.aborted) return;
    if (await this.#dependencies.transactions.wouldSucceed(call)) await this.#send(call, game, done);
  }

  #send(call: Call, game: Game, done: string): Promise<void> {
    return this.#sendWith(call, factsOf(game), done);
  }

  /** A refusal is how a lost race looks; the next turn sees what L1 has instead. */
  async #sendWith(call: Call, facts: object, done: string): Promise<void> {
    const { transactions, log } = this.#dependencies;
    const outcome = await transactions.send(call);
    if (outcome.kind === "included") {
      log.info({ ...facts, transaction: outcome.hash, gasUsed: outcome.gasUsed }, done);
    } else {
      log.info(
        { ...facts, reason: outcome.reason },
        `not done: ${done}; another prover may have been faster`,
      );
    }
  }

  #report(error: unknown, failures?: number): void {
    const { log } = this.#dependencies;
    if (isRollupError(error)) {
      log.warn({ code: error.code, docs: error.docs, failures }, `trying again: ${error.message}`);
    } else {
      log.warn({ reason: reasonOf(error), failures }, "trying again after an error");
    }
  }
}

/** viem's message holds the endpoint's URL, in whose path hosted endpoints have their keys; its parts do not. */
function reasonOf(error: unknown): string {
  if (error instanceof BaseError) return `${error.shortMessage} ${error.details}`;
  return error instanceof Error ? error.message : String(error);
}

/** The node and the enclave run the same rules over the same L1; where they differ, neither is to be believed. */
function requireAgreement(proven: Hex, { number, root }: Output): void {
  if (proven === root) return;
  const message = `the enclave proves another output root of block ${number} than this node has; nothing is proposed`;
  throw new RollupError("PROOF_DISAGREES", message, { data: { number, node: root, enclave: proven } });
}

function factsOf(game: Game): object {
  return { game: game.address, l2Block: game.l2BlockNumber };
}
