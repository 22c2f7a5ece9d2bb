import type { FuzzTarget } from "./report.ts";

/** Loaded when called for: a process has only the code of its own target, and its memory. */
const targets: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  derivation: async () => (await import("./derivation.ts")).derivationTarget,
  frames: async () => (await import("./decoders.ts")).frameTarget,
  blobs: async () => (await import("./decoders.ts")).blobTarget,
  channels: async () => (await import("./decoders.ts")).channelTarget,
  batches: async () => (await import("./decoders.ts")).batchTarget,
  gossip: async () => (await import("./gossip.ts")).gossipTarget,
  rpc: async () => (await import("./rpc.ts")).rpcTarget,
  execution: async () => (await import("./execution.ts")).executionTarget,
  "engine-api": async () => (await import("./engine-api.ts")).engineApiTarget,
  "substrate-signatures": async () => (await import("./substrate-signatures.ts")).substrateSignaturesTarget,
};

export const TARGET_NAMES: readonly string[] = Object.keys(targets);

/** The target of that name. */
export async function findTarget(name: string): Promise<FuzzTarget | undefined> {
  return Object.hasOwn(targets, name) ? targets[name]?.() : undefined;
}
