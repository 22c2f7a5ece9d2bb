import type { Address, Hex } from "viem";
import type { L1Addresses } from "./address-book.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";

/** What a phase creates, and which implementation each of its proxies must have. */
export type Phase = {
  readonly creations: readonly Creation[];
  readonly implementations: readonly (readonly [proxy: Address, implementation: Address])[];
};

/** A proxy with its implementation, initialised in its constructor. */
export type ProxyPlan = {
  readonly name: keyof L1Addresses;
  readonly logic: Creation;
  readonly initialization: Hex;
};

/** Each proxy after its implementation; their admin is the timelock's. */
export function proxies(
  addresses: L1Addresses,
  make: Deterministic,
  code: CreationCode,
  plans: readonly ProxyPlan[],
): Phase {
  const created = plans.map(({ name, logic, initialization }) =>
    make.named(name, code("deployment/L1Proxy", [logic.address, addresses.Timelock, initialization])),
  );
  return {
    creations: plans.flatMap(({ logic }, index) => [logic, ...created.slice(index, index + 1)]),
    implementations: plans.flatMap(({ logic }, index) =>
      created.slice(index, index + 1).map(({ address }) => [address, logic.address] as const),
    ),
  };
}
