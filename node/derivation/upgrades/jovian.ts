import { addressFromHex, fromHex } from "@phala-l2/protocol/bytes";
import { DEPOSITOR_ACCOUNT, GAS_PRICE_ORACLE, L1_BLOCK } from "@phala-l2/protocol/predeploys";
import { proxyUpdate, type UpgradeDeposit, upgradeDeployer } from "./deposits.ts";
import { JOVIAN_GAS_PRICE_ORACLE, JOVIAN_L1_BLOCK } from "./jovian.generated.ts";

/** What deployers 6 and 7 create with nonce 0. */
const NEW_L1_BLOCK = addressFromHex("0x3ba4007f5c922fbb33c454b41ea7a1f11e83df2c");
const NEW_GAS_PRICE_ORACLE = addressFromHex("0x4f1db3c6abd250ba86e0928471a8f7db3afd88f1");
/** setJovian(). */
const SET_JOVIAN = fromHex("0xb3d72079");

/**
 * Source: specs/protocol/jovian/derivation.md "Network Upgrade Transactions". Intents, gas limit and code of the
 * gas price oracle are those of op-node and kona, which activated Jovian on the public chains; some revisions of
 * the text name others.
 */
export function jovianUpgrade(): readonly UpgradeDeposit[] {
  return [
    {
      intent: "Jovian: L1 Block Deployment",
      from: upgradeDeployer(6),
      to: undefined,
      gasLimit: 447_315n,
      data: fromHex(JOVIAN_L1_BLOCK),
    },
    proxyUpdate("Jovian: L1 Block Proxy Update", L1_BLOCK, NEW_L1_BLOCK),
    {
      intent: "Jovian: Gas Price Oracle Deployment",
      from: upgradeDeployer(7),
      to: undefined,
      gasLimit: 1_750_714n,
      data: fromHex(JOVIAN_GAS_PRICE_ORACLE),
    },
    proxyUpdate("Jovian: Gas Price Oracle Proxy Update", GAS_PRICE_ORACLE, NEW_GAS_PRICE_ORACLE),
    {
      intent: "Jovian: Gas Price Oracle Set Jovian",
      from: DEPOSITOR_ACCOUNT,
      to: GAS_PRICE_ORACLE,
      gasLimit: 90_000n,
      data: SET_JOVIAN,
    },
  ];
}
