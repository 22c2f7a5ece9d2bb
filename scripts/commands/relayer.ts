import { relayerSettings, startRelayer } from "@phala-l2/bridge/relayer/main";
import { readSwapFile } from "@phala-l2/bridge/relayer/swap-file";
import { loadAccount } from "@phala-l2/node/keys/account";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const relayerCommand = defineCommand({
  name: "relayer",
  summary: "watches the parachain for deposits and releases them on L1, signed by provers of several vendors",
  settings: relayerSettings,
  run: async (settings, { log, print, stop }) => {
    const { domain } = await readSwapFile(settings.swap);
    const account = await loadAccount({ ...settings, l1ChainId: domain.chainId });
    const relayer = await startRelayer(settings, { account, log });
    print({ ready: true, address: relayer.address, healthPort: relayer.healthPort });
    try {
      await Promise.race([untilStopped(stop), relayer.ended]);
    } finally {
      await relayer.stop();
    }
    return HOLDS;
  },
});
