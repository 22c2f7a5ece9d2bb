import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { after, describe, it } from "node:test";
import { asAddress, asHash, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { addressOfKey, signatureToBytes, signDigest } from "@phala-l2/protocol/secp256k1";
import { type SunsetStatement, sunsetDigest } from "@phala-l2/protocol/sunset-statement";
import { collectSunset, isSignedBy, type SunsetTerms } from "./collect.ts";
import { readSunsetAnswer } from "./sunset-json.ts";

const hash = (fill: number) => asHash(new Uint8Array(32).fill(fill));
const TERMS: SunsetTerms = {
  domain: { chainId: 900n, contract: asAddress(new Uint8Array(20).fill(7)) },
  settingsHash: hash(9),
};
const STATEMENT: SunsetStatement = {
  genesisHash: hash(1),
  height: 7n,
  blockHash: hash(2),
  stateRoot: hash(3),
  claimsRoot: hash(4),
  issuance: 30n,
  claimable: 20n,
  excluded: 9n,
  rounding: 1n,
};

/** What a prover with that key answers. */
function answerOf(secret: number, statement = STATEMENT, terms = TERMS) {
  const key = new Uint8Array(32).fill(secret);
  const signature = signatureToBytes(
    signDigest(sunsetDigest(terms.domain, terms.settingsHash, statement), key),
  );
  const bytes = concatBytes(signature.subarray(0, 64), Uint8Array.of(27 + (signature[64] ?? 0)));
  return {
    status: "signed",
    key: toHex(addressOfKey(key)),
    settingsHash: toHex(terms.settingsHash),
    signature: toHex(bytes),
    sunset: {
      genesisHash: toHex(statement.genesisHash),
      height: String(statement.height),
      blockHash: toHex(statement.blockHash),
      stateRoot: toHex(statement.stateRoot),
      claimsRoot: toHex(statement.claimsRoot),
      issuance: String(statement.issuance),
      claimable: String(statement.claimable),
      excluded: String(statement.excluded),
      rounding: String(statement.rounding),
    },
  };
}

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** An endpoint that gives these answers one after another, and the last for ever. */
async function prover(...answers: readonly object[]): Promise<string> {
  let asked = 0;
  const server = createServer((_, response) => {
    const result = answers[Math.min(asked++, answers.length - 1)];
    const refusal = { code: -32000, message: "nothing is signed: not-conserved" };
    const body = "refuse" in (result ?? {}) ? { error: refusal } : { result };
    response.end(JSON.stringify({ jsonrpc: "2.0", id: asked, ...body }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `http://127.0.0.1:${address.port}`;
}

const wait = async () => {};

describe("collecting a sunset's signatures", () => {
  it("waits for each prover's count, and takes what its key signed", async () => {
    const running = { status: "running", blocks: "0x2", entries: "0x5", bytes: "0x64" };
    const urls = [await prover(running, running, answerOf(1)), await prover(answerOf(2))];
    const told: string[] = [];
    const collected = await collectSunset(urls, TERMS, {
      wait,
      onProgress: (_, { kind }) => told.push(kind),
    });
    assert.deepEqual(collected.statement, STATEMENT);
    assert.deepEqual(
      collected.signatures.map(({ key }) => key),
      [1, 2].map((secret) => toHex(addressOfKey(new Uint8Array(32).fill(secret)))),
    );
    assert.equal(told.filter((kind) => kind === "running").length, 2);
  });

  it("leaves out who gives none, and says so", async () => {
    const forged = { ...answerOf(1), key: answerOf(2).key };
    const foreign = answerOf(3, STATEMENT, { ...TERMS, settingsHash: hash(8) });
    const urls = [
      await prover({ refuse: true }),
      await prover(forged),
      await prover(foreign),
      await prover({ status: "signed" }),
      "http://127.0.0.1:1",
      await prover(answerOf(1)),
    ];
    const leftOut: string[] = [];
    const options = { wait, onLeftOut: (endpoint: string) => leftOut.push(endpoint) };
    const { signatures } = await collectSunset(urls, TERMS, options);
    assert.equal(signatures.length, 1);
    assert.equal(leftOut.length, 5);
    await assert.rejects(collectSunset(urls.slice(0, 3), TERMS, { wait }), { code: "SUNSET_UNSIGNED" });
  });

  it("proposes nothing where two provers differ", async () => {
    const other = { ...STATEMENT, claimsRoot: hash(5) };
    const urls = [await prover(answerOf(1)), await prover(answerOf(2, other))];
    await assert.rejects(collectSunset(urls, TERMS, { wait }), { code: "SUNSET_DISPUTED" });
  });
});

describe("a prover's answer", () => {
  it("is read only in its form", () => {
    const good = answerOf(1);
    const answer = readSunsetAnswer(good);
    assert.ok(answer?.kind === "signed" && isSignedBy(answer, TERMS));
    for (const bad of [
      null,
      [],
      "signed",
      { ...good, status: "done" },
      { ...good, key: "0x1" },
      { ...good, signature: 5 },
      { ...good, settingsHash: "0x12" },
      { ...good, sunset: { ...good.sunset, height: "-1" } },
      { ...good, sunset: { ...good.sunset, claimable: "1e3" } },
      { ...good, sunset: { ...good.sunset, stateRoot: undefined } },
    ]) {
      assert.equal(readSunsetAnswer(bad), undefined);
    }
  });

  it("counts only with the signature of its key over this contract's statement", () => {
    const good = readSunsetAnswer(answerOf(1));
    assert.ok(good?.kind === "signed");
    const { signature, statement } = good;
    for (const bad of [
      { ...good, signature: signature.subarray(1) },
      { ...good, signature: signature.with(64, 0) },
      { ...good, signature: signature.with(5, (signature[5] ?? 0) ^ 1) },
      { ...good, statement: { ...statement, claimable: 21n } },
      { ...good, settingsHash: hash(8) },
    ]) {
      assert.ok(!isSignedBy(bad, TERMS));
    }
    const elsewhere = { ...TERMS, domain: { ...TERMS.domain, chainId: 1n } };
    assert.ok(!isSignedBy(good, elsewhere));
  });
});
