import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { cryptoWaitReady, ed25519Verify, secp256k1Verify } from "@polkadot/util-crypto";
import { caseRandom } from "../../conformance/fuzz/cases.ts";
import { Random } from "../../derivation/random.ts";
import { SignatureContract } from "./contract.ts";
import { craftedQuestions } from "./crafted.ts";
import { hostileQuestion } from "./hostile.ts";
import { libraryVerdict } from "./library.ts";
import { SMALL_ORDER } from "./points.ts";
import { KEY_KINDS, type Question } from "./question.ts";
import { signed, wrapped } from "./signing.ts";

/** Messages for which one signature is tried. */
const MESSAGES = 8;

/** Where polkadot-js and the contract differ, or two backends of polkadot-js: docs/spec/pha-keys.md. */
describe("SubstrateSignatures beside polkadot-js", () => {
  let contract: SignatureContract;

  before(async () => {
    await cryptoWaitReady();
    contract = await SignatureContract.start();
  });
  after(() => contract.stop());

  const verdicts = (questions: readonly Question[]) =>
    Promise.all(questions.map((question) => contract.verdict(question)));

  it("says of crafted signatures what the vectors say, and so does the library but for recovery ids", async () => {
    const questions = craftedQuestions();
    const found = await verdicts(questions);
    for (const [i, question] of questions.entries()) {
      const wanted = question.isValid ? "valid" : "invalid";
      assert.equal(found[i], wanted, question.what);
      const isUnmakeable = question.what.startsWith("recovery id");
      const library = libraryVerdict(question);
      if (isUnmakeable) assert.deepEqual(library, { library: "valid", refused: "recovery id above 1" });
      else assert.deepEqual(library, { library: wanted }, question.what);
    }
  });

  it("takes no key of small order, of which the library takes forged signatures, each for many messages", async () => {
    const messages = Array.from({ length: MESSAGES }, (_, i) => Uint8Array.of(i));
    const forgeries = SMALL_ORDER.map((key) =>
      SMALL_ORDER.flatMap((point) =>
        messages.map(
          (message): Question => ({
            kind: "ed25519",
            publicKey: fromHex(key),
            message,
            signature: concatBytes(fromHex(point), new Uint8Array(32)),
          }),
        ),
      ),
    );
    for (const questions of forgeries) {
      const wrong = questions.filter((question) => libraryVerdict(question).library === "valid");
      assert.ok(wrong.length > 0, "the library is as it was");
      for (const question of wrong)
        assert.deepEqual(libraryVerdict(question), { library: "valid", refused: "key of small order" });
      assert.deepEqual(new Set(await verdicts(wrong)), new Set(["invalid"]));
    }
  });

  it("asks for ed25519's equation without the cofactor, as WebAssembly does; JavaScript takes more", async () => {
    const looser = craftedQuestions().filter(({ what }) =>
      what.includes("only the equation times the cofactor"),
    );
    assert.equal(looser.length, 2);
    for (const { signature, message, publicKey } of looser) {
      assert.equal(ed25519Verify(message, signature, publicKey), false);
      assert.equal(ed25519Verify(message, signature, publicKey, true), true);
    }
    assert.deepEqual(await verdicts(looser), ["invalid", "invalid"]);
  });

  it("takes ECDSA with a high s as JavaScript does, and no recovery id of Ethereum's", async () => {
    const question = signed("ecdsa", new Random(1));
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(`0x${Buffer.from(question.signature.subarray(32, 64)).toString("hex")}`);
    const high = fromHex(`0x${(order - s).toString(16).padStart(64, "0")}`);
    const id = question.signature[64] ?? 0;
    const withLast = (half: Uint8Array, last: number): Question => ({
      ...question,
      signature: concatBytes(question.signature.subarray(0, 32), half, Uint8Array.of(last)),
    });
    const low = question.signature.subarray(32, 64);
    const forms = [withLast(high, id ^ 1), withLast(high, id), withLast(low, id ^ 1), withLast(low, id + 27)];
    assert.deepEqual(await verdicts(forms), ["valid", "invalid", "invalid", "invalid"]);
    assert.deepEqual(
      forms.map((form) => libraryVerdict(form).library),
      ["valid", "invalid", "invalid", "invalid"],
    );
    const { message, signature, publicKey } = withLast(high, id ^ 1);
    assert.throws(() => secp256k1Verify(message, signature, publicKey, "blake2"), /unreachable/);
  });

  it("unwraps nothing: who signed <Bytes> asks with <Bytes>", async () => {
    for (const kind of KEY_KINDS) {
      const raw = signed(kind, new Random(2));
      const inBytes = signed(kind, new Random(2), wrapped);
      const asked = (question: Question): Question => ({ ...question, message: wrapped(question.message) });
      assert.deepEqual(await verdicts([raw, asked(raw), inBytes, asked(inBytes)]), [
        ...["valid", "invalid"],
        ...["invalid", "valid"],
      ]);
    }
  });
});

it("equal numbers ask equal questions, nonces included", async () => {
  await cryptoWaitReady();
  const crafted = craftedQuestions();
  const questions = () => [0, 1, 2, 3, 4, 5].map((i) => hostileQuestion(caseRandom(9, i), crafted));
  assert.deepEqual(questions(), questions());
  const signatures = new Set([3, 4].map((seed) => signed("sr25519", new Random(seed)).signature.join()));
  assert.equal(signatures.size, 2);
});
