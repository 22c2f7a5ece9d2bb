import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { type Address, bigintToBytes, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import type { ClaimDomain } from "@phala-l2/protocol/claim";
import { keccak256 } from "@phala-l2/protocol/keccak";

/**
 * Where evidence comes from that a key was born in a measured environment. One source a kind of hardware;
 * `dangerouslySimulatedEvidence` is the only one so far.
 */
export interface EvidenceSource {
  readonly kind: ProverKind;
  /** No hardware stands behind the evidence; a production registry refuses such keys for ever. */
  readonly simulated: boolean;
  /** Identity of the measured image, as the registry keeps it. */
  readonly measurement: Hash;
  /** A report of the hardware over these 32 bytes, with all that is needed to check it. */
  evidence(reportData: Hash): Promise<Uint8Array>;
}

export type KeyBinding = {
  readonly domain: ClaimDomain;
  readonly key: Address;
  /** Hash of a recent L1 block: the evidence is not older. */
  readonly l1Block: Hash;
};

const TAG = new TextEncoder().encode("phala-l2 prover key 1");

/**
 * What evidence must commit to, so that it serves one key for one registry on one chain and cannot be kept for
 * later: keccak256(tag | L1 chain id 32 | registry 20 | key 20 | L1 block hash 32).
 */
export function reportDataOf({ domain, key, l1Block }: KeyBinding): Hash {
  const { chainId, verifyingContract } = domain;
  return keccak256(concatBytes(TAG, bigintToBytes(chainId, 32), verifyingContract, key, l1Block));
}
