import assert from "node:assert/strict";
import type {
  Entitlement,
  KeySignature,
  ProxyLink,
  SignedOrder,
  SunsetPlaces,
} from "@phala-l2/bridge/actions/claims/contract";
import { readEvidence } from "@phala-l2/bridge/actions/claims/evidence";
import { fundClaims } from "@phala-l2/bridge/actions/claims/fund";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import { addressFromHex, asHash, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import {
  BALANCE,
  buildClaimsTree,
  type ClaimLeaf,
  type ClaimsTree,
  NO_SUBJECT,
  PROXY,
  proofAt,
  RECEIVER,
} from "@phala-l2/sunset/claims-tree";
import { type ClaimOrigin, type ClaimRole, claimMessage, signedBytes } from "@phala-l2/sunset/message";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { u8aWrapBytes } from "@polkadot/util";
import { createKeyMulti, cryptoWaitReady } from "@polkadot/util-crypto";
import {
  type Address,
  createTestClient,
  encodeDeployData,
  erc20Abi,
  http,
  numberToHex,
  pad,
  parseEther,
  zeroAddress,
} from "viem";
import { type Anvil, startAnvil } from "../l1/anvil.ts";

export const CHAIN_ID = 31_337;
const GENESIS = asHash(new Uint8Array(32).fill(0x47));
const HEIGHT = 9_064_613n;
const BLOCK_SECONDS = 12;
const DELAY = 600;
const PHA = 10n ** 12n;
const SUPPLY = parseEther("1000000");
const YEARS = 5n * 365n * 86_400n;
/** Where `SunsetRegistry` keeps `status`, `finalizedAt` and the statement's `claimsRoot`. */
const STATUS_SLOT = 0n;
const FINALIZED_AT_SLOT = 3n;
const CLAIMS_ROOT_SLOT = 9n;
const FINAL = 2n;

const artifacts = hardhatArtifacts();
/** Who pays for transactions, and owns what is deployed. */
export const submitter = dangerouslyDevelopmentAccount(0, BigInt(CHAIN_ID));
/** To whom claims are paid. */
export const receiver: Address = "0x00000000000000000000000000000000000a11ce";

/** AccountId of a pair; an ecdsa key's is its hash. */
export function accountOf(pair: KeyringPair): Hash {
  return pair.type === "ecdsa" ? blake2b256(pair.publicKey) : asHash(pair.publicKey);
}

type Signing = { readonly text: string; readonly pair: KeyringPair; readonly wrapped?: boolean };

/** What a wallet signs, as the contract takes it. */
export async function evidenceOf({ text, pair, wrapped = false }: Signing): Promise<KeySignature> {
  const signed = wrapped ? u8aWrapBytes(text) : signedBytes(text, false);
  const reading = await readEvidence(text, pair.sign(signed), accountOf(pair));
  assert(reading.kind === "ok");
  assert.equal(reading.evidence.wrapped, wrapped);
  return reading.evidence;
}

/** A sunset that is final on an L1 of its own, with claims for keys of all kinds, their multisigs and proxies. */
export class ClaimsWorld {
  readonly anvil: Anvil;
  readonly bridge: Bridge;
  places: SunsetPlaces = { claims: zeroAddress };
  tree: ClaimsTree = { root: ZERO_HASH, nodes: new Uint8Array(0), places: new Uint32Array(0) };
  /** Of all orders. */
  deadline = 0n;
  readonly leaves: ClaimLeaf[] = [];
  /** What claims took, for whoever reads the test's report. */
  readonly gas: string[] = [];
  private readonly pairs = new Map<string, KeyringPair>();
  private token: Address = zeroAddress;

  private constructor(anvil: Anvil) {
    this.anvil = anvil;
    const none = { portal: zeroAddress, disputeGameFactory: zeroAddress, l1StandardBridge: zeroAddress };
    this.bridge = createBridge(
      {
        l1ChainId: CHAIN_ID,
        l2ChainId: CHAIN_ID,
        l1RpcUrl: this.anvil.url,
        l2RpcUrl: this.anvil.url,
        ...none,
        multicall3: zeroAddress,
      },
      submitter,
    );
  }

  static async start(): Promise<ClaimsWorld> {
    await cryptoWaitReady();
    const world = new ClaimsWorld(await startAnvil({ port: 0, chainId: CHAIN_ID }));
    world.makePairs();
    await world.deployClaims();
    return world;
  }

  stop(): Promise<void> {
    return this.anvil.stop();
  }

  /** Four pairs of each kind, each with a balance of its own. */
  private makePairs(): void {
    for (const type of ["sr25519", "ed25519", "ecdsa"] as const) {
      const keyring = new Keyring({ type });
      for (const name of ["raw", "wrapped", "a", "b"]) {
        this.pairs.set(`${type}-${name}`, keyring.addFromUri(`//${type}//${name}`));
      }
    }
    let planck = 1_000_000_000_001n;
    for (const one of this.pairs.values()) {
      planck += 7n;
      this.balance(accountOf(one), planck);
    }
  }

  /** The proof of a leaf, by its place among them. */
  proofOf(leaf: number): readonly Hex[] {
    return proofAt(this.tree.nodes, this.tree.places[leaf] ?? 0);
  }

  pair(name: string): KeyringPair {
    return this.pairs.get(name) ?? assert.fail(name);
  }

  entitlement(account: Hash): Entitlement {
    const at = this.leaves.findIndex((leaf) => leaf.kind === BALANCE && leaf.account === toHex(account));
    const leaf = this.leaves[at] ?? assert.fail("no balance");
    return { account: leaf.account, planck: leaf.value, proof: this.proofOf(at) };
  }

  linkOf(account: Hash): ProxyLink {
    const at = this.leaves.findIndex((leaf) => leaf.kind === PROXY && leaf.account === toHex(account));
    const leaf = this.leaves[at] ?? assert.fail("no proxy");
    return { delegate: leaf.subject, delay: Number(leaf.value), proof: this.proofOf(at) };
  }

  origin(): ClaimOrigin {
    return {
      chainId: BigInt(CHAIN_ID),
      contract: addressFromHex(this.places.claims),
      genesisHash: GENESIS,
      height: HEIGHT,
    };
  }

  orderOf(): SignedOrder {
    return { receiver, form: "ethereum", deadline: this.deadline };
  }

  textOf(account: Hash, role: ClaimRole, order = this.orderOf()): string {
    const { planck } = this.entitlement(account);
    return claimMessage(
      this.origin(),
      { ...order, account, planck, receiver: addressFromHex(order.receiver) },
      role,
    );
  }

  /** What the receiver has been paid, wei. */
  received(): Promise<bigint> {
    return this.bridge.l1.readContract({
      address: this.token,
      abi: erc20Abi,
      functionName: "balanceOf",
      args: [receiver],
    });
  }

  /** Notes what a claim took. */
  async report(what: string, { l1Hash }: { readonly l1Hash: Address }): Promise<void> {
    const { gasUsed } = await this.bridge.l1.getTransactionReceipt({ hash: l1Hash });
    this.gas.push(`${what}: ${gasUsed}`);
  }

  private async deploy(path: string, args: readonly unknown[]): Promise<Address> {
    const { abi, bytecode } = artifacts(path);
    const hash = await this.bridge.l1.sendTransaction({ data: encodeDeployData({ abi, bytecode, args }) });
    const { contractAddress } = await this.bridge.l1.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    return contractAddress ?? assert.fail(`${path} was not deployed`);
  }

  private balance(account: Hash, planck: bigint): void {
    this.leaves.push({ kind: BALANCE, account: toHex(account), subject: NO_SUBJECT, value: planck });
  }

  private delegate(account: Hash, to: Hash, delay: number): void {
    this.leaves.push({ kind: PROXY, account: toHex(account), subject: toHex(to), value: BigInt(delay) });
  }

  /** The multisig of these pairs. */
  multisig(names: readonly string[], threshold: number) {
    return {
      account: asHash(
        createKeyMulti(
          names.map((name) => accountOf(this.pair(name))),
          threshold,
        ),
      ),
      parts: { signatories: names.map((name) => toHex(accountOf(this.pair(name)))), threshold },
    };
  }

  /** Of one key and a multisig, in which any one of two signs. */
  outerMultisig() {
    const inner = this.multisig(["sr25519-b", "ecdsa-b"], 1);
    const members = [accountOf(this.pair("ed25519-b")), inner.account];
    const parts = { signatories: members.map(toHex), threshold: 2 };
    return { account: asHash(createKeyMulti(members, 2)), parts, inner };
  }

  /** The statement's way to finality is not under test here: it is written into the registry's storage. */
  private async deployClaims(): Promise<void> {
    const { timestamp } = await this.bridge.l1.getBlock();
    this.deadline = timestamp + 86_400n;
    const me = submitter.address;
    this.token = await this.deploy("pha/PhaTestToken", [me, SUPPLY]);
    const settings = { finalityAnchor: toHex(GENESIS), rules: 1, registrationsFrom: 0n };
    const terms = { proverRegistry: me, systemConfig: me, minHostVendors: 2, genesisHash: toHex(GENESIS) };
    const registry = await this.deploy("pha/sunset/SunsetRegistry", [
      { ...terms, ...settings, height: HEIGHT, challengePeriod: 1n },
    ]);
    const claims = await this.deploy("pha/sunset/SunsetClaims", [
      {
        sunset: registry,
        signatures: await this.deploy("pha/keys/SubstrateSignatures", []),
        token: this.token,
        bridge: this.token,
        messenger: me,
        l2Token: me,
        l2Staker: me,
        secondsPerBlock: BLOCK_SECONDS,
        closesAt: timestamp + YEARS,
        leftoverTo: me,
      },
    ]);
    this.places = { claims };
    const many = this.multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    this.balance(this.outerMultisig().account, 6n * PHA);
    this.balance(many.account, 5n * PHA);
    const keyless = asHash(new Uint8Array(32).fill(0x99));
    this.balance(keyless, 7n * PHA);
    this.delegate(keyless, many.account, 0);
    this.delegate(accountOf(this.pair("sr25519-b")), accountOf(this.pair("ed25519-b")), DELAY);
    this.delegate(accountOf(this.pair("ed25519-a")), accountOf(this.pair("ed25519-b")), DELAY);
    const account = toHex(accountOf(this.pair("ecdsa-b")));
    this.leaves.push({ kind: RECEIVER, account, subject: pad(receiver), value: 0n });
    this.tree = buildClaimsTree(this.leaves, this.leaves.length);
    const chain = createTestClient({ mode: "anvil", transport: http(this.anvil.url) });
    const word = (value: bigint) => numberToHex(value, { size: 32 });
    const set = (slot: bigint, value: Address) =>
      chain.setStorageAt({ address: registry, index: word(slot), value });
    await set(STATUS_SLOT, word(FINAL));
    await set(FINALIZED_AT_SLOT, word(timestamp));
    await set(CLAIMS_ROOT_SLOT, toHex(this.tree.root));
    await fundClaims(this.bridge, this.places, { amount: parseEther("1000") });
  }
}
