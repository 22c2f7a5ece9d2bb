import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Log } from "@phala-l2/protocol/log";
import { difference } from "./compare.ts";
import { type Conversation, parseConversation } from "./conversation.ts";
import { EthereumChain } from "./ethereum-chain.ts";
import { type ServedChain, serveEthereumChain } from "./serve.ts";

export type ConversationFailure = {
  readonly file: string;
  readonly reason: string;
  readonly expected: unknown;
  readonly found: unknown;
};

export type RpcCompatReport = {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly ConversationFailure[];
  readonly blocks: number;
  /** Of the imported blocks. */
  readonly gasUsed: bigint;
  readonly mgasPerSecond: number;
  readonly ms: number;
};

export type RpcCompatOptions = {
  /** Only conversations whose name has this text. */
  readonly filter?: string | undefined;
  readonly log: Log;
};

/**
 * Imports the folder's chain.rlp on its genesis.json and replays each conversation against a JSON-RPC server over
 * it, each file on the imported chain.
 * @throws RollupError FIXTURES_MISSING, FIXTURE_MALFORMED, GENESIS_INVALID, CHAIN_MISMATCH
 */
export async function runRpcCompat(
  folder: string,
  { filter, log }: RpcCompatOptions,
): Promise<RpcCompatReport> {
  const conversations = readConversations(folder).filter(({ name }) => name.includes(filter ?? ""));
  const started = performance.now();
  const chain = await EthereumChain.from(readJson(join(folder, "genesis.json")), ({ chainId }) =>
    createEthereumjsEvm({ l2ChainId: chainId }),
  );
  const { blocks, gasUsed } = await chain.importRlp(readFileSync(join(folder, "chain.rlp")));
  const seconds = (performance.now() - started) / 1_000;
  log.info({ blocks, gasUsed, seconds }, "the chain is imported");
  const served = await serveEthereumChain(chain, log);
  try {
    const failures: ConversationFailure[] = [];
    for (const conversation of conversations) {
      const failure = await replay(served, conversation);
      if (failure !== undefined) failures.push(failure);
    }
    return {
      passed: conversations.length - failures.length,
      failed: failures.length,
      failures,
      blocks,
      gasUsed,
      mgasPerSecond: Number(gasUsed) / 1e6 / seconds,
      ms: performance.now() - started,
    };
  } finally {
    await served.stop();
  }
}

/** @throws RollupError FIXTURES_MISSING, FIXTURE_MALFORMED */
export function readConversations(folder: string): readonly Conversation[] {
  for (const file of ["genesis.json", "chain.rlp"]) {
    if (existsSync(join(folder, file))) continue;
    throw new RollupError(
      "FIXTURES_MISSING",
      `${folder} has no ${file}: it is no tests folder of execution-apis`,
      {
        data: { folder, file },
      },
    );
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".io"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((path) => parseConversation(relative(folder, path), readFileSync(path, "utf8")));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new RollupError("FIXTURE_MALFORMED", `${path} is not JSON`, { data: { path }, cause });
  }
}

async function replay(
  served: ServedChain,
  { name, isSpecOnly, exchanges }: Conversation,
): Promise<ConversationFailure | undefined> {
  for (const { request, response } of exchanges) {
    const found = await ask(served.url, request);
    const reason = difference(response, found, { isSpecOnly });
    if (reason !== undefined)
      return { file: name, reason, expected: answerOf(response), found: answerOf(found) };
  }
  return undefined;
}

function answerOf(response: unknown): unknown {
  return isRecord(response) ? (response.error ?? response.result) : response;
}

async function ask(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return response.json();
}
