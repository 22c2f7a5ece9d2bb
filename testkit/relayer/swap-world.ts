import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeOf, readSwapFile } from "@phala-l2/bridge/relayer/swap-file";
import { parachainSwapAbi } from "@phala-l2/contracts/abi/parachain-swap";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import {
  type Address,
  addressFromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { KnownRuntime, SwapSettings } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "@phala-l2/swap/account";
import { formatSwapDescription } from "@phala-l2/swap/settings-json";
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeDeployData,
  getContractAddress,
  http,
  publicActions,
} from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "../devnet/accounts.ts";
import { compileContracts, deployChain } from "../devnet/deploy.ts";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { registerStolen } from "../system/register.ts";
import type { JsonRpcServer } from "./json-rpc-server.ts";
import { type ProverKey, proverKey, serveProver, signWith } from "./signing-prover.ts";

/** A runtime of the world's parachain. */
export type WorldRuntime = KnownRuntime & { readonly metadata: Uint8Array };

/** What a world's swap is made for. */
export type SwapTerms = {
  readonly genesisHash: Hash;
  readonly runtimes: readonly WorldRuntime[];
  /** Wei a day, and wei that the contract is given. */
  readonly perDay: bigint;
  readonly funded: bigint;
  /** Planck. */
  readonly minimum: bigint;
  readonly lastHeight: bigint;
  /** Zero without. */
  readonly finalityAnchor?: Hash;
  /** How provers are served; without, by their judge alone, who takes each block for final. */
  readonly serve?: (key: ProverKey, swapFile: string) => Promise<JsonRpcServer>;
};

/** An L1 with the real registry, and keys of two vendors in it. */
export type SwapL1 = {
  readonly anvil: Anvil;
  readonly l1: ReturnType<typeof l1Client>;
  readonly keys: readonly ProverKey[];
  readonly addresses: AddressBook["addresses"];
  stop(): Promise<void>;
};

/** A swap on such an L1, that provers behind JSON-RPC sign for. */
export type SwapWorld = {
  readonly anvil: Anvil;
  readonly contract: Address;
  /** Where deposits go. */
  readonly account: Hash;
  readonly token: Hex;
  readonly swapFile: string;
  readonly provers: readonly JsonRpcServer[];
  readonly l1: ReturnType<typeof l1Client>;
  /** Governance names these runtimes. */
  nameRuntimes(runtimes: readonly WorldRuntime[]): Promise<void>;
  /** Writes the file with these runtimes, as whoever runs a relayer or a prover does. */
  writeSwapFile(runtimes: readonly WorldRuntime[]): void;
  /** Everything that the contract has paid: wei by receiver, and how many payments there were. */
  payments(): Promise<{ readonly byReceiver: ReadonlyMap<string, bigint>; readonly count: number }>;
  /** Transactions of an account that L1 has reverted. */
  revertedBy(role: number): Promise<number>;
  stop(): Promise<void>;
};

/** Who deploys and funds, and is the swap's governance. */
const OWNER = devnetAccount(ROLES.deployer);
const YEARS_OPEN = 3n * 365n * 86_400n;

function l1Client(url: string) {
  return createTestClient({ mode: "anvil", transport: http(url), cacheTime: 0, pollingInterval: 50 }).extend(
    publicActions,
  );
}

function onChain({ specVersion, metadataHash }: WorldRuntime) {
  return { specVersion, metadataHash: toHex(metadataHash) };
}

async function deploySwap(url: string, args: Record<string, unknown>): Promise<void> {
  const { abi, bytecode } = hardhatArtifacts()("pha/swap/ParachainSwap");
  const wallet = createWalletClient({ account: OWNER, transport: http(url) });
  const data = encodeDeployData({ abi, bytecode, args: [args] });
  const hash = await wallet.sendTransaction({ data, chain: null });
  await createPublicClient({ transport: http(url), pollingInterval: 50 }).waitForTransactionReceipt({ hash });
}

async function fund(url: string, token: Hex, to: Hex, amount: bigint): Promise<void> {
  const wallet = createWalletClient({ account: OWNER, transport: http(url) });
  const call = {
    address: token,
    abi: phaTestTokenAbi,
    functionName: "transfer",
    args: [to, amount],
  } as const;
  const hash = await wallet.writeContract({ ...call, chain: null });
  await createPublicClient({ transport: http(url), pollingInterval: 50 }).waitForTransactionReceipt({ hash });
}

export async function startSwapL1(folder: string): Promise<SwapL1> {
  await compileContracts();
  const anvil = await startAnvil({ port: 0, chainId: L1_CHAIN_ID });
  try {
    return await furnish(anvil, folder);
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}

async function furnish(anvil: Anvil, folder: string): Promise<SwapL1> {
  const { book } = await deployChain(folder, anvil.url, () => {});
  const { addresses } = book;
  const tdx = proverKey(0x71);
  const snp = proverKey(0x72);
  const register = (key: ProverKey, kind: ProverKind, payer: number) =>
    registerStolen({ address: key.address, sign: (digest) => signWith(key, digest) }, kind, {
      l1Url: anvil.url,
      addresses,
      payer,
    });
  await register(tdx, "TDX", ROLES.proverTdx);
  await register(snp, "SEV_SNP", ROLES.proverSevSnp);
  return { anvil, l1: l1Client(anvil.url), keys: [tdx, snp], addresses, stop: () => anvil.stop() };
}

/** Deploys a swap and funds it; its file goes to the folder. */
export async function startSwap(
  { anvil, l1, keys, addresses }: SwapL1,
  folder: string,
  terms: SwapTerms,
): Promise<SwapWorld> {
  const nonce = await l1.getTransactionCount({ address: OWNER.address });
  const address = getContractAddress({ from: OWNER.address, nonce: BigInt(nonce) });
  const settingsWith = (runtimes: readonly WorldRuntime[]): SwapSettings => ({
    genesisHash: terms.genesisHash,
    firstHeight: 1n,
    lastHeight: terms.lastHeight,
    minimum: terms.minimum,
    runtimes: runtimes.map(({ specVersion, metadataHash }) => ({ specVersion, metadataHash })),
    token: addressFromHex(addresses.Pha),
    finalityAnchor: terms.finalityAnchor ?? ZERO_HASH,
  });
  const settings = settingsWith(terms.runtimes);
  const { timestamp } = await l1.getBlock();
  await deploySwap(anvil.url, {
    token: addresses.Pha,
    registry: addresses.ProverRegistryProxy,
    systemConfig: addresses.SystemConfigProxy,
    governance: OWNER.address,
    minHostVendors: 2,
    genesisHash: toHex(settings.genesisHash),
    firstHeight: settings.firstHeight,
    lastHeight: settings.lastHeight,
    minimum: settings.minimum,
    finalityAnchor: toHex(settings.finalityAnchor),
    runtimes: terms.runtimes.map(onChain),
    perDay: terms.perDay,
    closesAt: timestamp + YEARS_OPEN,
    leftoverTo: OWNER.address,
  });
  const contract = addressFromHex(address);
  await fund(anvil.url, addresses.Pha, toHex(contract), terms.funded);
  const swapFile = join(folder, "swap.json");
  const writeSwapFile = (runtimes: readonly WorldRuntime[]) => {
    const description = {
      settings: settingsWith(runtimes),
      domain: { chainId: BigInt(L1_CHAIN_ID), contract },
      metadata: runtimes.map(({ metadata }) => metadata),
    };
    writeFileSync(swapFile, JSON.stringify(formatSwapDescription(description)));
  };
  writeSwapFile(terms.runtimes);
  const judgeNow = async () => judgeOf(await readSwapFile(swapFile));
  const serve = terms.serve ?? ((key: ProverKey) => serveProver(key, judgeNow));
  const provers = await Promise.all(keys.map((key) => serve(key, swapFile)));
  return {
    anvil,
    contract,
    swapFile,
    provers,
    l1,
    account: swapAccount(contract),
    token: addresses.Pha,
    writeSwapFile,
    nameRuntimes: async (runtimes) => {
      const wallet = createWalletClient({ account: OWNER, transport: http(anvil.url) });
      const hash = await wallet.writeContract({
        address: toHex(contract),
        abi: parachainSwapAbi,
        functionName: "nameRuntimes",
        args: [runtimes.map(onChain)],
        chain: null,
      });
      await l1.waitForTransactionReceipt({ hash });
    },
    payments: async () => {
      const events = await l1.getContractEvents({
        address: toHex(contract),
        abi: parachainSwapAbi,
        eventName: "Released",
        fromBlock: 0n,
      });
      const byReceiver = new Map<string, bigint>();
      for (const { args } of events) {
        const receiver = String(args.receiver).toLowerCase();
        byReceiver.set(receiver, (byReceiver.get(receiver) ?? 0n) + (args.amount ?? 0n));
      }
      return { byReceiver, count: events.length };
    },
    revertedBy: async (role) => {
      const sender = devnetAccount(role).address.toLowerCase();
      const latest = await l1.getBlockNumber();
      let reverted = 0;
      for (let blockNumber = 0n; blockNumber <= latest; blockNumber++) {
        const { transactions } = await l1.getBlock({ blockNumber, includeTransactions: true });
        for (const { hash, from } of transactions) {
          if (from !== sender) continue;
          const { status } = await l1.getTransactionReceipt({ hash });
          if (status === "reverted") reverted += 1;
        }
      }
      return reverted;
    },
    stop: async () => {
      for (const prover of provers) await prover.stop();
    },
  };
}
