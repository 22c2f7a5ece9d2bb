import type { L2BlockFacts, L2ChainReader } from "@phala-l2/derivation/l2-chain-reader";
import { RollupError } from "@phala-l2/protocol/errors";
import type { RemoteApi } from "./remote-api.ts";

/** Blocks kept at hand; derivation looks back further only when a span batch overlaps more of the safe chain. */
const KEPT = 2048n;
/** Blocks that are fetched at once. */
const PARALLEL = 16n;

/**
 * Another program's canonical chain, as far as derivation looks at it. Derivation does not wait; where it wants a
 * block that is not at hand, the block is noted, and derivation begins again once it has been fetched.
 */
export class RemoteChain {
  readonly #api: Pick<RemoteApi, "block">;
  readonly #blocks = new Map<bigint, L2BlockFacts>();
  /** The oldest block that derivation has missed. */
  #wanted: bigint | undefined;
  /** How many blocks are kept; more where derivation has missed older ones. */
  #window = KEPT;

  constructor(api: Pick<RemoteApi, "block">) {
    this.#api = api;
  }

  /** The block of that number, from here or from there. */
  async read(number: bigint): Promise<L2BlockFacts | undefined> {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const found = await this.#api.block(number);
    if (found !== undefined) this.put(found);
    return found;
  }

  put(facts: L2BlockFacts): void {
    const { number } = facts.ref;
    this.#blocks.set(number, facts);
    const oldest = this.#blocks.keys().next().value;
    if (oldest !== undefined && oldest + this.#window < number) this.#blocks.delete(oldest);
  }

  /** Blocks above this are no longer canonical. */
  dropAbove(number: bigint): void {
    for (const each of this.#blocks.keys()) if (each > number) this.#blocks.delete(each);
  }

  /** Forgets the blocks, but not what is wanted: the other program may have been anywhere meanwhile. */
  forget(): void {
    this.#blocks.clear();
  }

  /** Fetches what derivation has missed, and all up to the safe head: it will look at that too. */
  async fetchWanted(safe: bigint): Promise<void> {
    const first = this.#wanted ?? safe + 1n;
    this.#window = KEPT + (first <= safe ? safe - first : 0n);
    for (let from = first; from <= safe; from += PARALLEL) {
      const numbers = Array.from({ length: Number(PARALLEL) }, (_, i) => from + BigInt(i));
      await Promise.all(numbers.filter((number) => number <= safe).map((number) => this.read(number)));
    }
    this.#wanted = undefined;
  }

  /** Fetches the one block that was missed last. */
  async fetchOne(): Promise<void> {
    const number = this.#wanted;
    this.#wanted = undefined;
    if (number !== undefined) await this.read(number);
  }

  /** @param safe the safe head's number: above it nothing is looked at */
  reader(safe: () => bigint): L2ChainReader {
    return {
      block: (number) => {
        const found = this.#blocks.get(number);
        if (found !== undefined || number > safe()) return found;
        this.#wanted = this.#wanted === undefined || number < this.#wanted ? number : this.#wanted;
        const message = `derivation looks at L2 block ${number}, which has to be fetched from the engine`;
        throw new RollupError("ENGINE_BLOCK_WANTED", message, { data: { number } });
      },
    };
  }
}
