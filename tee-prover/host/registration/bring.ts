import type { Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { PublicClient } from "viem";
import type { L1Transactions, SendOutcome } from "../l1-transactions.ts";
import { type Libraries, stepCall } from "./calls.ts";
import { explainError } from "./explain.ts";
import type { Pieces } from "./pieces.ts";
import { planRounds, type Round, type Step } from "./plan.ts";
import { registrationRefused } from "./refusal.ts";
import { readStanding } from "./standing.ts";

/** A transaction that was included. */
export type Progress = {
  readonly what: string;
  readonly transaction: Hex;
  readonly gasUsed: bigint;
  /** Steps that are planned still. */
  readonly left: number;
};

export type BringDependencies = {
  readonly client: PublicClient;
  readonly transactions: Pick<L1Transactions, "sendAll">;
  readonly libraries: Libraries;
  /** Told of each transaction. */
  readonly onProgress: (progress: Progress) => void;
};

/** Rounds that brought nothing forward before it is given up: others bring the same meanwhile, but not for ever. */
const IDLE_ROUNDS_MAX = 3;
/** More rounds than any chain and list needs: seven certificates above each other, and a list of 60,000 entries. */
const ROUNDS_MAX = 250;

function describe(step: Step): string {
  return step.kind === "certificate" ? `certificate ${step.name}` : step.name;
}

/** Tells of what was included; returns how many. */
function report(
  round: Round,
  outcomes: readonly SendOutcome[],
  left: number,
  { onProgress }: BringDependencies,
): number {
  let included = 0;
  for (const [index, step] of round.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== "included") continue;
    included += 1;
    const { hash: transaction, gasUsed } = outcome;
    onProgress({ what: describe(step), transaction, gasUsed, left });
  }
  return included;
}

/** The first refusal of a round that nobody else has done either. */
function refusalOf(round: Round, outcomes: readonly SendOutcome[]) {
  for (const [index, step] of round.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind !== "refused") continue;
    const { reason, error } = outcome;
    const what = describe(step);
    if (error !== undefined) return registrationRefused(explainError(what, error));
    const remedy = "see docs/operate/prover.md";
    return registrationRefused({
      check: what,
      field: "transaction",
      wanted: "included",
      found: reason,
      remedy,
    });
  }
  return new RollupError("L1_TRANSACTION_PENDING", "L1 took nothing of what was sent");
}

/**
 * Brings to L1 what it lacks of the pieces, round by round; each looks at L1 anew, so that what another prover brings
 * meanwhile is not brought twice. Each transaction is tried before it is sent.
 * @returns how many transactions were included
 * @throws RollupError REGISTRATION_REFUSED naming what is wrong, L1_TRANSACTION_PENDING
 */
export async function bringPieces(pieces: Pieces, dependencies: BringDependencies): Promise<number> {
  const { client, libraries, transactions } = dependencies;
  let included = 0;
  let idle = 0;
  for (let rounds = 0; rounds < ROUNDS_MAX; rounds++) {
    const [round, ...later] = planRounds(pieces, await readStanding(client, libraries, pieces));
    if (round === undefined) return included;
    const outcomes = await transactions.sendAll(round.map((step) => stepCall(step, libraries)));
    const left = later.reduce((sum, { length }) => sum + length, 0);
    const moved = report(round, outcomes, left, dependencies);
    included += moved;
    idle = moved > 0 ? 0 : idle + 1;
    if (idle >= IDLE_ROUNDS_MAX) throw refusalOf(round, outcomes);
  }
  throw new RollupError("L1_TRANSACTION_PENDING", `L1 still lacks pieces after ${ROUNDS_MAX} rounds`);
}
