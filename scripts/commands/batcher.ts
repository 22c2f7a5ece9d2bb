import { batcherSettings, startBatcher } from "@phala-l2/sequencer/batcher/main";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const batcherCommand = defineCommand({
  name: "batcher",
  summary: "posts the sequencer's blocks to L1",
  settings: batcherSettings,
  run: async (settings, { log, print, stop }) => {
    const batcher = await startBatcher(settings, { log });
    print({ ready: true, address: batcher.address });
    await untilStopped(stop);
    await batcher.stop();
    return HOLDS;
  },
});
