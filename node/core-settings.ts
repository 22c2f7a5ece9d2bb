import {
  bigintSetting,
  fileSetting,
  folderSetting,
  type SettingsOf,
  secondsSetting,
  urlsSetting,
} from "@phala-l2/protocol/config/settings";
import { readGenesisFile, readRollupFile } from "./chain-files.ts";
import type { CoreOptions } from "./core.ts";

/** What every program with a node inside is told. */
export const coreSettings = {
  rollup: fileSetting({ help: "rollup.json of the chain" }),
  genesis: fileSetting({ help: "genesis.json of the chain" }),
  dataDir: folderSetting({ help: "where the chain is kept" }),
  l1RpcUrls: urlsSetting({ help: "JSON-RPC of L1, in order of preference; each answer is checked by hash" }),
  l1BeaconUrls: urlsSetting({ help: "beacon nodes and blob archives, in order of preference", default: "" }),
  l1PollInterval: secondsSetting({ help: "seconds between looks at L1's head", default: "4" }),
  l1Timeout: secondsSetting({ help: "seconds until an L1 server is given up on", default: "10" }),
  l1Confirmations: bigintSetting({ help: "L1 blocks to stay behind L1's head", default: "0" }),
};

const MILLISECONDS = 1000;

/** Reads the files that the settings name. @throws RollupError CONFIG_INVALID, GENESIS_INVALID, SETTING_INVALID */
export async function coreOptions(settings: SettingsOf<typeof coreSettings>): Promise<CoreOptions> {
  const [rollup, genesis] = await Promise.all([
    readRollupFile(settings.rollup),
    readGenesisFile(settings.genesis),
  ]);
  return {
    rollup,
    genesis,
    dataDir: settings.dataDir,
    l1: {
      rpcUrls: settings.l1RpcUrls,
      beaconUrls: settings.l1BeaconUrls,
      pollIntervalMs: settings.l1PollInterval * MILLISECONDS,
      timeoutMs: settings.l1Timeout * MILLISECONDS,
      confirmations: settings.l1Confirmations,
    },
  };
}
