import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Release } from "@phala-l2/protocol/swap-release";
import type { BlockProof } from "./block-proof.ts";
import type { ProvenPlace, ReleaseWitness } from "./release.ts";

/** A block's proof as JSON has it. */
export type BlockProofJson = {
  readonly header: Hex;
  readonly nodes: readonly Hex[];
  readonly remarks: readonly Hex[];
};
export type ProvenPlaceJson = { readonly block: BlockProofJson; readonly eventIndex: number };
/** What `tee_signRelease` takes. */
export type ReleaseWitnessJson = { readonly deposit: ProvenPlaceJson; readonly repair?: ProvenPlaceJson };

/** Characters of one byte string: a busy block's events are some hundred kilobytes. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
/** Byte strings of one list; the judge takes fewer. */
const MAX_ITEMS = 8192;

export function encodeBlockProof({ header, nodes, remarks }: BlockProof): BlockProofJson {
  return { header: toHex(header), nodes: nodes.map(toHex), remarks: remarks.map(toHex) };
}

function encodePlace({ block, eventIndex }: ProvenPlace): ProvenPlaceJson {
  return { block: encodeBlockProof(block), eventIndex };
}

export function encodeReleaseWitness({ deposit, repair }: ReleaseWitness): ReleaseWitnessJson {
  return { deposit: encodePlace(deposit), ...(repair && { repair: encodePlace(repair) }) };
}

/** A release as JSON: numbers as decimal text, for people and tools. */
export function releaseJson(release: Release) {
  const { extrinsicIndex, eventIndex } = release;
  return {
    genesisHash: toHex(release.genesisHash),
    height: release.height.toString(),
    blockHash: toHex(release.blockHash),
    extrinsicIndex,
    eventIndex,
    sender: toHex(release.sender),
    receiver: toHex(release.receiver),
    planck: release.planck.toString(),
  };
}

function parseBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !value.startsWith("0x") || value.length > MAX_CHARACTERS) return undefined;
  try {
    return fromHex(value);
  } catch (error) {
    if (isRollupError(error, "HEX_INVALID")) return undefined;
    throw error;
  }
}

function parseList(value: unknown): readonly Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_ITEMS) return undefined;
  const items: Uint8Array[] = [];
  for (const item of value) {
    const bytes = parseBytes(item);
    if (bytes === undefined) return undefined;
    items.push(bytes);
  }
  return items;
}

/** A block's proof from JSON; undefined when it has another form. Never throws. */
export function parseBlockProof(value: unknown): BlockProof | undefined {
  if (!isRecord(value)) return undefined;
  const header = parseBytes(value.header);
  const nodes = parseList(value.nodes);
  const remarks = parseList(value.remarks);
  return header && nodes && remarks && { header, nodes, remarks };
}

function parsePlace(value: unknown): ProvenPlace | undefined {
  if (!isRecord(value)) return undefined;
  const { eventIndex } = value;
  const block = parseBlockProof(value.block);
  if (block === undefined || typeof eventIndex !== "number") return undefined;
  return Number.isSafeInteger(eventIndex) && eventIndex >= 0 ? { block, eventIndex } : undefined;
}

/** A witness from JSON; undefined when it has another form. Never throws. */
export function parseReleaseWitness(value: unknown): ReleaseWitness | undefined {
  if (!isRecord(value)) return undefined;
  const deposit = parsePlace(value.deposit);
  if (deposit === undefined) return undefined;
  if (value.repair === undefined) return { deposit };
  const repair = parsePlace(value.repair);
  return repair && { deposit, repair };
}
