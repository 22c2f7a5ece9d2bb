import { collectSunset } from "@phala-l2/bridge/actions/sunset/collect";
import {
  contradictSunset,
  finalizeSunset,
  proposeSunset,
  readSunsetTerms,
  sunsetStatus,
} from "@phala-l2/bridge/actions/sunset/propose";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import { addressSetting, type SettingsOf, urlsSetting } from "@phala-l2/protocol/config/settings";
import { actionsOf } from "./action.ts";
import { type CommandContext, defineCommand, HOLDS } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";

const settings = {
  ...holderSettings,
  registry: addressSetting({ help: "SunsetRegistry on L1" }),
  endpoints: urlsSetting({ help: "provers that are asked for their word (tee_signSunset)", default: "" }),
};

type SunsetSettings = SettingsOf<typeof settings>;
type Act = (bridge: Bridge, given: SunsetSettings, context: CommandContext) => Promise<object>;

/** Provers' signatures over one statement, however long their counts take. */
async function collect(bridge: Bridge, { registry, endpoints }: SunsetSettings, context: CommandContext) {
  const { tell, stop } = context;
  return collectSunset(endpoints, await readSunsetTerms(bridge, toHex(registry)), {
    signal: stop,
    onProgress: (endpoint, answer) => {
      if (answer.kind === "running")
        tell(`${endpoint} is counting: ${answer.blocks} blocks, ${answer.entries} entries`);
    },
    onLeftOut: (endpoint, why) => tell(`Left out: ${endpoint} gives no statement: ${why}`),
  });
}

const propose: Act = async (bridge, given, context) => {
  const collected = await collect(bridge, given, context);
  const { statement, signatures } = collected;
  const { l1Hash, finalAt } = await proposeSunset(bridge, toHex(given.registry), collected);
  const { height, claimable } = statement;
  const claimsRoot = toHex(statement.claimsRoot);
  return { l1Hash, finalAt, height, claimsRoot, claimable, keys: signatures.map(({ key }) => key) };
};

/** For whoever runs one honest prover: its word against what was proposed. */
const contradict: Act = async (bridge, given, context) => {
  const collected = await collect(bridge, given, context);
  const { l1Hash } = await contradictSunset(bridge, toHex(given.registry), collected);
  const [first] = collected.signatures;
  return { l1Hash, claimsRoot: toHex(collected.statement.claimsRoot), key: first?.key };
};

/** Provers are asked only where endpoints are named: those that proposed it mostly still count. */
const finalize: Act = async (bridge, given, context) => {
  const { signatures } =
    given.endpoints.length === 0 ? { signatures: [] } : await collect(bridge, given, context);
  return finalizeSunset(
    bridge,
    toHex(given.registry),
    signatures.map(({ signature }) => signature),
  );
};

const actions: Readonly<Record<string, Act>> = {
  propose,
  contradict,
  finalize,
  status: (bridge, { registry }) => sunsetStatus(bridge, toHex(registry)),
};
/** These ask provers. */
const ASKING: ReadonlySet<string> = new Set(["propose", "contradict"]);
const choice = actionsOf(actions);

export const sunsetCommand = defineCommand({
  name: "sunset",
  summary: "has provers count a frozen parachain, and decides on L1 what it owes",
  words: choice.words,
  settings,
  answers: true,
  faults: (given, words) => choice.lacking(words, ASKING.has(words[0] ?? "") ? ["endpoints"] : [], given),
  run: async (given, context) => {
    const act = choice.chosen(context.words);
    const bridge = await openBridge(given, context.tell);
    const address = toHex(given.registry);
    await requireContract(bridge, { name: "SunsetRegistry", flag: "--registry", address });
    context.print(await act(bridge, given, context));
    return HOLDS;
  },
});
