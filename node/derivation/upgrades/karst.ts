import { addressFromHex, fromHex } from "@phala-l2/protocol/bytes";
import type { UpgradeDeposit } from "./deposits.ts";
import { KARST_BUNDLE } from "./karst.generated.ts";

/**
 * Source: specs/protocol/karst/derivation.md "Activation Block Rules". The number between fork and intent is in
 * op-node's and kona's readers of the bundle and not in the text.
 */
export function karstUpgrade(): readonly UpgradeDeposit[] {
  return KARST_BUNDLE.map(({ intent, from, to, gasLimit, data }, index) => ({
    intent: `Karst ${index}: ${intent}`,
    from: addressFromHex(from),
    to: addressFromHex(to),
    gasLimit: BigInt(gasLimit),
    data: fromHex(data),
  }));
}
