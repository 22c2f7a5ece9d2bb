import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  announceByProxy,
  approveClaim,
  claim,
  claimAnnounced,
  claimByProxy,
  claimMultisig,
  claimRegistered,
  vetoProxy,
} from "@phala-l2/bridge/actions/claims/claim";
import type {
  Entitlement,
  KeySignature,
  ProxyLink,
  SignedOrder,
  SunsetPlaces,
} from "@phala-l2/bridge/actions/claims/contract";
import { ownersOf, readEvidence } from "@phala-l2/bridge/actions/claims/evidence";
import { fundClaims } from "@phala-l2/bridge/actions/claims/fund";
import { claimStatus } from "@phala-l2/bridge/actions/claims/status";
import { submitClaim, submitRegistered, submitVeto } from "@phala-l2/bridge/actions/claims/submit";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { dangerouslyDevelopmentAccount } from "@phala-l2/node/keys/account";
import { addressFromHex, asAddress, asHash, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
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
import {
  CLAIM_FORMS,
  CLAIM_ROLES,
  type ClaimRole,
  claimMessage,
  formNumber,
  MAX_DEADLINE,
  roleNumber,
  signedBytes,
  vetoMessage,
} from "@phala-l2/sunset/message";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { u8aWrapBytes } from "@polkadot/util";
import { createKeyMulti, cryptoWaitReady } from "@polkadot/util-crypto";
import fc from "fast-check";
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

const CHAIN_ID = 31_337;
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
const submitter = dangerouslyDevelopmentAccount(0, BigInt(CHAIN_ID));
const receiver: Address = "0x00000000000000000000000000000000000a11ce";

/** A refusal of the chain whose words name the contract's error. */
const refusedBy = (name: string) => (error: unknown) =>
  isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") && Object(error.data).error === name;

/** AccountId of a pair; an ecdsa key's is its hash. */
function accountOf(pair: KeyringPair): Hash {
  return pair.type === "ecdsa" ? blake2b256(pair.publicKey) : asHash(pair.publicKey);
}

type Signing = { readonly text: string; readonly pair: KeyringPair; readonly wrapped?: boolean };

/** What a wallet signs, as the contract takes it. */
async function evidenceOf({ text, pair, wrapped = false }: Signing): Promise<KeySignature> {
  const signed = wrapped ? u8aWrapBytes(text) : signedBytes(text, false);
  const reading = await readEvidence(text, pair.sign(signed), accountOf(pair));
  assert(reading.kind === "ok");
  assert.equal(reading.evidence.wrapped, wrapped);
  return reading.evidence;
}

describe("claims with keys of the parachain", () => {
  let anvil: Anvil;
  let bridge: Bridge;
  let places: SunsetPlaces;
  let token: Address;
  let tree: ClaimsTree;
  let deadline: bigint;
  const leaves: ClaimLeaf[] = [];
  const pairs = new Map<string, KeyringPair>();
  const gas: string[] = [];

  const proofOf = (leaf: number) => proofAt(tree.nodes, tree.places[leaf] ?? 0);
  const pair = (name: string) => pairs.get(name) ?? assert.fail(name);

  function entitlement(account: Hash): Entitlement {
    const at = leaves.findIndex((leaf) => leaf.kind === BALANCE && leaf.account === toHex(account));
    const leaf = leaves[at] ?? assert.fail("no balance");
    return { account: leaf.account, planck: leaf.value, proof: proofOf(at) };
  }

  function linkOf(account: Hash): ProxyLink {
    const at = leaves.findIndex((leaf) => leaf.kind === PROXY && leaf.account === toHex(account));
    const leaf = leaves[at] ?? assert.fail("no proxy");
    return { delegate: leaf.subject, delay: Number(leaf.value), proof: proofOf(at) };
  }

  const origin = () => ({
    chainId: BigInt(CHAIN_ID),
    contract: addressFromHex(places.claims),
    genesisHash: GENESIS,
    height: HEIGHT,
  });

  const orderOf = (): SignedOrder => ({ receiver, form: "ethereum", deadline });

  function textOf(account: Hash, role: ClaimRole, order = orderOf()): string {
    const { planck } = entitlement(account);
    return claimMessage(
      origin(),
      { ...order, account, planck, receiver: addressFromHex(order.receiver) },
      role,
    );
  }

  const received = () =>
    bridge.l1.readContract({ address: token, abi: erc20Abi, functionName: "balanceOf", args: [receiver] });

  async function report(what: string, { l1Hash }: { readonly l1Hash: Address }): Promise<void> {
    const { gasUsed } = await bridge.l1.getTransactionReceipt({ hash: l1Hash });
    gas.push(`${what}: ${gasUsed}`);
  }

  async function deploy(path: string, args: readonly unknown[]): Promise<Address> {
    const { abi, bytecode } = artifacts(path);
    const hash = await bridge.l1.sendTransaction({ data: encodeDeployData({ abi, bytecode, args }) });
    const { contractAddress } = await bridge.l1.waitForTransactionReceipt({ hash, pollingInterval: 20 });
    return contractAddress ?? assert.fail(`${path} was not deployed`);
  }

  function balance(account: Hash, planck: bigint): void {
    leaves.push({ kind: BALANCE, account: toHex(account), subject: NO_SUBJECT, value: planck });
  }

  function delegate(account: Hash, to: Hash, delay: number): void {
    leaves.push({ kind: PROXY, account: toHex(account), subject: toHex(to), value: BigInt(delay) });
  }

  const multisig = (names: readonly string[], threshold: number) => ({
    account: asHash(
      createKeyMulti(
        names.map((name) => accountOf(pair(name))),
        threshold,
      ),
    ),
    parts: { signatories: names.map((name) => toHex(accountOf(pair(name)))), threshold },
  });

  /** Of one key and a multisig, in which any one of two signs. */
  function outerMultisig() {
    const inner = multisig(["sr25519-b", "ecdsa-b"], 1);
    const members = [accountOf(pair("ed25519-b")), inner.account];
    const parts = { signatories: members.map(toHex), threshold: 2 };
    return { account: asHash(createKeyMulti(members, 2)), parts, inner };
  }

  before(async () => {
    await cryptoWaitReady();
    for (const type of ["sr25519", "ed25519", "ecdsa"] as const) {
      const keyring = new Keyring({ type });
      for (const name of ["raw", "wrapped", "a", "b"]) {
        pairs.set(`${type}-${name}`, keyring.addFromUri(`//${type}//${name}`));
      }
    }
    let planck = 1_000_000_000_001n;
    for (const one of pairs.values()) {
      planck += 7n;
      balance(accountOf(one), planck);
    }
    anvil = await startAnvil({ port: 0, chainId: CHAIN_ID });
    const none = { portal: zeroAddress, disputeGameFactory: zeroAddress, l1StandardBridge: zeroAddress };
    bridge = createBridge(
      {
        l1ChainId: CHAIN_ID,
        l2ChainId: CHAIN_ID,
        l1RpcUrl: anvil.url,
        l2RpcUrl: anvil.url,
        ...none,
        multicall3: zeroAddress,
      },
      submitter,
    );
    await deployClaims();
  });
  after(async () => {
    await anvil.stop();
  });

  /** The statement's way to finality is not under test here: it is written into the registry's storage. */
  async function deployClaims(): Promise<void> {
    const { timestamp } = await bridge.l1.getBlock();
    deadline = timestamp + 86_400n;
    const me = submitter.address;
    token = await deploy("pha/PhaTestToken", [me, SUPPLY]);
    const settings = { finalityAnchor: toHex(GENESIS), rules: 1, registrationsFrom: 0n };
    const terms = { proverRegistry: me, systemConfig: me, minHostVendors: 2, genesisHash: toHex(GENESIS) };
    const registry = await deploy("pha/sunset/SunsetRegistry", [
      { ...terms, ...settings, height: HEIGHT, challengePeriod: 1n },
    ]);
    const claims = await deploy("pha/sunset/SunsetClaims", [
      {
        sunset: registry,
        signatures: await deploy("pha/keys/SubstrateSignatures", []),
        token,
        bridge: token,
        messenger: me,
        l2Token: me,
        l2Staker: me,
        secondsPerBlock: BLOCK_SECONDS,
        closesAt: timestamp + YEARS,
        leftoverTo: me,
      },
    ]);
    places = { claims };
    const many = multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    balance(outerMultisig().account, 6n * PHA);
    balance(many.account, 5n * PHA);
    const keyless = asHash(new Uint8Array(32).fill(0x99));
    balance(keyless, 7n * PHA);
    delegate(keyless, many.account, 0);
    delegate(accountOf(pair("sr25519-b")), accountOf(pair("ed25519-b")), DELAY);
    delegate(accountOf(pair("ed25519-a")), accountOf(pair("ed25519-b")), DELAY);
    const account = toHex(accountOf(pair("ecdsa-b")));
    leaves.push({ kind: RECEIVER, account, subject: pad(receiver), value: 0n });
    tree = buildClaimsTree(leaves, leaves.length);
    const chain = createTestClient({ mode: "anvil", transport: http(anvil.url) });
    const word = (value: bigint) => numberToHex(value, { size: 32 });
    const set = (slot: bigint, value: Address) =>
      chain.setStorageAt({ address: registry, index: word(slot), value });
    await set(STATUS_SLOT, word(FINAL));
    await set(FINALIZED_AT_SLOT, word(timestamp));
    await set(CLAIMS_ROOT_SLOT, toHex(tree.root));
    await fundClaims(bridge, places, { amount: parseEther("1000") });
  }

  it("tells how the sunset stands", async () => {
    const account = toHex(accountOf(pair("sr25519-raw")));
    const status = await claimStatus(bridge, places, { account });
    assert.equal(status.sunset, "final");
    assert.equal(status.claimsRoot, toHex(tree.root));
    assert.deepEqual([status.unclaimed, status.released], [parseEther("1000"), 0n]);
    assert.equal(status.claimed, false);
  });

  it("builds the texts that the contract checks", async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const orders = fc.record({
      account: bytes(32).map(asHash),
      delegate: bytes(32).map(asHash),
      receiver: bytes(20).map(asAddress),
      planck: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      form: fc.constantFrom(...CLAIM_FORMS),
      role: fc.constantFrom(...CLAIM_ROLES),
      deadline: fc.bigInt({ min: 0n, max: MAX_DEADLINE }),
    });
    const contract = { address: places.claims, abi: sunsetClaimsAbi } as const;
    const property = fc.asyncProperty(orders, async (order) => {
      const { account, delegate, planck, form, role, deadline: until } = order;
      const words = { receiver: toHex(order.receiver), form: formNumber(form), deadline: until };
      const text = await bridge.l1.readContract({
        ...contract,
        functionName: "message",
        args: [toHex(account), planck, words, roleNumber(role)],
      });
      assert.equal(text, toHex(signedBytes(claimMessage(origin(), order, role), false)));
      const veto = await bridge.l1.readContract({
        ...contract,
        functionName: "vetoMessage",
        args: [toHex(account), toHex(delegate), until],
      });
      assert.equal(veto, toHex(signedBytes(vetoMessage(origin(), order), false)));
    });
    await fc.assert(property, { numRuns: 50 });
    assert.deepEqual(signedBytes("any", true), u8aWrapBytes("any"));
  });

  for (const type of ["sr25519", "ed25519", "ecdsa"] as const) {
    for (const wrapped of [false, true]) {
      it(`pays the owner of ${type}, ${wrapped ? "wrapped" : "raw"}, once`, async () => {
        const signer = pair(`${type}-${wrapped ? "wrapped" : "raw"}`);
        const account = accountOf(signer);
        const ownership = await evidenceOf({ text: textOf(account, "owner"), pair: signer, wrapped });
        const owed = { entitlement: entitlement(account), order: orderOf() };
        const flipped = { ...ownership, wrapped: !wrapped };
        await assert.rejects(
          claim(bridge, places, { ...owed, ownership: flipped }),
          refusedBy("SunsetClaims_InvalidSignature"),
        );
        const elsewhere = { ...owed.order, receiver: submitter.address };
        await assert.rejects(
          claim(bridge, places, { ...owed, order: elsewhere, ownership }),
          refusedBy("SunsetClaims_InvalidSignature"),
        );
        const before = await received();
        const paid = await claim(bridge, places, { ...owed, ownership });
        assert.equal(paid.amount, owed.entitlement.planck * 1_000_000n);
        assert.equal(await received(), before + paid.amount);
        await assert.rejects(
          claim(bridge, places, { ...owed, ownership }),
          refusedBy("SunsetClaims_AlreadyClaimed"),
        );
        await report(`claim by ${type}, ${wrapped ? "wrapped" : "raw"}`, paid);
      });
    }
  }

  it("takes no text for another one, and no other key's signature", async () => {
    const signer = pair("sr25519-a");
    const account = accountOf(signer);
    const text = textOf(account, "owner");
    const other = claimMessage(
      { ...origin(), chainId: 1n },
      { ...orderOf(), account, planck: entitlement(account).planck, receiver: addressFromHex(receiver) },
      "owner",
    );
    const reading = await readEvidence(text, signer.sign(signedBytes(other, false)), account);
    assert.equal(reading.kind, "invalid");
    const stranger = await readEvidence(text, pair("sr25519-b").sign(signedBytes(text, false)), account);
    assert.equal(stranger.kind, "invalid");
    const ownership = await evidenceOf({ text: other, pair: signer });
    await assert.rejects(
      claim(bridge, places, { entitlement: entitlement(account), order: orderOf(), ownership }),
      refusedBy("SunsetClaims_InvalidSignature"),
    );
  });

  it("pays a multisig for two of three, of any kind", async () => {
    const { account, parts } = multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    const text = textOf(account, "signatory");
    const owed = { entitlement: entitlement(account), order: orderOf() };
    const first = await evidenceOf({ text, pair: pair("sr25519-a") });
    await assert.rejects(
      claimMultisig(bridge, places, { ...owed, owners: ownersOf([first], [parts]) }),
      refusedBy("SunsetClaims_TooFewSignatories"),
    );
    // One is put on record before, the other comes with the claim.
    const message = toHex(signedBytes(text, false));
    await approveClaim(bridge, places, { message, keys: [first] });
    const second = await evidenceOf({ text, pair: pair("ecdsa-a"), wrapped: true });
    const owners = { ...ownersOf([second], [parts]), earlier: [toHex(accountOf(pair("sr25519-a")))] };
    const paid = await claimMultisig(bridge, places, { ...owed, owners });
    assert.equal(paid.amount, parseEther("5"));
    await report("claim by 2 of 3, one earlier", paid);
  });

  it("pays a multisig of which one signatory is a multisig", async () => {
    const { account, parts, inner } = outerMultisig();
    const text = textOf(account, "signatory");
    const keys = [
      await evidenceOf({ text, pair: pair("ecdsa-b") }),
      await evidenceOf({ text, pair: pair("ed25519-b") }),
    ];
    const owed = { entitlement: entitlement(account), order: orderOf() };
    await assert.rejects(
      claimMultisig(bridge, places, { ...owed, owners: ownersOf(keys, [inner.parts]) }),
      refusedBy("SunsetClaims_OtherAccount"),
    );
    const owners = ownersOf(keys, [inner.parts, parts]);
    const paid = await claimMultisig(bridge, places, { ...owed, owners });
    assert.equal(paid.amount, parseEther("6"));
  });

  it("pays a keyless account whose proxy is a multisig", async () => {
    const { parts } = multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    const account = asHash(new Uint8Array(32).fill(0x99));
    const text = textOf(account, "proxy");
    const keys = [
      await evidenceOf({ text, pair: pair("ed25519-a") }),
      await evidenceOf({ text, pair: pair("ecdsa-a") }),
    ];
    const paid = await claimByProxy(bridge, places, {
      entitlement: entitlement(account),
      order: orderOf(),
      link: linkOf(account),
      owners: ownersOf(keys, [parts]),
    });
    assert.equal(paid.amount, parseEther("7"));
    await report("claim by a multisig proxy", paid);
  });

  it("makes a proxy wait its delay, and lets the account veto it", async () => {
    const chain = createTestClient({ mode: "anvil", transport: http(anvil.url) });
    const proxyClaim = async (name: string) => {
      const account = accountOf(pair(name));
      const text = textOf(account, "proxy");
      const owners = ownersOf([await evidenceOf({ text, pair: pair("ed25519-b") })]);
      return { entitlement: entitlement(account), order: orderOf(), link: linkOf(account), owners };
    };
    const [waiting, vetoed] = [await proxyClaim("sr25519-b"), await proxyClaim("ed25519-a")];
    await assert.rejects(claimByProxy(bridge, places, waiting), refusedBy("SunsetClaims_DelayedProxy"));
    await announceByProxy(bridge, places, vetoed);
    const { opensAt } = await announceByProxy(bridge, places, waiting);
    const executed = ({ entitlement: { account, planck }, order, link }: typeof waiting) =>
      claimAnnounced(bridge, places, { account, planck, order, delegate: link.delegate });
    await assert.rejects(executed(waiting), refusedBy("SunsetClaims_TooEarly"));

    const veto = { account: accountOf(pair("ed25519-a")), delegate: accountOf(pair("ed25519-b")), deadline };
    const text = vetoMessage(origin(), veto);
    const owners = ownersOf([await evidenceOf({ text, pair: pair("ed25519-a"), wrapped: true })]);
    const [account, shutOut] = [toHex(veto.account), toHex(veto.delegate)];
    await vetoProxy(bridge, places, { account, delegate: shutOut, deadline, owners });

    await chain.setNextBlockTimestamp({ timestamp: opensAt });
    await chain.mine({ blocks: 1 });
    await assert.rejects(executed(vetoed), refusedBy("SunsetClaims_Vetoed"));
    const paid = await executed(waiting);
    assert.equal(paid.amount, waiting.entitlement.planck * 1_000_000n);
  });

  it("pays a registered receiver without any signature", async () => {
    const account = accountOf(pair("ecdsa-b"));
    const at = leaves.findIndex(({ kind }) => kind === RECEIVER);
    const owed = { entitlement: entitlement(account), form: "ethereum" } as const;
    const registration = proofOf(at);
    await assert.rejects(
      claimRegistered(bridge, places, { ...owed, receiver: submitter.address, registration }),
      refusedBy("SunsetClaims_NotInTree"),
    );
    const paid = await claimRegistered(bridge, places, { ...owed, receiver, registration });
    assert.equal(paid.amount, owed.entitlement.planck * 1_000_000n);
    await report("registered receiver", paid);
  });

  /** The tree as the library dumps it. */
  function writeTree(folder: string): void {
    const nodes = Array.from({ length: 2 * leaves.length - 1 }, (_, at) =>
      toHex(tree.nodes.subarray(32 * at, 32 * at + 32)),
    );
    const values = leaves.map(({ kind, account, subject, value }, leaf) => {
      return { value: [`${kind}`, account, subject, `${value}`], treeIndex: tree.places[leaf] };
    });
    const leafEncoding = ["uint8", "bytes32", "bytes32", "uint256"];
    const lines = [
      `{"format":"standard-v1","leafEncoding":${JSON.stringify(leafEncoding)},"tree":${JSON.stringify(nodes)},`,
      `"values":[`,
      values.map((each) => JSON.stringify(each)).join(",\n"),
      "]}",
    ];
    writeFileSync(join(folder, "claims.json"), lines.join("\n"));
  }

  it("is sent from a folder of claims and a wallet's signature", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sunset-claims-"));
    try {
      writeTree(folder);
      const signer = pair("sr25519-a");
      const account = accountOf(signer);
      const holder = toHex(account);
      const signature = signer.sign(u8aWrapBytes(textOf(account, "owner")));
      const signed = { keys: [{ signer: account, signature }], multisigs: [] };
      const owed = { claims: folder, holder, order: orderOf(), delegate: undefined } as const;
      const submission = { ...owed, role: "owner", signatures: signed } as const;
      const nobody = toHex(new Uint8Array(32).fill(0xee));
      for (const [wrong, reason] of [
        [{ ...submission, holder: nobody }, /nothing is owed/],
        [{ ...submission, order: { ...owed.order, deadline: deadline + 1n } }, /signature 1/],
        [{ ...submission, role: "proxy", signatures: { keys: [], multisigs: [] } }, /is no proxy/],
        [{ ...submission, signatures: { keys: [], multisigs: [] } }, /missing/],
      ] as const) {
        const refusal = await submitClaim(bridge, places, wrong);
        assert("refused" in refusal);
        assert.match(refusal.refused, reason);
      }
      const registered = await submitRegistered(bridge, places, { claims: folder, holder });
      assert("refused" in registered && registered.refused === `${holder} has registered no receiver`);
      const veto = { holder, delegate: nobody, deadline, signatures: { keys: [], multisigs: [] } };
      const text = await submitVeto(bridge, places, veto);
      assert("message" in text && text.message.includes(nobody));
      const paid = await submitClaim(bridge, places, submission);
      assert("amount" in paid);
      assert.equal(paid.amount, entitlement(account).planck * 1_000_000n);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("releases exactly what was claimed", async (t) => {
    const { unclaimed, released } = await claimStatus(bridge, places);
    assert.equal(unclaimed + released, parseEther("1000"));
    assert.equal(await received(), released);
    for (const line of gas) t.diagnostic(line);
  });
});
