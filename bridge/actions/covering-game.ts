import { hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/log";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import { BlockNotFoundError } from "viem";
import type { GetGamesReturnType } from "viem/op-stack";
import type { Bridge } from "../network.ts";
import type { Withdrawal } from "./started-withdrawal.ts";

/** Between looks at the games; a proposal is a matter of minutes to hours, on a development chain of seconds. */
const GAME_POLL_INTERVAL_MS = 1_000;
/** Newest games that are looked at, as viem does for a withdrawal's status. */
const GAME_LIMIT = 100;

/** What is to be covered, and the L2 block that it is in. */
export type Covered = { readonly receipt: { readonly blockNumber: bigint }; readonly withdrawal: Withdrawal };

type Game = GetGamesReturnType[number];
type ProofRequest = NonNullable<Awaited<ReturnType<typeof proofAgainst>>>;

export type CoveringGame = { readonly game: Game; readonly request: ProofRequest };

/** The proof against the game; undefined when the rollup's node does not have the game's block, or another one. */
async function proofAgainst({ l2 }: Bridge, game: Game, { withdrawal }: Covered) {
  try {
    await l2.getBlock({ blockNumber: game.l2BlockNumber });
  } catch (error) {
    if (error instanceof BlockNotFoundError) return undefined;
    throw error;
  }
  const request = await l2.buildProveWithdrawal({ game, withdrawal });
  const { stateRoot, messagePasserStorageRoot, latestBlockhash } = request.outputRootProof;
  const own = outputRootV0({
    stateRoot: hashFromHex(stateRoot),
    messagePasserStorageRoot: hashFromHex(messagePasserStorageRoot),
    blockHash: hashFromHex(latestBlockhash),
  });
  return toHex(own) === game.rootClaim ? request : undefined;
}

/** The newest game that the withdrawal can be proven against by now; anybody may have proposed the others. */
async function findCovering(
  bridge: Bridge,
  games: readonly Game[],
  started: Covered,
): Promise<CoveringGame | undefined> {
  const covering = games.filter(({ l2BlockNumber }) => l2BlockNumber >= started.receipt.blockNumber);
  if (covering.length === 0) return undefined;
  const { timestamp: now } = await bridge.l1.getBlock();
  // The portal takes no proof in the very block of a game's creation.
  for (const game of covering.filter(({ timestamp }) => timestamp < now)) {
    const request = await proofAgainst(bridge, game, started);
    if (request !== undefined) return { game, request };
  }
  return undefined;
}

function newestBlock(games: readonly Game[]): bigint | undefined {
  return games.reduce<bigint | undefined>(
    (newest, { l2BlockNumber }) => (newest === undefined || l2BlockNumber > newest ? l2BlockNumber : newest),
    undefined,
  );
}

/**
 * Waits until a game with the rollup's own root covers the withdrawal's block. It looks again and again: when the
 * next proposal comes is nothing that former ones tell, least of all after a pause of the chain.
 * Source: specs/protocol/withdrawals.md.
 */
export async function untilCovered(bridge: Bridge, started: Covered, log: Log): Promise<CoveringGame> {
  const block = started.receipt.blockNumber;
  let told: string | undefined;
  for (;;) {
    const games = await bridge.l1.getGames({ targetChain: bridge.l2Chain, limit: GAME_LIMIT });
    const found = await findCovering(bridge, games, started);
    if (found !== undefined) return found;
    const newestGame = newestBlock(games)?.toString() ?? "none";
    if (newestGame !== told) {
      log.info(
        { block: block.toString(), newestGame },
        "waiting for a game that covers the withdrawal's block",
      );
      told = newestGame;
    }
    await new Promise((resolve) => setTimeout(resolve, GAME_POLL_INTERVAL_MS));
  }
}
