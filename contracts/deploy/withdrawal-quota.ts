import type { L1Addresses } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";

/** Where value leaves, and who governs how much of it. */
type Exits = Pick<
  L1Addresses,
  "OptimismPortalProxy" | "L1StandardBridgeProxy" | "SystemConfigProxy" | "Timelock"
>;

/** The quota of what may leave in a day. No proxy: portal and bridge name it in their implementations. */
export function withdrawalQuota(
  { etherQuota }: DeployConfig,
  { OptimismPortalProxy, L1StandardBridgeProxy, SystemConfigProxy, Timelock }: Exits,
  make: Deterministic,
  code: CreationCode,
): Creation {
  return make.code(
    code("settlement/WithdrawalQuota", [
      OptimismPortalProxy,
      L1StandardBridgeProxy,
      SystemConfigProxy,
      Timelock,
      etherQuota.perDay,
      etherQuota.floor,
    ]),
  );
}
