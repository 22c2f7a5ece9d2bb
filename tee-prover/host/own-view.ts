import { outputRootOf } from "@phala-l2/enclave/l2-chain";
import type { L1Source } from "@phala-l2/node/l1/l1-source";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { bytesEqual, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef } from "@phala-l2/protocol/config/rollup";
import type { OwnChain } from "./collect-witness.ts";

/** What the own node has derived from L1. */
export type OwnNode = {
  readonly chain: OwnChain & Pick<ChainReader, "heads" | "safeHeadAtL1Block">;
  /** The L1 block that derivation has reached. */
  currentL1(): BlockRef;
};

/**
 * How far back the contracts can look for an L1 block's hash: 8,191 blocks (EIP-2935), less room for the
 * proof and its transaction.
 */
const L1_HISTORY = 8_000n;

/** The output root of a block at or below the safe head. */
export function ownOutputRoot({ chain }: OwnNode, number: bigint): Hex | undefined {
  if (number > chain.heads().safe.number) return undefined;
  const hash = chain.hashByNumber(number);
  const header = hash === undefined ? undefined : chain.headerByHash(hash);
  return hash === undefined || header === undefined ? undefined : toHex(outputRootOf({ hash, header }));
}

/**
 * The L1 block for a proposal of L2 block `number`: the first whose data gives it, as far back as the contracts
 * can see. So all provers choose the same, and the proof is as short as it can be. Undefined when L1 has
 * reorganised there, or the node has no record of it.
 */
export async function l1HeadFor(
  { chain, currentL1 }: OwnNode,
  l1: Pick<L1Source, "blockRef">,
  number: bigint,
): Promise<BlockId | undefined> {
  const reached = currentL1().number;
  let first: BlockId | undefined;
  for (let l1Number = reached; l1Number >= 0n && reached - l1Number < L1_HISTORY; l1Number--) {
    const recorded = chain.safeHeadAtL1Block(l1Number);
    if (recorded === undefined || recorded.safe.number < number) break;
    first = recorded.l1;
  }
  if (first === undefined) return undefined;
  const canonical = await l1.blockRef(first.number);
  return canonical !== undefined && bytesEqual(canonical.hash, first.hash) ? first : undefined;
}
