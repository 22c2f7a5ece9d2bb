import type { Address } from "viem";
import type { L1Addresses } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";

/** Who says which games count, whom a key earns for, and how much a block is worth. */
type Judges = Pick<L1Addresses, "AnchorStateRegistryProxy" | "ProverRegistryProxy" | "Timelock">;

/** What pays provers. No proxy: the games name it in their implementation. */
export function proverRewards(
  { rewardPerBlock }: DeployConfig,
  pha: Address,
  { AnchorStateRegistryProxy, ProverRegistryProxy, Timelock }: Judges,
  make: Deterministic,
  code: CreationCode,
): Creation {
  return make.code(
    code("settlement/ProverRewards", [
      pha,
      AnchorStateRegistryProxy,
      ProverRegistryProxy,
      Timelock,
      rewardPerBlock,
    ]),
  );
}
