import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { PROVER_KINDS, type ProverKind } from "@phala-l2/contracts/deploy/config";
import type { Hex } from "@phala-l2/protocol/bytes";
import { erc20Abi, type PublicClient } from "viem";
import type { RegistryContracts } from "../host/registration/registry.ts";

/** What is asked about: one prover, as its evidence shows it. */
export type PolicySubject = {
  /** The contracts' `HostVendor`. */
  readonly vendor: number;
  readonly measurement: Hex;
  /** Undefined where the evidence does not say it. */
  readonly platformId: Hex | undefined;
  /** Of each GPU, by its RIMs. */
  readonly gpuMeasurements: readonly Hex[];
};

/** What the registry's policy says of it, at one look. */
export type PolicyView = {
  /** What the image is accepted as; undefined when it is not. */
  readonly acceptedKind: ProverKind | undefined;
  /** Accepted although its GPUs compute nothing of a proof. */
  readonly isPresenceOnly: boolean;
  readonly acceptsPresenceOnly: boolean;
  readonly isVendorNullified: boolean;
  /** Only platforms on the list may register. */
  readonly platformsListed: boolean;
  readonly isPlatformListed: boolean;
  readonly isPlatformDenied: boolean;
  readonly minimumGpus: number;
  /** In the order that was asked. */
  readonly gpuMeasurementsAccepted: readonly boolean[];
  /** PHA that a registration posts, with 18 decimals. */
  readonly bond: bigint;
};

const NO_PLATFORM: Hex = `0x${"00".repeat(32)}`;

/** The kind of that number in the contracts; undefined for `NONE`, and for one that this version does not know. */
export function kindOfNumber(number: number): ProverKind | undefined {
  return number === 0 ? undefined : PROVER_KINDS[number - 1];
}

/** `IProverRegistry.HostVendor`, in its order. */
const HOST_VENDOR_NAMES = ["NONE", "INTEL", "AMD"] as const;

/** The vendor's name in the contracts; the number in text for one that this version does not know. */
export function hostVendorName(vendor: number): string {
  return HOST_VENDOR_NAMES[vendor] ?? `${vendor}`;
}

/** Asks the registry's policy. @throws whatever viem throws when L1 does not answer, or no such policy is there */
export async function readPolicyView(
  client: PublicClient,
  { policy }: Pick<RegistryContracts, "policy">,
  { vendor, measurement, platformId, gpuMeasurements }: PolicySubject,
): Promise<PolicyView> {
  const at = { address: policy, abi: attestationPolicyAbi } as const;
  const platform = [platformId ?? NO_PLATFORM] as const;
  const [kind, isPresenceOnly, acceptsPresenceOnly, isVendorNullified] = await Promise.all([
    client.readContract({ ...at, functionName: "kindOf", args: [measurement] }),
    client.readContract({ ...at, functionName: "isPresenceOnly", args: [measurement] }),
    client.readContract({ ...at, functionName: "acceptsPresenceOnly" }),
    client.readContract({ ...at, functionName: "isVendorNullified", args: [vendor] }),
  ]);
  const [platformsListed, isPlatformListed, isPlatformDenied, minimumGpus, bond, gpuMeasurementsAccepted] =
    await Promise.all([
      client.readContract({ ...at, functionName: "platformsListed" }),
      client.readContract({ ...at, functionName: "isPlatformListed", args: platform }),
      client.readContract({ ...at, functionName: "isPlatformDenied", args: platform }),
      client.readContract({ ...at, functionName: "minimumGpus" }),
      client.readContract({ ...at, functionName: "bond" }),
      Promise.all(
        gpuMeasurements.map((each) =>
          client.readContract({ ...at, functionName: "isGpuMeasurementAccepted", args: [each] }),
        ),
      ),
    ]);
  return {
    acceptedKind: kindOfNumber(kind),
    isPresenceOnly,
    acceptsPresenceOnly,
    isVendorNullified,
    platformsListed,
    isPlatformListed,
    isPlatformDenied,
    minimumGpus,
    gpuMeasurementsAccepted,
    bond,
  };
}

/** What the account that pays has, and the registry may take. */
export type Funds = {
  /** Wei. */
  readonly ether: bigint;
  /** Of the bond's token, and how much of it the registry may take. */
  readonly tokens: bigint;
  readonly allowance: bigint;
  /** Wei for each unit of gas, now. */
  readonly gasPrice: bigint;
};

/** @throws whatever viem throws when L1 does not answer */
export async function readFunds(
  client: PublicClient,
  { registry, bondToken }: Pick<RegistryContracts, "registry" | "bondToken">,
  payer: Hex,
): Promise<Funds> {
  const token = { address: bondToken, abi: erc20Abi } as const;
  const [ether, tokens, allowance, gasPrice] = await Promise.all([
    client.getBalance({ address: payer }),
    client.readContract({ ...token, functionName: "balanceOf", args: [payer] }),
    client.readContract({ ...token, functionName: "allowance", args: [payer, registry] }),
    client.getGasPrice(),
  ]);
  return { ether, tokens, allowance, gasPrice };
}
