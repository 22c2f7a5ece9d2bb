import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { proofPolicyAbi } from "@phala-l2/contracts/abi/proof-policy";
import { addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { type PublicClient, slice } from "viem";
import { GAME_TYPE, type SettlementAddresses, statusOf } from "../host/games.ts";
import type { GameStatus } from "../host/strategy.ts";
import { hostVendorName } from "./policy-view.ts";

/** A game that covers a block, as the contracts tell it. */
export type ProofStatus = {
  readonly game: Hex;
  readonly l2BlockNumber: bigint;
  readonly rootClaim: Hex;
  readonly status: GameStatus;
  /** Unix seconds. */
  readonly createdAt: bigint;
  /** Unix seconds; undefined while it is in progress. */
  readonly resolvedAt: bigint | undefined;
  readonly supporters: readonly {
    readonly key: Hex;
    readonly vendor: string;
    readonly gpu: boolean;
    /** Unix seconds. */
    readonly provedAt: bigint;
  }[];
  /** Distinct ones of supporters whose keys count now, and how many the fast path needs. */
  readonly hostVendors: number;
  readonly wantedHostVendors: number;
  /** Whether a supporter whose key counts now has a GPU. */
  readonly gpu: boolean;
  readonly contradicted: boolean;
  /** A withdrawal may be paid against it: it won, its air gap has passed, and the guardian has nothing against it. */
  readonly final: boolean;
};

/** The games that cover a block; `too-old` where the newest games begin after it. */
export type Coverage =
  | { readonly kind: "covered"; readonly games: readonly ProofStatus[] }
  | { readonly kind: "none" }
  | { readonly kind: "too-old"; readonly oldest: bigint };

/**
 * Newest games that are looked at, in one call of some 10,000 gas a game: three weeks of hourly proposals. Older blocks are
 * long final, and L1's anchor says so.
 */
export const GAMES_LOOKED_AT = 500n;
/**
 * Games of these that are asked about: those which end the nearest after the block. One covers it, as a rule; more only where
 * provers contradicted each other. So no question costs L1 more than 2 + 8 * 10 calls.
 */
export const COVERING_GAMES_MAX = 8;

type Candidate = { readonly address: Hex; readonly l2BlockNumber: bigint; readonly createdAt: bigint };

/** The last 20 bytes: `DisputeGameFactory` packs type, time and address into a word. */
function addressIn(metadata: Hex): Hex {
  return toHex(addressFromHex(slice(metadata, 12)));
}

/** @throws whatever viem throws when L1 does not answer */
export async function readCoverage(
  client: PublicClient,
  addresses: Pick<SettlementAddresses, "disputeGameFactory" | "anchorStateRegistry">,
  block: bigint,
): Promise<Coverage> {
  const factory = { address: addresses.disputeGameFactory, abi: disputeGameFactoryAbi } as const;
  const count = await client.readContract({ ...factory, functionName: "gameCount" });
  if (count === 0n) return { kind: "none" };
  const args = [GAME_TYPE, count - 1n, GAMES_LOOKED_AT] as const;
  const latest = await client.readContract({ ...factory, functionName: "findLatestGames", args });
  const games = latest.map(
    ({ metadata, timestamp, extraData }): Candidate => ({
      address: addressIn(metadata),
      l2BlockNumber: BigInt(slice(extraData, 0, 32)),
      createdAt: timestamp,
    }),
  );
  const nearest = games
    .filter(({ l2BlockNumber }) => l2BlockNumber >= block)
    .toSorted((a, b) => Number(a.l2BlockNumber - b.l2BlockNumber))
    .slice(0, COVERING_GAMES_MAX);
  const read = await Promise.all(nearest.map((game) => readGame(client, addresses, game)));
  const covering = read.filter(({ previousBlockNumber }) => previousBlockNumber < block);
  if (covering.length > 0) return { kind: "covered", games: covering.map(({ standing }) => standing) };
  const oldest = read[0]?.previousBlockNumber;
  const isAll = count <= GAMES_LOOKED_AT;
  return oldest === undefined || isAll ? { kind: "none" } : { kind: "too-old", oldest };
}

async function readGame(
  client: PublicClient,
  { anchorStateRegistry }: Pick<SettlementAddresses, "anchorStateRegistry">,
  { address, l2BlockNumber, createdAt }: Candidate,
): Promise<{ readonly previousBlockNumber: bigint; readonly standing: ProofStatus }> {
  const game = { address, abi: multiProofGameAbi } as const;
  const anchors = { address: anchorStateRegistry, abi: anchorStateRegistryAbi } as const;
  const { readContract } = client;
  const [previousBlockNumber, rootClaim, status, resolvedAt, supporters, standing, contradicted, final] =
    await Promise.all([
      readContract({ ...game, functionName: "previousBlockNumber" }),
      readContract({ ...game, functionName: "rootClaim" }),
      readContract({ ...game, functionName: "status" }),
      readContract({ ...game, functionName: "resolvedAt" }),
      readContract({ ...game, functionName: "supporters" }),
      readContract({ ...game, functionName: "proofStatus" }),
      readContract({ ...game, functionName: "contradicted" }),
      readContract({ ...anchors, functionName: "isGameClaimValid", args: [address] }),
    ]);
  return {
    previousBlockNumber,
    standing: {
      game: address,
      l2BlockNumber,
      rootClaim,
      status: statusOf(status),
      createdAt,
      resolvedAt: resolvedAt === 0n ? undefined : resolvedAt,
      supporters: supporters.map(({ key, vendor, gpu, provedAt }) => ({
        key: toHex(addressFromHex(key)),
        vendor: hostVendorName(vendor),
        gpu,
        provedAt,
      })),
      hostVendors: standing.hostVendors,
      gpu: standing.gpu,
      contradicted,
      final,
      wantedHostVendors: await wantedVendors(client, address),
    },
  };
}

/** Of the game's own policy: another game may stand under a later one. */
async function wantedVendors(client: PublicClient, game: Hex): Promise<number> {
  const policy = await client.readContract({
    address: game,
    abi: multiProofGameAbi,
    functionName: "proofPolicy",
  });
  return client.readContract({ address: policy, abi: proofPolicyAbi, functionName: "minHostVendors" });
}
