import { depositErc20, depositEth } from "@phala-l2/bridge/actions/deposit";
import { finalizeWithdrawal } from "@phala-l2/bridge/actions/finalize-withdrawal";
import { initiateErc20Withdrawal, initiateEthWithdrawal } from "@phala-l2/bridge/actions/initiate-withdrawal";
import { proveWithdrawal } from "@phala-l2/bridge/actions/prove-withdrawal";
import { withdrawalStatus } from "@phala-l2/bridge/actions/withdrawal-status";
import { type ContractName, requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import { addressSetting, flagName, hashSetting, type SettingsOf } from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import { actionsOf } from "./action.ts";
import { amountOf, ETHER_OR_TOKEN } from "./amount.ts";
import { defineCommand, HOLDS, needed } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";

const settings = {
  ...holderSettings,
  to: addressSetting({
    help: "recipient on the other chain; the account itself when absent",
    optional: true,
  }),
  amount: amountOf(ETHER_OR_TOKEN)({
    help: "0.5ETH, or wei; of a token its least units, or 500PHA where it has 18 decimals",
    optional: true,
    neededBy: "deposit and withdraw",
  }),
  l1Token: addressSetting({ help: "ERC-20 on L1; absent means ether", optional: true }),
  l2Token: addressSetting({
    help: "its bridged token on the rollup",
    optional: true,
    neededBy: "an action with l1Token",
  }),
  transaction: hashSetting({
    help: "hash of the L2 transaction that started the withdrawal",
    optional: true,
    neededBy: "prove, finalize and status",
  }),
};

type BridgeSettings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  /** What is called on L1, besides what L2 has at fixed addresses. */
  readonly calls: readonly Contract[];
  readonly act: (bridge: Bridge, settings: BridgeSettings, log: Log) => Promise<object>;
};

/** Contracts by the settings that name them. */
const CONTRACTS = {
  portal: "OptimismPortalProxy",
  disputeGameFactory: "DisputeGameFactoryProxy",
  l1StandardBridge: "L1StandardBridgeProxy",
} as const satisfies Partial<Record<Name, ContractName>>;
type Contract = keyof typeof CONTRACTS;

function transfer(bridge: Bridge, { to, amount }: BridgeSettings) {
  return { to: to === undefined ? bridge.account.address : toHex(to), amount: needed(amount, "amount") };
}

/** The pair of tokens, or undefined when ether is meant. */
function tokens({ l1Token, l2Token }: BridgeSettings) {
  if (l1Token === undefined && l2Token === undefined) return undefined;
  return { l1Token: toHex(needed(l1Token, "l1Token")), l2Token: toHex(needed(l2Token, "l2Token")) };
}

function startedBy({ transaction }: BridgeSettings) {
  return { l2Hash: toHex(needed(transaction, "transaction")) };
}

const actions: Readonly<Record<string, Action>> = {
  deposit: {
    needs: ["amount"],
    calls: ["portal", "l1StandardBridge"],
    act: (bridge, given) => {
      const pair = tokens(given);
      const amount = transfer(bridge, given);
      return pair === undefined ? depositEth(bridge, amount) : depositErc20(bridge, { ...pair, ...amount });
    },
  },
  withdraw: {
    needs: ["amount"],
    calls: ["portal"],
    act: (bridge, given) => {
      const pair = tokens(given);
      const amount = transfer(bridge, given);
      return pair === undefined
        ? initiateEthWithdrawal(bridge, amount)
        : initiateErc20Withdrawal(bridge, { ...pair, ...amount });
    },
  },
  prove: {
    needs: ["transaction"],
    calls: ["portal", "disputeGameFactory"],
    act: (bridge, given, log) => proveWithdrawal(bridge, startedBy(given), { log }),
  },
  finalize: {
    needs: ["transaction"],
    calls: ["portal", "disputeGameFactory"],
    act: (bridge, given) => finalizeWithdrawal(bridge, startedBy(given)),
  },
  status: {
    needs: ["transaction"],
    calls: ["portal", "disputeGameFactory"],
    act: (bridge, given) => withdrawalStatus(bridge, startedBy(given)),
  },
};

/** What the action needs and was not given; of two tokens, one alone means nothing. */
function faults(given: ReadonlySet<string>, words: readonly string[]): readonly string[] {
  const tokenNames = (["l1Token", "l2Token"] as const).filter((name) => !given.has(name));
  const needs = [...(choice.named(words)?.needs ?? []), ...(tokenNames.length === 1 ? tokenNames : [])];
  return choice.lacking(words, needs, given);
}

const choice = actionsOf(actions);

export const bridgeCommand = defineCommand({
  name: "bridge",
  summary: "deposit to the rollup, withdraw from it, prove and finalize a withdrawal, tell its status",
  words: choice.words,
  settings,
  faults,
  answers: true,
  run: async (given, { words, print, log, tell }) => {
    const action = choice.chosen(words);
    const bridge = await openBridge(given, tell);
    for (const name of action.calls) {
      const contract = { name: CONTRACTS[name], flag: flagName(name), address: bridge.network[name] };
      await requireContract(bridge, contract);
    }
    print(await action.act(bridge, given, log));
    return HOLDS;
  },
});
