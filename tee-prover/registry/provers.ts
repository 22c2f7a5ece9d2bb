import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import type { Hex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import { classOf } from "../attest/kind.ts";
import { standingInWords } from "../host/registration/explain.ts";
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
  /** Why it does not count though nobody ended it: its time, or the rule of the policy; undefined otherwise. */
  readonly shutOutBy: string | undefined;
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

/** What all keys are asked against. */
type Place = {
  readonly registry: Hex;
  readonly policy: Hex /** Of L1's newest block, Unix seconds. */;
  readonly now: bigint;
};

type Entry = {
  readonly kind: number;
  readonly policyVersion: bigint;
  readonly expiresAt: bigint;
  readonly measurement: Hex;
  readonly platformId: Hex;
};

/** The one reason for which a key that nobody ended does not count; undefined if the policy allows it by now. */
async function shutOutBy(
  client: PublicClient,
  { policy, now }: Place,
  { kind, policyVersion, expiresAt, measurement, platformId }: Entry,
): Promise<string | undefined> {
  if (expiresAt <= now) return "it has expired";
  const known = kindOfNumber(kind);
  if (known === undefined) return undefined;
  const standing = await client.readContract({
    address: policy,
    abi: attestationPolicyAbi,
    functionName: "standingOf",
    args: [measurement, platformId, classOf(known).vendor, policyVersion],
  });
  return standing === 0 ? undefined : standingInWords(standing);
}

async function readProver(client: PublicClient, place: Place, index: bigint): Promise<RegisteredProver> {
  const { registry } = place;
  const contract = { address: registry, abi: proverRegistryAbi } as const;
  const key = await client.readContract({ ...contract, functionName: "proverAt", args: [index] });
  const [isValid, entry] = await Promise.all([
    client.readContract({ ...contract, functionName: "isValid", args: [key] }),
    client.readContract({ ...contract, functionName: "prover", args: [key] }),
  ]);
  const { kind, ending, bondState, ...facts } = entry;
  const { measurement, platformId, tcbStatus, tcbEvaluation, registeredAt, expiresAt } = facts;
  const { evidenceHash, deviceIds, beneficiary, registrant, bond } = facts;
  const isShutOut = !isValid && ending === 0;
  const reason = isShutOut ? await shutOutBy(client, place, entry) : undefined;
  return {
    key,
    kind: kindOfNumber(kind),
    isValid,
    ending: ENDINGS[ending] ?? `${ending}`,
    shutOutBy: reason,
    measurement,
    platformId,
    tcbStatus,
    tcbEvaluation,
    registeredAt,
    expiresAt,
    evidenceHash,
    deviceIds,
    beneficiary,
    registrant,
    bond,
    bondState: BOND_STATES[bondState] ?? `${bondState}`,
  };
}

/**
 * All keys that were ever registered, in their order: the registry keeps them, so that no log is searched.
 * @throws whatever viem throws when L1 does not answer, or no such registry is there
 */
export async function readProvers(client: PublicClient, registry: Hex): Promise<readonly RegisteredProver[]> {
  const count = await client.readContract({
    address: registry,
    abi: proverRegistryAbi,
    functionName: "proverCount",
  });
  if (count === 0n) return [];
  const [policy, { timestamp: now }] = await Promise.all([
    client.readContract({ address: registry, abi: proverRegistryAbi, functionName: "policy" }),
    client.getBlock(),
  ]);
  const provers: RegisteredProver[] = [];
  for (let first = 0n; first < count; first += BigInt(PAGE)) {
    const left = Math.min(PAGE, Number(count - first));
    const page = Array.from({ length: left }, (_, i) =>
      readProver(client, { registry, policy, now }, first + BigInt(i)),
    );
    provers.push(...(await Promise.all(page)));
  }
  return provers;
}
