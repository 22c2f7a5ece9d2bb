import { type BlockRef, isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { decodeBatch } from "@phala-l2/protocol/wire/batch";
import { readChannel } from "@phala-l2/protocol/wire/channel";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import type { SpanBatch } from "@phala-l2/protocol/wire/span-batch";

export type DecodedBatch =
  | { readonly kind: "singular"; readonly batch: SingularBatch }
  | { readonly kind: "span"; readonly batch: SpanBatch };

export type Read =
  | DecodedBatch
  /** `reason`: why the channel, or what was left of it, is unreadable. */
  | { readonly kind: "dropped"; readonly reason: string }
  | { readonly kind: "exhausted" };

/**
 * Fifth stage: the batches of one complete channel, one after another. What is malformed ends the channel; the
 * batches before it count.
 * Source: specs/protocol/derivation.md "Channel Reader (Batch Decoding)", fjord/derivation.md (brotli, 100 MB),
 * holocene/derivation.md "Fast Channel Invalidation".
 */
export class ChannelReader {
  readonly #config: RollupConfig;
  #payloads: readonly Uint8Array[] = [];
  #at = 0;
  /** Why the channel's content ends early; told once, after its last batch. */
  #stop: string | undefined;

  constructor(config: RollupConfig) {
    this.#config = config;
  }

  /** Begins a channel that was completed in this L1 block. */
  open(channel: Uint8Array, origin: BlockRef): void {
    const content = readChannel(channel, { fjord: isActive(this.#config, "fjord", origin.timestamp) });
    this.#payloads = content.payloads;
    this.#stop = content.stop;
    this.#at = 0;
  }

  /** Forgets the rest of the channel. */
  flush(): void {
    this.#payloads = [];
    this.#stop = undefined;
    this.#at = 0;
  }

  next(): Read {
    const payload = this.#payloads[this.#at];
    if (payload === undefined) {
      const reason = this.#stop;
      this.flush();
      return reason === undefined ? { kind: "exhausted" } : { kind: "dropped", reason };
    }
    this.#at += 1;
    const { genesis, blockTime, l2ChainId } = this.#config;
    const decoded = decodeBatch(payload, { genesisTime: genesis.l2Time, blockTime, chainId: l2ChainId });
    if (decoded.kind !== "invalid") return decoded;
    // A span batch whose columns are sound but whose transactions are not ends the channel like any other.
    this.flush();
    return { kind: "dropped", reason: decoded.reason };
  }
}
