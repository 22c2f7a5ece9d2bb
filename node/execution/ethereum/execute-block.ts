import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import { type Block, ommersHash, withdrawalsRoot } from "@phala-l2/protocol/wire/block";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header, headerHash } from "@phala-l2/protocol/wire/header";
import type { AncestorHash } from "../block/ancestors.ts";
import { hasEvm } from "../block/rules.ts";
import type { SealedBlock } from "../block/sealed-block.ts";
import type { Evm } from "../evm/evm.ts";
import type { StateReader } from "../state/reader.ts";
import { comparableGasLimit, ethereumBaseFee } from "./base-fee.ts";
import { excessBlobGas } from "./blob-gas.ts";
import { type EthereumConfig, rulesAt } from "./config.ts";
import { openEthereumBlock } from "./open-block.ts";

/** Yellow Paper 4.3.4: the gas limit moves by less than this share of the parent's, and not below the minimum. */
const GAS_LIMIT_BOUND_DIVISOR = 1024n;
const MIN_GAS_LIMIT = 5000n;
/** Yellow Paper 4.3.4. */
const MAX_EXTRA_DATA = 32;
/** Yellow Paper 11.1: ommers of one block, and how many blocks before it they may be. */
const MAX_OMMERS = 2;
const MAX_OMMER_DISTANCE = 6n;

export type EthereumExecution =
  | { readonly kind: "valid"; readonly sealed: SealedBlock }
  | { readonly kind: "invalid"; readonly reason: string };

export type ExecuteEthereumBlockInput = {
  readonly config: EthereumConfig;
  readonly parent: Header;
  readonly block: Block;
  /** The state after the parent. */
  readonly state: StateReader;
  readonly readNode: NodeReader;
  readonly evm: Evm;
  readonly ancestorHash?: AncestorHash | undefined;
};

/**
 * Executes a block of a plain Ethereum chain and compares its hash: equal hashes mean equal everything. Who was
 * allowed to make it (proof of work, ommers' descent, the consensus layer's choice) is not looked at.
 */
export async function executeEthereumBlock(input: ExecuteEthereumBlockInput): Promise<EthereumExecution> {
  const { config, parent, block, ...rest } = input;
  const { header } = block;
  // 1. The header follows the parent's.
  const fault = headerFault(config, parent, header) ?? bodyFault(block, config);
  if (fault !== undefined) return { kind: "invalid", reason: fault };
  // 2. The transactions run.
  const open = await openEthereumBlock({ ...rest, config, header, parentStateRoot: parent.stateRoot });
  for (const [index, raw] of block.transactions.entries()) {
    const application = await open.apply(raw);
    if (application.kind === "rejected") {
      return { kind: "invalid", reason: `transaction ${index}: ${application.reason}` };
    }
  }
  // 3. What they gave is what the header says.
  const sealing = await open.seal(block);
  if (sealing.kind === "invalid") return sealing;
  const { sealed } = sealing;
  if (bytesEqual(sealed.hash, headerHash(header))) return { kind: "valid", sealed };
  return { kind: "invalid", reason: mismatchOf(header, sealed.block.header) };
}

function headerFault(config: EthereumConfig, parent: Header, header: Header): string | undefined {
  if (!bytesEqual(header.parentHash, headerHash(parent))) return "parent-hash-mismatch";
  if (header.number !== parent.number + 1n) return "number-mismatch";
  if (header.timestamp <= parent.timestamp) return "timestamp-not-after-parent";
  if (header.extraData.length > MAX_EXTRA_DATA) return "extra-data-too-long";
  if (header.gasUsed > header.gasLimit) return "gas-used-above-limit";
  const rules = rulesAt(config, header);
  const isLondonsFirst = hasEvm(rules, "london") && parent.baseFeePerGas === undefined;
  const before = isLondonsFirst ? comparableGasLimit(parent) : parent.gasLimit;
  const change = header.gasLimit > before ? header.gasLimit - before : before - header.gasLimit;
  if (change >= before / GAS_LIMIT_BOUND_DIVISOR || header.gasLimit < MIN_GAS_LIMIT)
    return "gas-limit-out-of-bounds";
  if (header.baseFeePerGas !== ethereumBaseFee(config, parent, header)) return "base-fee-mismatch";
  if (header.excessBlobGas !== excessBlobGas(config, parent, header)) return "excess-blob-gas-mismatch";
  const isCancun = hasEvm(rules, "cancun");
  if (isCancun !== (header.blobGasUsed !== undefined)) return "blob-gas-used-out-of-place";
  if (isCancun !== (header.parentBeaconBlockRoot !== undefined))
    return "parent-beacon-block-root-out-of-place";
  if (hasEvm(rules, "prague") !== (header.requestsHash !== undefined)) return "requests-hash-out-of-place";
  return hasEvm(rules, "paris") ? stakeFault(header) : undefined;
}

/** EIP-3675: constants where proof of work had its seal. */
function stakeFault(header: Header): string | undefined {
  if (!bytesEqual(header.ommersHash, EMPTY_OMMERS_HASH)) return "ommers-not-empty";
  return bytesEqual(header.nonce, EMPTY_NONCE) ? undefined : "nonce-not-zero";
}

function bodyFault(
  { header, ommers = [], withdrawals = [] }: Block,
  config: EthereumConfig,
): string | undefined {
  if (ommers.length > MAX_OMMERS) return "too-many-ommers";
  if (!bytesEqual(header.ommersHash, ommersHash(ommers))) return "ommers-hash-mismatch";
  const isNear = ({ number }: Header): boolean =>
    number < header.number && header.number - number <= MAX_OMMER_DISTANCE;
  if (!ommers.every(isNear)) return "ommer-out-of-range";
  const isShanghai = hasEvm(rulesAt(config, header), "shanghai");
  if (isShanghai !== (header.withdrawalsRoot !== undefined)) return "withdrawals-root-out-of-place";
  if (header.withdrawalsRoot === undefined)
    return withdrawals.length > 0 ? "withdrawals-out-of-place" : undefined;
  return bytesEqual(header.withdrawalsRoot, withdrawalsRoot(withdrawals))
    ? undefined
    : "withdrawals-root-mismatch";
}

/** The first difference, in an order that names causes before effects. */
function mismatchOf(given: Header, own: Header): string {
  const differs = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
    a === undefined || b === undefined ? a !== b : !bytesEqual(a, b);
  if (differs(given.transactionsRoot, own.transactionsRoot)) return "transactions-root-mismatch";
  if (given.gasUsed !== own.gasUsed) return "gas-used-mismatch";
  if (given.blobGasUsed !== own.blobGasUsed) return "blob-gas-used-mismatch";
  if (differs(given.receiptsRoot, own.receiptsRoot)) return "receipts-root-mismatch";
  if (differs(given.requestsHash, own.requestsHash)) return "requests-hash-mismatch";
  if (differs(given.stateRoot, own.stateRoot)) return "state-root-mismatch";
  return "block-hash-mismatch";
}
