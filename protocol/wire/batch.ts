import { concatBytes } from "../bytes.ts";
import { decodeSingularBatch, encodeSingularBatch, type SingularBatch } from "./singular-batch.ts";
import {
  decodeSpanBatch,
  deriveSpanBatch,
  encodeSpanBatch,
  type RawSpanBatch,
  type SpanBatch,
  type SpanBatchRules,
} from "./span-batch.ts";

/**
 * A batch as it stands, as one RLP string, in a channel: version byte | content.
 * Source: specs/protocol/derivation.md "Batch Format", delta/span-batches.md.
 */
export const SINGULAR_BATCH_VERSION = 0;
export const SPAN_BATCH_VERSION = 1;

export type BatchDecoding =
  | { readonly kind: "singular"; readonly batch: SingularBatch }
  | { readonly kind: "span"; readonly batch: SpanBatch }
  | {
      readonly kind: "invalid";
      readonly reason: string;
      /**
       * Where op-node finds the fault. `decode`: while it reads the channel, whose remaining batches are then
       * dropped. `derive`: while it rebuilds the blocks of a well-formed span batch.
       */
      readonly stage: "decode" | "derive";
    };

/** Decodes a batch, and rebuilds the blocks of a span batch. Whether Delta is active is for the caller. Never throws. */
export function decodeBatch(payload: Uint8Array, rules: SpanBatchRules): BatchDecoding {
  const content = payload.subarray(1);
  switch (payload[0]) {
    case undefined:
      return { kind: "invalid", reason: "batch-empty", stage: "decode" };
    case SINGULAR_BATCH_VERSION: {
      const decoded = decodeSingularBatch(content);
      if (decoded.kind === "invalid") return { ...decoded, stage: "decode" };
      return { kind: "singular", batch: decoded.batch };
    }
    case SPAN_BATCH_VERSION: {
      const raw = decodeSpanBatch(content);
      if (raw.kind === "invalid") return { ...raw, stage: "decode" };
      const derived = deriveSpanBatch(raw.batch, rules);
      return derived.kind === "ok" ? { kind: "span", batch: derived.batch } : { ...derived, stage: "derive" };
    }
    default:
      return { kind: "invalid", reason: "batch-version-unknown", stage: "decode" };
  }
}

/** A singular batch with its version byte. */
export function encodeSingular(batch: SingularBatch): Uint8Array {
  return concatBytes(Uint8Array.of(SINGULAR_BATCH_VERSION), encodeSingularBatch(batch));
}

/** A span batch with its version byte. */
export function encodeSpan(batch: RawSpanBatch): Uint8Array {
  return concatBytes(Uint8Array.of(SPAN_BATCH_VERSION), encodeSpanBatch(batch));
}
