import { toHex } from "@phala-l2/protocol/bytes";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";
import type { Address, Hash, Hex } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { confirmed } from "../confirmed.ts";
import { registryContract } from "./contract.ts";

/** `SunsetRegistry` on L1. */
export type RegistryPlace = { readonly registry: Address };

const sunsetOf = (statement: SunsetStatement) => ({
  ...statement,
  genesisHash: toHex(statement.genesisHash),
  blockHash: toHex(statement.blockHash),
  stateRoot: toHex(statement.stateRoot),
  claimsRoot: toHex(statement.claimsRoot),
});

/**
 * Proposes a sunset by signatures of provers, of two host vendors at least. Anyone may.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of L1
 */
export async function proposeSunset(
  { l1, account }: Bridge,
  { registry }: RegistryPlace,
  { statement, signatures }: { readonly statement: SunsetStatement; readonly signatures: readonly Hex[] },
): Promise<{ readonly l1Hash: Hash; readonly finalAt: bigint }> {
  return withFaults(async () => {
    const contract = registryContract(registry);
    const { request } = await l1.simulateContract({
      ...{ ...contract, account, functionName: "propose" },
      args: [sunsetOf(statement), signatures],
    });
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "proposal");
    return { l1Hash, finalAt: await l1.readContract({ ...contract, functionName: "finalAt" }) };
  });
}

/** Voids the proposal by one prover's signature over another statement. Anyone may. @throws as `proposeSunset` */
export async function contradictSunset(
  { l1, account }: Bridge,
  { registry }: RegistryPlace,
  { statement, signature }: { readonly statement: SunsetStatement; readonly signature: Hex },
): Promise<{ readonly l1Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await l1.simulateContract({
      ...{ ...registryContract(registry), account, functionName: "contradict" },
      args: [sunsetOf(statement), signature],
    });
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "contradiction");
    return { l1Hash };
  });
}

/** Makes the proposal final after its challenge period. Anyone may. @throws as `proposeSunset` */
export async function finalizeSunset(
  { l1, account }: Bridge,
  { registry }: RegistryPlace,
): Promise<{ readonly l1Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await l1.simulateContract({
      ...{ ...registryContract(registry), account, functionName: "finalize" },
    });
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "finality");
    return { l1Hash };
  });
}
