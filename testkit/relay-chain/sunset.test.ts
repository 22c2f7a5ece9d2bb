import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { writeFinalityFile } from "@phala-l2/bridge/finality/finality-file";
import { proveFinality } from "@phala-l2/bridge/finality/prove";
import { createSubstrateNode } from "@phala-l2/bridge/substrate/node";
import { createEnclave } from "@phala-l2/enclave/session";
import { piecesOf } from "@phala-l2/enclave/state-pieces";
import { systemClock } from "@phala-l2/node/clock";
import { asAddress, asHash, compareBytes, concatBytes, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { encodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { child } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { SNAPSHOT_RULES, sunsetSettingsHash } from "@phala-l2/protocol/sunset-statement";
import { descriptionsOf } from "@phala-l2/tee-prover/host/statements/description";
import { StatementDesk } from "@phala-l2/tee-prover/host/statements/desk";
import { headerJson, relayChainAnswers } from "./node.ts";
import { DangerouslySimulatedRelayChain } from "./relay-chain.ts";

const folder = mkdtempSync(join(tmpdir(), "sunset-finality-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const PARA = 2035;
const CONTRACT = asAddress(new Uint8Array(20).fill(7));
const PLANCK = 10n ** 13n;

const STATE = [
  {
    key: mapKey("System", "Account", ["Blake2_128Concat", new Uint8Array(32).fill(1)]),
    value: concatBytes(new Uint8Array(16), encodeUnsigned(PLANCK, 16), new Uint8Array(48)),
  },
  { key: storagePrefix("Balances", "TotalIssuance"), value: encodeUnsigned(PLANCK, 16) },
  {
    key: mapKey("System", "BlockHash", ["Twox64Concat", new Uint8Array(4)]),
    value: new Uint8Array(32).fill(5),
  },
].sort((a, b) => compareBytes(a.key, b.key));

const ROOT = stateRoot(
  STATE.map(({ key, value }) => [key, value] as const),
  1,
);
const BEFORE = child(asHash(new Uint8Array(32).fill(6)), 76n);
const FROZEN = child(headerHash(BEFORE), 77n, [], ROOT);
const ABOVE = child(headerHash(FROZEN), 78n);
const BLOCKS = [BEFORE, FROZEN, ABOVE];

/** The parachain's node: three headers, of which the sunset counts the second. */
const parachain = createSubstrateNode(async (method, [asked]) => {
  const found = BLOCKS.find(
    (header) => header.number === BigInt(Number(asked)) || toHex(headerHash(header)) === asked,
  );
  if (found === undefined) return null;
  return method === "chain_getHeader" ? headerJson(found) : toHex(headerHash(found));
}, "parachain");

const chain = new DangerouslySimulatedRelayChain({ paraId: PARA });
chain.addBlock(encodeHeader(ABOVE));
const relay = createSubstrateNode(relayChainAnswers(chain), "relay-chain");
const anchor = finalityAnchor(chain.start.source);

async function proofOf(height: bigint): Promise<Hex> {
  const header = BLOCKS.find(({ number }) => number === height);
  assert.ok(header);
  const block = { height, hash: headerHash(header) };
  return toHex((await proveFinality(chain.start, { relay, parachain }, block)).witness);
}

/** What a prover answers that was given these files. */
async function signed(finality: string | undefined, isFollowing = true) {
  const state = join(folder, "state.bin");
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(STATE)) pieces.push(piece);
  writeFileSync(state, concatBytes(...pieces));
  const sunset = join(folder, "sunset.json");
  const description = {
    contract: toHex(CONTRACT),
    finalityAnchor: toHex(anchor),
    header: toHex(encodeHeader(FROZEN)),
    state: "state.bin",
    finality,
  };
  writeFileSync(sunset, JSON.stringify(description));
  const followed = join(folder, "finality.json");
  writeFinalityFile(followed, isFollowing ? [chain.start] : []);
  const enclave = createEnclave({
    random: (length) => new Uint8Array(length).fill(9),
    kzg: { blobToKzgCommitment: () => assert.fail("no proof is made here") },
    domain: { chainId: 900n, verifyingContract: CONTRACT },
  });
  const desk = new StatementDesk({
    serving: () => ({ key: toHex(enclave.address), statements: enclave }),
    descriptions: descriptionsOf({ sunset, swap: undefined, finality: followed }),
    isFinal: undefined,
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
  });
  assert.equal(desk.sunset().kind, "running");
  await desk.idle();
  return desk.sunset();
}

describe("a sunset whose settings have a finality anchor", () => {
  it("is signed by a prover without any node, by the proof that l2 finality makes", async () => {
    const answer = await signed(await proofOf(77n));
    assert.ok(answer.kind === "signed");
    const { statement, settingsHash } = answer.signed;
    assert.equal(statement.claimable, PLANCK);
    assert.deepEqual(statement.blockHash, headerHash(FROZEN));
    assert.deepEqual(
      settingsHash,
      sunsetSettingsHash({ finalityAnchor: anchor, rules: SNAPSHOT_RULES, registrationsFrom: 0n }),
    );
  });

  it("is not signed without that proof, with one of another block, or by who follows nothing", async () => {
    const proof = await proofOf(77n);
    for (const [answer, reason] of [
      [await signed(undefined), "finality-not-shown"],
      [await signed(await proofOf(76n)), "block-not-final"],
      [await signed(await proofOf(78n)), "block-not-final"],
      [await signed(proof.slice(0, -2)), "scale-truncated"],
      [await signed(proof, false), "anchor-unknown"],
    ] as const) {
      assert.ok(answer.kind === "refused");
      assert.equal(answer.reason, reason);
    }
  });
});
