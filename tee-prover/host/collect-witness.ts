import { setImmediate as nextTurn } from "node:timers/promises";
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
export type OwnChain = WitnessChain &
  Pick<ChainReader, "config" | "hashByNumber" | "ref" | "safeHeadAtL1Block">;
/** L1, as far as a witness needs it. */
export type WitnessL1 = Pick<L1Source, "block" | "blobs" | "blockRef" | "header">;

/** What is to be proven, as a game says it. */
export type WitnessRequest = {
  readonly l1Head: Hash;
  readonly previousBlockNumber: bigint;
  readonly previousOutputRoot: Hash;
  readonly l2BlockNumber: bigint;
  /** See ProofInput. */
  readonly mayBeAbsent: boolean;
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
  dependencies: WitnessDependencies,
): Promise<CollectedWitness> {
  const { chain, l1, log, signal } = dependencies;
  const { config } = chain;
  const { l1Head, previousOutputRoot, l2BlockNumber, mayBeAbsent } = request;
  const first = ownBlock(chain, request);
  const { l1Start } = findSyncStart(config, first.ref, l2Reader(chain));

  const preimages = new RecordingPreimages(chain, l1);
  preimages.add(previousOutputRoot, outputPreimageOf({ hash: first.ref.hash, header: first.header }));
  await fetchL1({ start: l1Start, l1Head, l2BlockNumber }, preimages, dependencies);

  const input = { config, l1Head, previousOutputRoot, l2BlockNumber, mayBeAbsent };
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

type L1Range = { readonly start: BlockId; readonly l1Head: Hash; readonly l2BlockNumber: bigint };

/**
 * Brings L1 from the start to the head, which must be one chain: whole blocks as far as the own node needed them
 * for the L2 block, and headers from there on, because the enclave knows L1 from the head backwards.
 */
async function fetchL1(
  { start, l1Head, l2BlockNumber }: L1Range,
  preimages: RecordingPreimages,
  { chain, l1, log, signal }: WitnessDependencies,
): Promise<void> {
  const head = await l1.block(l1Head);
  preimages.addL1Block(head);
  const last = head.header.number;
  requireRange(start.number, last);
  let lastWhole = start.number;
  while (lastWhole < last && (chain.safeHeadAtL1Block(lastWhole)?.safe.number ?? 0n) < l2BlockNumber)
    lastWhole++;

  const links: Link[] = [];
  for (let number = start.number; number < last; number += BigInt(L1_CONCURRENCY)) {
    if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
    const size = Math.min(L1_CONCURRENCY, Number(last - number));
    const numbers = Array.from({ length: size }, (_, i) => number + BigInt(i));
    const fetched = numbers.map((each) =>
      each <= lastWhole ? wholeBlock(l1, each, preimages) : headerAlone(l1, each, preimages),
    );
    links.push(...(await Promise.all(fetched)));
    if ((number - start.number) % PROGRESS_STRIDE === 0n) {
      log.debug({ l1Block: number, l1Head: last }, "reading L1 for a witness");
    }
  }
  links.push({ number: last, hash: head.hash, parentHash: head.header.parentHash });
  requireConnected(links, start);
}

function requireRange(start: bigint, last: bigint): void {
  if (last - start < MAX_L1_BLOCKS) return;
  const message = `${last - start} L1 blocks lie between the start and the L1 head; one proof takes ${MAX_L1_BLOCKS}`;
  throw new RollupError("PROOF_TOO_LONG", message, { data: { start, l1Head: last } });
}

type Link = BlockId & { readonly parentHash: Hash };

async function wholeBlock(l1: WitnessL1, number: bigint, preimages: RecordingPreimages): Promise<Link> {
  const block = await l1.block(number);
  preimages.addL1Block(block);
  return { number, hash: block.hash, parentHash: block.header.parentHash };
}

async function headerAlone(l1: WitnessL1, number: bigint, preimages: RecordingPreimages): Promise<Link> {
  const ref = await l1.blockRef(number);
  if (ref === undefined) throw reorganised(number);
  preimages.addL1Header(ref.hash, await l1.header(ref.hash));
  return ref;
}

/** Blocks fetched by number while L1 reorganised may be of two branches. */
function requireConnected(links: readonly Link[], start: BlockId): void {
  const broken = links.find(
    ({ parentHash }, index) => !bytesEqual(parentHash, links[index - 1]?.hash ?? parentHash),
  );
  const [first] = links;
  const startFits = first?.number !== start.number || bytesEqual(first.hash, start.hash);
  if (broken !== undefined || !startFits) throw reorganised(broken?.number ?? start.number);
}

function reorganised(l1Block: bigint): RollupError<"L1_REORGED"> {
  const message = `L1 has reorganised at block ${l1Block}; the witness is collected anew`;
  return new RollupError("L1_REORGED", message, { data: { l1Block } });
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
