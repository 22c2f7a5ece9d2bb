import { rootIdsOf } from "@phala-l2/protocol/config/attestation-roots";
import type { L1Addresses } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";
import type { CreationCode } from "./creation-code.ts";
import type { Creation, Deterministic } from "./deterministic.ts";

/** Owner and guardian of what holds the vendors' certificates and statements. */
type Governance = Pick<L1Addresses, "Timelock" | "SystemConfigProxy">;

/** What verifies the vendors' evidence on L1; none of it is a proxy: what verifies is replaced, never changed. */
export type AttestationContracts = {
  readonly signatureVerifier: Creation;
  readonly certificateCache: Creation;
  readonly intelCollateral: Creation;
  readonly tdxQuoteVerifier: Creation;
};

export function attestationContracts(
  { attestation }: DeployConfig,
  { Timelock, SystemConfigProxy }: Governance,
  make: Deterministic,
  code: CreationCode,
): AttestationContracts {
  const { roots, minimumTcbEvaluation } = attestation;
  const signatureVerifier = make.code(code("tee/crypto/SignatureVerifier", []));
  const certificateCache = make.code(
    code("tee/certificates/CertificateCache", [
      Timelock,
      SystemConfigProxy,
      signatureVerifier.address,
      rootIdsOf(roots),
    ]),
  );
  const intelCollateral = make.code(
    code("tee/intel/IntelCollateral", [
      Timelock,
      SystemConfigProxy,
      certificateCache.address,
      roots.intelKey,
      minimumTcbEvaluation,
    ]),
  );
  const tdxQuoteVerifier = make.code(code("tee/intel/TdxQuoteVerifier", [intelCollateral.address]));
  return { signatureVerifier, certificateCache, intelCollateral, tdxQuoteVerifier };
}
