import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type SimulationInput, simulate } from "@phala-l2/execution/call";
import { chainIdOf } from "@phala-l2/execution/chain-config";
import { estimateGas } from "@phala-l2/execution/estimate-gas";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { simulateChain } from "@phala-l2/execution/simulate/run";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { traceBlock } from "@phala-l2/execution/trace/trace-block";
import { traceCall } from "@phala-l2/execution/trace/trace-call";
import { asHash, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { CallJob, ChainJob, Job, JobResult, StateAnswer, StateRead, WorkerStart } from "./wire.ts";

// The thread that runs calls. The state is on the main thread; each question for it sleeps until the answer.

/** Contracts whose code is kept: the same few are called all the time. 1,000 are at most 24 MB. */
const MAX_CODES = 1_000;

const { config, reads, answered }: WorkerStart = workerData;
const counter = new Int32Array(answered);
const evm = await createEthereumjsEvm({ l2ChainId: chainIdOf(config) });
const codes = new Map<Hex, Uint8Array>();

function ask<Kind extends StateRead["kind"]>(
  read: StateRead & { kind: Kind },
): Extract<StateAnswer, { kind: Kind }> {
  const before = Atomics.load(counter, 0);
  reads.postMessage(read);
  Atomics.wait(counter, 0, before);
  const answer: StateAnswer | undefined = receiveMessageOnPort(reads)?.message;
  if (answer?.kind === "fault") throw new RollupError(answer.code, answer.message);
  if (answer !== undefined && isAnswerTo(read.kind, answer)) return answer;
  throw new RollupError("CALL_WORKER_OUT_OF_STEP", `asked for ${read.kind}, answered ${answer?.kind}`);
}

function isAnswerTo<Kind extends string>(
  kind: Kind,
  answer: StateAnswer,
): answer is Extract<StateAnswer, { kind: Kind }> {
  return answer.kind === kind;
}

const state: StateReader = {
  account: (address) => {
    const { account } = ask({ kind: "account", address });
    if (account === undefined) return undefined;
    // Hashes crossed threads as plain bytes.
    return { ...account, storageRoot: asHash(account.storageRoot), codeHash: asHash(account.codeHash) };
  },
  storage: (address, slot) => ask({ kind: "storage", address, slot }).value,
  code: (codeHash) => {
    const key = toHex(codeHash);
    const known = codes.get(key);
    if (known !== undefined) return known;
    const { code } = ask({ kind: "code", codeHash });
    if (codes.size >= MAX_CODES) codes.clear();
    codes.set(key, code);
    return code;
  },
};

const ancestorHash = (number: bigint) => ask({ kind: "ancestor", number }).hash;
const readNode = (hash: Hash) => ask({ kind: "node", hash }).node;

async function runCall({ kind, ...job }: CallJob): Promise<JobResult> {
  const input: SimulationInput = { ...job, config, state, evm, ancestorHash };
  return kind === "simulate"
    ? { kind: "simulated", simulation: await simulate(input) }
    : { kind: "estimated", estimate: await estimateGas(input) };
}

async function runChain({ kind: _, ...job }: ChainJob): Promise<JobResult> {
  const simulation = await simulateChain({
    ...job,
    config,
    state,
    readNode,
    evm,
    ancestorHash,
  });
  return { kind: "chain-simulated", simulation };
}

async function resultOf(job: Job): Promise<JobResult> {
  const parts = { config, state, readNode, evm, ancestorHash };
  switch (job.kind) {
    case "simulate-chain":
      return runChain(job);
    case "trace-block":
      return { kind: "block-traced", trace: await traceBlock({ ...job, ...parts }) };
    case "trace-call":
      return { kind: "call-traced", trace: await traceCall({ ...job, ...parts }) };
    default:
      return runCall(job);
  }
}

async function run(job: Job): Promise<JobResult> {
  try {
    return await resultOf(job);
  } catch (error) {
    const code = isRollupError(error) ? error.code : "CALL_WORKER_FAILED";
    return { kind: "fault", code, message: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (job: Job) => {
  void run(job).then((result) => parentPort?.postMessage(result));
});
