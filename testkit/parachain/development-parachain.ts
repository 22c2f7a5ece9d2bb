import { readParaId } from "@phala-l2/bridge/finality/para-id";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { createSubstrateNode } from "@phala-l2/bridge/substrate/node";
import type { Hash } from "@phala-l2/protocol/bytes";
import type { FinalityDescription } from "@phala-l2/protocol/substrate/finality-json";
import { startDangerouslySimulatedRelayChain } from "../relay-chain/start.ts";
import { AssetHub, type AssetHubOptions } from "./asset-hub.ts";

export type DevelopmentParachainOptions = AssetHubOptions & {
  /** Any free ones when absent. */
  readonly port?: number;
  readonly relayChainPort?: number;
};

/** A parachain of a real runtime in this process, and a SIMULATED relay chain that makes its blocks final. */
export type DevelopmentParachain = {
  readonly url: string;
  readonly relayChainUrl: string;
  readonly genesisHash: Hash;
  /** Of its last block at the start. */
  readonly height: number;
  /** What its finality is proven from, the same at each start; and the anchor of it. */
  readonly finality: FinalityDescription;
  readonly anchor: Hash;
  stop(): Promise<void>;
};

/** Milliseconds until the relay chain has seen a new block. */
const RELAY_POLL_MS = 200;
const TIMEOUT_MS = 10_000;

/** @throws RollupError PARACHAIN_FILE_INVALID, DEVNET_PART_FAILED */
export async function startDevelopmentParachain(
  options: DevelopmentParachainOptions,
): Promise<DevelopmentParachain> {
  const { port = 0, relayChainPort = 0 } = options;
  const hub = await AssetHub.start(options);
  const ended = [() => hub.stop()];
  const stop = async () => {
    for (const end of ended.splice(0).toReversed()) await end();
  };
  try {
    const node = await hub.serve(port);
    ended.push(() => node.stop());
    const paraId = await readParaId(createSubstrateNode(jsonRpc(node.url, TIMEOUT_MS), "parachain"));
    const relay = await startDangerouslySimulatedRelayChain({
      parachainUrl: node.url,
      paraId,
      port: relayChainPort,
      pollMs: RELAY_POLL_MS,
    });
    ended.push(() => relay.stop());
    return {
      url: node.url,
      relayChainUrl: relay.url,
      genesisHash: hub.genesisHash,
      height: hub.height,
      finality: relay.source,
      anchor: relay.anchor,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
