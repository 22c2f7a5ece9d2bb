import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import { type DeployConfig, devnetDeployConfig, PROVER_KINDS } from "@phala-l2/contracts/deploy/config";
import { deployL1 } from "@phala-l2/contracts/deploy/l1";
import { l1Sender } from "@phala-l2/contracts/deploy/l1-client";
import { createChain } from "@phala-l2/contracts/genesis/chain";
import { toHex } from "@phala-l2/protocol/bytes";
import { formatRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  simulatedGpuMeasurement,
  simulatedImage,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/platforms";
import { classOf } from "@phala-l2/tee-prover/attest/kind";
import { encodeFunctionData, http } from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "./accounts.ts";

export type DeployedChain = {
  readonly config: DeployConfig;
  readonly book: AddressBook;
  readonly rollupFile: string;
  readonly genesisFile: string;
};

const ROOT = join(import.meta.dirname, "../..");
/** L2 blocks each second. */
const BLOCK_TIME = 1n;
/** An hour of L1 blocks of a second. */
const SEQUENCING_WINDOW = 3600n;

/** Compiles the contracts if they have changed. @throws RollupError CONTRACTS_DO_NOT_COMPILE */
export async function compileContracts(): Promise<void> {
  const hardhat = join(ROOT, "node_modules/.bin/hardhat");
  const build = spawn(hardhat, ["build", "--no-tests", "--quiet"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [said, complained, [status]] = await Promise.all([
    text(build.stdout),
    text(build.stderr),
    once(build, "close"),
  ]);
  if (status === 0) return;
  throw new RollupError("CONTRACTS_DO_NOT_COMPILE", `hardhat build failed: ${complained || said}`);
}

/** Bonds of as many keys as a prover takes in many starts; each start of a prover has a new key. */
const FUNDS = 10_000n * 10n ** 18n;
const LEAST_FUNDS = 1_000n * 10n ** 18n;

/** Gives provers PHA for their bonds, where they have little. */
async function fundProvers({ addresses }: AddressBook, l1Url: string): Promise<void> {
  const sender = l1Sender(http(l1Url), devnetAccount(ROLES.deployer));
  const token = { address: addresses.Pha, abi: phaTestTokenAbi } as const;
  const provers = [ROLES.proverTdx, ROLES.proverSevSnp, ROLES.proverTdxGpu, ROLES.smoke].map(
    (role) => devnetAccount(role).address,
  );
  const balances = await Promise.all(
    provers.map((prover) =>
      sender.client.readContract({ ...token, functionName: "balanceOf", args: [prover] }),
    ),
  );
  const poor = provers.filter((_, index) => (balances[index] ?? 0n) < LEAST_FUNDS);
  await sender.send(
    poor.map((prover) => ({
      to: token.address,
      gas: 100_000n,
      data: encodeFunctionData({ abi: token.abi, functionName: "transfer", args: [prover, FUNDS] }),
    })),
  );
}

export type ChainOptions = {
  /** See ProofPolicy, in seconds. What governance does on L1 waits longer. */
  readonly slowDelay?: bigint;
  /** Seconds in which votes are cast. */
  readonly votingPeriod?: number;
};

function chainConfig(options: ChainOptions): DeployConfig {
  return devnetDeployConfig({
    ...options,
    l1ChainId: L1_CHAIN_ID,
    deployer: devnetAccount(ROLES.deployer).address,
    batcher: devnetAccount(ROLES.batcher).address,
    unsafeBlockSigner: devnetAccount(ROLES.unsafeBlockSigner).address,
    images: PROVER_KINDS.map((kind) => ({
      kind,
      measurement: toHex(simulatedImage(kind)),
      presenceOnly: classOf(kind).gpu,
    })),
    gpuMeasurements: [toHex(simulatedGpuMeasurement(BigInt(Math.floor(Date.now() / 1000))))],
  });
}

/** Deploys the contracts on L1 and writes the chain's files, or verifies what an earlier run has left. */
export async function deployChain(
  folder: string,
  l1Url: string,
  progress: (step: string) => void,
  options: ChainOptions = {},
): Promise<DeployedChain> {
  const rollupFile = join(folder, "rollup.json");
  const genesisFile = join(folder, "genesis.json");
  const config = chainConfig(options);
  const timing = { blockTime: BLOCK_TIME, seqWindowSize: SEQUENCING_WINDOW };
  const book = await deployL1(config, {
    transport: http(l1Url, { retryCount: 5 }),
    deployer: devnetAccount(ROLES.deployer),
    addressBookFile: join(folder, "addresses.json"),
    progress,
    genesis: async (l1, startBlock) => {
      const chain = createChain(config, timing, l1, startBlock, hardhatArtifacts());
      writeFileSync(rollupFile, JSON.stringify(formatRollupConfig(chain.rollup), undefined, 2));
      writeFileSync(genesisFile, JSON.stringify(chain.genesis));
      return { outputRoot: toHex(chain.outputRoot), rollupConfigHash: toHex(chain.rollupConfigHash) };
    },
  });
  await fundProvers(book, l1Url);
  return { config, book, rollupFile, genesisFile };
}
