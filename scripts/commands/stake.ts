import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { stakingStatus } from "@phala-l2/bridge/actions/staking/status";
import { cancelUnlock, claimUnlock, requestUnlock } from "@phala-l2/bridge/actions/staking/unlock";
import type { Staking } from "@phala-l2/bridge/actions/staking/vault";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import { addressSetting, bigintSetting, type SettingsOf } from "@phala-l2/protocol/config/settings";
import { actionsOf } from "./action.ts";
import { amountOf, PHA } from "./amount.ts";
import { defineCommand, HOLDS, needed } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";

const settings = {
  ...holderSettings,
  amount: amountOf(PHA)({
    help: "500PHA, 0.5PHA, or wei; for unlock what the request shall be worth, all that is staked when absent",
    optional: true,
    neededBy: "deposit",
  }),
  to: addressSetting({
    help: "who gets the vPHA, or the PHA in the end; whose status is told; the account itself when absent",
    optional: true,
  }),
  request: bigintSetting({
    help: "id of an unlock request, as unlock printed it and status lists it",
    optional: true,
    neededBy: "claim and cancel",
  }),
};

type StakeSettings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  readonly act: (bridge: Bridge, staking: Staking, settings: StakeSettings) => Promise<object>;
};

const receiver = ({ account }: Bridge, { to }: StakeSettings) =>
  to === undefined ? account.address : toHex(to);

const requestOf = ({ request }: StakeSettings) => ({ id: needed(request, "request") });

const actions: Readonly<Record<string, Action>> = {
  deposit: {
    needs: ["amount"],
    act: (bridge, staking, given) =>
      stake(bridge, staking, { to: receiver(bridge, given), amount: needed(given.amount, "amount") }),
  },
  unlock: {
    needs: [],
    act: (bridge, staking, given) =>
      requestUnlock(bridge, staking, { to: receiver(bridge, given), assets: given.amount }),
  },
  claim: {
    needs: ["request"],
    act: (bridge, staking, given) => claimUnlock(bridge, staking, requestOf(given)),
  },
  cancel: {
    needs: ["request"],
    act: (bridge, staking, given) => cancelUnlock(bridge, staking, requestOf(given)),
  },
  status: {
    needs: [],
    act: (bridge, staking, given) => stakingStatus(bridge, staking, { holder: receiver(bridge, given) }),
  },
};

const choice = actionsOf(actions);

export const stakeCommand = defineCommand({
  name: "stake",
  summary: "stake PHA on the rollup, ask for it back, claim or cancel a request, tell what is staked",
  words: choice.words,
  settings,
  faults: (given, words) => choice.lacking(words, ["vault", ...(choice.named(words)?.needs ?? [])], given),
  answers: true,
  run: async (given, { words, print, tell }) => {
    const action = choice.chosen(words);
    const staking = { vault: toHex(needed(given.vault, "vault")) };
    const bridge = await openBridge(given, tell);
    await requireContract(bridge, { name: "VotingPha", flag: "--vault", address: staking.vault });
    print(await action.act(bridge, staking, given));
    return HOLDS;
  },
});
