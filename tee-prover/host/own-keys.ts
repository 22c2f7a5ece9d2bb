import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import type { Enclave } from "@phala-l2/enclave/session";
import type { Address } from "@phala-l2/protocol/bytes";
import type { ClaimDomain } from "@phala-l2/protocol/claim";
import type { BlockRef } from "@phala-l2/protocol/config/rollup";
import type { KeyBinding } from "../attest/commitments.ts";
import type { Evidence, EvidenceSource } from "../attest/evidence.ts";
import type { KeyFacts } from "../rpc/tee.ts";
import type { Claims } from "./claims.ts";
import type { LiveKey } from "./key-life.ts";

export type OwnKeysDependencies = {
  readonly source: EvidenceSource;
  readonly domain: ClaimDomain;
  /** Earns what the keys prove. */
  readonly beneficiary: Address;
  /** A session with a key of its own. */
  readonly createEnclave: () => Enclave;
  /** A recent L1 block that no reorg will take away. */
  readonly l1Block: () => BlockRef;
  /** Version of the registry's policy. */
  readonly policyVersion: () => Promise<bigint>;
  readonly claimsOf: (enclave: Enclave) => Claims;
  readonly factsOf: (binding: KeyBinding, evidence: Evidence) => KeyFacts;
};

/** Bears keys: each in a session of its own, with evidence made for it and its word for the terms of its registration. */
export function ownKeys(kind: ProverKind, dependencies: OwnKeysDependencies): () => Promise<LiveKey> {
  const { source, domain, beneficiary, createEnclave, l1Block, policyVersion } = dependencies;
  return async () => {
    const enclave = createEnclave();
    const { hash, number: l1BlockNumber } = l1Block();
    const binding = { domain, key: enclave.address, l1Block: hash, policyVersion: await policyVersion() };
    const evidence = await source.evidence(binding);
    const terms = { beneficiary, policyVersion: binding.policyVersion, l1Block: hash };
    const signature = enclave.signRegistration(terms);
    return {
      facts: dependencies.factsOf(binding, evidence),
      registration: { kind, binding, l1BlockNumber, evidence, beneficiary, signature },
      claims: dependencies.claimsOf(enclave),
      statements: enclave,
    };
  };
}
