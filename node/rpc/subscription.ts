import type { RpcFailure } from "./reply.ts";

/** A running subscription: `close` ends it and is called exactly once. */
export type OpenedSubscription = { readonly kind: "opened"; readonly close: () => void };

/**
 * Opens what `eth_subscribe` names. `send` is called with each result, in order, until `close`; it never
 * throws and never blocks.
 */
export type SubscriptionSource = (
  params: readonly unknown[],
  send: (value: unknown) => void,
) => OpenedSubscription | RpcFailure;

/** A server that pushes nothing. */
export const noSubscriptions: SubscriptionSource = () => ({
  kind: "failure",
  code: -32601,
  message: "no subscriptions on this server",
});
