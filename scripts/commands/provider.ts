import { admitPledge, refreshPledge, removePledge } from "@phala-l2/bridge/actions/provider/admission";
import { classWord, type Providers } from "@phala-l2/bridge/actions/provider/contract";
import { addToPledge, pledge } from "@phala-l2/bridge/actions/provider/pledge";
import { fundRewards, pokeRewards, reserveStatus } from "@phala-l2/bridge/actions/provider/reserve";
import { claimRewards, restakeRewards } from "@phala-l2/bridge/actions/provider/rewards";
import { providerStatus } from "@phala-l2/bridge/actions/provider/status";
import { releasePledge, withdrawPledge } from "@phala-l2/bridge/actions/provider/withdraw";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  bigintSetting,
  hashSetting,
  type SettingsOf,
  settingKind,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Hex } from "viem";
import { actionsOf } from "./action.ts";
import { amountOf, type Currency, PHA } from "./amount.ts";
import { defineCommand, HOLDS, needed } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";

const gpuClass = settingKind<Hex>("CLASS", (text) => {
  const word = classWord(text);
  if (word !== undefined) return word;
  throw new RollupError("SETTING_INVALID", "1 to 32 ASCII characters without spaces are wanted, as H100");
});

/** A bare number that is not even a millionth of a vPHA is a mistake: who writes 50 means 50 vPHA. */
const VPHA: Currency = { units: { vPHA: 24 }, least: "units", leastBare: 10n ** 18n };

const settings = {
  ...holderSettings,
  class: gpuClass({ help: "class of the GPU: H100, H200, B200", optional: true, neededBy: "pledge" }),
  shares: amountOf(VPHA)({
    help: "1250vPHA, or its least units; for pledge what the class asks for when absent",
    optional: true,
    neededBy: "add",
  }),
  pledge: bigintSetting({ help: "number of a pledge, as pledge printed it", optional: true }),
  device: hashSetting({
    help: "identity of the GPU that the pledge is for",
    optional: true,
    neededBy: "admit",
  }),
  amount: amountOf(PHA)({ help: "500PHA, 0.5PHA, or wei", optional: true, neededBy: "fund" }),
  to: addressSetting({
    help: "who gets the rewards; whose pledges are told; the account itself when absent",
    optional: true,
  }),
};

type ProviderSettings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  readonly act: (bridge: Bridge, providers: Providers, given: ProviderSettings) => Promise<object>;
};

const pledgeOf = ({ pledge: id }: ProviderSettings) => ({ id: needed(id, "pledge") });

const receiver = ({ account }: Bridge, { to }: ProviderSettings) =>
  to === undefined ? account.address : toHex(to);

const actions: Readonly<Record<string, Action>> = {
  pledge: {
    needs: ["class"],
    act: (bridge, providers, given) =>
      pledge(bridge, providers, { class: needed(given.class, "class"), shares: given.shares }),
  },
  add: {
    needs: ["pledge", "shares"],
    act: (bridge, providers, given) =>
      addToPledge(bridge, providers, { ...pledgeOf(given), shares: needed(given.shares, "shares") }),
  },
  withdraw: {
    needs: ["pledge"],
    act: (bridge, providers, given) => withdrawPledge(bridge, providers, pledgeOf(given)),
  },
  release: {
    needs: ["pledge"],
    act: (bridge, providers, given) => releasePledge(bridge, providers, pledgeOf(given)),
  },
  claim: {
    needs: ["pledge"],
    act: (bridge, providers, given) =>
      claimRewards(bridge, providers, { ...pledgeOf(given), to: receiver(bridge, given) }),
  },
  restake: {
    needs: ["pledge"],
    act: (bridge, providers, given) => restakeRewards(bridge, providers, pledgeOf(given)),
  },
  status: {
    needs: [],
    act: (bridge, providers, given) =>
      providerStatus(
        bridge,
        providers,
        given.pledge === undefined ? { provider: receiver(bridge, given) } : { id: given.pledge },
      ),
  },
  admit: {
    needs: ["pledge", "device"],
    act: (bridge, providers, given) =>
      admitPledge(bridge, providers, { ...pledgeOf(given), device: toHex(needed(given.device, "device")) }),
  },
  remove: {
    needs: ["pledge"],
    act: (bridge, providers, given) => removePledge(bridge, providers, pledgeOf(given)),
  },
  refresh: {
    needs: ["pledge"],
    act: (bridge, providers, given) => refreshPledge(bridge, providers, pledgeOf(given)),
  },
  fund: {
    needs: ["amount"],
    act: (bridge, providers, { amount }) =>
      fundRewards(bridge, providers, { amount: needed(amount, "amount") }),
  },
  poke: { needs: [], act: pokeRewards },
  reserve: { needs: [], act: reserveStatus },
};

const choice = actionsOf(actions);

export const providerCommand = defineCommand({
  name: "provider",
  summary: "a compute provider's collateral and rewards: pledge, add, withdraw, claim; admit; fund rewards",
  words: choice.words,
  settings,
  faults: (given, words) => choice.lacking(words, ["pledges", ...(choice.named(words)?.needs ?? [])], given),
  answers: true,
  run: async (given, { words, print, tell }) => {
    const action = choice.chosen(words);
    const providers = { pledges: toHex(needed(given.pledges, "pledges")) };
    const bridge = await openBridge(given, tell);
    await requireContract(bridge, { name: "ProviderPledges", flag: "--pledges", address: providers.pledges });
    print(await action.act(bridge, providers, given));
    return HOLDS;
  },
});
