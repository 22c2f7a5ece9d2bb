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
import type { SunsetPlaces } from "@phala-l2/bridge/actions/claims/contract";
import { ownersOf, readEvidence } from "@phala-l2/bridge/actions/claims/evidence";
import { claimStatus } from "@phala-l2/bridge/actions/claims/status";
import { submitClaim, submitRegistered, submitVeto } from "@phala-l2/bridge/actions/claims/submit";
import type { Bridge } from "@phala-l2/bridge/network";
import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { addressFromHex, asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type ClaimsTree, RECEIVER } from "@phala-l2/sunset/claims-tree";
import {
  CLAIM_FORMS,
  CLAIM_ROLES,
  claimMessage,
  formNumber,
  MAX_DEADLINE,
  roleNumber,
  signedBytes,
  vetoMessage,
} from "@phala-l2/sunset/message";
import { u8aWrapBytes } from "@polkadot/util";
import fc from "fast-check";
import { createTestClient, http, parseEther } from "viem";
import { accountOf, ClaimsWorld, evidenceOf, receiver, submitter } from "./claims-world.ts";

/** A refusal of the chain whose words name the contract's error. */
const refusedBy = (name: string) => (error: unknown) =>
  isRollupError(error, "BRIDGE_TRANSACTION_REVERTED") && Object(error.data).error === name;

describe("claims with keys of the parachain", () => {
  let world: ClaimsWorld;
  let bridge: Bridge;
  let places: SunsetPlaces;
  let tree: ClaimsTree;
  let deadline: bigint;
  before(async () => {
    world = await ClaimsWorld.start();
    ({ bridge, places, tree, deadline } = world);
  });
  after(async () => {
    await world.stop();
  });

  it("tells how the sunset stands", async () => {
    const account = toHex(accountOf(world.pair("sr25519-raw")));
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
      assert.equal(text, toHex(signedBytes(claimMessage(world.origin(), order, role), false)));
      const veto = await bridge.l1.readContract({
        ...contract,
        functionName: "vetoMessage",
        args: [toHex(account), toHex(delegate), until],
      });
      assert.equal(veto, toHex(signedBytes(vetoMessage(world.origin(), order), false)));
    });
    await fc.assert(property, { numRuns: 50 });
    assert.deepEqual(signedBytes("any", true), u8aWrapBytes("any"));
  });

  for (const type of ["sr25519", "ed25519", "ecdsa"] as const) {
    for (const wrapped of [false, true]) {
      it(`pays the owner of ${type}, ${wrapped ? "wrapped" : "raw"}, once`, async () => {
        const signer = world.pair(`${type}-${wrapped ? "wrapped" : "raw"}`);
        const account = accountOf(signer);
        const ownership = await evidenceOf({ text: world.textOf(account, "owner"), pair: signer, wrapped });
        const owed = { entitlement: world.entitlement(account), order: world.orderOf() };
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
        const before = await world.received();
        const paid = await claim(bridge, places, { ...owed, ownership });
        assert.equal(paid.amount, owed.entitlement.planck * 1_000_000n);
        assert.equal(await world.received(), before + paid.amount);
        await assert.rejects(
          claim(bridge, places, { ...owed, ownership }),
          refusedBy("SunsetClaims_AlreadyClaimed"),
        );
        await world.report(`claim by ${type}, ${wrapped ? "wrapped" : "raw"}`, paid);
      });
    }
  }

  it("takes no text for another one, and no other key's signature", async () => {
    const signer = world.pair("sr25519-a");
    const account = accountOf(signer);
    const text = world.textOf(account, "owner");
    const other = claimMessage(
      { ...world.origin(), chainId: 1n },
      {
        ...world.orderOf(),
        account,
        planck: world.entitlement(account).planck,
        receiver: addressFromHex(receiver),
      },
      "owner",
    );
    const reading = await readEvidence(text, signer.sign(signedBytes(other, false)), account);
    assert.equal(reading.kind, "invalid");
    const stranger = await readEvidence(
      text,
      world.pair("sr25519-b").sign(signedBytes(text, false)),
      account,
    );
    assert.equal(stranger.kind, "invalid");
    const ownership = await evidenceOf({ text: other, pair: signer });
    await assert.rejects(
      claim(bridge, places, { entitlement: world.entitlement(account), order: world.orderOf(), ownership }),
      refusedBy("SunsetClaims_InvalidSignature"),
    );
  });

  it("pays a multisig for two of three, of any kind", async () => {
    const { account, parts } = world.multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    const text = world.textOf(account, "signatory");
    const owed = { entitlement: world.entitlement(account), order: world.orderOf() };
    const first = await evidenceOf({ text, pair: world.pair("sr25519-a") });
    await assert.rejects(
      claimMultisig(bridge, places, { ...owed, owners: ownersOf([first], [parts]) }),
      refusedBy("SunsetClaims_TooFewSignatories"),
    );
    // One is put on record before, the other comes with the claim.
    const message = toHex(signedBytes(text, false));
    await approveClaim(bridge, places, { message, keys: [first] });
    const second = await evidenceOf({ text, pair: world.pair("ecdsa-a"), wrapped: true });
    const owners = { ...ownersOf([second], [parts]), earlier: [toHex(accountOf(world.pair("sr25519-a")))] };
    const paid = await claimMultisig(bridge, places, { ...owed, owners });
    assert.equal(paid.amount, parseEther("5"));
    await world.report("claim by 2 of 3, one earlier", paid);
  });

  it("pays a multisig of which one signatory is a multisig", async () => {
    const { account, parts, inner } = world.outerMultisig();
    const text = world.textOf(account, "signatory");
    const keys = [
      await evidenceOf({ text, pair: world.pair("ecdsa-b") }),
      await evidenceOf({ text, pair: world.pair("ed25519-b") }),
    ];
    const owed = { entitlement: world.entitlement(account), order: world.orderOf() };
    await assert.rejects(
      claimMultisig(bridge, places, { ...owed, owners: ownersOf(keys, [inner.parts]) }),
      refusedBy("SunsetClaims_OtherAccount"),
    );
    const owners = ownersOf(keys, [inner.parts, parts]);
    const paid = await claimMultisig(bridge, places, { ...owed, owners });
    assert.equal(paid.amount, parseEther("6"));
  });

  it("pays a keyless account whose proxy is a multisig", async () => {
    const { parts } = world.multisig(["sr25519-a", "ed25519-a", "ecdsa-a"], 2);
    const account = asHash(new Uint8Array(32).fill(0x99));
    const text = world.textOf(account, "proxy");
    const keys = [
      await evidenceOf({ text, pair: world.pair("ed25519-a") }),
      await evidenceOf({ text, pair: world.pair("ecdsa-a") }),
    ];
    const paid = await claimByProxy(bridge, places, {
      entitlement: world.entitlement(account),
      order: world.orderOf(),
      link: world.linkOf(account),
      owners: ownersOf(keys, [parts]),
    });
    assert.equal(paid.amount, parseEther("7"));
    await world.report("claim by a multisig proxy", paid);
  });

  it("makes a proxy wait its delay, and lets the account veto it", async () => {
    const chain = createTestClient({ mode: "anvil", transport: http(world.anvil.url) });
    const proxyClaim = async (name: string) => {
      const account = accountOf(world.pair(name));
      const text = world.textOf(account, "proxy");
      const owners = ownersOf([await evidenceOf({ text, pair: world.pair("ed25519-b") })]);
      return {
        entitlement: world.entitlement(account),
        order: world.orderOf(),
        link: world.linkOf(account),
        owners,
      };
    };
    const [waiting, vetoed] = [await proxyClaim("sr25519-b"), await proxyClaim("ed25519-a")];
    await assert.rejects(claimByProxy(bridge, places, waiting), refusedBy("SunsetClaims_DelayedProxy"));
    await announceByProxy(bridge, places, vetoed);
    const { opensAt } = await announceByProxy(bridge, places, waiting);
    const executed = ({ entitlement: { account, planck }, order, link }: typeof waiting) =>
      claimAnnounced(bridge, places, { account, planck, order, delegate: link.delegate });
    await assert.rejects(executed(waiting), refusedBy("SunsetClaims_TooEarly"));

    const veto = {
      account: accountOf(world.pair("ed25519-a")),
      delegate: accountOf(world.pair("ed25519-b")),
      deadline,
    };
    const text = vetoMessage(world.origin(), veto);
    const owners = ownersOf([await evidenceOf({ text, pair: world.pair("ed25519-a"), wrapped: true })]);
    const [account, shutOut] = [toHex(veto.account), toHex(veto.delegate)];
    await vetoProxy(bridge, places, { account, delegate: shutOut, deadline, owners });

    await chain.setNextBlockTimestamp({ timestamp: opensAt });
    await chain.mine({ blocks: 1 });
    await assert.rejects(executed(vetoed), refusedBy("SunsetClaims_Vetoed"));
    const paid = await executed(waiting);
    assert.equal(paid.amount, waiting.entitlement.planck * 1_000_000n);
  });

  it("pays a registered receiver without any signature", async () => {
    const account = accountOf(world.pair("ecdsa-b"));
    const at = world.leaves.findIndex(({ kind }) => kind === RECEIVER);
    const owed = { entitlement: world.entitlement(account), form: "ethereum" } as const;
    const registration = world.proofOf(at);
    await assert.rejects(
      claimRegistered(bridge, places, { ...owed, receiver: submitter.address, registration }),
      refusedBy("SunsetClaims_NotInTree"),
    );
    const paid = await claimRegistered(bridge, places, { ...owed, receiver, registration });
    assert.equal(paid.amount, owed.entitlement.planck * 1_000_000n);
    await world.report("registered receiver", paid);
  });

  /** The tree as the library dumps it. */
  function writeTree(folder: string): void {
    const nodes = Array.from({ length: 2 * world.leaves.length - 1 }, (_, at) =>
      toHex(tree.nodes.subarray(32 * at, 32 * at + 32)),
    );
    const values = world.leaves.map(({ kind, account, subject, value }, leaf) => {
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
      const signer = world.pair("sr25519-a");
      const account = accountOf(signer);
      const holder = toHex(account);
      const signature = signer.sign(u8aWrapBytes(world.textOf(account, "owner")));
      const signed = { keys: [{ signer: account, signature }], multisigs: [] };
      const owed = { claims: folder, holder, order: world.orderOf(), delegate: undefined } as const;
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
      assert.equal(paid.amount, world.entitlement(account).planck * 1_000_000n);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("releases exactly what was claimed", async (t) => {
    const { unclaimed, released } = await claimStatus(bridge, places);
    assert.equal(unclaimed + released, parseEther("1000"));
    assert.equal(await world.received(), released);
    for (const line of world.gas) t.diagnostic(line);
  });
});
