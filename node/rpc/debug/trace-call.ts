import { rulesOf } from "@phala-l2/execution/chain-config";
import { overriddenHeader } from "@phala-l2/execution/simulate/overrides";
import type { CallTrace } from "@phala-l2/execution/trace/trace-call";
import { type Hash, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { Header } from "@phala-l2/protocol/wire/header";
import { getAddress } from "viem";
import type { ChainView } from "../../store/chain-reader.ts";
import { ancestorsOf, findHeader } from "../block-reference.ts";
import type { CallRunner } from "../calls/runner.ts";
import { cappedGas, priceOf } from "../eth/call.ts";
import { type Attempt, rejectionWords } from "../eth/call-failure.ts";
import { type CallRequest, callFault } from "../eth/call-request.ts";
import { callOverridesFault, withOverrides } from "../eth/overrides.ts";
import type { RpcLimits } from "../limits.ts";
import type { CallContext } from "../method.ts";
import type { BlockReference } from "../parameters.ts";
import { failure, JsonText, type Reply, type RpcFailure, result, SERVER_ERROR } from "../reply.ts";
import type { TraceCallOptions } from "./trace-options.ts";
import { blockNotFound, faultReply, type TraceTurns, wishesOf } from "./trace-turns.ts";

export type CallTraceParts = {
  readonly chain: ChainView;
  readonly calls: CallRunner;
  readonly limits: Pick<RpcLimits, "callGas" | "traceCharacters">;
};

type Asked = {
  readonly request: CallRequest;
  readonly at: BlockReference;
  readonly options: TraceCallOptions;
  readonly context: CallContext;
};

/** debug_traceCall: a call behind a block, or before one of its transactions. */
export function traceCall(
  parts: CallTraceParts,
  turns: TraceTurns,
  { request, at, options, context }: Asked,
): Reply | Promise<Reply> {
  const { chain, calls, limits } = parts;
  if (at.kind === "tag" && at.tag === "pending")
    return failure(SERVER_ERROR, "tracing on top of pending is not supported");
  const fault = callFault(request) ?? callOverridesFault(options.blockOverrides);
  if (fault !== undefined) return failure(SERVER_ERROR, fault);
  const found = findHeader(chain, at);
  if (found.kind === "failure") return isAbsent(chain, at) ? blockNotFound(at) : found;
  const wishes = wishesOf(options, context);
  if (wishes.kind === "failure") return wishes;
  const within = placeWithin(chain, found, options.txIndex);
  if (within?.kind === "failure") return within;
  const { stateOverrides, blockOverrides } = options;
  const header = overriddenHeader(found.header, blockOverrides);
  const gasLimit = cappedGas(request.gas, limits.callGas);
  const gasPrice = priceOf(request, header);
  const { from, to, value, data, accessList, authorizationList } = request;
  return turns.run(
    wishes,
    async (signal) =>
      calls.traceCall(
        {
          config: chain.config,
          header: found.header,
          tracer: wishes.tracer,
          before: within?.place,
          state: chain.state(within?.place.parent ?? found.header),
          readNode: chain.readNode,
          ancestorHash: ancestorsOf(chain, found),
          request: { from, to, value, data, accessList, authorizationList, gasLimit, gasPrice },
          stateOverrides,
          blockOverrides,
          maxCharacters: limits.traceCharacters,
        },
        signal,
      ),
    (trace) =>
      callReply(trace, () => {
        const state = withOverrides(chain.state(found.header), stateOverrides);
        const balance = state.account(from ?? ZERO_ADDRESS)?.balance ?? 0n;
        return { request, header, rules: rulesOf(chain.config, header), gasLimit, gasPrice, balance };
      }),
  );
}

function isAbsent(chain: ChainView, at: BlockReference): boolean {
  return at.kind !== "hash" || chain.headerByHash(at.hash) === undefined;
}

function callReply(trace: CallTrace, attempt: () => Attempt): Reply {
  switch (trace.kind) {
    case "traced":
      return result(new JsonText(trace.json));
    case "rejected":
      return failure(SERVER_ERROR, `tracing failed: ${rejectionWords(trace.reason, attempt())}`);
    case "override":
      return failure(SERVER_ERROR, `account ${getAddress(toHex(trace.account))} ${trace.problem}`);
    default:
      return faultReply(trace);
  }
}

type Within = {
  readonly kind: "within";
  readonly place: { readonly parent: Header; readonly block: Block; readonly index: number };
};

/** The place before a transaction of the block; undefined is behind all of them. */
function placeWithin(
  chain: ChainView,
  { hash, header }: { readonly hash: Hash; readonly header: Header },
  index: bigint | undefined,
): Within | RpcFailure | undefined {
  if (index === undefined) return undefined;
  if (header.number === 0n) return failure(SERVER_ERROR, "no transaction in genesis");
  const [parent, block] = [chain.headerByHash(header.parentHash), chain.block(hash)];
  if (parent === undefined || block === undefined)
    return failure(SERVER_ERROR, `parent ${toHex(header.parentHash)} not found`);
  if (index > BigInt(block.transactions.length))
    return failure(SERVER_ERROR, `transaction index ${index} out of range for block ${toHex(hash)}`);
  return { kind: "within", place: { parent, block, index: Number(index) } };
}
