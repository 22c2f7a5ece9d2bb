import type { Hash } from "@phala-l2/protocol/bytes";
import { encodeHeader, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { type BlockProof, EVENTS_KEY, LAST_UPGRADE_KEY } from "@phala-l2/swap/block-proof";
import type { Ask } from "../json-rpc.ts";
import { createSubstrateNode, nodeFault } from "../substrate/node.ts";

/** A block of the parachain, as far as the relayer looks into each. */
export type ParachainBlock = {
  readonly height: bigint;
  readonly hash: Hash;
  readonly header: SubstrateHeader;
  /** The value of `System.Events`; nothing is proven of it yet. */
  readonly events: Uint8Array;
};

/** The parachain as its node tells. A node that keeps old states is wanted: proofs are taken from them. */
export interface Parachain {
  genesisHash(): Promise<Hash>;
  finalizedHeight(): Promise<bigint>;
  /** A block of the finalised chain. @throws RollupError PARACHAIN_INVALID when it does not hash to its name */
  blockAt(height: bigint): Promise<ParachainBlock>;
  /** The proof of a block's events, without texts of remarks. */
  proofOf(block: ParachainBlock): Promise<BlockProof>;
  extrinsicsOf(block: ParachainBlock): Promise<readonly Uint8Array[]>;
}

/** The parachain behind a node's JSON-RPC. */
export function createParachain(ask: Ask): Parachain {
  const node = createSubstrateNode(ask, "parachain");
  const hashAt = async (height: bigint): Promise<Hash> => {
    const hash = await node.blockHashAt(height);
    if (hash === undefined) throw nodeFault("parachain", `no block of height ${height}`);
    return hash;
  };
  return {
    genesisHash: () => hashAt(0n),
    finalizedHeight: async () => (await node.header(await node.finalizedHead())).number,
    blockAt: async (height) => {
      const hash = await hashAt(height);
      const [header, events] = await Promise.all([node.header(hash), node.storage(EVENTS_KEY, hash)]);
      if (header.number !== height) {
        throw nodeFault("parachain", "a block of another height than was asked for");
      }
      return { height, hash, header, events: events ?? new Uint8Array(0) };
    },
    proofOf: async ({ hash, header }) => {
      const nodes = await node.readProof([EVENTS_KEY, LAST_UPGRADE_KEY], hash);
      return { header: encodeHeader(header), nodes, remarks: [] };
    },
    extrinsicsOf: ({ hash }) => node.extrinsics(hash),
  };
}
