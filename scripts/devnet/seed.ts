import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fundClaims } from "@phala-l2/bridge/actions/claims/fund";
import { depositErc20 } from "@phala-l2/bridge/actions/deposit";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { collectSunset } from "@phala-l2/bridge/actions/sunset/collect";
import {
  finalizeSunset,
  proposeSunset,
  readSunsetTerms,
  sunsetStatus,
} from "@phala-l2/bridge/actions/sunset/propose";
import { type Bridge, createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { rewardDistributorAbi } from "@phala-l2/contracts/abi/reward-distributor";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { deploySource, type SunsetAddresses } from "@phala-l2/contracts/deploy/source";
import { standingSource } from "@phala-l2/contracts/deploy/standing-source";
import { concatBytes, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { SNAPSHOT_RULES } from "@phala-l2/protocol/sunset-statement";
import { blockItem } from "@phala-l2/tee-prover/host/statements/blocks-file";
import { packEntries } from "@phala-l2/tee-prover/host/statements/state-file";
import { devnetAccount, ROLES, USERS } from "@phala-l2/testkit/devnet/accounts";
import type { DeployedChain } from "@phala-l2/testkit/devnet/deploy";
import { type FrozenParachain, frozenParachain } from "@phala-l2/testkit/devnet/frozen-parachain";
import { type Address, erc20Abi, http, parseEther } from "viem";
import { SUNSET_FILE } from "./configs.ts";
import { seedProvider } from "./seed-provider.ts";
import { type LateParts, seedSwap } from "./seed-swap.ts";
import { keepSource, keptBook } from "./sources.ts";
import type { Step } from "./start.ts";

export type SeedOptions = {
  readonly folder: string;
  readonly chain: DeployedChain;
  readonly network: NetworkDescription;
  /** Provers' `tee_*`. */
  readonly provers: readonly string[];
  readonly parts: LateParts;
  readonly step: Step;
  readonly signal: AbortSignal;
};

/** Seconds in which a statement can be contradicted; days where value is held. */
const CHALLENGE_PERIOD = 15n;
/** Of the parachain. */
const SECONDS_PER_BLOCK = 12;
/** Claims end so many seconds after the deployment: three years. */
const CLAIMS_LAST = 3n * 365n * 86_400n;
/** Milliseconds between looks, and until provers of two vendors should count. */
const POLL_MS = 1_000;
const PROVERS_TIMEOUT_MS = 180_000;
/** Each user's PHA on L2, what the first stakes of it, and what rewards are paid from. */
const PHA_EACH = parseEther("10000");
const STAKED = parseEther("1000");
const REWARDS = parseEther("5000");
const WEI_PER_PLANCK = 1_000_000n;

/** The blocks in which receivers were registered. */
const BLOCKS_FILE = "parachain-blocks.bin";

/** The files that provers, and holders' commands, read of the parachain; the same each time. */
async function writeParachain(
  folder: string,
  { entries, encodedHeader, blocks }: FrozenParachain,
): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of packEntries(entries)) pieces.push(piece);
  writeFileSync(join(folder, "parachain-state.bin"), concatBytes(...pieces));
  writeFileSync(join(folder, BLOCKS_FILE), concatBytes(...blocks.map(blockItem)));
  const dump = entries.map(([key, value]) => JSON.stringify([toHex(key), toHex(value)])).join("\n");
  writeFileSync(join(folder, "parachain-state.jsonl"), `${dump}\n`);
  writeFileSync(join(folder, "parachain-header.hex"), `${toHex(encodedHeader)}\n`);
}

/** The parachain's contracts on both layers: those of an earlier run, or new ones. */
async function deployedSunset(
  { folder, chain, network }: SeedOptions,
  bridge: Bridge,
  { genesisHash, header, registrationsFrom }: FrozenParachain,
): Promise<SunsetAddresses> {
  const genesis = toHex(genesisHash);
  const book = keptBook(folder, chain.book);
  const known = standingSource(book.sources, genesis)?.sunset;
  if (known !== undefined) return known;
  const { timestamp } = await bridge.l1.getBlock();
  const settings = { finalityAnchor: ZERO_HASH, rules: SNAPSHOT_RULES, registrationsFrom };
  const sunset = {
    settings,
    height: header.number,
    challengePeriod: CHALLENGE_PERIOD,
    secondsPerBlock: SECONDS_PER_BLOCK,
    closesAt: timestamp + CLAIMS_LAST,
  };
  const source = await deploySource(
    chain.config,
    book,
    { genesisHash: genesis, sunset },
    { l1: http(network.l1RpcUrl), l2: http(network.l2RpcUrl), deployer: devnetAccount(ROLES.deployer) },
  );
  keepSource(folder, chain.book, source);
  if (source.sunset === undefined) throw new TypeError("a sunset was asked for");
  return source.sunset;
}

/** What provers read: they were started before the contract stood. */
function tellProvers(
  folder: string,
  contract: string,
  { encodedHeader, registrationsFrom }: FrozenParachain,
): void {
  const sunset = {
    contract,
    finalityAnchor: toHex(ZERO_HASH),
    header: toHex(encodedHeader),
    state: "parachain-state.bin",
    layout: 0,
    registrationsFrom: registrationsFrom.toString(),
    blocks: BLOCKS_FILE,
  };
  writeFileSync(join(folder, SUNSET_FILE), `${JSON.stringify(sunset, undefined, 2)}\n`);
}

/** Until provers of two vendors count, the contract refuses a proposal. */
async function untilProposed(
  { provers, signal }: SeedOptions,
  bridge: Bridge,
  { SunsetRegistry }: SunsetAddresses,
): Promise<void> {
  const deadline = Date.now() + PROVERS_TIMEOUT_MS;
  while ((await sunsetStatus(bridge, SunsetRegistry)).status === "none") {
    signal.throwIfAborted();
    try {
      const terms = await readSunsetTerms(bridge, SunsetRegistry);
      const collected = await collectSunset(provers, terms, { signal });
      await proposeSunset(bridge, SunsetRegistry, collected);
    } catch (error) {
      if (!isRollupError(error) || Date.now() > deadline) throw error;
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

async function untilFinal(
  { signal }: SeedOptions,
  bridge: Bridge,
  { SunsetRegistry }: SunsetAddresses,
): Promise<void> {
  for (;;) {
    const { status, finalAt } = await sunsetStatus(bridge, SunsetRegistry);
    if (status === "final") return;
    const { timestamp } = await bridge.l1.getBlock();
    if (timestamp >= finalAt) await finalizeSunset(bridge, SunsetRegistry);
    else await sleep(POLL_MS, undefined, { signal });
  }
}

/** All that is owed, and no more: what was put there or paid already counts. */
async function fundedClaims(
  bridge: Bridge,
  { SunsetRegistry, SunsetClaims }: SunsetAddresses,
  pha: Address,
): Promise<void> {
  const registry = { address: SunsetRegistry, abi: sunsetRegistryAbi } as const;
  const claims = { address: SunsetClaims, abi: sunsetClaimsAbi } as const;
  const [{ claimable }, released, held] = await Promise.all([
    bridge.l1.readContract({ ...registry, functionName: "finalSunset" }),
    bridge.l1.readContract({ ...claims, functionName: "totalReleased" }),
    bridge.l1.readContract({
      address: pha,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [SunsetClaims],
    }),
  ]);
  const missing = claimable * WEI_PER_PLANCK - released - held;
  if (missing <= 0n) return;
  await fundClaims(bridge, { claims: SunsetClaims }, { amount: missing });
}

/** Users who can stake and vote: PHA on L2 for each, a stake of the first, and rewards to earn. */
async function seedHolders({ chain, network }: SeedOptions, deployer: Bridge): Promise<void> {
  const { addresses, l2 } = chain.book;
  const balanceOf = (address: Address, of = l2.Pha) =>
    deployer.l2.readContract({ address: of, abi: erc20Abi, functionName: "balanceOf", args: [address] });
  const give = async (to: Address, amount: bigint) => {
    const { l2Hash } = await depositErc20(deployer, { l1Token: addresses.Pha, l2Token: l2.Pha, to, amount });
    await deployer.l2.waitForTransactionReceipt({ hash: l2Hash });
  };
  const [first = USERS[0]] = USERS;
  const staker = createBridge(network, devnetAccount(first));
  const hasStaked = (await balanceOf(staker.account.address, l2.VotingPha)) > 0n;
  for (const index of USERS) {
    const { address } = devnetAccount(index);
    if (index === first && hasStaked) continue;
    if ((await balanceOf(address)) === 0n) await give(address, PHA_EACH);
  }
  if (!hasStaked)
    await stake(staker, { vault: l2.VotingPha }, { to: staker.account.address, amount: STAKED });
  if ((await balanceOf(l2.RewardDistributor)) > 0n) return;
  await give(deployer.account.address, REWARDS);
  await fundRewards(deployer, l2.Pha, l2.RewardDistributor);
}

async function fundRewards(bridge: Bridge, pha: Address, distributor: Address): Promise<void> {
  const approval = await bridge.l2.writeContract({
    address: pha,
    abi: erc20Abi,
    functionName: "approve",
    args: [distributor, REWARDS],
  });
  await bridge.l2.waitForTransactionReceipt({ hash: approval });
  const hash = await bridge.l2.writeContract({
    address: distributor,
    abi: rewardDistributorAbi,
    functionName: "fund",
    args: [REWARDS],
  });
  await bridge.l2.waitForTransactionReceipt({ hash });
}

/**
 * Gives the devnet PHA to play with, while it is in use already: holders with stake, votes and rewards, a parachain that PHA can
 * be swapped from, and the claims of another that ended, counted and signed by provers of two vendors. What an earlier run did is left as it is.
 */
export async function seedDevnet(options: SeedOptions): Promise<void> {
  const { folder, chain, network, step } = options;
  const bridge = createBridge(network, devnetAccount(ROLES.deployer));
  const { book } = chain;
  await step("seed: holders of PHA on L2, a stake, rewards", () => seedHolders(options, bridge));
  await step("seed: a compute provider's pledge, admitted for a SIMULATED GPU", () =>
    seedProvider(network, book.l2, bridge),
  );
  await seedSwap(options);
  const parachain = await step("seed: a frozen parachain", async () => {
    const frozen = await frozenParachain();
    await writeParachain(folder, frozen);
    return frozen;
  });
  const sunset = await step("seed: contracts of its sunset", () =>
    deployedSunset(options, bridge, parachain),
  );
  tellProvers(folder, sunset.SunsetRegistry, parachain);
  await step("seed: its claims counted by provers of two vendors, proposed", () =>
    untilProposed(options, bridge, sunset),
  );
  await step("seed: final after its challenge period", () => untilFinal(options, bridge, sunset));
  await step("seed: claims funded", () => fundedClaims(bridge, sunset, book.addresses.Pha));
}
