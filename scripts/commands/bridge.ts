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
  hexSetting,
  integerSetting,
  type SettingsOf,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { BAD_USAGE, defineCommand, HOLDS } from "./command.ts";

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
  amount: bigintSetting({ help: "wei, or units of the token", optional: true }),
  l1Token: addressSetting({ help: "ERC-20 on L1; absent means ether", optional: true }),
  l2Token: addressSetting({ help: "its bridged token on the rollup", optional: true }),
  transaction: hexSetting({ help: "hash of the L2 transaction that started the withdrawal", optional: true }),
};

type BridgeSettings = SettingsOf<typeof settings>;
type Action = (bridge: Bridge, settings: BridgeSettings) => Promise<object>;

/** The setting's value; an action that needs it can't run without. */
function needed<Value>(value: Value | undefined, flag: string): Value {
  if (value === undefined) throw new RollupError("SETTING_INVALID", `this action needs ${flag}`);
  return value;
}

function transfer(bridge: Bridge, { to, amount }: BridgeSettings) {
  return { to: to === undefined ? bridge.account.address : toHex(to), amount: needed(amount, "--amount") };
}

/** The pair of tokens, or undefined when ether is meant. */
function tokens({ l1Token, l2Token }: BridgeSettings) {
  if (l1Token === undefined && l2Token === undefined) return undefined;
  return { l1Token: toHex(needed(l1Token, "--l1-token")), l2Token: toHex(needed(l2Token, "--l2-token")) };
}

function startedBy({ transaction }: BridgeSettings) {
  return { l2Hash: toHex(needed(transaction, "--transaction")) };
}

const actions: Readonly<Record<string, Action>> = {
  deposit: (bridge, given) => {
    const pair = tokens(given);
    const amount = transfer(bridge, given);
    return pair === undefined ? depositEth(bridge, amount) : depositErc20(bridge, { ...pair, ...amount });
  },
  withdraw: (bridge, given) => {
    const pair = tokens(given);
    const amount = transfer(bridge, given);
    return pair === undefined
      ? initiateEthWithdrawal(bridge, amount)
      : initiateErc20Withdrawal(bridge, { ...pair, ...amount });
  },
  prove: (bridge, given) => proveWithdrawal(bridge, startedBy(given)),
  finalize: (bridge, given) => finalizeWithdrawal(bridge, startedBy(given)),
  status: (bridge, given) => withdrawalStatus(bridge, startedBy(given)),
};

const jsonable = (_name: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

export const bridgeCommand = defineCommand({
  name: "bridge",
  summary: "deposit to the rollup, withdraw from it, prove and finalize a withdrawal, tell its status",
  words: Object.keys(actions).join(" | "),
  settings,
  run: async (given, { words, print, log }) => {
    const action = actions[words[0] ?? ""];
    if (action === undefined || words.length !== 1) {
      log.error({ words }, `one action is wanted: ${Object.keys(actions).join(", ")}`);
      return BAD_USAGE;
    }
    const account = await loadAccount({ ...given, l1ChainId: BigInt(given.l1ChainId) });
    const network = {
      ...given,
      portal: toHex(given.portal),
      disputeGameFactory: toHex(given.disputeGameFactory),
      l1StandardBridge: toHex(given.l1StandardBridge),
      multicall3: toHex(given.multicall3),
    };
    print(JSON.parse(JSON.stringify(await action(createBridge(network, account), given), jsonable)));
    return HOLDS;
  },
});
