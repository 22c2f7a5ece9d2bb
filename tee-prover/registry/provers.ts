import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import type { Hex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import { kindOfNumber } from "./policy-view.ts";

/** `IProverRegistry.Ending`, in its order. */
export const ENDINGS = [
  ...["none", "retired", "superseded", "invalidated", "revoked"],
  ...["equivocated", "contradicted"],
] as const;
/** `IProverRegistry.BondState`, in its order. */
export const BOND_STATES = ["none", "held", "disputed", "returned", "slashed"] as const;

/** A key as the registry has it. */
export type RegisteredProver = {
  readonly key: Hex;
  /** Undefined for one that this version does not know. */
  readonly kind: ProverKind | undefined;
  /** Whether its signatures count now. */
  readonly isValid: boolean;
  readonly ending: string;
  readonly measurement: Hex;
  readonly platformId: Hex;
  /** Of the verifier's list of statuses; 0 is the best. */
  readonly tcbStatus: number;
  readonly tcbEvaluation: number;
  /** Unix seconds. */
  readonly registeredAt: bigint;
  readonly expiresAt: bigint;
  /** keccak256 of the CPU's evidence, as it was registered. */
  readonly evidenceHash: Hex;
  readonly deviceIds: readonly Hex[];
  readonly beneficiary: Hex;
  readonly registrant: Hex;
  readonly bond: bigint;
  readonly bondState: string;
};

/** Keys that are read at a time, three calls each in one HTTP batch. */
const PAGE = 50;

async function readProver(client: PublicClient, registry: Hex, index: bigint): Promise<RegisteredProver> {
  const contract = { address: registry, abi: proverRegistryAbi } as const;
  const key = await client.readContract({ ...contract, functionName: "proverAt", args: [index] });
  const [isValid, entry] = await Promise.all([
    client.readContract({ ...contract, functionName: "isValid", args: [key] }),
    client.readContract({ ...contract, functionName: "prover", args: [key] }),
  ]);
  const { kind, ending, bondState, ...facts } = entry;
  const { measurement, platformId, tcbStatus, tcbEvaluation, registeredAt, expiresAt } = facts;
  const { evidenceHash, deviceIds, beneficiary, registrant, bond } = facts;
  return {
    ...{ key, kind: kindOfNumber(kind), isValid, ending: ENDINGS[ending] ?? `${ending}` },
    ...{ measurement, platformId, tcbStatus, tcbEvaluation, registeredAt, expiresAt, evidenceHash },
    ...{ deviceIds, beneficiary, registrant, bond, bondState: BOND_STATES[bondState] ?? `${bondState}` },
  };
}

/**
 * All keys that were ever registered, in their order: the registry keeps them, so that no log is searched.
 * @throws whatever viem throws when L1 does not answer, or no such registry is there
 */
export async function readProvers(client: PublicClient, registry: Hex): Promise<readonly RegisteredProver[]> {
  const count = await client.readContract({
    ...{ address: registry, abi: proverRegistryAbi },
    functionName: "proverCount",
  });
  const provers: RegisteredProver[] = [];
  for (let first = 0n; first < count; first += BigInt(PAGE)) {
    const left = Math.min(PAGE, Number(count - first));
    const page = Array.from({ length: left }, (_, i) => readProver(client, registry, first + BigInt(i)));
    provers.push(...(await Promise.all(page)));
  }
  return provers;
}
