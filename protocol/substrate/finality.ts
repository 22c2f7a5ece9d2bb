import { bytesEqual, concatBytes, type Hash } from "../bytes.ts";
import {
  type AuthoritySet,
  claimedTarget,
  type FinalBlock,
  type FinalityFault,
  type HandOver,
  verifyJustification,
} from "./grandpa.ts";
import { blake2b256 } from "./hash.ts";
import { decodeHeader, headerHash, type SubstrateHeader } from "./header.ts";
import { encodeByteString, encodeCompact, encodeUnsigned, ScaleReader } from "./scale.ts";
import { mapKey } from "./storage-key.ts";
import { indexProof, readProof, type StorageProofFault } from "./trie/proof.ts";

/**
 * What says that a block of a chain, or of a parachain of it, is final: a justified block of the chain; for a
 * parachain the relay chain's proof of its newest head (`Paras.Heads`) at that block; and the headers that lead from there down
 * to the block in question.
 */
export type FinalityWitness = {
  readonly justification: Uint8Array;
  /** SCALE header of the justified block. */
  readonly justified: Uint8Array;
  /** Storage proof of `Paras.Heads` at the justified block; empty for a chain with finality of its own. */
  readonly nodes: readonly Uint8Array[];
  /** SCALE headers from the newest final block's parent down to the block in question; empty when it is that one. */
  readonly descent: readonly Uint8Array[];
};

/** Whose votes make blocks final, and which parachain of that chain is meant; without one, the chain itself. */
export type FinalitySource = { readonly set: AuthoritySet; readonly paraId: number | undefined };

export type DescentFault =
  | FinalityFault
  | StorageProofFault
  | "finality-witness-too-large"
  | "parachain-head-absent"
  | "descent-too-long"
  | "descent-broken"
  | "block-not-final";

export type BlockFinality =
  | { readonly kind: "final"; readonly by: FinalBlock }
  | { readonly kind: "refused"; readonly reason: DescentFault };

/** Some megabytes are a justification, a storage proof and a day of headers. */
export const MAX_FINALITY_BYTES = 64 * 2 ** 20;
/** Headers between the newest final block and the block in question: a month of blocks each six seconds. */
export const MAX_DESCENT = 432_000;

function refused(reason: DescentFault): { readonly kind: "refused"; readonly reason: DescentFault } {
  return { kind: "refused", reason };
}

/** Where a relay chain keeps the newest head of a parachain: `Paras.Heads`. */
export function parachainHeadKey(paraId: number): Uint8Array {
  return mapKey("Paras", "Heads", ["Twox64Concat", encodeUnsigned(BigInt(paraId), 4)]);
}

/** The newest head of a parachain, SCALE bytes of its header, as the relay chain's state has it. Never throws. */
export function parachainHead(
  relay: SubstrateHeader,
  nodes: readonly Uint8Array[],
  paraId: number,
): Uint8Array | DescentFault {
  const reading = readProof(relay.stateRoot, indexProof(nodes), parachainHeadKey(paraId));
  if (reading.kind === "invalid") return reading.reason;
  if (reading.value === undefined) return "parachain-head-absent";
  const reader = new ScaleReader(reading.value);
  const whole = reader.finish(reader.byteString());
  return whole.kind === "ok" ? whole.value : whole.reason;
}

/** Walks from a final header down along the given ones; the hashes of the blocks that are final by that. */
function descend(head: Uint8Array, descent: readonly Uint8Array[], wanted: Hash): DescentFault | undefined {
  if (descent.length > MAX_DESCENT) return "descent-too-long";
  let last = head;
  for (const next of descent) {
    const decoded = decodeHeader(last);
    if (decoded.kind === "invalid") return decoded.reason;
    if (!bytesEqual(decoded.value.parentHash, blake2b256(next))) return "descent-broken";
    last = next;
  }
  return bytesEqual(blake2b256(last), wanted) ? undefined : "block-not-final";
}

/**
 * What is wrong with the way from the block that the justification names down to that one, or undefined; whether it is justified
 * is `verifyJustification`'s. It takes hashes alone, so it is asked first: signatures cost a thousand times as much. Never throws.
 */
export function wayFault(
  block: Hash,
  { justification, justified, nodes, descent }: FinalityWitness,
  paraId: number | undefined,
): DescentFault | undefined {
  const header = decodeHeader(justified);
  if (header.kind === "invalid") return header.reason;
  const target = claimedTarget(justification);
  if (target.kind === "invalid") return target.reason;
  if (!bytesEqual(target.value, headerHash(header.value))) return "header-not-justified";
  const head = paraId === undefined ? justified : parachainHead(header.value, nodes, paraId);
  return typeof head === "string" ? head : descend(head, descent, block);
}

/** Whether that block is final, by votes of that set: they are counted last. Never throws. */
export function finalityOf(
  block: Hash,
  witness: FinalityWitness,
  { set, paraId }: FinalitySource,
): BlockFinality {
  const fault = wayFault(block, witness, paraId);
  if (fault !== undefined) return refused(fault);
  const finality = verifyJustification(witness.justification, set);
  return finality.kind === "refused" ? finality : { kind: "final", by: finality.block };
}

const listOf = (items: readonly Uint8Array[]) =>
  concatBytes(encodeCompact(items.length), ...items.map(encodeByteString));

/** As a host hands it over: byte strings and sequences of them in SCALE, in the order of the fields. */
export function encodeFinalityWitness(witness: FinalityWitness): Uint8Array {
  const { justification, justified, nodes, descent } = witness;
  return concatBytes(
    encodeByteString(justification),
    encodeByteString(justified),
    listOf(nodes),
    listOf(descent),
  );
}

/** Never throws; the pieces are views of `bytes`. */
export function decodeFinalityWitness(
  bytes: Uint8Array,
): { readonly kind: "ok"; readonly witness: FinalityWitness } | ReturnType<typeof refused> {
  if (bytes.length > MAX_FINALITY_BYTES) return refused("finality-witness-too-large");
  const reader = new ScaleReader(bytes);
  const justification = reader.byteString();
  const justified = reader.byteString();
  const nodes = reader.sequence(() => reader.byteString());
  const descent = reader.sequence(() => reader.byteString());
  const whole = reader.finish({ justification, justified, nodes, descent });
  return whole.kind === "ok" ? { kind: "ok", witness: whole.value } : refused(whole.reason);
}

/** A hand-over as a host hands it over: SCALE header and justification, each as a byte string. */
export function encodeHandOver({
  header,
  justification,
}: Pick<HandOver, "justification"> & { readonly header: Uint8Array }): Uint8Array {
  return concatBytes(encodeByteString(header), encodeByteString(justification));
}

/** Never throws. */
export function decodeHandOver(
  bytes: Uint8Array,
): { readonly kind: "ok"; readonly handOver: HandOver } | ReturnType<typeof refused> {
  if (bytes.length > MAX_FINALITY_BYTES) return refused("finality-witness-too-large");
  const reader = new ScaleReader(bytes);
  const encoded = reader.byteString();
  const justification = reader.byteString();
  const whole = reader.finish(undefined);
  if (whole.kind === "invalid") return refused(whole.reason);
  const header = decodeHeader(encoded);
  if (header.kind === "invalid") return refused(header.reason);
  return { kind: "ok", handOver: { header: header.value, justification } };
}

const ANCHOR_PREFIX = new TextEncoder().encode("phala-l2 finality anchor 1");

/**
 * Names whose word on finality is taken from the start on: BLAKE2b-256 of a prefix, 0 or 1 and the parachain's id, the set's
 * id, and its members with their weights. It stands where statements are bound to their settings.
 */
export function finalityAnchor({ set, paraId }: FinalitySource): Hash {
  const members = set.authorities.flatMap(({ key, weight }) => [key, encodeUnsigned(weight, 8)]);
  return blake2b256(
    concatBytes(
      ANCHOR_PREFIX,
      Uint8Array.of(paraId === undefined ? 0 : 1),
      encodeUnsigned(BigInt(paraId ?? 0), 4),
      encodeUnsigned(set.id, 8),
      ...members,
    ),
  );
}
