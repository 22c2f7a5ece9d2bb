import { writeFinalityFile } from "@phala-l2/bridge/finality/finality-file";
import { toHex } from "@phala-l2/protocol/bytes";
import { fileSetting, portSetting } from "@phala-l2/protocol/config/settings";
import { holderBalances } from "@phala-l2/testkit/parachain/asset-hub-genesis";
import { startDevelopmentParachain } from "@phala-l2/testkit/parachain/development-parachain";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const developmentParachainCommand = defineCommand({
  name: "development-parachain",
  summary: "a parachain of a real runtime in this process, and a SIMULATED relay chain, to try the swap",
  settings: {
    port: portSetting({
      help: "the parachain's JSON-RPC, over HTTP and WebSocket, on this machine; 0 takes any",
      default: "9944",
    }),
    relayChainPort: portSetting({
      help: "the relay chain's JSON-RPC over HTTP on this machine; 0 takes any",
      default: "9945",
    }),
    file: fileSetting({
      help: "keeps the parachain's blocks, so that the next start goes on from them; without it they are forgotten",
      optional: true,
    }),
    finality: fileSetting({
      help: "where to write what provers follow finality by (their setting 'finality')",
      optional: true,
    }),
  },
  run: async ({ port, relayChainPort, file, finality }, { log, print, stop }) => {
    log.warn({}, "SIMULATED: nobody makes this parachain final, and everybody has its holders' keys");
    const balances = await holderBalances();
    const kept = file === undefined ? {} : { file };
    const parachain = await startDevelopmentParachain({ balances, port, relayChainPort, ...kept });
    try {
      if (finality !== undefined) writeFinalityFile(finality, [parachain.finality]);
      const { url, relayChainUrl, height } = parachain;
      const genesisHash = toHex(parachain.genesisHash);
      print({ ready: true, url, relayChainUrl, genesisHash, anchor: toHex(parachain.anchor), height });
      await untilStopped(stop);
    } finally {
      await parachain.stop();
    }
    return HOLDS;
  },
});
