import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkDescription } from "@phala-l2/bridge/network";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { DeployedChain } from "@phala-l2/testkit/devnet/deploy";
import { deployLiveSwap, readParachain } from "@phala-l2/testkit/devnet/live-swap";
import { SWAP_FILE } from "./configs.ts";
import { keepSource, keptBook } from "./sources.ts";
import type { Step } from "./start.ts";

/** Parts that start when the chain is in use already. */
export type LateParts = {
  /** Tells what the parachain's finality is proven from. */
  readonly parachain: () => Promise<Hash>;
  readonly relayer: () => Promise<unknown>;
  readonly parachainUrl: string;
  readonly relayerUrl: string;
};

export type SwapSeedOptions = {
  readonly folder: string;
  readonly chain: DeployedChain;
  readonly network: NetworkDescription;
  readonly parts: LateParts;
  readonly step: Step;
};

/** Starts a parachain that lives, its swap, and the relayer between it and L1; what an earlier run did is gone on from. */
export async function seedSwap({ folder, chain, network, parts, step }: SwapSeedOptions): Promise<void> {
  const { parachainUrl, relayerUrl } = parts;
  const finalityAnchor = await step(
    "seed: a parachain of a real runtime (SIMULATED finality)",
    parts.parachain,
  );
  await step("seed: contracts and funds of its swap", async () => {
    const swapFile = join(folder, SWAP_FILE);
    const parachain = { ...(await readParachain(parachainUrl)), finalityAnchor };
    const known = { ...chain, book: keptBook(folder, chain.book) };
    const { source } = await deployLiveSwap(known, network, parachain, swapFile);
    keepSource(folder, chain.book, source);
    const holders = { swap: swapFile, parachainUrl, relayerUrl, l1RpcUrl: network.l1RpcUrl };
    writeFileSync(join(folder, "swap-holder.json"), JSON.stringify(holders, undefined, 2));
  });
  await step("seed: its relayer", parts.relayer);
}
