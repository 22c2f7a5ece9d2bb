import type { Hash } from "@phala-l2/protocol/bytes";
import { decodeHeader, headerHash } from "@phala-l2/protocol/substrate/header";
import type { RuntimeName } from "@phala-l2/protocol/substrate/metadata";
import { type ScaleDecoding, type ScaleFault, ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { indexProof, readProof, type StorageProofFault } from "@phala-l2/protocol/substrate/trie/proof";

/** What shows the events of a parachain's block to somebody who has the block's hash. */
export type BlockProof = {
  /** SCALE. */
  readonly header: Uint8Array;
  /** Nodes on the way to the values of EVENTS_KEY and LAST_UPGRADE_KEY, as `state_getReadProof` gives them. */
  readonly nodes: readonly Uint8Array[];
  /** Texts of remarks in the block, in any order. */
  readonly remarks: readonly Uint8Array[];
};

/** `System.Events`: what took place in the block. */
export const EVENTS_KEY = storagePrefix("System", "Events");
/**
 * `System.LastRuntimeUpgrade`: the runtime that executed the block. A new runtime writes it before anything else of its
 * first block; until then the old one has executed.
 */
export const LAST_UPGRADE_KEY = storagePrefix("System", "LastRuntimeUpgrade");

/** Nodes that lead to two values; a trie is no deeper than its keys, and values have nodes of their own. */
const MAX_NODES = 256;
/** Nobody's block has as many remarks beside transfers to one account. */
const MAX_REMARKS = 4096;

export type ProvenBlock = {
  readonly height: bigint;
  readonly blockHash: Hash;
  readonly runtime: RuntimeName;
  /** The value of EVENTS_KEY. */
  readonly events: Uint8Array;
};

export type BlockProofFault = ScaleFault | StorageProofFault | "proof-too-large" | "proof-value-absent";

export type BlockProofReading =
  | { readonly kind: "ok"; readonly block: ProvenBlock }
  | { readonly kind: "invalid"; readonly reason: BlockProofFault };

/** What a proof shows. Whether the block is final is not said by it. Never throws. */
export function readBlockProof({ header: encoded, nodes, remarks }: BlockProof): BlockProofReading {
  if (nodes.length > MAX_NODES || remarks.length > MAX_REMARKS) {
    return { kind: "invalid", reason: "proof-too-large" };
  }
  const header = decodeHeader(encoded);
  if (header.kind === "invalid") return header;
  const { stateRoot, number } = header.value;
  const index = indexProof(nodes);
  const events = readProof(stateRoot, index, EVENTS_KEY);
  if (events.kind === "invalid") return events;
  const upgrade = readProof(stateRoot, index, LAST_UPGRADE_KEY);
  if (upgrade.kind === "invalid") return upgrade;
  if (events.value === undefined || upgrade.value === undefined) {
    return { kind: "invalid", reason: "proof-value-absent" };
  }
  const runtime = runtimeOf(upgrade.value);
  if (runtime.kind === "invalid") return runtime;
  const blockHash = headerHash(header.value);
  return {
    kind: "ok",
    block: { height: number, blockHash, runtime: runtime.value, events: events.value },
  };
}

/** `LastRuntimeUpgradeInfo`: the version, compact, and the runtime's name. */
function runtimeOf(value: Uint8Array): ScaleDecoding<RuntimeName> {
  const reader = new ScaleReader(value);
  const specVersion = Number(reader.compact());
  const specName = new TextDecoder().decode(reader.byteString());
  return reader.finish({ specName, specVersion });
}
