import type { RunningDrivenNode } from "@phala-l2/node/driven-node";
import { startDrivenNode } from "@phala-l2/node/driven-node";
import { nodeOptions, nodeSettings, startNode } from "@phala-l2/node/main";
import { drivenNodeOptions, modeFaults, modeOf, remoteNodeOptions } from "@phala-l2/node/modes";
import { startRemoteNode } from "@phala-l2/node/remote-node";
import type { SettingsOf } from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

/** What a driven node prints of its addresses. */
export function drivenAddresses({ rpc, engineApi }: RunningDrivenNode): object {
  const { url, wsUrl, jwtSecret } = engineApi;
  return {
    rpc: rpc?.url,
    ws: rpc?.wsUrl,
    admin: rpc?.adminUrl,
    engineApi: url,
    engineApiWs: wsUrl,
    jwtSecret,
  };
}

type Started = { readonly addresses: object; readonly stop: () => Promise<void> };

async function start(settings: SettingsOf<typeof nodeSettings>, log: Log): Promise<Started> {
  const mode = modeOf(settings);
  if (mode === "driven") {
    const node = await startDrivenNode(await drivenNodeOptions(settings), { log });
    return { addresses: drivenAddresses(node), stop: () => node.stop() };
  }
  const node =
    mode === "remote"
      ? await startRemoteNode(await remoteNodeOptions(settings), { log })
      : await startNode(await nodeOptions(settings), { log });
  const { rpc, gossip } = node;
  const p2p = gossip?.addresses() ?? [];
  return {
    addresses: { rpc: rpc?.url, ws: rpc?.wsUrl, admin: rpc?.adminUrl, p2p },
    stop: () => node.stop(),
  };
}

export const nodeCommand = defineCommand({
  name: "node",
  summary: "runs a verifier node, or one side of the Engine API",
  settings: nodeSettings,
  faults: modeFaults,
  run: async (settings, { log, print, stop }) => {
    const node = await start(settings, log);
    print({ ready: true, ...node.addresses });
    await untilStopped(stop);
    await node.stop();
    return HOLDS;
  },
});
