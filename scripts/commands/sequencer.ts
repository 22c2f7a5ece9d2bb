import { modeOf } from "@phala-l2/node/modes";
import {
  sequencerFaults,
  sequencerSettings,
  startDrivenSequencer,
  startSequencer,
} from "@phala-l2/sequencer/main";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";
import { drivenAddresses } from "./node.ts";

export const sequencerCommand = defineCommand({
  name: "sequencer",
  summary: "runs a node that makes the blocks, by itself or for a sequencing op-node",
  settings: sequencerSettings,
  faults: sequencerFaults,
  run: async (settings, { log, print, stop }) => {
    if (modeOf(settings) === "driven") {
      const node = await startDrivenSequencer(settings, { log });
      print({ ready: true, ...drivenAddresses(node) });
      await untilStopped(stop);
      await node.stop();
      return HOLDS;
    }
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
