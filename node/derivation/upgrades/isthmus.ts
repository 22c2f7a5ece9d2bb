import { addressFromHex, fromHex } from "@phala-l2/protocol/bytes";
import {
  DEPOSITOR_ACCOUNT,
  GAS_PRICE_ORACLE,
  L1_BLOCK,
  OPERATOR_FEE_VAULT,
} from "@phala-l2/protocol/predeploys";
import { proxyUpdate, type UpgradeDeposit, upgradeDeployer } from "./deposits.ts";
import {
  EIP_2935_HISTORY,
  ISTHMUS_GAS_PRICE_ORACLE,
  ISTHMUS_L1_BLOCK,
  ISTHMUS_OPERATOR_FEE_VAULT,
} from "./isthmus.generated.ts";

/** What deployers 3, 4 and 5 create with nonce 0. */
const NEW_L1_BLOCK = addressFromHex("0xff256497d61dcd71a9e9ff43967c13fde1f72d12");
const NEW_GAS_PRICE_ORACLE = addressFromHex("0x93e57a196454cb919193fa9946f14943cf733845");
const NEW_OPERATOR_FEE_VAULT = addressFromHex("0x4fa2be8cd41504037f1838bce3bcc93bc68ff537");
/** The sender that EIP-2935 names. */
const HISTORY_DEPLOYER = addressFromHex("0x3462413Af4609098e1E27A490f554f260213D685");
/** setIsthmus(). */
const SET_ISTHMUS = fromHex("0x291b0383");

/** Source: specs/protocol/isthmus/derivation.md "Network Upgrade Transactions". */
export function isthmusUpgrade(): readonly UpgradeDeposit[] {
  const deploy = (name: string, deployer: number, gasLimit: bigint, code: string): UpgradeDeposit => ({
    intent: `Isthmus: ${name} Deployment`,
    from: upgradeDeployer(deployer),
    to: undefined,
    gasLimit,
    data: fromHex(code),
  });
  return [
    deploy("L1 Block", 3, 425_000n, ISTHMUS_L1_BLOCK),
    deploy("Gas Price Oracle", 4, 1_625_000n, ISTHMUS_GAS_PRICE_ORACLE),
    deploy("Operator Fee Vault", 5, 500_000n, ISTHMUS_OPERATOR_FEE_VAULT),
    proxyUpdate("Isthmus: L1 Block Proxy Update", L1_BLOCK, NEW_L1_BLOCK),
    proxyUpdate("Isthmus: Gas Price Oracle Proxy Update", GAS_PRICE_ORACLE, NEW_GAS_PRICE_ORACLE),
    proxyUpdate("Isthmus: Operator Fee Vault Proxy Update", OPERATOR_FEE_VAULT, NEW_OPERATOR_FEE_VAULT),
    {
      intent: "Isthmus: Gas Price Oracle Set Isthmus",
      from: DEPOSITOR_ACCOUNT,
      to: GAS_PRICE_ORACLE,
      gasLimit: 90_000n,
      data: SET_ISTHMUS,
    },
    {
      intent: "Isthmus: EIP-2935 Contract Deployment",
      from: HISTORY_DEPLOYER,
      to: undefined,
      gasLimit: 250_000n,
      data: fromHex(EIP_2935_HISTORY),
    },
  ];
}
