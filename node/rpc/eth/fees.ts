import { type ChainConfig, nextHeader } from "@phala-l2/execution/chain-config";
import type { Header } from "@phala-l2/protocol/wire/header";
import { effectiveTip } from "@phala-l2/protocol/wire/transaction";
import type { ChainView } from "../../store/chain-reader.ts";
import { type BlockRecord, readRecord } from "../block-record.ts";
import { findHeader } from "../block-reference.ts";
import { quantityHex } from "../format/hex.ts";
import type { RpcLimits } from "../limits.ts";
import { method0, method3, optional, type RpcMethods, required } from "../method.ts";
import { anything, type BlockReference, blockNumber, hexOrDecimal } from "../parameters.ts";
import { failure, type Reply, type RpcFailure, result, SERVER_ERROR, TIMED_OUT } from "../reply.ts";
import { takingTurns } from "../turn.ts";

/** Wei; the tip that op-geth suggests while blocks have room: 0.001 gwei. */
const MIN_SUGGESTED_TIP = 1_000_000n;
/** Wei; op-geth never suggests more: 500 gwei. */
const MAX_SUGGESTED_TIP = 500_000_000_000n;
/** Percentiles in one eth_feeHistory. geth's maxQueryLimit. */
const MAX_PERCENTILES = 100;

type PaidTip = { readonly tip: bigint; readonly gasUsed: bigint };

/** What each user transaction of a block gave per gas, cheapest first. */
function tipsOf(record: BlockRecord): readonly PaidTip[] {
  const baseFee = record.block.header.baseFeePerGas ?? 0n;
  return record.transactions
    .map((transaction, index) => ({
      isDeposit: transaction.type === 0x7e,
      tip: effectiveTip(transaction, baseFee),
      gasUsed:
        (record.receipts[index]?.cumulativeGasUsed ?? 0n) -
        (record.receipts[index - 1]?.cumulativeGasUsed ?? 0n),
    }))
    .filter(({ isDeposit }) => !isDeposit)
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
}

/**
 * A tip that gets a transaction into the next blocks: the minimum, unless the last block was so full that its
 * largest transaction would not have fitted again; then the median of its tips and a tenth more (op-geth's
 * rule for the OP Stack).
 */
export function suggestedTip(chain: ChainView): bigint {
  const record = readRecord(chain, chain.heads().unsafe.hash);
  if (record === undefined) return MIN_SUGGESTED_TIP;
  const tips = tipsOf(record);
  const { gasUsed, gasLimit } = record.block.header;
  const largest = tips.reduce((most, tip) => (tip.gasUsed > most ? tip.gasUsed : most), 0n);
  const median = tips[Math.floor((tips.length - 1) / 2)];
  if (gasUsed + largest <= gasLimit || median === undefined) return MIN_SUGGESTED_TIP;
  const raised = median.tip + median.tip / 10n;
  if (raised < MIN_SUGGESTED_TIP) return MIN_SUGGESTED_TIP;
  return raised > MAX_SUGGESTED_TIP ? MAX_SUGGESTED_TIP : raised;
}

/** Base fee of the block after `parent`; zero before London. */
function baseFeeAfter(config: ChainConfig, parent: Header): bigint {
  return nextHeader(config, parent).baseFeePerGas ?? 0n;
}

function readPercentiles(
  value: unknown,
): { readonly kind: "ok"; readonly value: readonly number[] } | RpcFailure {
  if (value === undefined || value === null) return { kind: "ok", value: [] };
  const invalid = (why: string): RpcFailure => failure(SERVER_ERROR, `invalid reward percentile${why}`);
  if (!Array.isArray(value)) return invalid("");
  if (value.length > MAX_PERCENTILES) return invalid(`: over the query limit ${MAX_PERCENTILES}`);
  const percentiles: number[] = [];
  for (const [index, item] of value.entries()) {
    if (typeof item !== "number" || !(item >= 0 && item <= 100))
      return invalid(`: ${String(item).slice(0, 40)}`);
    const before = percentiles[index - 1];
    if (before !== undefined && item <= before)
      return invalid(`: #${index - 1}:${before} >= #${index}:${item}`);
    percentiles.push(item);
  }
  return { kind: "ok", value: percentiles };
}

/** Tips at percentiles of the block's user gas; zeros for a block without any. */
function rewards(record: BlockRecord | undefined, percentiles: readonly number[]): readonly string[] {
  const tips = record === undefined ? [] : tipsOf(record);
  const total = tips.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
  return percentiles.map((percentile) => {
    const threshold = (Number(total) * percentile) / 100;
    let gas = 0;
    for (const { tip, gasUsed } of tips) {
      gas += Number(gasUsed);
      if (gas >= threshold) return quantityHex(tip);
    }
    return quantityHex(tips.at(-1)?.tip ?? 0n);
  });
}

type FeeHistoryRequest = {
  readonly wanted: bigint;
  readonly newest: BlockReference;
  readonly percentiles: readonly number[];
};

async function feeHistory(
  chain: ChainView,
  { wanted, newest, percentiles }: FeeHistoryRequest,
  limits: Pick<RpcLimits, "feeHistoryHeaders" | "feeHistoryBlocks">,
  signal: AbortSignal,
): Promise<Reply> {
  if (wanted === 0n) return result({ oldestBlock: "0x0", gasUsedRatio: [] });
  const last = findHeader(chain, newest);
  if (last.kind === "failure") return failure(SERVER_ERROR, "request beyond head block");
  const limit = BigInt(percentiles.length > 0 ? limits.feeHistoryBlocks : limits.feeHistoryHeaders);
  const count = [wanted, limit, last.header.number + 1n].reduce((least, one) => (one < least ? one : least));
  const oldest = last.header.number + 1n - count;
  const baseFees: string[] = [];
  const gasRatios: number[] = [];
  const reward: (readonly string[])[] = [];
  const blobFees: string[] = [];
  const blobRatios: number[] = [];
  const turn = takingTurns();
  for (let number = oldest; number <= last.header.number; number++) {
    await turn();
    if (signal.aborted) return failure(TIMED_OUT, "request timed out");
    const hash = chain.hashByNumber(number);
    const header = hash === undefined ? undefined : chain.headerByHash(hash);
    if (hash === undefined || header === undefined) break;
    baseFees.push(quantityHex(header.baseFeePerGas ?? 0n));
    gasRatios.push(Number(header.gasUsed) / Number(header.gasLimit));
    // BLOBBASEFEE is 1 on this chain (Ecotone) and no blob is ever carried.
    blobFees.push("0x1");
    blobRatios.push(0);
    if (percentiles.length > 0) reward.push(rewards(readRecord(chain, hash), percentiles));
  }
  return result({
    oldestBlock: quantityHex(oldest),
    ...(percentiles.length > 0 && { reward }),
    baseFeePerGas: [...baseFees, quantityHex(baseFeeAfter(chain.config, last.header))],
    gasUsedRatio: gasRatios,
    baseFeePerBlobGas: [...blobFees, "0x1"],
    blobGasUsedRatio: blobRatios,
  });
}

/** What gas costs now and cost lately. The L1 fee is not in it: GasPriceOracle tells that. */
export function feeMethods(
  chain: ChainView,
  limits: Pick<RpcLimits, "feeHistoryHeaders" | "feeHistoryBlocks">,
): RpcMethods {
  const head = (): Header | undefined => chain.headerByHash(chain.heads().unsafe.hash);
  return {
    eth_gasPrice: method0(() => result(quantityHex((head()?.baseFeePerGas ?? 0n) + suggestedTip(chain)))),
    eth_maxPriorityFeePerGas: method0(() => result(quantityHex(suggestedTip(chain)))),
    eth_baseFee: method0(() => {
      const header = head();
      return result(header === undefined ? null : quantityHex(baseFeeAfter(chain.config, header)));
    }),
    eth_blobBaseFee: method0(() => result("0x1")),
    eth_feeHistory: method3(
      required(hexOrDecimal),
      required(blockNumber),
      optional(anything, undefined),
      (wanted, newest, percentiles, { signal }) => {
        const read = readPercentiles(percentiles);
        if (read.kind === "failure") return read;
        return feeHistory(chain, { wanted, newest, percentiles: read.value }, limits, signal);
      },
    ),
  };
}
