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
  RESPONSE_TOO_LARGE,
  type Reply,
  type RpcFailure,
  result,
  SERVER_ERROR,
  TIMED_OUT,
} from "../reply.ts";
import { takingTurns } from "../turn.ts";
import { type LogPattern, type LogQuery, logQuery, matchesPattern, mayMatch } from "./log-filter.ts";

export type LogLimits = Pick<RpcLimits, "logsBlocks" | "logsResults" | "logsAlternatives" | "responseBytes">;

/** The wanted logs of one block, in their order; none when the node does not have the block. */
export function logsInBlock(
  chain: ChainView,
  hash: Hash,
  pattern: LogPattern,
  removed = false,
): ReturnType<typeof logsOf> {
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

/** JSON of a log without its data. */
const LOG_CHARACTERS = 400;

/**
 * Gathers logs for one answer. The first block that is too much ends it: what a caller would not be sent anyway is
 * not held, and ten thousand logs may have a megabyte each.
 */
class LogAnswer {
  readonly #limits: Pick<RpcLimits, "logsResults" | "responseBytes">;
  readonly #found: object[] = [];
  #characters = 0;

  constructor(limits: Pick<RpcLimits, "logsResults" | "responseBytes">) {
    this.#limits = limits;
  }

  /** The failure where they are too many. */
  add(logs: ReturnType<typeof logsInBlock>): RpcFailure | undefined {
    const { logsResults, responseBytes } = this.#limits;
    for (const log of logs) {
      this.#found.push(log);
      this.#characters += LOG_CHARACTERS + log.data.length;
    }
    if (this.#found.length > logsResults)
      return failure(LIMIT_EXCEEDED, `query returned more than ${logsResults} results`);
    return this.#characters > responseBytes ? failure(RESPONSE_TOO_LARGE, "response too large") : undefined;
  }

  reply(): Reply {
    return result(this.#found);
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
  const answer = new LogAnswer(limits);
  const turn = takingTurns();
  for (let number = range.from; number <= range.to; number++) {
    const hash = chain.hashByNumber(number);
    // A reorg during the walk can shorten the chain: what is there no more has no logs.
    if (hash === undefined) break;
    const excess = answer.add(logsInBlock(chain, hash, pattern));
    if (excess !== undefined) return excess;
    await turn();
    if (signal.aborted) return failure(TIMED_OUT, "request timed out");
  }
  return answer.reply();
}

/** A block that joined the canonical chain, or left it. */
export type BlockChange = Hash | { readonly dropped: Hash };

/** The logs of changes, in their order; those of dropped blocks are taken back. */
export async function logsOfChanges(
  chain: ChainView,
  changes: readonly BlockChange[],
  pattern: LogPattern,
  limits: LogLimits,
  signal: AbortSignal,
): Promise<Reply> {
  const answer = new LogAnswer(limits);
  const turn = takingTurns();
  for (const change of changes) {
    const isDropped = "dropped" in change;
    const excess = answer.add(logsInBlock(chain, isDropped ? change.dropped : change, pattern, isDropped));
    if (excess !== undefined) return excess;
    await turn();
    if (signal.aborted) return failure(TIMED_OUT, "request timed out");
  }
  return answer.reply();
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
