import { setImmediate as nextTurn } from "node:timers/promises";
import type {
  ReleaseRequest,
  Signed,
  Statements,
  SunsetProgress,
  SunsetSources,
} from "@phala-l2/enclave/statements";
import type { Clock } from "@phala-l2/node/clock";
import { bytesEqual, type Hash, type Hex, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Log } from "@phala-l2/protocol/log";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { decodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";
import { type Release, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import type { ReleaseWitness } from "@phala-l2/swap/release";
import { blockItems } from "./blocks-file.ts";
import type { Descriptions, SunsetDescription } from "./description.ts";
import { MinuteBudget } from "./minute-budget.ts";
import { finalityByNode, type IsFinal, shownBlocks } from "./parachain-node.ts";
import { statePieces } from "./state-file.ts";

/** The key that serves now, and what it can be asked for. */
export type StatingKey = { readonly key: Hex; readonly statements: Statements };

export type Busy = { readonly kind: "busy" };
/** The prover has no such file. */
export type Unconfigured = { readonly kind: "unconfigured" };
export type Refused = { readonly kind: "refused"; readonly reason: string; readonly data?: unknown };
export type Given<Statement> = {
  readonly kind: "signed";
  readonly key: Hex;
  readonly signed: Extract<Signed<Statement>, { readonly kind: "signed" }>;
};
export type Running = { readonly kind: "running" } & SunsetProgress;

export type SunsetAnswer = Given<SunsetStatement> | Running | Refused | Unconfigured;
export type ReleaseAnswer = Given<Release> | Refused | Unconfigured | Busy;

export type ReleaseQuestion = {
  readonly settingsHash: Hash;
  readonly witness: ReleaseWitness;
  readonly finality: readonly Uint8Array[];
};

/**
 * Time of the one thread, which also follows the chain and proves it, that goes to judging deposits in a minute, whoever asks: a
 * quarter. Time and not a number, as questions differ a thousandfold: most are refused within milliseconds, one whose relay
 * block is new counts the votes of up to a thousand authorities, a millisecond each. A swap has a few deposits a minute, and
 * those below one relay block share its votes.
 */
export const JUDGING_MS_PER_MINUTE = 15_000;
/** Questions whose blocks the own node is asked about in a minute, whoever asks: three calls of it for each of two blocks. */
export const NODE_QUESTIONS_PER_MINUTE = 120;
/** Releases whose signatures are told again without judging anew. */
export const RELEASES_KEPT = 512;
/** After a count that ended without a statement, strangers cannot have it begin anew for so long. */
export const SUNSET_RETRY_MS = 60_000;

export type DeskParts = {
  readonly serving: () => StatingKey;
  readonly descriptions: Descriptions;
  /** Asks the prover's own node of the swap's parachain; undefined where it has none. */
  readonly isFinal: IsFinal | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

type Count = { readonly key: Hex; readonly endedAt: number | undefined; readonly answer: SunsetAnswer };

/** What the serving key was told of hand-overs. */
type Told = {
  readonly key: Hex | undefined;
  /** How many it took, by anchor. */
  readonly counts: Map<Hex, number>;
  /** Those that it refused, until the file is another: each costs a second, and strangers' questions have them told. */
  readonly refused: WeakSet<Uint8Array>;
};

/**
 * Where a prover is asked for its word on Substrate chains. It answers anybody, so that nobody's consent is needed; work is
 * done once for each key and question, and little of it in a minute. A class because it remembers what was done.
 */
export class StatementDesk {
  readonly #parts: DeskParts;
  #count: Count | undefined;
  #work: Promise<void> = Promise.resolve();
  readonly #releases = new Map<Hex, Given<Release>>();
  readonly #judgingMs: MinuteBudget;
  readonly #nodeQuestions: MinuteBudget;
  #told: Told = { key: undefined, counts: new Map(), refused: new WeakSet() };
  #following: Promise<void> = Promise.resolve();

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#judgingMs = new MinuteBudget(JUDGING_MS_PER_MINUTE, parts.clock);
    this.#nodeQuestions = new MinuteBudget(NODE_QUESTIONS_PER_MINUTE, parts.clock);
  }

  /** The count's result, or how far it is; the first question begins it. */
  sunset(): SunsetAnswer {
    const { serving, descriptions, clock } = this.#parts;
    const { key, statements } = serving();
    const count = this.#count;
    if (count !== undefined && this.#stands(count, key)) return count.answer;
    const description = descriptions.sunset();
    if (description === undefined) return { kind: "unconfigured" };
    const begun: SunsetAnswer = { kind: "running", blocks: 0, entries: 0, bytes: 0 };
    this.#count = { key, endedAt: undefined, answer: begun };
    this.#work = this.#countState({ key, statements }, description).then((answer) => {
      this.#count = { key, endedAt: clock.now(), answer };
    });
    return begun;
  }

  /** Resolves when no count runs. */
  async idle(): Promise<void> {
    await this.#work;
  }

  /** One count at a time; a refused one is done again after a while, as files may be others then. */
  #stands({ key, endedAt, answer }: Count, serving: Hex): boolean {
    if (answer.kind === "running") return true;
    if (answer.kind === "signed") return key === serving;
    return endedAt !== undefined && this.#parts.clock.now() - endedAt < SUNSET_RETRY_MS;
  }

  async #countState({ key, statements }: StatingKey, description: SunsetDescription): Promise<SunsetAnswer> {
    const { log, signal, clock } = this.#parts;
    const { contract, finalityAnchor, registrationsFrom, header, layout, finality } = description;
    const started = clock.now();
    try {
      if (await isForeign(description)) return { kind: "refused", reason: "block-not-final" };
      await this.#follow({ key, statements });
      const request = {
        contract,
        finalityAnchor,
        registrationsFrom,
        header,
        ...(layout === undefined ? {} : { layout }),
        ...(finality === undefined ? {} : { finality }),
      };
      const signed = await statements.signSunset(request, sourcesOf(description), {
        onProgress: (done) => {
          if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
          this.#count = { key, endedAt: undefined, answer: { kind: "running", ...done } };
          return nextTurn();
        },
      });
      if (signed.kind === "refused") {
        log.error({ reason: signed.reason, data: signed.data }, "the frozen state gives no sunset");
        return signed;
      }
      const seconds = (clock.now() - started) / 1000;
      log.info({ claimsRoot: toHex(signed.statement.claimsRoot), seconds }, "sunset counted and signed");
      return { kind: "signed", key, signed };
    } catch (error) {
      if (!isRollupError(error, "STOPPED")) log.error({ err: error }, "the frozen state cannot be read");
      return { kind: "refused", reason: isRollupError(error) ? error.code : "state-unreadable" };
    }
  }

  /** A deposit's release: judged, or told again. What costs little is looked at first, and takes nothing of the minute's budget. */
  async release({ settingsHash, witness, finality }: ReleaseQuestion): Promise<ReleaseAnswer> {
    const { serving, descriptions } = this.#parts;
    const own = serving();
    const name = questionName(own.key, settingsHash, witness);
    const known = this.#releases.get(name);
    if (known !== undefined) return known;
    const description = descriptions.swap();
    if (description === undefined) return { kind: "unconfigured" };
    const { settings, domain, metadata } = description;
    if (!bytesEqual(swapSettingsHash(settings), settingsHash)) {
      return { kind: "refused", reason: "other-settings" };
    }
    if (bytesEqual(settings.finalityAnchor, ZERO_HASH)) {
      const fault = await this.#faultByNode(witness);
      if (fault !== undefined) return fault;
    }
    await this.#follow(own);
    const request = { contract: domain.contract, settings, metadata, witness, finality };
    const signed = this.#judge(own.statements, request);
    if (signed.kind !== "signed") return signed;
    const given = { kind: "signed", key: own.key, signed } as const;
    this.#remember(name, given);
    return given;
  }

  /**
   * Where no anchor is, the enclave cannot know what is final: whoever asks shows a block, and the prover's own node has to have it.
   * Without a node nothing is signed, or anybody's invented block would be paid for.
   */
  async #faultByNode(witness: ReleaseWitness): Promise<Refused | Busy | undefined> {
    const refused = (reason: string) => ({ kind: "refused", reason }) as const;
    const { isFinal } = this.#parts;
    if (isFinal === undefined) return refused("no-source-of-finality");
    const blocks = shownBlocks(witness);
    if (blocks === undefined) return refused("header-malformed");
    if (this.#nodeQuestions.isSpent) return { kind: "busy" };
    this.#nodeQuestions.spend(1);
    for (const block of blocks) if (!(await isFinal(block))) return refused("block-not-final");
    return undefined;
  }

  /** Nothing is awaited between the look at the budget and the work, or all who ask at once would pass. */
  #judge(statements: Statements, request: ReleaseRequest): Signed<Release> | Busy {
    if (this.#judgingMs.isSpent) return { kind: "busy" };
    const { clock } = this.#parts;
    const started = clock.now();
    const signed = statements.signRelease(request);
    this.#judgingMs.spend(clock.now() - started);
    return signed;
  }

  #remember(name: Hex, given: Given<Release>): void {
    const [oldest] = this.#releases.keys();
    if (this.#releases.size >= RELEASES_KEPT && oldest !== undefined) this.#releases.delete(oldest);
    this.#releases.set(name, given);
  }

  /** Tells the key's enclave of the authorities in the file that it was not told of; one caller after another. */
  #follow(own: StatingKey): Promise<void> {
    const following = this.#following.then(() => this.#followAll(own));
    // The caller is told what failed; the next one reads the file again, which may be whole by then.
    this.#following = following.catch(() => {});
    return following;
  }

  async #followAll({ key, statements }: StatingKey): Promise<void> {
    if (this.#told.key !== key) this.#told = { key, counts: new Map(), refused: new WeakSet() };
    const told = this.#told;
    for (const chain of this.#parts.descriptions.finality()) await this.#followChain(statements, chain, told);
  }

  async #followChain(
    statements: Statements,
    { source, handOvers }: FinalityDescription,
    { counts, refused }: Told,
  ): Promise<void> {
    const pinned = statements.pinFinality(source);
    if (pinned.kind === "refused") {
      this.#parts.log.error({ reason: pinned.reason }, "a chain's authorities cannot be followed");
      return;
    }
    const { anchor } = pinned;
    for (const handOver of handOvers.slice(counts.get(anchor) ?? 0)) {
      if (refused.has(handOver)) return;
      const followed = statements.followFinality(hashFromHex(anchor), handOver);
      if (followed.kind === "refused") {
        refused.add(handOver);
        this.#parts.log.error({ reason: followed.reason }, "a hand-over of authorities is refused");
        return;
      }
      counts.set(anchor, (counts.get(anchor) ?? 0) + 1);
      // A hand-over takes a second.
      await nextTurn();
    }
  }
}

/** Whether the file's block is another than the own node's, where there is one. The node of an ended chain may be gone: then the file stands. */
async function isForeign({ finalityAnchor, header, node }: SunsetDescription): Promise<boolean> {
  const decoded = decodeHeader(header);
  if (node === undefined || decoded.kind === "invalid" || !bytesEqual(finalityAnchor, ZERO_HASH))
    return false;
  const isFinal = finalityByNode(node);
  return !(await isFinal({ height: decoded.value.number, hash: headerHash(decoded.value) }));
}

function sourcesOf({ stateFile, blocksFile }: SunsetDescription): SunsetSources {
  const state = statePieces(stateFile);
  return blocksFile === undefined ? { state } : { state, blocks: blockItems(blocksFile) };
}

function questionName(key: Hex, settingsHash: Hash, { deposit, repair }: ReleaseWitness): Hex {
  const places = [deposit, ...(repair === undefined ? [] : [repair])];
  const shown = places.map(({ block, eventIndex }) => `${toHex(keccak256(block.header))} ${eventIndex}`);
  return toHex(keccak256(new TextEncoder().encode([key, toHex(settingsHash), ...shown].join(" "))));
}
