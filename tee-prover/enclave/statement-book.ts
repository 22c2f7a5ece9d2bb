import { type Address, concatBytes, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { addressWord, hashOfText, integerWord } from "@phala-l2/protocol/eip712";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type SunsetStatement, sunsetStructHash } from "@phala-l2/protocol/sunset-statement";
import { depositId, type Release, type SwapRules, swapRulesHash } from "@phala-l2/protocol/swap-release";

/** One matter, and what is said of it: who signs two contents of one matter can be convicted, or pays one deposit as two. */
export type Told = { readonly matter: Hash; readonly content: Hash };

export type ToldRefusal = "told-otherwise" | "told-too-much";

/**
 * Matters that one key speaks of: a year of two deposits a minute, in a quarter of a gigabyte. What was told is never forgotten, or what
 * fills the book would make room for the second word; beyond it nothing new is signed until the prover starts again, with another key.
 * Only what was signed is in it: whoever wants it full has to deposit as often.
 */
export const MAX_TOLD = 2 ** 20;

/** In front of matters, so that those of one kind are none of the other. */
const SUNSET_TAG = hashOfText("phala-l2 told of a sunset");
const RELEASE_TAG = hashOfText("phala-l2 told of a deposit");

/** A frozen block as `SunsetRegistry.reportEquivocation` knows it: by contract, settings, genesis and height. All of a statement is its content. */
export function toldOfSunset(contract: Address, settingsHash: Hash, statement: SunsetStatement): Told {
  const { genesisHash, height } = statement;
  const words = [addressWord(contract), settingsHash, genesisHash, integerWord(height, 8)];
  return {
    matter: keccak256(concatBytes(SUNSET_TAG, ...words)),
    content: sunsetStructHash(statement),
  };
}

/**
 * A deposit of one swap as `ParachainSwap` pays it once: by contract, rules and place. Not by settings, of which a swap accepts more than
 * one: by two of them nobody gets two words. Nor by place alone: settings of other rules, which no contract has, could take the word away from
 * the true ones. The content is what `ReleaseLib.contradicts` compares: the receiver is not in it, as two repairs may name two.
 */
export function toldOfRelease(contract: Address, rules: SwapRules, release: Release): Told {
  const { blockHash, extrinsicIndex, sender, planck } = release;
  const words = [addressWord(contract), swapRulesHash(rules), depositId(release)];
  return {
    matter: keccak256(concatBytes(RELEASE_TAG, ...words)),
    content: keccak256(
      concatBytes(blockHash, integerWord(BigInt(extrinsicIndex), 4), sender, integerWord(planck)),
    ),
  };
}

/**
 * What a key has said. A relay chain can set a parachain's head back, and both blocks were final by its votes: an honest key that did not
 * remember would contradict itself. A class because it lives as long as the key; with another key nothing of it is needed.
 */
export class StatementBook {
  readonly #contents = new Map<Hex, Hex>();
  readonly #most: number;

  constructor(most = MAX_TOLD) {
    this.#most = most;
  }

  /** Writes down what is going to be signed, or says why it must not be. */
  tell({ matter, content }: Told): ToldRefusal | undefined {
    const name = toHex(matter);
    const known = this.#contents.get(name);
    if (known !== undefined) return known === toHex(content) ? undefined : "told-otherwise";
    if (this.#contents.size >= this.#most) return "told-too-much";
    this.#contents.set(name, toHex(content));
    return undefined;
  }
}
