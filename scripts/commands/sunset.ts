import { collectSunset } from "@phala-l2/bridge/actions/sunset/collect";
import {
  finalizeSunset,
  proposeSunset,
  readSunsetTerms,
  sunsetStatus,
} from "@phala-l2/bridge/actions/sunset/propose";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import { addressSetting, type SettingsOf, urlsSetting } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { type CommandContext, defineCommand, HOLDS } from "./command.ts";
import { holderSettings, jsonable, openBridge } from "./holder.ts";

const settings = {
  ...holderSettings,
  registry: addressSetting({ help: "SunsetRegistry on L1" }),
  endpoints: urlsSetting({ help: "provers that are asked for their word (tee_signSunset)", default: "" }),
};

type SunsetSettings = SettingsOf<typeof settings>;
type Act = (bridge: Bridge, given: SunsetSettings, context: CommandContext) => Promise<object>;

/** Collects the provers' signatures over one statement, however long their counts take, and proposes it. */
const propose: Act = async (bridge, { registry: address, endpoints }, { log, stop }) => {
  const registry = toHex(address);
  const terms = await readSunsetTerms(bridge, registry);
  const collected = await collectSunset(endpoints, terms, {
    signal: stop,
    onProgress: (endpoint, answer) => {
      if (answer.kind === "running") log.info({ endpoint, entries: answer.entries }, "counting");
    },
    onLeftOut: (endpoint, why) => log.warn({ endpoint, why }, "this prover gives no statement"),
  });
  const { statement, signatures } = collected;
  const { l1Hash, finalAt } = await proposeSunset(bridge, registry, collected);
  const { height, claimable } = statement;
  const claimsRoot = toHex(statement.claimsRoot);
  return { l1Hash, finalAt, height, claimsRoot, claimable, keys: signatures.map(({ key }) => key) };
};

const actions: Readonly<Record<string, Act>> = {
  propose,
  finalize: (bridge, { registry }) => finalizeSunset(bridge, toHex(registry)),
  status: (bridge, { registry }) => sunsetStatus(bridge, toHex(registry)),
};
const ACTIONS = Object.keys(actions).join(", ");

function actionOf(words: readonly string[]): Act | undefined {
  const [name = ""] = words;
  return words.length === 1 && Object.hasOwn(actions, name) ? actions[name] : undefined;
}

export const sunsetCommand = defineCommand({
  name: "sunset",
  summary: "has provers count a frozen parachain, and decides on L1 what it owes",
  words: {
    name: "action",
    help: ACTIONS,
    fault: (words) => (actionOf(words) === undefined ? `one action is wanted: ${ACTIONS}` : undefined),
  },
  settings,
  faults: (given, words) =>
    words[0] === "propose" && !given.has("endpoints") ? ["propose needs --endpoints"] : [],
  run: async (given, context) => {
    const act = actionOf(context.words);
    if (act === undefined) throw new RollupError("SETTING_INVALID", `one action is wanted: ${ACTIONS}`);
    context.print(jsonable(await act(await openBridge(given), given, context)));
    return HOLDS;
  },
});
