import { readFileSync } from "node:fs";
import { fromHex } from "@phala-l2/protocol/bytes";
import { KEY_KINDS, type Question } from "./question.ts";

/** A question made by equations, not by a signer; `isValid` is what the contract must say. */
export type CraftedQuestion = Question & { readonly what: string; readonly isValid: boolean };

/** protocol/vectors/substrate-keys.json, which Solidity's tests read too. */
const VECTORS = new URL("../../../protocol/vectors/substrate-keys.json", import.meta.url);

type CraftedJson = {
  readonly kind: string;
  readonly what: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
};

function isCraftedJson(value: unknown): value is CraftedJson {
  const texts = ["kind", "what", "publicKey", "message", "signature"];
  return (
    typeof value === "object" &&
    value !== null &&
    texts.every((name) => typeof Reflect.get(value, name) === "string") &&
    typeof Reflect.get(value, "valid") === "boolean"
  );
}

/** Signatures under other contexts, with parts of small order, of R's that nobody can make. */
export function craftedQuestions(): readonly [CraftedQuestion, ...CraftedQuestion[]] {
  const { crafted }: { readonly crafted: readonly unknown[] } = JSON.parse(readFileSync(VECTORS, "utf8"));
  const [first, ...others] = crafted.map((entry) => {
    const kind = isCraftedJson(entry) ? KEY_KINDS.find((name) => name === entry.kind) : undefined;
    if (!isCraftedJson(entry) || kind === undefined) throw new TypeError("a crafted vector is not whole");
    const [publicKey, message, signature] = [entry.publicKey, entry.message, entry.signature].map(fromHex);
    if (publicKey === undefined || message === undefined || signature === undefined) throw new TypeError();
    return { kind, publicKey, message, signature, what: entry.what, isValid: entry.valid };
  });
  if (first === undefined) throw new TypeError("there are no crafted vectors");
  return [first, ...others];
}
