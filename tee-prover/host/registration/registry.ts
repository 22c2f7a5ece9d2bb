import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { addressFromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import { classOf } from "../../attest/kind.ts";
import type { Libraries } from "./calls.ts";

/** What a registry stands on. */
export type RegistryContracts = {
  readonly registry: Hex;
  readonly policy: Hex;
  readonly bondToken: Hex;
  readonly libraries: Libraries;
};

/** What the policy demands now. */
export type PolicyFacts = {
  /** Version that new evidence is made for. */
  readonly version: bigint;
  /** PHA that a registration posts. */
  readonly bond: bigint;
};

function lowerCase(address: Hex): Hex {
  return toHex(addressFromHex(address));
}

/** Reads the addresses behind a registry. @throws whatever viem throws when L1 does not answer or it is no registry */
export async function readRegistryContracts(client: PublicClient, registry: Hex): Promise<RegistryContracts> {
  const contract = { address: registry, abi: proverRegistryAbi } as const;
  const { readContract } = client;
  const [policy, bondToken, certificateCache, tdxVerifier] = await Promise.all([
    readContract({ ...contract, functionName: "policy" }),
    readContract({ ...contract, functionName: "bondToken" }),
    readContract({ ...contract, functionName: "certificates" }),
    readContract({ ...contract, functionName: "tdxVerifier" }),
  ]);
  const intelCollateral = await readContract({
    address: tdxVerifier,
    abi: tdxQuoteVerifierAbi,
    functionName: "collateral",
  });
  return {
    registry,
    policy: lowerCase(policy),
    bondToken: lowerCase(bondToken),
    libraries: {
      certificateCache: lowerCase(certificateCache),
      intelCollateral: lowerCase(intelCollateral),
    },
  };
}

/** @throws whatever viem throws when L1 does not answer */
export async function readPolicy(client: PublicClient, { policy }: RegistryContracts): Promise<PolicyFacts> {
  const contract = { address: policy, abi: attestationPolicyAbi } as const;
  const [version, bond] = await Promise.all([
    client.readContract({ ...contract, functionName: "version" }),
    client.readContract({ ...contract, functionName: "bond" }),
  ]);
  return { version, bond };
}

/** Keys of that kind by evidence for an older version do not count. @throws whatever viem throws when L1 does not answer */
export async function readLeastVersion(
  client: PublicClient,
  { policy }: RegistryContracts,
  kind: ProverKind,
): Promise<bigint> {
  return client.readContract({
    address: policy,
    abi: attestationPolicyAbi,
    functionName: "leastVersionOf",
    args: [classOf(kind).vendor],
  });
}
