import type { PublicClient } from "viem";
import { attestationPolicyAbi } from "../abi/attestation-policy.ts";
import { certificateCacheAbi } from "../abi/certificate-cache.ts";
import { intelCollateralAbi } from "../abi/intel-collateral.ts";
import { nvidiaReportVerifierAbi } from "../abi/nvidia-report-verifier.ts";
import { proverRegistryAbi } from "../abi/prover-registry.ts";
import { snpReportVerifierAbi } from "../abi/snp-report-verifier.ts";
import { tdxQuoteVerifierAbi } from "../abi/tdx-quote-verifier.ts";
import type { AddressBook } from "./address-book.ts";

/** Something on chain, and what it must be. */
export type Check = { readonly what: string; readonly found: Promise<string>; readonly wanted: string };

type Addresses = AddressBook["addresses"];

/** What admits keys: whom it asks, and what its bonds are of. */
function registryChecks(client: PublicClient, addresses: Addresses): readonly Check[] {
  const registry = { address: addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
  const policy = { address: addresses.AttestationPolicyProxy, abi: attestationPolicyAbi } as const;
  const named = [
    ["certificates", addresses.CertificateCache],
    ["policy", addresses.AttestationPolicyProxy],
    ["tdxVerifier", addresses.TdxQuoteVerifier],
    ["snpVerifier", addresses.SnpReportVerifier],
    ["gpuVerifier", addresses.NvidiaReportVerifier],
    ["bondToken", addresses.Pha],
  ] as const;
  return [
    ...named.map(([functionName, wanted]) => ({
      what: `the registry's ${functionName}`,
      found: client.readContract({ ...registry, functionName }),
      wanted,
    })),
    {
      what: "the policy's registry",
      found: client.readContract({ ...policy, functionName: "registry" }),
      wanted: addresses.ProverRegistryProxy,
    },
    {
      what: "the policy's system configuration",
      found: client.readContract({ ...policy, functionName: "systemConfig" }),
      wanted: addresses.SystemConfigProxy,
    },
  ];
}

/** What verifies evidence, and whose word it takes. */
export function attestationChecks(client: PublicClient, { addresses }: AddressBook): readonly Check[] {
  const cache = { address: addresses.CertificateCache, abi: certificateCacheAbi } as const;
  const collateral = { address: addresses.IntelCollateral, abi: intelCollateralAbi } as const;
  const quotes = { address: addresses.TdxQuoteVerifier, abi: tdxQuoteVerifierAbi } as const;
  const reports = { address: addresses.SnpReportVerifier, abi: snpReportVerifierAbi } as const;
  const gpus = { address: addresses.NvidiaReportVerifier, abi: nvidiaReportVerifierAbi } as const;
  return [
    {
      what: "the certificate cache's signature verifier",
      found: client.readContract({ ...cache, functionName: "verifier" }),
      wanted: addresses.SignatureVerifier,
    },
    {
      what: "the certificate cache's system configuration",
      found: client.readContract({ ...cache, functionName: "systemConfig" }),
      wanted: addresses.SystemConfigProxy,
    },
    {
      what: "the collateral's certificate cache",
      found: client.readContract({ ...collateral, functionName: "cache" }),
      wanted: addresses.CertificateCache,
    },
    {
      what: "the quote verifier's collateral",
      found: client.readContract({ ...quotes, functionName: "collateral" }),
      wanted: addresses.IntelCollateral,
    },
    {
      what: "the report verifier's certificate cache",
      found: client.readContract({ ...reports, functionName: "cache" }),
      wanted: addresses.CertificateCache,
    },
    {
      what: "the report verifier's policy of TCBs",
      found: client.readContract({ ...reports, functionName: "tcbPolicy" }),
      wanted: addresses.AttestationPolicyProxy,
    },
    {
      what: "the GPU verifier's certificate cache",
      found: client.readContract({ ...gpus, functionName: "cache" }),
      wanted: addresses.CertificateCache,
    },
    ...registryChecks(client, addresses),
  ];
}
