import { nodeOptions, nodeSettings, startNode } from "@phala-l2/node/main";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const nodeCommand = defineCommand({
  name: "node",
  summary: "runs a verifier node",
  settings: nodeSettings,
  run: async (settings, { log, print, stop }) => {
    const node = await startNode(await nodeOptions(settings), { log });
    print({
      ready: true,
      rpc: node.rpc?.url,
      ws: node.rpc?.wsUrl,
      admin: node.rpc?.adminUrl,
      p2p: node.gossip?.addresses() ?? [],
    });
    await untilStopped(stop);
    await node.stop();
    return HOLDS;
  },
});
