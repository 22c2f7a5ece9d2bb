import { setImmediate as nextTurn } from "node:timers/promises";
import type { L1Block } from "@phala-l2/derivation/l1-block";
import type { L2BlockFacts, L2ChainReader } from "@phala-l2/derivation/l2-chain-reader";
import { findSyncStart } from "@phala-l2/derivation/sync-start";
import { MAX_L1_BLOCKS } from "@phala-l2/enclave/l1-chain";
import { outputPreimageOf, outputRootOf } from "@phala-l2/enclave/l2-chain";
import { type Proof, prove } from "@phala-l2/enclave/prove";
import { encodeWitness } from "@phala-l2/enclave/witness";
import type { L1Source } from "@phala-l2/node/l1/l1-source";
import type { ChainReader } from "@phala-l2/node/store/chain-reader";
import { bytesEqual, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { RecordingPreimages, type WitnessChain } from "./recording.ts";

/** The own node's chain, as far as a witness needs it. */
export type OwnChain = WitnessChain & Pick<ChainReader, "config" | "hashByNumber" | "ref">;
/** L1, as far as a witness needs it. */
export type WitnessL1 = Pick<L1Source, "block" | "blobs">;

/** What is to be proven, as a game says it. */
export type WitnessRequest = {
  readonly l1Head: Hash;
  readonly previousBlockNumber: bigint;
  readonly previousOutputRoot: Hash;
  readonly l2BlockNumber: bigint;
};

export type CollectedWitness = {
  /** For the enclave. */
  readonly witness: Uint8Array;
  /** What the proof will come to; a host's own run of it signs nothing. */
  readonly proof: Proof;
};

export type WitnessDependencies = {
  readonly chain: OwnChain;
  readonly l1: WitnessL1;
  readonly log: Log;
  /** Ends the work between two blocks. */
  readonly signal: AbortSignal;
};

/** L1 blocks fetched at a time: enough to hide round trips, few enough for a public endpoint. */
const L1_CONCURRENCY = 8;
/** How often, in blocks, the log hears of progress. */
const PROGRESS_STRIDE = 256n;

/**
 * Runs the enclave's own proof over the node's database and L1, and keeps exactly what it looked at.
 * @throws RollupError PREVIOUS_OUTPUT_ROOT_UNKNOWN when the own chain has another block there; L1_REORGED, L1_…,
 * BLOBS_UNAVAILABLE, PROOF_TOO_LONG, STOPPED; and what `prove` throws
 */
export async function collectWitness(
  request: WitnessRequest,
  { chain, l1, log, signal }: WitnessDependencies,
): Promise<CollectedWitness> {
  const { config } = chain;
  const { l1Head, previousOutputRoot, l2BlockNumber } = request;
  const first = ownBlock(chain, request);
  const { l1Start } = findSyncStart(config, first.ref, l2Reader(chain));

  const preimages = new RecordingPreimages(chain, l1);
  preimages.add(previousOutputRoot, outputPreimageOf({ hash: first.ref.hash, header: first.header }));
  for (const block of await fetchL1(l1, l1Start, l1Head, log)) preimages.addL1Block(block);

  const input = { config, l1Head, previousOutputRoot, l2BlockNumber };
  const proof = await prove(input, preimages, { onBlock: blockProgress(log, l2BlockNumber, signal) });
  const witness = encodeWitness(preimages.witness());
  log.debug({ bytes: witness.length, l2Block: l2BlockNumber }, "witness collected");
  return { witness, proof };
}

/** The block to start from, if the own chain agrees about it. */
function ownBlock(chain: OwnChain, request: WitnessRequest): L2BlockFacts {
  const { previousBlockNumber: number, previousOutputRoot } = request;
  const first = l2Reader(chain).block(number);
  const own = first === undefined ? undefined : outputRootOf({ hash: first.ref.hash, header: first.header });
  if (first !== undefined && own !== undefined && bytesEqual(own, previousOutputRoot)) return first;
  const data = {
    number,
    claimed: toHex(previousOutputRoot),
    own: own === undefined ? undefined : toHex(own),
  };
  const message = `this node's output root of block ${number} is ${data.own ?? "unknown"}, not ${data.claimed}; nothing can be proven on top of it`;
  throw new RollupError("PREVIOUS_OUTPUT_ROOT_UNKNOWN", message, { data });
}

/** The canonical chain as derivation reads it. */
function l2Reader(chain: OwnChain): L2ChainReader {
  return {
    block(number) {
      const hash = chain.hashByNumber(number);
      const block = hash === undefined ? undefined : chain.block(hash);
      const ref = hash === undefined ? undefined : chain.ref(hash);
      if (block === undefined || ref === undefined) return undefined;
      return { ref, header: block.header, transactions: block.transactions };
    },
  };
}

/** All L1 blocks from the start to the head, which must be one chain. */
async function fetchL1(l1: WitnessL1, start: BlockId, l1Head: Hash, log: Log): Promise<readonly L1Block[]> {
  const head = await l1.block(l1Head);
  const last = head.header.number;
  const count = last - start.number;
  if (count >= MAX_L1_BLOCKS) {
    const message = `${count} L1 blocks lie between the start and the L1 head; one proof takes ${MAX_L1_BLOCKS}`;
    throw new RollupError("PROOF_TOO_LONG", message, { data: { start: start.number, l1Head: last } });
  }
  const blocks: L1Block[] = [];
  for (let number = start.number; number < last; number += BigInt(L1_CONCURRENCY)) {
    const missing = Number(last - number);
    const numbers = Array.from({ length: Math.min(L1_CONCURRENCY, missing) }, (_, i) => number + BigInt(i));
    blocks.push(...(await Promise.all(numbers.map((each) => l1.block(each)))));
    if ((number - start.number) % PROGRESS_STRIDE === 0n) {
      log.debug({ l1Block: number, l1Head: last }, "reading L1 for a witness");
    }
  }
  blocks.push(head);
  requireConnected(blocks, start);
  return blocks;
}

/** Blocks fetched by number while L1 reorganised may be of two branches. */
function requireConnected(blocks: readonly L1Block[], start: BlockId): void {
  const broken = blocks.find(
    ({ header }, index) => !bytesEqual(header.parentHash, blocks[index - 1]?.hash ?? header.parentHash),
  );
  const [first] = blocks;
  const startFits = first?.header.number !== start.number || bytesEqual(first.hash, start.hash);
  if (broken === undefined && startFits) return;
  const at = broken?.header.number ?? start.number;
  const message = `L1 has reorganised at block ${at}; the witness is collected anew`;
  throw new RollupError("L1_REORGED", message, { data: { l1Block: at } });
}

function blockProgress(log: Log, target: bigint, signal: AbortSignal) {
  return async ({ ref, left }: { readonly ref: BlockId; readonly left: bigint }) => {
    if (left > 0n && left % PROGRESS_STRIDE === 0n) {
      log.info({ l2Block: ref.number, target, left }, "collecting a witness");
    }
    if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
    // The node of this process goes on following the chain between two blocks.
    await nextTurn();
  };
}
