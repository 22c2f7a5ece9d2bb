import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import type { Hex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import { hostVendorName } from "./policy-view.ts";

/** The rules of a registry's policy that hold for everybody. */
export type PolicyRules = {
  readonly policy: Hex;
  /** Version that new evidence is made for. */
  readonly version: bigint;
  /** Keys of evidence for an older version do not count. */
  readonly leastVersion: bigint;
  /** The same for keys of one vendor, by its name: never lower. */
  readonly leastVersionOf: Readonly<Record<string, bigint>>;
  /** Seconds. */
  readonly keyLifetime: bigint;
  /** Intel's evaluation data number. */
  readonly minimumTcbEvaluation: number;
  /** Five security patch levels in 40 bits, by AMD's product. */
  readonly minimumTcb: { readonly genoa: number; readonly turin: number };
  readonly minimumGpus: number;
  readonly acceptsPresenceOnly: boolean;
  /** Only platforms on the list may register. */
  readonly platformsListed: boolean;
  readonly nullifiedVendors: readonly string[];
  /** PHA that a registration posts, with 18 decimals. */
  readonly bond: bigint;
};

/** The contracts' `HostVendor`, without `NONE`. */
const HOST_VENDORS = [1, 2] as const;
/** The contracts' `AmdProduct`. */
const [GENOA, TURIN] = [0, 1];

/** Asks the registry's policy. @throws whatever viem throws when L1 does not answer, or no such policy is there */
export async function readPolicyRules(
  client: PublicClient,
  { policy }: { readonly policy: Hex },
): Promise<PolicyRules> {
  const at = { address: policy, abi: attestationPolicyAbi } as const;
  const { readContract } = client;
  const [version, leastVersion, keyLifetime, minimumTcbEvaluation, genoa, turin] = await Promise.all([
    readContract({ ...at, functionName: "version" }),
    readContract({ ...at, functionName: "leastVersion" }),
    readContract({ ...at, functionName: "keyLifetime" }),
    readContract({ ...at, functionName: "minimumTcbEvaluation" }),
    readContract({ ...at, functionName: "minimumTcb", args: [GENOA] }),
    readContract({ ...at, functionName: "minimumTcb", args: [TURIN] }),
  ]);
  const least = await Promise.all(
    HOST_VENDORS.map((vendor) =>
      readContract({ ...at, functionName: "leastVersionOf", args: [vendor] }).then(
        (found) => [hostVendorName(vendor), found] as const,
      ),
    ),
  );
  const [minimumGpus, acceptsPresenceOnly, platformsListed, bond, nullified] = await Promise.all([
    readContract({ ...at, functionName: "minimumGpus" }),
    readContract({ ...at, functionName: "acceptsPresenceOnly" }),
    readContract({ ...at, functionName: "platformsListed" }),
    readContract({ ...at, functionName: "bond" }),
    Promise.all(
      HOST_VENDORS.map((vendor) =>
        readContract({ ...at, functionName: "isVendorNullified", args: [vendor] }),
      ),
    ),
  ]);
  const nullifiedVendors = HOST_VENDORS.filter((_, index) => nullified[index]).map(hostVendorName);
  return {
    policy,
    version,
    leastVersion,
    leastVersionOf: Object.fromEntries(least),
    keyLifetime,
    minimumTcbEvaluation,
    minimumTcb: { genoa, turin },
    minimumGpus,
    acceptsPresenceOnly,
    platformsListed,
    nullifiedVendors,
    bond,
  };
}
