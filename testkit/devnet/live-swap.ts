import { writeFileSync } from "node:fs";
import { confirmed } from "@phala-l2/bridge/actions/confirmed";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { deploySource, type SourceAddresses } from "@phala-l2/contracts/deploy/source";
import { addressFromHex, fromHex, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import type { SwapSettings } from "@phala-l2/protocol/swap-release";
import { formatSwapDescription } from "@phala-l2/swap/settings-json";
import { erc20Abi, http, parseEther } from "viem";
import { UNIT } from "../parachain/asset-hub-genesis.ts";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "./accounts.ts";
import type { DeployedChain } from "./deploy.ts";

/** A parachain as its node tells of it. */
export type LiveParachain = {
  readonly genesisHash: Hash;
  readonly specVersion: number;
  readonly metadata: Uint8Array;
};

/** With what its finality is proven from. */
export type SwapSource = LiveParachain & { readonly finalityAnchor: Hash };

export type LiveSwap = { readonly source: SourceAddresses; readonly settings: SwapSettings };

/** Planck: a hundredth of a PHA. */
const MINIMUM = UNIT / 100n;
/** More blocks than a development chain gets. */
const LAST_HEIGHT = 1_000_000n;
/** Wei a day, and wei that the contract is given: more than all holders there have. */
const PER_DAY = parseEther("10000");
const FUNDS = parseEther("5000");
/** Ether of the relayer's account on L1: many releases. */
const ETHER = parseEther("10");
const LEAST_ETHER = parseEther("1");
const YEARS_OPEN = 3n * 365n * 86_400n;
const TIMEOUT_MS = 30_000;

/** What a swap's settings need of a parachain. @throws RollupError RPC_UNREACHABLE, RPC_REFUSED, DEVNET_PART_FAILED */
export async function readParachain(url: string): Promise<LiveParachain> {
  const ask = jsonRpc(url, TIMEOUT_MS);
  const [genesis, version, metadata] = await Promise.all([
    ask("chain_getBlockHash", [0]),
    ask("state_getRuntimeVersion", []),
    ask("state_getMetadata", []),
  ]);
  const specVersion =
    typeof version === "object" && version !== null && "specVersion" in version ? version.specVersion : 0;
  if (typeof genesis === "string" && typeof specVersion === "number" && typeof metadata === "string")
    return { genesisHash: hashFromHex(genesis), specVersion, metadata: fromHex(metadata) };
  throw new RollupError("DEVNET_PART_FAILED", "the parachain's node does not tell of its runtime");
}

/**
 * Deploys the swap of a parachain, or what of it does not stand yet, writes its file and funds it.
 */
export async function deployLiveSwap(
  { config, book }: DeployedChain,
  network: NetworkDescription,
  { genesisHash, specVersion, metadata, finalityAnchor }: SwapSource,
  swapFile: string,
): Promise<LiveSwap> {
  const deployer = devnetAccount(ROLES.deployer);
  const settings: SwapSettings = {
    genesisHash,
    firstHeight: 1n,
    lastHeight: LAST_HEIGHT,
    minimum: MINIMUM,
    runtimes: [{ specVersion, metadataHash: blake2b256(metadata) }],
    token: addressFromHex(book.addresses.Pha),
    finalityAnchor,
  };
  // The same each time, so that a later start finds the same contract.
  const closesAt = book.startBlock.timestamp + YEARS_OPEN;
  const source = await deploySource(
    config,
    book,
    { genesisHash: toHex(genesisHash), swap: { settings, perDay: PER_DAY, closesAt } },
    { l1: http(network.l1RpcUrl), l2: http(network.l2RpcUrl), deployer },
  );
  const { ParachainSwap } = source;
  if (ParachainSwap === undefined) throw new TypeError("a swap was asked for");
  const domain = { chainId: BigInt(L1_CHAIN_ID), contract: addressFromHex(ParachainSwap) };
  writeFileSync(swapFile, JSON.stringify(formatSwapDescription({ settings, domain, metadata: [metadata] })));

  const { l1 } = createBridge(network, deployer);
  const token = { address: book.addresses.Pha, abi: erc20Abi } as const;
  const held = await l1.readContract({ ...token, functionName: "balanceOf", args: [ParachainSwap] });
  if (held < FUNDS) {
    const args = [ParachainSwap, FUNDS - held] as const;
    await confirmed(l1, await l1.writeContract({ ...token, functionName: "transfer", args }), "funding");
  }
  const relayer = devnetAccount(ROLES.relayer).address;
  if ((await l1.getBalance({ address: relayer })) < LEAST_ETHER)
    await confirmed(l1, await l1.sendTransaction({ to: relayer, value: ETHER }), "transfer");
  return { source, settings };
}
