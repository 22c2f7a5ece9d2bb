import { type Bridge, createBridge } from "@phala-l2/bridge/network";
import { loadAccount } from "@phala-l2/node/keys/account";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  fileSetting,
  integerSetting,
  type SettingsOf,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";

/** What the commands of holders have in common, so that one file serves all of them. */
export const holderSettings = {
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
  vault: addressSetting({ help: "VotingPha on the rollup", optional: true, neededBy: "stake" }),
  pledges: addressSetting({ help: "ProviderPledges on the rollup", optional: true, neededBy: "provider" }),
  governor: addressSetting({ help: "PhaGovernor on the rollup", optional: true, neededBy: "governance" }),
  l1Executor: addressSetting({ help: "L1Executor on L1", optional: true, neededBy: "governance" }),
  account: textSetting({ help: "who acts: a keystore file, or dev:INDEX on a development chain" }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
};

/**
 * The clients of the holder's account on both chains.
 * @param tell Hears what is about to be signed or sent
 * @throws RollupError KEY_…
 */
export async function openBridge(
  given: SettingsOf<typeof holderSettings>,
  tell: (line: string) => void,
): Promise<Bridge> {
  const account = await loadAccount({ ...given, l1ChainId: BigInt(given.l1ChainId) });
  const network = {
    ...given,
    portal: toHex(given.portal),
    disputeGameFactory: toHex(given.disputeGameFactory),
    l1StandardBridge: toHex(given.l1StandardBridge),
    multicall3: toHex(given.multicall3),
  };
  return createBridge(network, account, tell);
}
