// The thread behind `startKzgThread`: commits to the blobs that it is sent.
import { parentPort } from "node:worker_threads";
import { nativeKzg } from "./kzg.ts";
import type { KzgAnswer, KzgQuestion } from "./kzg-thread.ts";

function commit({ id, blob }: KzgQuestion): KzgAnswer {
  try {
    return { id, commitment: nativeKzg.blobToKzgCommitment(blob) };
  } catch (error) {
    return { id, fault: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (question: KzgQuestion) => parentPort?.postMessage(commit(question)));
