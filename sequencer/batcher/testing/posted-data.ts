import { decodeBatch } from "@phala-l2/protocol/wire/batch";
import { decodeBlob } from "@phala-l2/protocol/wire/blob";
import { readChannel } from "@phala-l2/protocol/wire/channel";
import { decodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import type { SpanBatchBlock, SpanBatchRules } from "@phala-l2/protocol/wire/span-batch";
import type { Payload } from "../data-availability.ts";

/** The frames that a payload carries, as derivation reads them. */
export function framesOf(payload: Payload): readonly Frame[] {
  const datas =
    payload.kind === "calldata"
      ? [payload.data]
      : payload.blobs.map((blob) => {
          const decoded = decodeBlob(blob);
          if (decoded.kind === "invalid") throw new Error(decoded.reason);
          return decoded.data;
        });
  return datas.flatMap((data) => {
    const decoded = decodeFrames(data);
    if (decoded.kind === "invalid") throw new Error(decoded.reason);
    return decoded.frames;
  });
}

/** The blocks in one channel's payloads. */
export function blocksOf(payloads: readonly Payload[], rules: SpanBatchRules): readonly SpanBatchBlock[] {
  const frames = payloads.flatMap(framesOf);
  frames.forEach((frame, i) => {
    if (frame.number !== i || frame.isLast !== (i === frames.length - 1))
      throw new Error("frames out of order");
  });
  const { payloads: batches, stop } = readChannel(Buffer.concat(frames.map(({ data }) => data)), {
    fjord: true,
  });
  if (stop !== undefined) throw new Error(stop);
  return batches.flatMap((batch) => {
    const decoded = decodeBatch(batch, rules);
    if (decoded.kind !== "span") throw new Error(`not a span batch: ${decoded.kind}`);
    return decoded.batch.blocks;
  });
}
