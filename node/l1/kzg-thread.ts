import { Worker } from "node:worker_threads";
import { RollupError } from "@phala-l2/protocol/errors";
import type { BlobCommitter } from "./kzg.ts";

export type KzgQuestion = { readonly id: number; readonly blob: Uint8Array };
export type KzgAnswer =
  | { readonly id: number; readonly commitment: Uint8Array }
  | { readonly id: number; readonly fault: string };

type Waiting = {
  readonly resolve: (commitment: Uint8Array) => void;
  readonly reject: (error: Error) => void;
};

export type KzgThread = BlobCommitter & { stop(): Promise<void> };

/**
 * Commits to blobs on a thread of its own, started at the first blob: loading the trusted setup takes longer
 * than a block may wait. A blob without commitment rejects.
 */
export function startKzgThread(): KzgThread {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let asked = 0;

  function failAll(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  }

  function thread(): Worker {
    if (worker !== undefined) return worker;
    const started = new Worker(new URL("./kzg-worker.ts", import.meta.url));
    started.on("message", (answer: KzgAnswer) => {
      const asker = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("commitment" in answer) asker?.resolve(answer.commitment);
      else asker?.reject(new RollupError("BLOB_INVALID", answer.fault));
    });
    started.on("error", failAll);
    started.on("exit", () => failAll(new RollupError("STOPPED", "the KZG thread has ended")));
    worker = started;
    return started;
  }

  return {
    blobToKzgCommitment: (blob) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        waiting.set(id, { resolve, reject });
        thread().postMessage({ id, blob } satisfies KzgQuestion);
      }),
    stop: async () => {
      await worker?.terminate();
    },
  };
}
