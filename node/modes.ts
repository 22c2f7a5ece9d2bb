import { join } from "node:path";
import { flagName, type SettingsOf } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { DrivenNodeOptions } from "./driven-node.ts";
import { nodeOptions, type nodeSettings } from "./main.ts";
import type { RemoteNodeOptions } from "./remote-node.ts";

type Settings = SettingsOf<typeof nodeSettings>;
type Name = keyof Settings;

/**
 * Who derives, and who executes.
 *
 * - `whole`: this node does both.
 * - `driven`: this node executes; a consensus client drives it by the Engine API.
 * - `remote`: this node derives, and drives another engine by the Engine API.
 */
export type NodeMode = "whole" | "driven" | "remote";

/** Settings that contradict each other, or have no use, in a mode. */
const FOREIGN: Readonly<Record<NodeMode, readonly Name[]>> = {
  whole: ["engineJwtSecret"],
  // The consensus client reads L1 and gossips; there must be one writer of heads.
  driven: ["engineUrl", "l1RpcUrls", "l1BeaconUrls", "p2pListen", "p2pPeers"],
  remote: ["engineApiPort"],
};
const NEEDED: Readonly<Record<NodeMode, readonly Name[]>> = {
  whole: ["l1RpcUrls"],
  driven: [],
  remote: ["l1RpcUrls", "engineJwtSecret"],
};
const WORDS: Readonly<Record<NodeMode, string>> = {
  whole: "without engineApiPort and engineUrl",
  driven: "with engineApiPort, where a consensus client alone moves the heads,",
  remote: "with engineUrl",
};

/** What the settings ask for. @throws RollupError SETTING_INVALID when they contradict each other */
export function modeOf(settings: Settings): NodeMode {
  const mode =
    settings.engineApiPort === undefined ? (settings.engineUrl === undefined ? "whole" : "remote") : "driven";
  const isGiven = (name: Name) => {
    const value = settings[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  const foreign = FOREIGN[mode].filter(isGiven);
  if (foreign.length > 0) throw invalid(`${WORDS[mode]} leave out ${foreign.map(flagName).join(", ")}`);
  const missing = NEEDED[mode].filter((name) => !isGiven(name));
  if (missing.length > 0) throw invalid(`${WORDS[mode]} give ${missing.map(flagName).join(", ")}`);
  return mode;
}

function invalid(message: string): RollupError<"SETTING_INVALID"> {
  return new RollupError("SETTING_INVALID", message);
}

/** Options of a driven node. @throws RollupError CONFIG_INVALID, GENESIS_INVALID, SETTING_INVALID */
export async function drivenNodeOptions(settings: Settings): Promise<DrivenNodeOptions> {
  const { rollup, genesis, dataDir, rpc, sequencerUrl } = await nodeOptions(settings);
  const { engineApiHost: host, engineApiPort: port, engineJwtSecret } = settings;
  if (port === undefined) throw invalid("engineApiPort is needed");
  const jwtSecret = engineJwtSecret ?? join(dataDir, "jwt.hex");
  return { rollup, genesis, dataDir, rpc, sequencerUrl, engineApi: { host, port, jwtSecret } };
}

/** Options of a node over another engine. @throws RollupError CONFIG_INVALID, GENESIS_INVALID, SETTING_INVALID */
export async function remoteNodeOptions(settings: Settings): Promise<RemoteNodeOptions> {
  const { rollup, l1, dataDir, rpc, p2p, sequencerUrl } = await nodeOptions(settings);
  const { engineUrl: url, engineJwtSecret: jwtSecret } = settings;
  if (url === undefined || jwtSecret === undefined) throw invalid("engineUrl and engineJwtSecret are needed");
  return { rollup, l1, dataDir, rpc, p2p, sequencerUrl, remoteEngine: { url, jwtSecret } };
}
