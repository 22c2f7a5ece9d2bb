import { depositErc20, depositEth } from "@phala-l2/bridge/actions/deposit";
import { finalizeWithdrawal } from "@phala-l2/bridge/actions/finalize-withdrawal";
import { initiateErc20Withdrawal, initiateEthWithdrawal } from "@phala-l2/bridge/actions/initiate-withdrawal";
import { proveWithdrawal } from "@phala-l2/bridge/actions/prove-withdrawal";
import { withdrawalStatus } from "@phala-l2/bridge/actions/withdrawal-status";
import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { loadAccount } from "@phala-l2/node/keys/account";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  bigintSetting,
  fileSetting,
  flagName,
  hashSetting,
  integerSetting,
  type SettingsOf,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { defineCommand, HOLDS } from "./command.ts";

const settings = {
  l1RpcUrl: urlSetting({ help: "JSON-RPC of L1" }),
  l2RpcUrl: urlSetting({ help: "JSON-RPC of the rollup" }),
  l1ChainId: integerSetting({ help: "chain id of L1" }),
  l2ChainId: integerSetting({ help: "chain id of the rollup" }),
  portal: addressSetting({ help: "OptimismPortal on L1" }),
  disputeGameFactory: addressSetting({ help: "DisputeGameFactory on L1" }),
  l1StandardBridge: addressSetting({ help: "L1StandardBridge" }),
  multicall3: addressSetting({
    help: "Multicall3 on L1",
    default: "0xcA11bde05977b3631167028862bE2a173976CA11",
  }),
  account: textSetting({ help: "who acts: a keystore file, or dev:INDEX on a development chain" }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  to: addressSetting({
    help: "recipient on the other chain; the account itself when absent",
    optional: true,
  }),
  amount: bigintSetting({
    help: "wei, or units of the token",
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
  readonly act: (bridge: Bridge, settings: BridgeSettings, log: Log) => Promise<object>;
};

/** The setting's value; an action that needs it can't run without. @throws RollupError SETTING_INVALID */
function needed<Value>(value: Value | undefined, name: Name): Value {
  if (value === undefined) throw new RollupError("SETTING_INVALID", `this action needs ${flagName(name)}`);
  return value;
}

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
    act: (bridge, given) => {
      const pair = tokens(given);
      const amount = transfer(bridge, given);
      return pair === undefined ? depositEth(bridge, amount) : depositErc20(bridge, { ...pair, ...amount });
    },
  },
  withdraw: {
    needs: ["amount"],
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
    act: (bridge, given, log) => proveWithdrawal(bridge, startedBy(given), { log }),
  },
  finalize: { needs: ["transaction"], act: (bridge, given) => finalizeWithdrawal(bridge, startedBy(given)) },
  status: { needs: ["transaction"], act: (bridge, given) => withdrawalStatus(bridge, startedBy(given)) },
};

/** The one action that the words name. */
function actionOf(words: readonly string[]): Action | undefined {
  const [name = ""] = words;
  return words.length === 1 && Object.hasOwn(actions, name) ? actions[name] : undefined;
}

/** What the action needs and was not given; of two tokens, one alone means nothing. */
function faults(given: ReadonlySet<string>, words: readonly string[]): readonly string[] {
  const action = actionOf(words);
  const tokenNames = (["l1Token", "l2Token"] as const).filter((name) => !given.has(name));
  const missing = [
    ...(action?.needs ?? []).filter((name) => !given.has(name)),
    ...(tokenNames.length === 1 ? tokenNames : []),
  ];
  return missing.length === 0 ? [] : [`${words[0]} needs ${missing.map(flagName).join(", ")}`];
}

const ACTIONS = Object.keys(actions).join(", ");

const jsonable = (_name: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

export const bridgeCommand = defineCommand({
  name: "bridge",
  summary: "deposit to the rollup, withdraw from it, prove and finalize a withdrawal, tell its status",
  words: {
    name: "action",
    help: ACTIONS,
    fault: (words) =>
      actionOf(words) === undefined
        ? `one action is wanted, ${ACTIONS}${words.length === 0 ? "" : `, not '${words.join(" ")}'`}`
        : undefined,
  },
  settings,
  faults,
  run: async (given, { words, print, log }) => {
    const action = actionOf(words);
    if (action === undefined) throw new RollupError("SETTING_INVALID", `one action is wanted: ${ACTIONS}`);
    const account = await loadAccount({ ...given, l1ChainId: BigInt(given.l1ChainId) });
    const network = {
      ...given,
      portal: toHex(given.portal),
      disputeGameFactory: toHex(given.disputeGameFactory),
      l1StandardBridge: toHex(given.l1StandardBridge),
      multicall3: toHex(given.multicall3),
    };
    print(JSON.parse(JSON.stringify(await action.act(createBridge(network, account), given, log), jsonable)));
    return HOLDS;
  },
});
