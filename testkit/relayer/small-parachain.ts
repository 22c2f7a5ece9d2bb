import { PARA_ID_KEY } from "@phala-l2/bridge/finality/para-id";
import { concatBytes, type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeByteString, encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import {
  eventsValue,
  remarked,
  SMALL_SPEC_VERSION,
  succeeded,
  transferred,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { EVENTS_KEY } from "@phala-l2/swap/block-proof";
import { type SealedBlock, sealBlock } from "@phala-l2/swap/testing/small-block";
import { type Answer, type JsonRpcServer, serveJsonRpc } from "./json-rpc-server.ts";

/** One extrinsic: who pays what to whom, and which remarks are made. */
export type SmallExtrinsic = {
  readonly from: Hash;
  readonly to: Hash;
  readonly planck: bigint;
  readonly remarks: readonly string[];
};

type Kept = {
  readonly sealed: SealedBlock;
  readonly events: Uint8Array;
  readonly extrinsics: readonly Uint8Array[];
};

/** The number that it has on its relay chain. */
export const SMALL_PARA_ID = 2035;
/** Events in front of the first extrinsic's transfer: the block's own two. */
const EVENTS_BEFORE = 2;
/** Extrinsics before those that are given: time and the parachain's validation data. */
const FIRST_EXTRINSIC = 2;

function encodeExtrinsic({ remarks }: SmallExtrinsic): Uint8Array {
  const calls = remarks.map((text) => encodeByteString(new TextEncoder().encode(text)));
  return concatBytes(new Uint8Array(100).fill(0x84), ...calls, new Uint8Array(3));
}

/**
 * A parachain of real headers, state proofs and events, of a runtime with nothing else, behind the JSON-RPC of a node. Each
 * block is final at once. Blocks cost a millisecond, and not a third of a second as those of a real runtime.
 */
export class SmallParachain {
  readonly #blocks: Kept[] = [];
  readonly #byHash = new Map<string, Kept>();
  #specVersion = SMALL_SPEC_VERSION;

  constructor() {
    this.addBlock([]);
  }

  get genesisHash(): Hash {
    return this.#blocks[0]?.sealed.hash ?? ZERO_HASH;
  }

  /** Height of the next block. */
  get nextHeight(): bigint {
    return BigInt(this.#blocks.length);
  }

  /** All blocks from the next one on are executed by a runtime of this version. */
  upgrade(specVersion: number): void {
    this.#specVersion = specVersion;
  }

  /** Adds a block. @returns places of its transfers in the list of its events */
  addBlock(extrinsics: readonly SmallExtrinsic[]): readonly number[] {
    const places: number[] = [];
    const records = [succeeded(0), succeeded(1)];
    for (const [i, { from, to, planck, remarks }] of extrinsics.entries()) {
      const phase = FIRST_EXTRINSIC + i;
      places.push(records.length);
      records.push(transferred(phase, from, to, planck));
      records.push(...remarks.map((text) => remarked(phase, from, text)), succeeded(phase));
    }
    const height = this.nextHeight;
    const parentHash = this.#blocks.at(-1)?.sealed.hash ?? ZERO_HASH;
    const own = Array.from({ length: EVENTS_BEFORE }, () => new Uint8Array(10));
    const kept: Kept = {
      sealed: sealBlock({ height, parentHash, records, specVersion: this.#specVersion }),
      events: eventsValue(records),
      extrinsics: [...own, ...extrinsics.map(encodeExtrinsic)],
    };
    this.#blocks.push(kept);
    this.#byHash.set(toHex(kept.sealed.hash), kept);
    return places;
  }

  /** The last block. */
  get newest(): SealedBlock {
    const kept = this.#blocks.at(-1);
    if (kept === undefined) throw new RangeError("a chain has its genesis block");
    return kept.sealed;
  }

  answers(): Answer {
    return async (method, params) => this.#answer(method, params);
  }

  serve(): Promise<JsonRpcServer> {
    return serveJsonRpc(this.answers());
  }

  #at(hash: unknown): Kept {
    const kept = this.#byHash.get(String(hash));
    if (kept === undefined) throw new RangeError(`no block ${hash}`);
    return kept;
  }

  /** @throws RangeError when there is no block of that height */
  hashAt(height: number): Hash {
    const kept = this.#blocks[height];
    if (kept === undefined) throw new RangeError(`no block ${height}`);
    return kept.sealed.hash;
  }

  #answer(method: string, [first, second]: readonly unknown[]): unknown {
    switch (method) {
      case "chain_getBlockHash":
        return this.#blocks[Number(first)] === undefined ? null : toHex(this.hashAt(Number(first)));
      case "chain_getFinalizedHead":
        return toHex(this.#blocks.at(-1)?.sealed.hash ?? ZERO_HASH);
      case "chain_getHeader": {
        const { header } = this.#at(first).sealed;
        return {
          parentHash: toHex(header.parentHash),
          number: `0x${header.number.toString(16)}`,
          stateRoot: toHex(header.stateRoot),
          extrinsicsRoot: toHex(header.extrinsicsRoot),
          digest: { logs: [] },
        };
      }
      case "state_getStorage":
        if (first === toHex(PARA_ID_KEY)) return toHex(encodeUnsigned(BigInt(SMALL_PARA_ID), 4));
        return first === toHex(EVENTS_KEY) ? toHex(this.#at(second).events) : null;
      case "state_getReadProof":
        return { at: second, proof: this.#at(second).sealed.proof.nodes.map(toHex) };
      case "chain_getBlock":
        return { block: { extrinsics: this.#at(first).extrinsics.map(toHex) }, justifications: null };
      default:
        throw new RangeError(`no method ${method}`);
    }
  }
}
