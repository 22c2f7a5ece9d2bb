import type { BlockTrace } from "@phala-l2/execution/trace/trace-block";
import { toHex } from "@phala-l2/protocol/bytes";
import { type Block, decodeBlock } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import type { ChainView } from "../../store/chain-reader.ts";
import { ancestorsOf, hashOf } from "../block-reference.ts";
import type { CallRunner } from "../calls/runner.ts";
import { callRequest } from "../eth/call-request.ts";
import type { RpcLimits } from "../limits.ts";
import { type CallContext, method2, method3, optional, type RpcMethods, required } from "../method.ts";
import { type BlockReference, block, blockNumber, data, hash } from "../parameters.ts";
import { failure, JsonText, type Reply, type RpcFailure, result, SERVER_ERROR } from "../reply.ts";
import { traceCall } from "./trace-call.ts";
import {
  DEFAULT_TRACE,
  DEFAULT_TRACE_CALL,
  type TraceOptions,
  traceCallOptions,
  traceOptions,
} from "./trace-options.ts";
import { blockNotFound, faultReply, TraceTurns, wishesOf } from "./trace-turns.ts";

export type TraceParts = {
  readonly chain: ChainView;
  readonly calls: CallRunner;
  readonly limits: Pick<RpcLimits, "callGas" | "traceCharacters">;
};

/** A block of the chain, or of whoever asks, and how to trace it. */
type Asked = {
  readonly traced: Block;
  /** Index of the one transaction to trace; undefined traces all. */
  readonly only: number | undefined;
  readonly options: TraceOptions;
  readonly context: CallContext;
};

function replay(
  parts: TraceParts,
  turns: TraceTurns,
  { traced, only, options, context }: Asked,
  reply: (trace: Extract<BlockTrace, { kind: "traced" }>) => Reply,
): Reply | Promise<Reply> {
  const { chain, calls, limits } = parts;
  const { header } = traced;
  if (header.number === 0n) return failure(SERVER_ERROR, "genesis is not traceable");
  const wishes = wishesOf(options, context);
  if (wishes.kind === "failure") return wishes;
  const parent = chain.headerByHash(header.parentHash);
  if (parent === undefined || parent.number + 1n !== header.number)
    return failure(SERVER_ERROR, `parent ${toHex(header.parentHash)} not found`);
  const fault = gasFault(parts, traced, parent);
  if (fault !== undefined) return fault;
  return turns.run(
    wishes,
    async (signal) =>
      calls.traceBlock(
        {
          config: chain.config,
          parent,
          block: traced,
          only,
          tracer: wishes.tracer,
          state: chain.state(parent),
          readNode: chain.readNode,
          ancestorHash: ancestorsOf(chain, { hash: header.parentHash, header: parent }),
          maxCharacters: limits.traceCharacters,
        },
        signal,
      ),
    (trace) => (trace.kind === "traced" ? reply(trace) : faultReply(trace)),
  );
}

/**
 * Blocks of the chain have the gas that L1 gave them. One that a caller made up may have no more than its parent or a
 * call: memory is bounded by gas alone, and with enough of it a deposit, which nobody pays for, would take all there is.
 */
function gasFault({ chain, limits }: TraceParts, { header }: Block, parent: Header): RpcFailure | undefined {
  const most = parent.gasLimit > limits.callGas ? parent.gasLimit : limits.callGas;
  if (header.gasLimit <= most || chain.headerByHash(headerHash(header)) !== undefined) return undefined;
  return failure(SERVER_ERROR, `gas limit ${header.gasLimit} of the block exceeds ${most}`);
}

function blockReply({ traces }: Extract<BlockTrace, { kind: "traced" }>): Reply {
  const entries = traces.map((one) => `{"txHash":"${toHex(one.hash)}","result":${one.json}}`);
  return result(new JsonText(`[${entries.join(",")}]`));
}

function transactionReply({ traces: [trace] }: Extract<BlockTrace, { kind: "traced" }>): Reply {
  return trace === undefined
    ? failure(SERVER_ERROR, "transaction not found")
    : result(new JsonText(trace.json));
}

/** Traces of transactions of the chain, of blocks, and of calls: geth's tracing API (eth/tracers/api.go). */
export function traceMethods(parts: TraceParts): RpcMethods {
  const { chain } = parts;
  const turns = new TraceTurns();
  const whole = (traced: Block, options: TraceOptions, context: CallContext): Reply | Promise<Reply> =>
    replay(parts, turns, { traced, only: undefined, options, context }, blockReply);
  const byReference = (
    at: BlockReference,
    options: TraceOptions,
    context: CallContext,
  ): Reply | Promise<Reply> => {
    const blockHash = hashOf(chain, at);
    const found = blockHash === undefined ? undefined : chain.block(blockHash);
    return found === undefined ? blockNotFound(at) : whole(found, options, context);
  };
  const config = optional(traceOptions, DEFAULT_TRACE);
  return {
    debug_traceTransaction: method2(required(hash), config, (transactionHash, options, context) => {
      const at = chain.locateTransaction(transactionHash);
      const traced = at === undefined ? undefined : chain.block(at.blockHash);
      if (at === undefined || traced === undefined) return failure(SERVER_ERROR, "transaction not found");
      return replay(parts, turns, { traced, only: at.index, options, context }, transactionReply);
    }),
    debug_traceBlockByNumber: method2(required(blockNumber), config, byReference),
    debug_traceBlockByHash: method2(required(hash), config, (blockHash, options, context) =>
      byReference({ kind: "hash", hash: blockHash, requireCanonical: false }, options, context),
    ),
    debug_traceBlock: method2(required(data), config, (raw, options, context) => {
      const decoding = decodeBlock(raw);
      return decoding.kind === "invalid"
        ? failure(SERVER_ERROR, `could not decode block: ${decoding.reason}`)
        : whole(decoding.block, options, context);
    }),
    debug_traceCall: method3(
      required(callRequest),
      required(block),
      optional(traceCallOptions, DEFAULT_TRACE_CALL),
      (request, at, options, context) => traceCall(parts, turns, { request, at, options, context }),
    ),
  };
}
