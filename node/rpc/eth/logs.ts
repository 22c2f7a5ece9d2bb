import type { Hash } from "@phala-l2/protocol/bytes";
import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { ChainView } from "../../store/chain-reader.ts";
import { logsOf, readRecord } from "../block-record.ts";
import type { RpcLimits } from "../limits.ts";
import { method1, type RpcMethods, required } from "../method.ts";
import type { BlockReference } from "../parameters.ts";
import {
  failure,
  INVALID_PARAMS,
  LIMIT_EXCEEDED,
  type Reply,
  result,
  SERVER_ERROR,
  TIMED_OUT,
} from "../reply.ts";
import { takingTurns } from "../turn.ts";
import { type LogPattern, type LogQuery, logQuery, matchesPattern, mayMatch } from "./log-filter.ts";

export type LogLimits = Pick<RpcLimits, "logsBlocks" | "logsResults" | "logsAlternatives">;

/** The wanted logs of one block, in their order; none when the node does not have the block. */
export function logsInBlock(
  chain: ChainView,
  hash: Hash,
  pattern: LogPattern,
  removed = false,
): readonly object[] {
  const header = chain.headerByHash(hash);
  if (header === undefined || !mayMatch(pattern, header.logsBloom)) return [];
  const record = readRecord(chain, hash);
  return record === undefined ? [] : logsOf(record, (log) => matchesPattern(pattern, log), removed);
}

function numberOf(chain: ChainView, reference: BlockReference): bigint | undefined {
  const heads = chain.heads();
  if (reference.kind === "number") return reference.number;
  if (reference.kind === "hash") return chain.headerByHash(reference.hash)?.number;
  switch (reference.tag) {
    case "earliest":
      return chain.headerByHash(chain.genesisHash)?.number;
    case "safe":
      return heads.safe.number;
    case "finalized":
      return heads.finalized.number;
    default:
      return heads.unsafe.number;
  }
}

type Range = { readonly kind: "range"; readonly from: bigint; readonly to: bigint };

/** Checks a range against the head and the limit; geth's words. */
function readRange(chain: ChainView, from: BlockReference, to: BlockReference, limit: number): Range | Reply {
  const first = numberOf(chain, from);
  const last = numberOf(chain, to);
  if (first === undefined || last === undefined) return failure(SERVER_ERROR, "unknown block");
  if (first > last) return failure(INVALID_PARAMS, "invalid block range params");
  if (last > chain.heads().unsafe.number) {
    return failure(INVALID_PARAMS, "block range extends beyond current head block");
  }
  if (last - first >= BigInt(limit)) {
    return failure(LIMIT_EXCEEDED, `exceed maximum block range: ${limit}`);
  }
  return { kind: "range", from: first, to: last };
}

async function logsInRange(
  chain: ChainView,
  range: Range,
  pattern: LogPattern,
  limits: LogLimits,
  signal: AbortSignal,
): Promise<Reply> {
  const found: object[] = [];
  const turn = takingTurns();
  for (let number = range.from; number <= range.to; number++) {
    const hash = chain.hashByNumber(number);
    // A reorg during the walk can shorten the chain: what is there no more has no logs.
    if (hash === undefined) break;
    for (const log of logsInBlock(chain, hash, pattern)) found.push(log);
    if (found.length > limits.logsResults) {
      return failure(LIMIT_EXCEEDED, `query returned more than ${limits.logsResults} results`);
    }
    await turn();
    if (signal.aborted) return failure(TIMED_OUT, "request timed out");
  }
  return result(found);
}

/**
 * All logs that a query wants, bounded in blocks, results and time. The index is the headers' blooms: only
 * blocks that may hold a wanted log are read.
 */
export async function findLogs(
  chain: ChainView,
  query: LogQuery,
  limits: LogLimits,
  signal: AbortSignal,
): Promise<Reply> {
  if (query.kind === "block") {
    if (chain.headerByHash(query.blockHash) === undefined) return failure(SERVER_ERROR, "unknown block");
    return result(logsInBlock(chain, query.blockHash, query));
  }
  const range = readRange(chain, query.from, query.to, limits.logsBlocks);
  return range.kind === "range" ? logsInRange(chain, range, query, limits, signal) : range;
}

export function logMethods(chain: ChainView, limits: LogLimits): RpcMethods {
  return {
    eth_getLogs: method1(required(logQuery(limits.logsAlternatives)), (query, { signal }) =>
      findLogs(chain, query, limits, signal),
    ),
  };
}

/** Canonical hashes from the child of `ancestor` up to `head`, oldest first. */
export function canonicalBetween(
  chain: ChainView,
  ancestor: { readonly number: bigint; readonly hash: Hash },
  head: { readonly number: bigint; readonly hash: Hash },
): readonly Hash[] {
  const hashes: Hash[] = [];
  let at: Hash | undefined = head.hash;
  while (at !== undefined && !bytesEqual(at, ancestor.hash)) {
    const header = chain.headerByHash(at);
    if (header === undefined || header.number <= ancestor.number) break;
    hashes.push(at);
    at = header.parentHash;
  }
  return hashes.reverse();
}
