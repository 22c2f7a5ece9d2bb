import { concatBytes, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeByteString, encodeCompact } from "@phala-l2/protocol/substrate/scale";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { sealState } from "@phala-l2/protocol/substrate/testing/sealed-state";
import {
  eventsValue,
  SMALL_SPEC_NAME,
  SMALL_SPEC_VERSION,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import { type BlockProof, EVENTS_KEY, LAST_UPGRADE_KEY } from "../block-proof.ts";

/** What a block is made of; what is absent is as in a block of the small runtime. */
export type SmallBlock = {
  readonly height: bigint;
  readonly records: readonly Uint8Array[];
  readonly remarks?: readonly (string | Uint8Array)[];
  readonly parentHash?: Hash;
  readonly specVersion?: number;
  readonly specName?: string;
  readonly layout?: TrieLayout;
};

export type SealedBlock = {
  readonly header: SubstrateHeader;
  readonly hash: Hash;
  readonly proof: BlockProof;
};

/** A block whose state has these events, with the proof of them. */
export function sealBlock(block: SmallBlock): SealedBlock {
  const { height, records, remarks = [] } = block;
  const { specVersion = SMALL_SPEC_VERSION, specName = SMALL_SPEC_NAME } = block;
  const upgrade = concatBytes(
    encodeCompact(specVersion),
    encodeByteString(new TextEncoder().encode(specName)),
  );
  const state = sealState(
    [
      [EVENTS_KEY, eventsValue(records)],
      [LAST_UPGRADE_KEY, upgrade],
      [storagePrefix("System", "Number"), encodeCompact(height)],
      [storagePrefix("Timestamp", "Now"), new Uint8Array(40).fill(1)],
    ],
    block.layout ?? 1,
  );
  const header: SubstrateHeader = {
    parentHash: block.parentHash ?? ZERO_HASH,
    number: height,
    stateRoot: state.root,
    extrinsicsRoot: ZERO_HASH,
    digest: [],
  };
  const texts = remarks.map((text) => (typeof text === "string" ? new TextEncoder().encode(text) : text));
  return {
    header,
    hash: headerHash(header),
    proof: {
      header: encodeHeader(header),
      nodes: state.prove([EVENTS_KEY, LAST_UPGRADE_KEY]),
      remarks: texts,
    },
  };
}
