import type { Hex } from "@phala-l2/protocol/bytes";
import type { ProverClass } from "../attest/kind.ts";

/** The contracts' `GameStatus`. */
export type GameStatus = "in-progress" | "challenger-wins" | "defender-wins";

export type Supporter = ProverClass & {
  readonly key: Hex;
  /** Whether the registry counts the key now. */
  readonly isValid: boolean;
};

/** A multi-proof game as L1 has it now. */
export type Game = {
  readonly address: Hex;
  readonly rootClaim: Hex;
  readonly l1Head: Hex;
  readonly l1HeadNumber: bigint;
  readonly l2BlockNumber: bigint;
  readonly previousOutputRoot: Hex;
  readonly previousBlockNumber: bigint;
  /** The game it builds on; undefined where that is the anchor. */
  readonly parent: Hex | undefined;
  readonly isRespected: boolean;
  readonly status: GameStatus;
  /** Neither blacklisted nor retired by the guardian. */
  readonly isTrusted: boolean;
  readonly supporters: readonly Supporter[];
};

/** An output root and the number of its block. */
export type Output = { readonly root: Hex; readonly number: bigint };

/** All that a prover decides by. */
export type Situation = {
  readonly own: ProverClass & { readonly key: Hex };
  readonly games: readonly Game[];
  readonly anchor: Output;
  /** Number of the newest block that L1 data confirms, by the own node. */
  readonly safe: bigint;
  /** Number of the L1 block up to which the own node has derived. */
  readonly reached: bigint;
  /** The own node's output root of a block; undefined beyond its safe head. */
  readonly outputRoot: (number: bigint) => Hex | undefined;
  /** L2 blocks between proposals. */
  readonly interval: bigint;
  /** L2 blocks that one proof takes. */
  readonly maxBlocks: bigint;
};

export type ProofTask = { readonly kind: "contradict" | "support"; readonly game: Game };

/**
 * The open games that this prover has something to say about: contradictions first, because a false game must
 * not finish, then the lower blocks, on which the others build.
 */
export function gamesToProve(situation: Situation): readonly ProofTask[] {
  const tasks = situation.games.flatMap((game) => {
    const kind = verdictOn(situation, game);
    return kind === "contradict" || kind === "support" ? [{ kind, game } as const] : [];
  });
  const rank = ({ kind }: ProofTask) => (kind === "contradict" ? 0 : 1);
  return tasks.toSorted((a, b) => rank(a) - rank(b) || compare(a.game.l2BlockNumber, b.game.l2BlockNumber));
}

export type Verdict =
  | ProofTask["kind"]
  /** It is over, or the guardian has judged it. */
  | "closed"
  /** Its class has proven it already. */
  | "covered"
  /** It builds on an output root that is not ours: the fault lies below, and below it must be contradicted. */
  | "foreign-base"
  /** The own node has not read L1 up to the game's L1 head yet. */
  | "not-derived";

export function verdictOn(situation: Situation, game: Game): Verdict {
  if (game.status !== "in-progress" || !game.isTrusted) return "closed";
  if (situation.outputRoot(game.previousBlockNumber) !== game.previousOutputRoot) return "foreign-base";
  const own = situation.outputRoot(game.l2BlockNumber);
  if (own !== undefined && own === game.rootClaim && isCovered(situation, game)) return "covered";
  // All L1 data that the game may use is read, and there is no such block.
  if (own === undefined) return game.l1HeadNumber <= situation.reached ? "contradict" : "not-derived";
  return own === game.rootClaim ? "support" : "contradict";
}

/** The contract takes one valid supporter of each class, and none twice. */
function isCovered({ own }: Situation, { supporters }: Game): boolean {
  return supporters.some(
    ({ key, vendor, gpu, isValid }) =>
      key === own.key || (isValid && vendor === own.vendor && gpu === own.gpu),
  );
}

export type Proposal = {
  /** The game to build on; undefined for the anchor. */
  readonly parent: Hex | undefined;
  readonly previous: Output;
  readonly target: Output;
};

/**
 * The proposal that is due, or undefined. It depends on L1 and on the rollup alone, so that all honest provers
 * name the same one: whoever comes first creates the game, and the others support it.
 */
export function proposalDue(situation: Situation): Proposal | undefined {
  const base = baseOf(situation);
  if (base === undefined) return undefined;
  const { safe, interval, maxBlocks, outputRoot } = situation;
  const reach = base.previous.number + maxBlocks;
  const newest = reach < safe ? reach : safe;
  const number = newest - (newest % interval);
  const root = number > base.previous.number ? outputRoot(number) : undefined;
  if (root === undefined) return undefined;
  const proposal = { ...base, target: { root, number } };
  return situation.games.some((game) => isSame(game, proposal)) ? undefined : proposal;
}

/** The factory makes a game of one root, block and parent only once, whatever became of it. */
function isSame(game: Game, { parent, target }: Proposal): boolean {
  return game.rootClaim === target.root && game.l2BlockNumber === target.number && game.parent === parent;
}

/** The newest output that is neither lost nor false: of a game, or else the anchor. */
function baseOf(situation: Situation): Omit<Proposal, "target"> | undefined {
  const { games, anchor, outputRoot } = situation;
  const usable = games.filter(
    (game) =>
      game.isRespected &&
      game.isTrusted &&
      game.status !== "challenger-wins" &&
      game.l2BlockNumber >= anchor.number &&
      outputRoot(game.l2BlockNumber) === game.rootClaim,
  );
  // Two games of one block differ in what they build on; the lower address is as good as any other rule.
  const [newest] = usable.toSorted(
    (a, b) => compare(b.l2BlockNumber, a.l2BlockNumber) || (a.address < b.address ? -1 : 1),
  );
  if (newest !== undefined) {
    return { parent: newest.address, previous: { root: newest.rootClaim, number: newest.l2BlockNumber } };
  }
  // An anchor that is not ours is nothing to build on; people have to look.
  return outputRoot(anchor.number) === anchor.root ? { parent: undefined, previous: anchor } : undefined;
}

/** Open games that may be ripe: what they build on is decided. Lower blocks first. */
export function gamesToResolve({ games }: Pick<Situation, "games">): readonly Game[] {
  const undecided = new Set(
    games
      .filter(({ status, isTrusted }) => status === "in-progress" && isTrusted)
      .map((game) => game.address),
  );
  return games
    .filter(
      ({ status, parent }) => status === "in-progress" && (parent === undefined || !undecided.has(parent)),
    )
    .toSorted((a, b) => compare(a.l2BlockNumber, b.l2BlockNumber));
}

/** Won games beyond the anchor, the newest first: one of them may become the anchor. */
export function anchorCandidates({ games, anchor }: Pick<Situation, "games" | "anchor">): readonly Game[] {
  return games
    .filter(
      ({ status, isTrusted, isRespected, l2BlockNumber }) =>
        status === "defender-wins" && isTrusted && isRespected && l2BlockNumber > anchor.number,
    )
    .toSorted((a, b) => compare(b.l2BlockNumber, a.l2BlockNumber));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
