import { asHash, bigintToBytes, type Hash } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { HISTORY_STORAGE } from "@phala-l2/protocol/predeploys";
import type { JournaledState } from "../state/journal.ts";
import { hasEvm, type Rules } from "./rules.ts";

/** EIP-2935: the contract keeps the hash of block n in slot n modulo this. */
const HISTORY_SERVE_WINDOW = 8191n;

/** Hashes of blocks of the chain by number, from elsewhere than the state; undefined where not known. */
export type AncestorHash = (number: bigint) => Hash | undefined;

export type AncestorSource = {
  readonly parent: { readonly number: bigint; readonly hash: Hash };
  readonly rules: Rules;
  readonly state: JournaledState;
  /** Needed before Prague (Isthmus), and for the 256 blocks after one that was not active at genesis. */
  readonly ancestorHash: AncestorHash | undefined;
};

/**
 * BLOCKHASH. From Prague (Isthmus) the state itself holds the last 8191 hashes (EIP-2935), written by the system call
 * alone, so a stateless run needs nothing more.
 */
export function ancestorHashes({
  parent,
  rules,
  state,
  ancestorHash,
}: AncestorSource): (number: bigint) => Hash {
  return (number) => {
    if (number === parent.number) return parent.hash;
    const known = ancestorHash?.(number);
    if (known !== undefined) return known;
    if (hasEvm(rules, "prague")) {
      const slot = asHash(bigintToBytes(number % HISTORY_SERVE_WINDOW, 32));
      const stored = state.storage(HISTORY_STORAGE, slot);
      if (stored !== 0n) return asHash(bigintToBytes(stored, 32));
    }
    throw new RollupError("BLOCK_HASH_UNKNOWN", "neither the state nor the caller knows an ancestor's hash", {
      data: { number },
    });
  };
}
