import { asHash, type Hash } from "../bytes.ts";
import { readHeader, type SubstrateHeader } from "./header.ts";
import { type ScaleDecoding, ScaleReader } from "./scale.ts";

/**
 * What a node answers to `grandpa_proveFinality(number)`, in hex: SCALE of block, justification and headers. For a block of a set that
 * has ended, the justified block is the set's last one, which hands over; for one of the present set it is the newest that is
 * final. Source: sc_consensus_grandpa::FinalityProof.
 */
export type FinalityProof = {
  /** The block that the justification is of. */
  readonly block: Hash;
  /** As `verifyJustification` takes it. */
  readonly justification: Uint8Array;
  /** From the block after the one that was asked for up to the justified one. */
  readonly headers: readonly SubstrateHeader[];
};

/** Never throws; the justification is a view of `bytes`. Nothing in it is verified. */
export function decodeFinalityProof(bytes: Uint8Array): ScaleDecoding<FinalityProof> {
  const reader = new ScaleReader(bytes);
  const block = reader.take(32);
  const justification = reader.byteString();
  const headers = reader.sequence(() => readHeader(reader));
  const whole = reader.finish(undefined);
  if (whole.kind === "invalid") return whole;
  return { kind: "ok", value: { block: asHash(block.slice()), justification, headers } };
}
