import { rootIdsOf } from "@phala-l2/protocol/config/attestation-roots";
import { type Address, encodeFunctionData } from "viem";
import { attestationPolicyAbi } from "../abi/attestation-policy.ts";
import { proverRegistryAbi } from "../abi/prover-registry.ts";
import type { L1Addresses } from "./address-book.ts";
import { type AttestationConfig, type DeployConfig, kindNumber } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";
import type { ProxyPlan } from "./proxies.ts";

/** What the verifiers name of the rest. */
type Neighbours = Pick<L1Addresses, "Timelock" | "SystemConfigProxy" | "AttestationPolicyProxy">;

/** What verifies the vendors' evidence on L1; none of it is a proxy: what verifies is replaced, never changed. */
export type AttestationContracts = {
  readonly signatureVerifier: Creation;
  readonly certificateCache: Creation;
  readonly intelCollateral: Creation;
  readonly tdxQuoteVerifier: Creation;
  readonly snpReportVerifier: Creation;
  readonly nvidiaReportVerifier: Creation;
};

export function attestationContracts(
  { attestation }: DeployConfig,
  { Timelock, SystemConfigProxy, AttestationPolicyProxy }: Neighbours,
  make: Deterministic,
  code: CreationCode,
): AttestationContracts {
  const { roots, minimumTcbEvaluation } = attestation;
  const signatureVerifier = make.code(code("tee/crypto/SignatureVerifier", []));
  const signatures = signatureVerifier.address;
  const certificateCache = make.code(
    code("tee/certificates/CertificateCache", [Timelock, SystemConfigProxy, signatures, rootIdsOf(roots)]),
  );
  const cache = certificateCache.address;
  const intelCollateral = make.code(
    code("tee/intel/IntelCollateral", [
      ...[Timelock, SystemConfigProxy, cache, roots.intelKey],
      minimumTcbEvaluation,
    ]),
  );
  return {
    signatureVerifier,
    certificateCache,
    intelCollateral,
    tdxQuoteVerifier: make.code(code("tee/intel/TdxQuoteVerifier", [intelCollateral.address])),
    snpReportVerifier: make.code(
      code("tee/amd/SnpReportVerifier", [
        ...[cache, signatures, AttestationPolicyProxy],
        ...[roots.amdGenoa, roots.amdTurin],
      ]),
    ),
    nvidiaReportVerifier: make.code(
      code("tee/nvidia/NvidiaReportVerifier", [cache, signatures, roots.nvidiaDevice]),
    ),
  };
}

/** Policy and registry, which name each other. @param bondToken PHA. */
export function admissionProxies(
  { attestation, dangerouslyAcceptsSimulated }: DeployConfig,
  addresses: L1Addresses,
  bondToken: Address,
  make: Deterministic,
  code: CreationCode,
): readonly ProxyPlan[] {
  const dependencies = {
    systemConfig: addresses.SystemConfigProxy,
    certificates: addresses.CertificateCache,
    policy: addresses.AttestationPolicyProxy,
    tdxVerifier: addresses.TdxQuoteVerifier,
    snpVerifier: addresses.SnpReportVerifier,
    gpuVerifier: addresses.NvidiaReportVerifier,
    bondToken,
    dangerouslyAcceptsSimulated,
  };
  return [
    {
      name: "AttestationPolicyProxy",
      logic: make.code(code("tee/AttestationPolicy", [])),
      initialization: encodeFunctionData({
        abi: attestationPolicyAbi,
        functionName: "initialize",
        args: [
          addresses.Timelock,
          addresses.SystemConfigProxy,
          addresses.ProverRegistryProxy,
          rulesOf(attestation),
        ],
      }),
    },
    {
      name: "ProverRegistryProxy",
      logic: make.code(code("tee/ProverRegistry", [dependencies])),
      initialization: encodeFunctionData({
        abi: proverRegistryAbi,
        functionName: "initialize",
        args: [addresses.Timelock],
      }),
    },
  ];
}

function rulesOf({ images, minimumTcb, roots: _, ...rules }: AttestationConfig) {
  return {
    ...rules,
    images: images.map(({ kind, ...image }) => ({ ...image, kind: kindNumber(kind) })),
    minimumTcbGenoa: minimumTcb.genoa,
    minimumTcbTurin: minimumTcb.turin,
  };
}
