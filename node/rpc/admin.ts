import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { method0, method1, type RpcMethods, required } from "./method.ts";
import { hash } from "./parameters.ts";
import { failure, type Reply, result, SERVER_ERROR } from "./reply.ts";

/** What an operator can do to a running sequencer. */
export interface SequencerControl {
  /** Starts on that unsafe head, so that a standby cannot start on a stale one; a refusal names its reason. */
  start(
    unsafeHead: Hash,
  ): Promise<{ readonly kind: "started" } | { readonly kind: "refused"; readonly reason: string }>;
  /** Stops after the block that is being built; the last block's hash. */
  stop(): Promise<
    { readonly kind: "stopped"; readonly head: Hash } | { readonly kind: "refused"; readonly reason: string }
  >;
  isActive(): boolean;
}

function refused(reason: string): Reply {
  return failure(SERVER_ERROR, reason);
}

/** What of op-node's admin namespace anybody may ask. */
export function adminViews(sequencer: SequencerControl | undefined): RpcMethods {
  return { admin_sequencerActive: method0(() => result(sequencer?.isActive() ?? false)) };
}

/** op-node's admin namespace. It must only be served on an address that the operator alone reaches. */
export function adminMethods(sequencer: SequencerControl | undefined): RpcMethods {
  if (sequencer === undefined) return adminViews(undefined);
  return {
    ...adminViews(sequencer),
    admin_startSequencer: method1(required(hash), async (unsafeHead) => {
      const outcome = await sequencer.start(unsafeHead);
      return outcome.kind === "started" ? result(null) : refused(outcome.reason);
    }),
    admin_stopSequencer: method0(async () => {
      const outcome = await sequencer.stop();
      return outcome.kind === "stopped" ? result(toHex(outcome.head)) : refused(outcome.reason);
    }),
  };
}
