import { isDeepStrictEqual } from "node:util";
import { orderedFrames } from "@phala-l2/derivation/frame-queue";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import { decodeBatch, encodeSingular, SPAN_BATCH_VERSION } from "@phala-l2/protocol/wire/batch";
import { decodeBlob } from "@phala-l2/protocol/wire/blob";
import { maxRlpBytesPerChannel, readChannel } from "@phala-l2/protocol/wire/channel";
import { decodeFrames, encodeFrames } from "@phala-l2/protocol/wire/frame";
import {
  decodeSpanBatch,
  deriveSpanBatch,
  encodeSpanBatch,
  type SpanBatchRules,
} from "@phala-l2/protocol/wire/span-batch";
import { Attacker } from "../../derivation/attacker.ts";
import { Random } from "../../derivation/random.ts";
import { Scenario } from "../../derivation/scenario.ts";
import { defineCases, judgedTwice } from "./cases.ts";
import type { FuzzTarget } from "./report.ts";

/** What is judged alone here meets the whole pipeline in `derivation.ts`. */

/** Measured 107 to 222 MiB in 100,000 cases; a channel is inflated to at most 100 MB, and copied once more by its reader. */
export const DECODERS_BOUND_MIB = 512;

export function judgeFrames(data: Uint8Array): string {
  const decoded = decodeFrames(data);
  if (decoded.kind === "invalid") return decoded.reason;
  if (!bytesEqual(encodeFrames(decoded.frames), data)) throw new Error("frames do not encode to their data");
  const kept = orderedFrames(decoded.frames);
  if (!isDeepStrictEqual(orderedFrames(kept), kept))
    throw new Error("frames in order were put in order again");
  return kept.length === decoded.frames.length ? "ok" : "frame-out-of-order";
}

export function judgeBlob(blob: Uint8Array): string {
  const decoded = decodeBlob(blob);
  return decoded.kind === "invalid" ? decoded.reason : judgeFrames(decoded.data);
}

export function judgeChannel(channel: Uint8Array): string {
  const { payloads, stop } = readChannel(channel, { fjord: true });
  const size = payloads.reduce((sum, { length }) => sum + length, 0);
  if (size > maxRlpBytesPerChannel({ fjord: true })) throw new Error("a channel gave more than its bound");
  return stop ?? `ok, ${payloads.length} batches`;
}

export function judgeBatch(payload: Uint8Array, rules: SpanBatchRules): string {
  const decoded = decodeBatch(payload, rules);
  if (decoded.kind === "invalid") return decoded.reason;
  if (decoded.kind === "singular") {
    // Bytes may follow the batch, and are ignored.
    const encoded = encodeSingular(decoded.batch);
    if (!bytesEqual(encoded, payload.subarray(0, encoded.length))) {
      throw new Error("a singular batch has two encodings");
    }
    return "singular";
  }
  if (payload[0] !== SPAN_BATCH_VERSION) throw new Error("a span batch without its version");
  const columns = decodeSpanBatch(payload.subarray(1));
  if (columns.kind === "invalid") throw new Error("a span batch that was derived does not decode");
  const again = decodeSpanBatch(encodeSpanBatch(columns.batch));
  const derived = again.kind === "ok" ? deriveSpanBatch(again.batch, rules) : again;
  if (derived.kind !== "ok" || !isDeepStrictEqual(derived.batch, decoded.batch)) {
    throw new Error("a span batch encodes to another one");
  }
  return "span";
}

export function spanRulesOf({ config }: Scenario): SpanBatchRules {
  const { genesis, blockTime, l2ChainId } = config;
  return { genesisTime: genesis.l2Time, blockTime, chainId: l2ChainId };
}

function decoderTarget(
  name: string,
  make: (attacker: Attacker) => Uint8Array,
  judge: (input: Uint8Array, rules: SpanBatchRules) => string,
): FuzzTarget {
  return defineCases({
    name,
    boundMiB: DECODERS_BOUND_MIB,
    prepare: async (seed) => {
      const scenario = new Scenario({ seqWindowSize: 1_000_000n });
      scenario.l1.mineEmpty(2);
      const studied = new Attacker(new Random(seed), scenario);
      studied.study();
      const rules = spanRulesOf(scenario);
      return {
        make: (random) => make(studied.with(random)),
        bytes: (input) => input,
        judge: judgedTwice((input: Uint8Array) => judge(input, rules)),
      };
    },
  });
}

/** Data of batcher transactions. */
export const frameTarget = decoderTarget("frames", (attacker) => attacker.data(), judgeFrames);
export const blobTarget = decoderTarget("blobs", (attacker) => attacker.blob(), judgeBlob);
export const channelTarget = decoderTarget("channels", (attacker) => attacker.channel(), judgeChannel);
export const batchTarget = decoderTarget("batches", (attacker) => attacker.batch(), judgeBatch);
