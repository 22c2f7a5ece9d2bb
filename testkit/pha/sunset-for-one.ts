import assert from "node:assert/strict";
import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { deploySource, type SunsetAddresses } from "@phala-l2/contracts/deploy/source";
import { addressFromHex, fromHex, type Hash, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { SNAPSHOT_RULES, sunsetDigest, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { BALANCE, buildClaimsTree, NO_SUBJECT, proofAt } from "@phala-l2/sunset/claims-tree";
import { claimMessage, formNumber, signedBytes } from "@phala-l2/sunset/message";
import { cryptoWaitReady, sr25519PairFromSeed, sr25519Sign } from "@polkadot/util-crypto";
import { type Address, type Hex, http, keccak256, parseEther, stringToHex } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "../devnet/accounts.ts";
import { clientsOf } from "../system/clients.ts";
import type { System } from "../system/start-system.ts";
import { until } from "../system/wait.ts";

const GENESIS = keccak256(stringToHex("a parachain of one account"));
const HEIGHT = 100n;
const PLANCK_PER_PHA = 10n ** 12n;
const WEI_PER_PLANCK = 10n ** 6n;
const YEARS = 3n * 365n * 86_400n;

/** An account of the parachain, and all that it is owed. */
export type Holder = {
  readonly account: Hash;
  readonly planck: bigint;
  readonly proof: readonly Hex[];
  /** As a wallet signs what a person is shown. */
  readonly sign: (text: string) => Uint8Array;
};

/** A sunset that is final and funded, of which one account is owed everything. */
export type SunsetForOne = { readonly addresses: SunsetAddresses; readonly holder: Holder };

async function createHolder(seed: string, planck: bigint): Promise<Omit<Holder, "proof">> {
  await cryptoWaitReady();
  const pair = sr25519PairFromSeed(fromHex(keccak256(stringToHex(seed))));
  return {
    account: hashFromHex(toHex(pair.publicKey)),
    planck,
    sign: (text) => sr25519Sign(signedBytes(text, true), pair),
  };
}

/** Keys of two vendors that lie in this process: they sign what enclaves sign once they have counted the state. */
async function keysOfTwoVendors(system: System): Promise<readonly PrivateKeyAccount[]> {
  const keys: PrivateKeyAccount[] = [];
  for (const kind of ["TDX", "SEV_SNP"] as const) {
    const key = privateKeyToAccount(generatePrivateKey());
    const sign = async (digest: Hash) => fromHex(await key.sign({ hash: toHex(digest) }));
    await system.registerStolen({ address: addressFromHex(key.address), sign }, kind);
    keys.push(key);
  }
  return keys;
}

/** Deploys, proposes, makes final and funds the sunset. @param pha What the one account is owed, in whole PHA. */
export async function sunsetForOne(system: System, pha: bigint): Promise<SunsetForOne> {
  const { config, book } = system.chain;
  const { network } = system;
  const deployer = devnetAccount(ROLES.deployer);
  const { l1 } = clientsOf(network, deployer);
  const { timestamp: now } = await l1.getBlock();
  const settings = { finalityAnchor: ZERO_HASH, rules: SNAPSHOT_RULES, registrationsFrom: 0n };
  const { sunset: addresses } = await deploySource(
    config,
    book,
    {
      genesisHash: GENESIS,
      sunset: {
        settings,
        height: HEIGHT,
        challengePeriod: 1n,
        secondsPerBlock: 12,
        closesAt: now + YEARS,
      },
    },
    { l1: http(network.l1RpcUrl), l2: http(network.l2RpcUrl), deployer },
  );
  assert.ok(addresses);

  const holder = await createHolder("the one account", pha * PLANCK_PER_PHA);
  const leaf = { kind: BALANCE, account: toHex(holder.account), subject: NO_SUBJECT, value: holder.planck };
  const other = { ...leaf, account: keccak256("0x00"), value: 1n };
  const tree = buildClaimsTree([leaf, other], 2);
  const issuance = holder.planck + 1n;
  const statement = {
    genesisHash: hashFromHex(GENESIS),
    height: HEIGHT,
    blockHash: hashFromHex(keccak256("0x01")),
    stateRoot: hashFromHex(keccak256("0x02")),
    claimsRoot: tree.root,
    issuance,
    claimable: issuance,
    excluded: 0n,
    rounding: 0n,
  };
  const domain = { chainId: BigInt(L1_CHAIN_ID), contract: addressFromHex(addresses.SunsetRegistry) };
  const hash = toHex(sunsetDigest(domain, sunsetSettingsHash(settings), statement));
  const keys = await keysOfTwoVendors(system);
  const signatures = await Promise.all(keys.map((key) => key.sign({ hash })));

  const registry = { address: addresses.SunsetRegistry, abi: sunsetRegistryAbi } as const;
  const confirmed = async (sent: Promise<Hex>) => {
    const { status } = await l1.waitForTransactionReceipt({ hash: await sent });
    assert.equal(status, "success");
  };
  const { genesisHash, blockHash, stateRoot, claimsRoot, ...numbers } = statement;
  const sunset = {
    ...numbers,
    genesisHash: toHex(genesisHash),
    blockHash: toHex(blockHash),
    stateRoot: toHex(stateRoot),
    claimsRoot: toHex(claimsRoot),
  };
  await confirmed(l1.writeContract({ ...registry, functionName: "propose", args: [sunset, signatures] }));
  await until(
    async () =>
      (await l1.getBlock()).timestamp >= (await l1.readContract({ ...registry, functionName: "finalAt" })),
    { what: "the sunset may be made final" },
  );
  await confirmed(l1.writeContract({ ...registry, functionName: "finalize", args: [[]] }));

  const amount = issuance * WEI_PER_PLANCK;
  const token = { address: book.addresses.Pha, abi: phaTestTokenAbi } as const;
  await confirmed(
    l1.writeContract({ ...token, functionName: "approve", args: [addresses.SunsetClaims, amount] }),
  );
  await confirmed(
    l1.writeContract({
      address: addresses.SunsetClaims,
      abi: sunsetClaimsAbi,
      functionName: "fund",
      args: [amount],
    }),
  );
  return { addresses, holder: { ...holder, proof: proofAt(tree.nodes, tree.places[0] ?? 0) } };
}

/** The account's claim, as vPHA on L2 for `receiver`; anyone submits it. */
export async function claimStaked(
  system: System,
  { addresses, holder }: SunsetForOne,
  receiver: Address,
): Promise<void> {
  const { l1 } = clientsOf(system.network, devnetAccount(ROLES.deployer));
  const deadline = (await l1.getBlock()).timestamp + 3600n;
  const origin = {
    chainId: BigInt(L1_CHAIN_ID),
    contract: addressFromHex(addresses.SunsetClaims),
    genesisHash: hashFromHex(GENESIS),
    height: HEIGHT,
  };
  const { account, planck } = holder;
  const order = { account, planck, receiver: addressFromHex(receiver), form: "staked", deadline } as const;
  const hash = await l1.writeContract({
    address: addresses.SunsetClaims,
    abi: sunsetClaimsAbi,
    functionName: "claim",
    args: [
      { account: toHex(account), planck, proof: holder.proof },
      { receiver, form: formNumber("staked"), deadline },
      {
        kind: 0,
        wrapped: true,
        publicKey: toHex(account),
        signature: toHex(holder.sign(claimMessage(origin, order, "owner"))),
      },
    ],
  });
  assert.equal((await l1.waitForTransactionReceipt({ hash })).status, "success");
}

/** Ether on both layers, from the deployer. */
export async function giveEther(system: System, to: Address): Promise<void> {
  const { l1 } = clientsOf(system.network, devnetAccount(ROLES.deployer));
  const hash = await l1.sendTransaction({ to, value: parseEther("10") });
  await l1.waitForTransactionReceipt({ hash });
}
