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
/** Settings that do nothing without another one. */
const COMPANIONS: readonly (readonly [Name, Name])[] = [["p2pPeers", "p2pListen"]];
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

/** The mode that the given settings ask for, by their names. */
export function modeOfGiven(given: ReadonlySet<string>): NodeMode {
  if (given.has("engineApiPort")) return "driven";
  return given.has("engineUrl") ? "remote" : "whole";
}

/** Where the given settings contradict each other or want others, in words for whoever gave them. */
export function modeFaults(given: ReadonlySet<string>): readonly string[] {
  const mode = modeOfGiven(given);
  const foreign = FOREIGN[mode].filter((name) => given.has(name));
  const missing = NEEDED[mode].filter((name) => !given.has(name));
  const flags = (names: readonly Name[]) => names.map(flagName).join(", ");
  const lonely = COMPANIONS.filter(
    ([name, other]) => given.has(name) && !given.has(other) && !foreign.includes(name),
  );
  return [
    ...(foreign.length > 0 ? [`${WORDS[mode]} leave out ${flags(foreign)}`] : []),
    ...(missing.length > 0 ? [`${WORDS[mode]} give ${flags(missing)}`] : []),
    ...lonely.map(([name, other]) => `${flagName(name)} does nothing without ${flagName(other)}`),
  ];
}

/** What the settings ask for. @throws RollupError SETTING_INVALID when they contradict each other */
export function modeOf(settings: Settings): NodeMode {
  const given = new Set<string>();
  for (const [name, value] of Object.entries(settings)) {
    if (Array.isArray(value) ? value.length > 0 : value !== undefined) given.add(name);
  }
  const faults = modeFaults(given);
  if (faults.length > 0) throw invalid(faults.join("; "));
  return modeOfGiven(given);
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
