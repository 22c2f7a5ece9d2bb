import { createEnclave } from "@phala-l2/enclave/session";
import { piecesOf } from "@phala-l2/enclave/state-pieces";
import type { SunsetSources } from "@phala-l2/enclave/statements";
import { asAddress, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { encodeHeader, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";

/** A frozen block, and what an enclave is told of it. */
export type EnclaveQuestion = {
  /** The L1 that claims are paid on. */
  readonly chainId: bigint;
  readonly header: SubstrateHeader;
  /** In the order of their keys. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  readonly registrationsFrom: bigint;
  readonly blocks?: SunsetSources["blocks"] | undefined;
};

export type EnclaveRoot =
  | { readonly kind: "signed"; readonly claimsRoot: Hex }
  | { readonly kind: "refused"; readonly reason: string; readonly height: unknown };

/** The claims' root that a new enclave signs of a frozen block, or why it does not. @throws what the blocks' source throws */
export async function enclaveRoot(question: EnclaveQuestion): Promise<EnclaveRoot> {
  const { chainId, header, entries, registrationsFrom, blocks } = question;
  const contract = asAddress(new Uint8Array(20).fill(7));
  const enclave = createEnclave({
    random: (length) => new Uint8Array(length).fill(7),
    kzg: {
      blobToKzgCommitment: () => {
        throw new TypeError("no proof is made here");
      },
    },
    domain: { chainId, verifyingContract: contract },
  });
  const request = { contract, finalityAnchor: ZERO_HASH, registrationsFrom, header: encodeHeader(header) };
  const state = piecesOf(entries.map(([key, value]) => ({ key, value })));
  const outcome = await enclave.signSunset(request, {
    state,
    ...(blocks === undefined ? {} : { blocks }),
  });
  return outcome.kind === "signed"
    ? { kind: "signed", claimsRoot: toHex(outcome.statement.claimsRoot) }
    : { kind: "refused", reason: outcome.reason, height: outcome.data?.height };
}
