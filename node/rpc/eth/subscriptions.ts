import { toHex } from "@phala-l2/protocol/bytes";
import type { EngineView } from "../engine-view.ts";
import { headerJson } from "../format/block.ts";
import { transactionJson } from "../format/transaction.ts";
import type { RpcLimits } from "../limits.ts";
import type { PoolView } from "../pool-view.ts";
import { failure, INVALID_PARAMS, METHOD_NOT_FOUND } from "../reply.ts";
import type { SubscriptionSource } from "../subscription.ts";
import { onChainChange } from "./chain-events.ts";
import { logPattern } from "./log-filter.ts";
import { logsInBlock } from "./logs.ts";

export type SubscriptionParts = {
  readonly engine: EngineView;
  readonly pool: PoolView | undefined;
  readonly limits: Pick<RpcLimits, "logsAlternatives">;
};

/** Each block that joins the canonical chain; after a reorg those of the new branch. */
function newHeads({ engine }: SubscriptionParts): SubscriptionSource {
  return (_params, send) => ({
    kind: "opened",
    close: onChainChange(engine, ({ added }) => {
      for (const hash of added) {
        const header = engine.chain.headerByHash(hash);
        if (header !== undefined) send(headerJson(header, hash));
      }
    }),
  });
}

/** Logs as they join; those of dropped blocks come again with `removed: true`. */
function logs({ engine, limits }: SubscriptionParts): SubscriptionSource {
  return (params, send) => {
    const pattern = logPattern(limits.logsAlternatives)(params[1] ?? {});
    if (pattern.kind === "invalid") return failure(INVALID_PARAMS, `invalid argument 1: ${pattern.words}`);
    const close = onChainChange(engine, ({ dropped, added }) => {
      for (const hash of dropped) {
        for (const log of logsInBlock(engine.chain, hash, pattern.value, true)) send(log);
      }
      for (const hash of added) for (const log of logsInBlock(engine.chain, hash, pattern.value)) send(log);
    });
    return { kind: "opened", close };
  };
}

/** Hashes, or whole transactions with a second parameter of true. A verifier has no pool: nothing comes. */
function newPendingTransactions({ pool }: SubscriptionParts): SubscriptionSource {
  return (params, send) => {
    const isFull = params[1] ?? false;
    if (typeof isFull !== "boolean") {
      return failure(
        INVALID_PARAMS,
        "invalid argument 1: json: cannot unmarshal non-boolean into Go value of type bool",
      );
    }
    const close = pool?.subscribe(({ hash, sender, transaction }) =>
      send(isFull ? transactionJson(transaction, { hash, from: sender, place: undefined }) : toHex(hash)),
    );
    return { kind: "opened", close: close ?? (() => {}) };
  };
}

/** What eth_subscribe offers. */
export function ethSubscriptions(parts: SubscriptionParts): SubscriptionSource {
  const sources = new Map<unknown, SubscriptionSource>([
    ["newHeads", newHeads(parts)],
    ["logs", logs(parts)],
    ["newPendingTransactions", newPendingTransactions(parts)],
  ]);
  return (params, send) => {
    const source = sources.get(params[0]);
    if (source !== undefined) return source(params, send);
    const name = typeof params[0] === "string" ? params[0].slice(0, 100) : "";
    return failure(METHOD_NOT_FOUND, `no "${name}" subscription in eth namespace`);
  };
}
