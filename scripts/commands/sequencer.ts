import { sequencerSettings, startSequencer } from "@phala-l2/sequencer/main";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const sequencerCommand = defineCommand({
  name: "sequencer",
  summary: "runs a node that makes the blocks",
  settings: sequencerSettings,
  run: async (settings, { log, print, stop }) => {
    const sequencer = await startSequencer(settings, { log });
    print({
      ready: true,
      rpc: sequencer.rpc?.url,
      ws: sequencer.rpc?.wsUrl,
      admin: sequencer.rpc?.adminUrl,
      p2p: sequencer.gossip?.addresses() ?? [],
    });
    await untilStopped(stop);
    await sequencer.stop();
    return HOLDS;
  },
});
