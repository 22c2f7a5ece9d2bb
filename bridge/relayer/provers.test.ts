import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asHash, type Hash, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeReleaseWitness } from "@phala-l2/swap/witness-json";
import { privateKeyToAccount } from "viem/accounts";
import { askProvers, ProverEndpoint } from "./provers.ts";

const DIGEST = asHash(new Uint8Array(32).fill(9));
const EMPTY = { header: new Uint8Array(1), nodes: [], remarks: [] };
const SHOWN = { witness: encodeReleaseWitness({ deposit: { block: EMPTY, eventIndex: 0 } }), finality: [] };
const key = privateKeyToAccount(`0x${"07".repeat(32)}`);
const signed = async (digest: Hash) => ({
  key: key.address,
  signature: await key.sign({ hash: toHex(digest) }),
});
const away = new RollupError("RPC_UNREACHABLE", "prover does not answer");
const refusal = new RollupError("RPC_REFUSED", "prover refuses");

/** A prover that takes so many milliseconds for each answer, by a clock that only it moves. */
function proverWhere(ms: number, answer: () => Promise<unknown>) {
  let now = 0;
  let asked = 0;
  const ask = async () => {
    asked += 1;
    now += ms;
    return await answer();
  };
  const endpoint = new ProverEndpoint("prover", ask, () => now);
  const about = { settingsHash: ZERO_HASH, digest: DIGEST, log: silentLog };
  return {
    signatures: async () => (await askProvers([endpoint], SHOWN, about)).length,
    pass: (more: number) => {
      now += more;
    },
    asked: () => asked,
  };
}

describe("a prover", () => {
  it("gives signatures over this release, and others are left out", async () => {
    assert.equal(await proverWhere(10, () => signed(DIGEST)).signatures(), 1);
    const other = hashFromHex(toHex(new Uint8Array(32).fill(8)));
    for (const answer of [await signed(other), { key: key.address }, null, "0x", 7]) {
      assert.equal(await proverWhere(10, async () => answer).signatures(), 0);
    }
  });

  it("that took long in vain holds up no further deposit, and is asked again after a rest", async () => {
    const answers = [async () => null, () => signed(ZERO_HASH), ...[away, refusal].map(failing)];
    for (const answer of answers) {
      const slow = proverWhere(60_000, answer);
      for (let deposit = 0; deposit < 50; deposit++) assert.equal(await slow.signatures(), 0);
      assert.equal(slow.asked(), 1);
      slow.pass(239_999);
      await slow.signatures();
      assert.equal(slow.asked(), 1);
      slow.pass(1);
      await slow.signatures();
      assert.equal(slow.asked(), 2);
    }
  });

  it("that was quick to say no, or signed at last, is asked for the next deposit at once", async () => {
    for (const prover of [
      proverWhere(100, failing(away)),
      proverWhere(100, failing(refusal)),
      proverWhere(50_000, () => signed(DIGEST)),
    ]) {
      for (let deposit = 0; deposit < 3; deposit++) await prover.signatures();
      assert.equal(prover.asked(), 3);
    }
  });
});

function failing(error: Error): () => Promise<unknown> {
  return async () => {
    throw error;
  };
}
