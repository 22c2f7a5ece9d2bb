import { setTimeout } from "node:timers/promises";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { createSubstrateNode } from "@phala-l2/bridge/substrate/node";
import { bytesEqual, type Hash, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { serveJsonRpc } from "../relayer/json-rpc-server.ts";
import { relayChainAnswers } from "./node.ts";
import { DangerouslySimulatedRelayChain, type RelayChainOptions } from "./relay-chain.ts";

export type RelayChainServerOptions = RelayChainOptions & {
  /** A node of the parachain whose final blocks become heads here. */
  readonly parachainUrl: string;
  /** 0, as without, is any free port. */
  readonly port?: number;
  /** Milliseconds between looks at the parachain; each new head gets a block. */
  readonly pollMs?: number;
  /** Blocks after which the authorities hand over; without, only when `chain.handOver` is called. */
  readonly sessionBlocks?: number;
};

export type RelayChainServer = {
  readonly url: string;
  readonly chain: DangerouslySimulatedRelayChain;
  /** What a `finality` file begins with, the same at each start, and the anchor that settings name. */
  readonly source: FinalityDescription;
  readonly anchor: Hash;
  stop(): Promise<void>;
};

const POLL_MS = 500;
const PARACHAIN_TIMEOUT_MS = 10_000;

/**
 * Starts a SIMULATED relay chain beside a parachain, and serves it: what the parachain's node says is final becomes final there.
 * Whoever names its anchor trusts that node and everybody who reads this file: for development chains only.
 */
export async function startDangerouslySimulatedRelayChain(
  options: RelayChainServerOptions,
): Promise<RelayChainServer> {
  const { parachainUrl, port = 0, pollMs = POLL_MS, sessionBlocks } = options;
  const chain = new DangerouslySimulatedRelayChain(options);
  const parachain = createSubstrateNode(jsonRpc(parachainUrl, PARACHAIN_TIMEOUT_MS), "parachain");
  let seen: Hash = ZERO_HASH;
  const look = async () => {
    const head = await parachain.finalizedHead();
    if (bytesEqual(head, seen)) return;
    const header = await parachain.header(head);
    const { header: own } = chain.addBlock(encodeHeader(header));
    if (sessionBlocks !== undefined && Number(own.number) % sessionBlocks === 0) chain.handOver();
    seen = head;
  };
  await look();
  const server = await serveJsonRpc(relayChainAnswers(chain), { port });
  const abort = new AbortController();
  const { signal } = abort;
  const watching = (async () => {
    while (!signal.aborted) {
      await setTimeout(pollMs, undefined, { signal }).catch(() => {});
      // A parachain that restarts is asked again.
      await look().catch((error) => {
        if (!isRollupError(error)) throw error;
      });
    }
  })();
  return {
    url: server.url,
    chain,
    source: chain.start,
    anchor: finalityAnchor(chain.start.source),
    stop: async () => {
      abort.abort();
      await watching;
      await server.stop();
    },
  };
}
