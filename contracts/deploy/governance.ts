import type { L1Addresses } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";
import { GAME_TYPE } from "./game-type.ts";
import { l2AddressOf } from "./l2-addresses.ts";

/** Whom the executor hears, what it schedules in, and where it reads how long an exit takes. */
type Neighbours = Pick<
  L1Addresses,
  | "L1CrossDomainMessengerProxy"
  | "Timelock"
  | "SystemConfigProxy"
  | "OptimismPortalProxy"
  | "DisputeGameFactoryProxy"
>;

/** The way from the votes on L2 to the timelock on L1. It has a name, since the timelock's code names it. */
export function l1Executor(
  { governance }: DeployConfig,
  neighbours: Neighbours,
  make: Deterministic,
  code: CreationCode,
): Creation {
  const parameters = {
    messenger: neighbours.L1CrossDomainMessengerProxy,
    l2Timelock: l2AddressOf(make, "GovernanceTimelock"),
    timelock: neighbours.Timelock,
    systemConfig: neighbours.SystemConfigProxy,
    portal: neighbours.OptimismPortalProxy,
    gameFactory: neighbours.DisputeGameFactoryProxy,
    gameType: GAME_TYPE,
    margin: governance.exitMargin,
    vetoWindow: governance.vetoWindow,
  };
  return make.named("L1Executor", code("governance/L1Executor", [parameters]));
}
