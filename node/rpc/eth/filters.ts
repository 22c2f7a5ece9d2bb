import { randomBytes } from "node:crypto";
import { toHex } from "@phala-l2/protocol/bytes";
import type { EngineView } from "../engine-view.ts";
import type { RpcLimits } from "../limits.ts";
import { method0, method1, type RpcMethods, required } from "../method.ts";
import { text } from "../parameters.ts";
import type { PoolView } from "../pool-view.ts";
import { failure, LIMIT_EXCEEDED, type Reply, result, SERVER_ERROR } from "../reply.ts";
import { onChainChange } from "./chain-events.ts";
import { type LogQuery, logQuery } from "./log-filter.ts";
import { type BlockChange, findLogs, type LogLimits, logsOfChanges } from "./logs.ts";

export type FilterParts = {
  readonly engine: EngineView;
  readonly pool: PoolView | undefined;
  readonly limits: LogLimits & Pick<RpcLimits, "filters" | "filterMs">;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
};

type Filter = {
  readonly query: LogQuery | undefined;
  /**
   * Blocks, or the pool's transactions, that nobody has asked for yet. Logs are read when they are: the logs of
   * minutes, of a thousand filters that nobody polls, would fill the memory.
   */
  waiting: BlockChange[];
  /** More came than is kept: the poller is told rather than given a gap. */
  hasOverflowed: boolean;
  usedAt: number;
  readonly close: () => void;
};

type Push = (change: BlockChange) => void;

const NOT_FOUND = failure(SERVER_ERROR, "filter not found");

/** Filters that clients without a WebSocket poll. A forgotten one ends after `filterMs`. */
export function filterMethods(parts: FilterParts): RpcMethods {
  const { engine, pool, limits, now } = parts;
  const filters = new Map<string, Filter>();

  function forgetUnused(): void {
    for (const [id, filter] of filters) {
      if (now() - filter.usedAt <= limits.filterMs) continue;
      filter.close();
      filters.delete(id);
    }
  }

  function add(query: LogQuery | undefined, open: (push: Push) => () => void): Reply {
    forgetUnused();
    if (filters.size >= limits.filters)
      return failure(LIMIT_EXCEEDED, `too many filters (limit ${limits.filters})`);
    const id = toHex(randomBytes(16));
    const push: Push = (value) => {
      if (filter.waiting.length < limits.logsResults) filter.waiting.push(value);
      else filter.hasOverflowed = true;
    };
    const filter: Filter = { query, waiting: [], hasOverflowed: false, usedAt: now(), close: open(push) };
    filters.set(id, filter);
    return result(id);
  }

  return {
    eth_newFilter: method1(required(logQuery(limits.logsAlternatives)), (query) =>
      add(query, (push) =>
        onChainChange(engine, ({ dropped, added }) => {
          for (const hash of dropped) push({ dropped: hash });
          for (const hash of added) push(hash);
        }),
      ),
    ),
    eth_newBlockFilter: method0(() =>
      add(undefined, (push) =>
        onChainChange(engine, ({ added }) => {
          for (const hash of added) push(hash);
        }),
      ),
    ),
    eth_newPendingTransactionFilter: method0(() =>
      add(undefined, (push) => pool?.subscribe(({ hash }) => push(hash)) ?? (() => {})),
    ),
    eth_getFilterChanges: method1(required(text), (id, { signal }) => {
      forgetUnused();
      const filter = filters.get(id);
      if (filter === undefined) return NOT_FOUND;
      filter.usedAt = now();
      const { waiting, hasOverflowed } = filter;
      filter.waiting = [];
      filter.hasOverflowed = false;
      if (hasOverflowed)
        return failure(LIMIT_EXCEEDED, `more than ${limits.logsResults} changes since the last poll`);
      if (filter.query !== undefined)
        return logsOfChanges(engine.chain, waiting, filter.query, limits, signal);
      return result(waiting.map((change) => toHex("dropped" in change ? change.dropped : change)));
    }),
    eth_getFilterLogs: method1(required(text), (id, { signal }) => {
      const filter = filters.get(id);
      if (filter?.query === undefined) return NOT_FOUND;
      filter.usedAt = now();
      return findLogs(engine.chain, filter.query, limits, signal);
    }),
    eth_uninstallFilter: method1(required(text), (id) => {
      const filter = filters.get(id);
      filter?.close();
      return result(filters.delete(id));
    }),
  };
}
