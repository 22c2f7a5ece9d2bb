import { concatBytes } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";

const NOTHING = new Uint8Array(32);

/** keccak256 of a list of advisories as Intel writes it, JSON without white space; zeros for an empty one. */
export function advisoryListDigest(advisoryIds: readonly string[]): Uint8Array {
  return advisoryIds.length === 0
    ? NOTHING
    : keccak256(new TextEncoder().encode(JSON.stringify(advisoryIds)));
}

/** The lists of advisories at the levels of platform, TDX module and QE. */
export type AdvisoryLists = {
  readonly platform: readonly string[];
  readonly module: readonly string[];
  readonly qe: readonly string[];
};

/**
 * What L1 calls the advisories of a TCB (`ITeeVerifier.Report.advisories`, the twin of `IntelTcb.appraise`), by which
 * grace is given there: keccak256 of the three lists' digests; zeros if there is no advisory.
 */
export function advisoriesDigest({ platform, module, qe }: AdvisoryLists): Uint8Array {
  const lists = [platform, module, qe];
  if (lists.every((list) => list.length === 0)) return NOTHING;
  return keccak256(concatBytes(...lists.map(advisoryListDigest)));
}
