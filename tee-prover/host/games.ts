import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type PublicClient, zeroAddress } from "viem";
import type { Game, GameStatus, Output, Supporter } from "./strategy.ts";

/** `MultiProofGame.GAME_TYPE`. */
export const GAME_TYPE = 2035;

export type SettlementAddresses = {
  readonly disputeGameFactory: Hex;
  readonly anchorStateRegistry: Hex;
  readonly proverRegistry: Hex;
};

/** Settlement as L1 has it at one look. */
export type Settlement = { readonly anchor: Output; readonly games: readonly Game[] };

/** What of a game never changes. */
type Facts = Omit<Game, "status" | "isTrusted" | "supporters">;

/** Games whose facts are read at a time: some ten calls each, in one HTTP batch. */
const PAGE = 50;
/** Seconds after which no L1 reorg undoes a resolution: two epochs of L1, as its own finality has it. */
const SETTLED_AFTER = 768n;

const STATUSES: readonly GameStatus[] = ["in-progress", "challenger-wins", "defender-wins"];

/**
 * Follows all games of this type. Facts are read once; the standing of a game only as long as it can still
 * change, so that a look costs little however long the chain has run.
 */
export class GameBook {
  readonly #client: PublicClient;
  readonly #addresses: SettlementAddresses;
  readonly #followed = new Map<Hex, Facts>();
  /** Games of the factory that were looked at. */
  #seen = 0n;
  /** The last of them: another one in its place means that L1 has reorganised. */
  #last: Hex | undefined;

  constructor(client: PublicClient, addresses: SettlementAddresses) {
    this.#client = client;
    this.#addresses = addresses;
  }

  /** @throws whatever viem throws when L1 does not answer */
  async read(): Promise<Settlement> {
    await this.#forgetAfterReorg();
    await this.#discover();
    const [root, number] = await this.#client.readContract({
      address: this.#addresses.anchorStateRegistry,
      abi: anchorStateRegistryAbi,
      functionName: "getAnchorRoot",
    });
    const { timestamp } = await this.#client.getBlock();
    const games: Game[] = [];
    const followed = [...this.#followed.values()];
    for (let at = 0; at < followed.length; at += PAGE) {
      const page = await Promise.all(followed.slice(at, at + PAGE).map((facts) => this.#standing(facts)));
      for (const { game, resolvedAt } of page) {
        games.push(game);
        const moment = { resolvedAt, anchor: number, now: timestamp };
        if (isSettled(game, moment)) this.#followed.delete(game.address);
      }
    }
    return { anchor: { root, number }, games };
  }

  /** What claims must be made for: the configuration and registry that the games' implementation has. */
  async wanted(): Promise<{ readonly rollupConfigHash: Hex; readonly proverRegistry: Hex }> {
    const { readContract } = this.#client;
    const address = await readContract({
      address: this.#addresses.disputeGameFactory,
      abi: disputeGameFactoryAbi,
      functionName: "gameImpls",
      args: [GAME_TYPE],
    });
    const implementation = { address, abi: multiProofGameAbi } as const;
    const [rollupConfigHash, proverRegistry] = await Promise.all([
      readContract({ ...implementation, functionName: "rollupConfigHash" }),
      readContract({ ...implementation, functionName: "proverRegistry" }),
    ]);
    return { rollupConfigHash, proverRegistry: lowerCase(proverRegistry) };
  }

  /** Whether the registry counts a key now. */
  isValidKey(key: Hex): Promise<boolean> {
    return this.#client.readContract({
      address: this.#addresses.proverRegistry,
      abi: proverRegistryAbi,
      functionName: "isValid",
      args: [key],
    });
  }

  /** Whether a won game may become the anchor, or be withdrawn against. */
  isClaimValid(game: Hex): Promise<boolean> {
    return this.#client.readContract({
      address: this.#addresses.anchorStateRegistry,
      abi: anchorStateRegistryAbi,
      functionName: "isGameClaimValid",
      args: [game],
    });
  }

  async #forgetAfterReorg(): Promise<void> {
    const count = await this.#count();
    const last = this.#seen === 0n || count < this.#seen ? undefined : await this.#at(this.#seen - 1n);
    if (count >= this.#seen && last?.address === this.#last) return;
    this.#followed.clear();
    this.#seen = 0n;
    this.#last = undefined;
  }

  async #discover(): Promise<void> {
    const count = await this.#count();
    while (this.#seen < count) {
      const left = Number(count - this.#seen);
      const indices = Array.from({ length: Math.min(PAGE, left) }, (_, i) => this.#seen + BigInt(i));
      const found = await Promise.all(indices.map((index) => this.#at(index)));
      const ours = found.filter(({ gameType }) => gameType === GAME_TYPE);
      for (const facts of await Promise.all(ours.map(({ address }) => this.#facts(address)))) {
        this.#followed.set(facts.address, facts);
      }
      this.#seen += BigInt(indices.length);
      this.#last = found.at(-1)?.address;
    }
  }

  #count(): Promise<bigint> {
    return this.#client.readContract({
      address: this.#addresses.disputeGameFactory,
      abi: disputeGameFactoryAbi,
      functionName: "gameCount",
    });
  }

  async #at(index: bigint): Promise<{ readonly gameType: number; readonly address: Hex }> {
    const [gameType, , address] = await this.#client.readContract({
      address: this.#addresses.disputeGameFactory,
      abi: disputeGameFactoryAbi,
      functionName: "gameAtIndex",
      args: [index],
    });
    return { gameType, address: lowerCase(address) };
  }

  async #facts(address: Hex): Promise<Facts> {
    const game = { address, abi: multiProofGameAbi } as const;
    const { readContract } = this.#client;
    const [rootClaim, l1Head, l2BlockNumber, previousOutputRoot, previousBlockNumber, parent, isRespected] =
      await Promise.all([
        readContract({ ...game, functionName: "rootClaim" }),
        readContract({ ...game, functionName: "l1Head" }),
        readContract({ ...game, functionName: "l2BlockNumber" }),
        readContract({ ...game, functionName: "previousOutputRoot" }),
        readContract({ ...game, functionName: "previousBlockNumber" }),
        readContract({ ...game, functionName: "parentGame" }),
        readContract({ ...game, functionName: "wasRespectedGameTypeWhenCreated" }),
      ]);
    const { number: l1HeadNumber } = await this.#client.getBlock({ blockHash: l1Head });
    return {
      address,
      rootClaim,
      l1Head,
      l1HeadNumber,
      l2BlockNumber,
      previousOutputRoot,
      previousBlockNumber,
      parent: parent === zeroAddress ? undefined : lowerCase(parent),
      isRespected,
    };
  }

  async #standing(facts: Facts): Promise<{ readonly game: Game; readonly resolvedAt: bigint }> {
    const { address } = facts;
    const game = { address, abi: multiProofGameAbi } as const;
    const anchors = { address: this.#addresses.anchorStateRegistry, abi: anchorStateRegistryAbi } as const;
    const { readContract } = this.#client;
    const [status, resolvedAt, supporters, isBlacklisted, isRetired] = await Promise.all([
      readContract({ ...game, functionName: "status" }),
      readContract({ ...game, functionName: "resolvedAt" }),
      readContract({ ...game, functionName: "supporters" }),
      readContract({ ...anchors, functionName: "isGameBlacklisted", args: [address] }),
      readContract({ ...anchors, functionName: "isGameRetired", args: [address] }),
    ]);
    const named: Supporter[] = await Promise.all(
      supporters.map(async ({ key, vendor, gpu }) => ({
        key: lowerCase(key),
        vendor,
        gpu,
        isValid: await this.isValidKey(key),
      })),
    );
    const standing = {
      status: statusOf(status),
      isTrusted: !isBlacklisted && !isRetired,
      supporters: named,
    };
    return { game: { ...facts, ...standing }, resolvedAt };
  }
}

/** One spelling of an address, so that texts can be compared. */
function lowerCase(address: string): Hex {
  return toHex(addressFromHex(address));
}

/** The contracts' number, read. @throws RollupError GAME_STATUS_UNKNOWN */
export function statusOf(status: number): GameStatus {
  const named = STATUSES[status];
  if (named !== undefined) return named;
  const message =
    "a game has a status that this version does not know; the contracts are newer than the prover";
  throw new RollupError("GAME_STATUS_UNKNOWN", message, { data: { status } });
}

type Moment = { readonly resolvedAt: bigint; readonly anchor: bigint; readonly now: bigint };

/** Nothing about it can matter any more: it is decided for good, and lost or not beyond the anchor. */
function isSettled(game: Game, { resolvedAt, anchor, now }: Moment): boolean {
  if (game.status === "in-progress" || now < resolvedAt + SETTLED_AFTER) return false;
  return game.status === "challenger-wins" || game.l2BlockNumber < anchor;
}
