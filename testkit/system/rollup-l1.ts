import { L1_CHAIN_ID } from "../devnet/accounts.ts";
import { type ChainOptions, compileContracts, type DeployedChain, deployChain } from "../devnet/deploy.ts";
import { startAnvil } from "../l1/anvil.ts";
import { startBeacon } from "../l1/beacon.ts";

/** An embedded L1 on which the rollup's contracts are deployed. */
export type RollupL1 = {
  readonly url: string;
  readonly beaconUrl: string;
  readonly chain: DeployedChain;
  stop(): Promise<void>;
};

const L1_BLOCK_TIME = 1;

/** Starts L1 with its beacon API on free ports, and deploys; the chain's files go to the folder. */
export async function startRollupL1(folder: string, options: ChainOptions = {}): Promise<RollupL1> {
  await compileContracts();
  const anvil = await startAnvil({ port: 0, chainId: L1_CHAIN_ID, blockTime: L1_BLOCK_TIME });
  const beacon = await startBeacon({ port: 0, l1Url: anvil.url });
  const stop = async () => {
    await beacon.stop();
    await anvil.stop();
  };
  try {
    const chain = await deployChain(folder, anvil.url, () => {}, options);
    return { url: anvil.url, beaconUrl: beacon.url, chain, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
