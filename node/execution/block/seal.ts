import type { Hash } from "@phala-l2/protocol/bytes";
import { toHex } from "@phala-l2/protocol/bytes";
import type { ExecutionConfig } from "@phala-l2/protocol/config/rollup";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT, type NodeReader } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { mergeBlooms, type Receipt } from "@phala-l2/protocol/wire/receipt";
import { extraDataOf } from "../fees/eip1559-parameters.ts";
import type { StateChanges } from "../state/changes.ts";
import type { StateReader } from "../state/reader.ts";
import { type CommittedState, commitChanges } from "../state/root.ts";
import type { BlockContext } from "./context.ts";
import { type ExecutionFork, includes } from "./fork.ts";
import type { ExecutedTransaction, SealedBlock } from "./sealed-block.ts";

export type SealInput = {
  readonly config: ExecutionConfig;
  readonly parent: Header;
  readonly parentHash: Hash;
  readonly attributes: PayloadAttributes;
  readonly fork: ExecutionFork;
  readonly context: BlockContext;
  readonly reader: StateReader;
  readonly readNode: NodeReader;
  readonly changes: StateChanges;
  readonly transactions: readonly Uint8Array[];
  readonly receipts: readonly Receipt[];
  readonly executed: readonly ExecutedTransaction[];
  readonly gasUsed: bigint;
  readonly daFootprint: bigint;
};

/** Hashes the state, once, and makes the header. @throws RollupError TRIE_NODE_MISSING */
export function sealBlock(input: SealInput): SealedBlock {
  const state = commitChanges(input.parent.stateRoot, input.readNode, input.changes);
  const header = headerOf(input, state);
  return {
    block: { header, transactions: input.transactions },
    hash: headerHash(header),
    receipts: input.receipts,
    transactions: input.executed,
    changes: input.changes,
    accounts: state.accounts,
    nodes: state.nodes,
  };
}

function headerOf(input: SealInput, state: CommittedState): Header {
  const { attributes, fork, context, config } = input;
  const isIsthmus = includes(fork, "isthmus");
  return {
    parentHash: input.parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: attributes.feeRecipient,
    stateRoot: state.root,
    transactionsRoot: transactionsRoot(input.transactions),
    receiptsRoot: receiptsRoot(input.receipts),
    logsBloom: mergeBlooms(input.receipts.map((receipt) => receipt.logsBloom)),
    difficulty: 0n,
    number: context.number,
    gasLimit: context.gasLimit,
    gasUsed: input.gasUsed,
    timestamp: context.timestamp,
    // holocene/exec-engine.md, jovian/exec-engine.md: the fee market's parameters.
    extraData: extraDataOf(config, attributes, fork),
    prevRandao: attributes.prevRandao,
    nonce: EMPTY_NONCE,
    baseFeePerGas: context.baseFee,
    // isthmus/exec-engine.md: the message passer's storage root; before, that of no withdrawals (EIP-4895).
    withdrawalsRoot: isIsthmus ? messagePasserRoot(input.reader, state) : EMPTY_TRIE_ROOT,
    // jovian/exec-engine.md: the data-availability footprint; before, no blobs.
    blobGasUsed: includes(fork, "jovian") ? input.daFootprint : 0n,
    excessBlobGas: 0n,
    // ecotone/exec-engine.md: the L1 origin's parent beacon root.
    parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
    // isthmus/exec-engine.md: no requests (EIP-7685).
    requestsHash: isIsthmus ? EMPTY_REQUESTS_HASH : undefined,
  };
}

/** The storage root of the message passer after a block (isthmus/exec-engine.md). */
export function messagePasserRoot(reader: StateReader, state: CommittedState): Hash {
  const changed = state.accounts.get(toHex(L2_TO_L1_MESSAGE_PASSER));
  const account = changed ?? reader.account(L2_TO_L1_MESSAGE_PASSER);
  return account?.storageRoot ?? EMPTY_TRIE_ROOT;
}
