import { concatBytes } from "@phala-l2/protocol/bytes";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { SignatureContract } from "../../pha/signatures/contract.ts";
import { craftedQuestions } from "../../pha/signatures/crafted.ts";
import { type HostileQuestion, hostileQuestion } from "../../pha/signatures/hostile.ts";
import { libraryVerdict } from "../../pha/signatures/library.ts";
import { KEY_KINDS, type Question } from "../../pha/signatures/question.ts";
import { defineCases } from "./cases.ts";

/**
 * Forgers: keys, messages and signatures of parachain accounts, changed in every part. The contract on L1 says what
 * polkadot-js says, but for what docs/spec/pha-keys.md lists.
 */

/** Measured 281 to 316 MiB in 150 to 10,000 cases. */
const BOUND_MIB = 512;

/** Kind, lengths of key and signature, then all three. */
function bytesOf({ kind, publicKey, message, signature }: Question): Uint8Array {
  const head = Uint8Array.of(KEY_KINDS.indexOf(kind), publicKey.length, signature.length);
  return concatBytes(head, publicKey, signature, message);
}

export const substrateSignaturesTarget = defineCases<HostileQuestion>({
  name: "substrate-signatures",
  boundMiB: BOUND_MIB,
  prepare: async () => {
    await cryptoWaitReady();
    const crafted = craftedQuestions();
    const contract = await SignatureContract.start();
    return {
      make: (random) => hostileQuestion(random, crafted),
      bytes: ({ question }) => bytesOf(question),
      judge: async ({ way, question }) => {
        const { library, refused } = libraryVerdict(question);
        const wanted = refused === undefined ? library : "invalid";
        const verdict = await contract.verdict(question);
        if (verdict !== wanted) throw new Error(`${way}: ${verdict} for the contract, ${wanted} is wanted`);
        return refused === undefined ? `${question.kind}, ${way}: ${verdict}` : `refused: ${refused}`;
      },
      stop: () => contract.stop(),
    };
  },
});
