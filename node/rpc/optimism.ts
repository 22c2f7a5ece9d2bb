import { decodeAccount } from "@phala-l2/execution/state/account";
import { asHash, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { BlockId, BlockRef, L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { formatRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT, openTrie } from "@phala-l2/protocol/trie/trie";
import type { Header } from "@phala-l2/protocol/wire/header";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import type { SyncStatus } from "../engine/engine.ts";
import type { ChainReader } from "../store/chain-reader.ts";
import { STATE_UNAVAILABLE } from "./block-reference.ts";
import type { RollupView } from "./engine-view.ts";
import { method0, method1, type RpcMethods, required } from "./method.ts";
import { uint64 } from "./parameters.ts";
import { failure, type Reply, result, SERVER_ERROR } from "./reply.ts";

/** op-node writes heights and times as JSON numbers: exact below 2^53, which outlasts any chain. */
function idJson({ hash, number }: BlockId): object {
  return { hash: toHex(hash), number: Number(number) };
}

function refJson(ref: BlockRef): object {
  return { ...idJson(ref), parentHash: toHex(ref.parentHash), timestamp: Number(ref.timestamp) };
}

function l2RefJson(ref: L2BlockRef): object {
  return { ...refJson(ref), l1origin: idJson(ref.l1Origin), sequenceNumber: Number(ref.sequenceNumber) };
}

/**
 * The shape of op-node's eth.SyncStatus. This node knows one safe head: what op-node calls local, cross and
 * pending safe are the same block here (no interop set, no partial span batches).
 */
export function syncStatusJson(status: SyncStatus): object {
  return {
    current_l1: refJson(status.currentL1),
    current_l1_finalized: refJson(status.finalizedL1),
    head_l1: refJson(status.headL1),
    safe_l1: refJson(status.safeL1),
    finalized_l1: refJson(status.finalizedL1),
    unsafe_l2: l2RefJson(status.unsafeL2),
    safe_l2: l2RefJson(status.safeL2),
    finalized_l2: l2RefJson(status.finalizedL2),
    pending_safe_l2: l2RefJson(status.safeL2),
    cross_unsafe_l2: l2RefJson(status.unsafeL2),
    local_safe_l2: l2RefJson(status.safeL2),
  };
}

/**
 * Storage root of the message passer: in the header from Isthmus on (specs/protocol/isthmus/exec-engine.md),
 * before that in the state.
 */
function messagePasserRoot(chain: ChainReader, header: Header): Hash {
  if (isActive(chain.config, "isthmus", header.timestamp) && header.withdrawalsRoot !== undefined) {
    return header.withdrawalsRoot;
  }
  const leaf = openTrie(header.stateRoot, chain.readNode).get(keccak256(L2_TO_L1_MESSAGE_PASSER));
  return leaf === undefined ? EMPTY_TRIE_ROOT : asHash(decodeAccount(leaf).storageRoot);
}

/** What an output root is made of, with its block. */
export type OutputFacts = {
  readonly ref: L2BlockRef;
  readonly stateRoot: Hash;
  readonly messagePasserStorageRoot: Hash;
};

/** What op-node's methods tell of, wherever the chain is kept. */
export type RollupSource = {
  readonly config: RollupConfig;
  syncStatus(): SyncStatus;
  /** Of the canonical block of that number; undefined when there is none. */
  output(number: bigint): OutputFacts | undefined | Promise<OutputFacts | undefined>;
  safeHeadAtL1Block(l1Number: bigint): { readonly l1: BlockId; readonly safe: BlockId } | undefined;
};

function outputIn(chain: ChainReader, number: bigint): OutputFacts | undefined {
  const hash = chain.hashByNumber(number);
  const header = hash === undefined ? undefined : chain.headerByHash(hash);
  const ref = hash === undefined ? undefined : chain.ref(hash);
  if (header === undefined || ref === undefined) return undefined;
  const { stateRoot } = header;
  return { ref, stateRoot, messagePasserStorageRoot: messagePasserRoot(chain, header) };
}

async function outputAtBlock(source: RollupSource, number: bigint): Promise<Reply> {
  try {
    const output = await source.output(number);
    if (output === undefined) {
      return failure(SERVER_ERROR, `failed to get L2 block ref with sync status: block ${number} not found`);
    }
    const { ref, stateRoot, messagePasserStorageRoot } = output;
    const outputRoot = outputRootV0({ stateRoot, messagePasserStorageRoot, blockHash: ref.hash });
    return result({
      version: `0x${"00".repeat(32)}`,
      outputRoot: toHex(outputRoot),
      blockRef: l2RefJson(ref),
      withdrawalStorageRoot: toHex(messagePasserStorageRoot),
      stateRoot: toHex(stateRoot),
      syncStatus: syncStatusJson(source.syncStatus()),
    });
  } catch (error) {
    if (isRollupError(error, "TRIE_NODE_MISSING")) return STATE_UNAVAILABLE;
    if (isRollupError(error, "ENGINE_UNREACHABLE")) return failure(SERVER_ERROR, error.message);
    throw error;
  }
}

/** op-node's optimism namespace (specs/protocol/rollup-node.md, "L2 Output RPC method"). */
export function rollupMethods(source: RollupSource, version: string): RpcMethods {
  return {
    optimism_outputAtBlock: method1(required(uint64), (number) => outputAtBlock(source, number)),
    optimism_syncStatus: method0(() => result(syncStatusJson(source.syncStatus()))),
    optimism_rollupConfig: method0(() => result(formatRollupConfig(source.config))),
    optimism_version: method0(() => result(version)),
    optimism_safeHeadAtL1Block: method1(required(uint64), (number) => {
      const found = source.safeHeadAtL1Block(number);
      if (found === undefined) return failure(SERVER_ERROR, "safe head not found");
      return result({ l1Block: idJson(found.l1), safeHead: idJson(found.safe) });
    }),
  };
}

/** The same, over a chain that this node keeps. */
export function optimismMethods(engine: RollupView, version: string): RpcMethods {
  const { chain } = engine;
  const source: RollupSource = {
    config: chain.config,
    syncStatus: () => engine.syncStatus(),
    output: (number) => outputIn(chain, number),
    safeHeadAtL1Block: (number) => chain.safeHeadAtL1Block(number),
  };
  return rollupMethods(source, version);
}
