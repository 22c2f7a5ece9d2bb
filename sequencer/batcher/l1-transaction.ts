import type { SigningAccount } from "@phala-l2/node/keys/account";
import type { Kzg } from "@phala-l2/node/l1/kzg";
import { type Address, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { versionedHash } from "@phala-l2/protocol/wire/blob";
import { decodeRlp, encodeRlp } from "@phala-l2/protocol/wire/rlp";
import {
  BLOB_TYPE,
  encodeTransaction,
  FEE_MARKET_TYPE,
  signingHash,
  transactionHash,
} from "@phala-l2/protocol/wire/transaction";
import { signHash } from "../signing.ts";
import type { Payload } from "./data-availability.ts";

/** Wei per gas and per blob gas that a transaction offers. */
export type FeeOffer = {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly maxFeePerBlobGas: bigint;
};

/** A payload with its commitments, worked out once however often the transaction is sent anew. */
export type PreparedPayload =
  | { readonly kind: "calldata"; readonly data: Uint8Array }
  | {
      readonly kind: "blobs";
      readonly blobs: readonly Uint8Array[];
      readonly commitments: readonly Uint8Array[];
      /** EIP-7594: 128 cell proofs a blob, blob after blob. */
      readonly cellProofs: readonly Uint8Array[];
      readonly versionedHashes: readonly Hash[];
    };

export type SignedL1Transaction = {
  /** What is sent: for blobs the network form of EIP-7594. */
  readonly encoded: Uint8Array;
  readonly hash: Hash;
};

/** EIP-7594: version of the wrapper that carries cell proofs. */
const CELL_PROOF_WRAPPER = 1n;

/** Commits to the blobs and proves their cells: some tenths of a second a blob. */
export function preparePayload(payload: Payload, kzg: Kzg): PreparedPayload {
  if (payload.kind === "calldata") return payload;
  const commitments = payload.blobs.map((blob) => kzg.blobToKzgCommitment(blob));
  return {
    kind: "blobs",
    blobs: payload.blobs,
    commitments,
    cellProofs: payload.blobs.flatMap((blob) => kzg.computeCellKzgProofs(blob)),
    versionedHashes: commitments.map(versionedHash),
  };
}

export type Draft = {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly to: Address;
  readonly fees: FeeOffer;
};

function unsigned({ chainId, nonce, gasLimit, to, fees }: Draft, payload: PreparedPayload) {
  const { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas } = fees;
  const shared = {
    chainId,
    nonce,
    gasLimit,
    to,
    value: 0n,
    accessList: [],
    maxFeePerGas,
    maxPriorityFeePerGas,
  };
  if (payload.kind === "calldata") return { ...shared, type: FEE_MARKET_TYPE, data: payload.data } as const;
  const { versionedHashes: blobVersionedHashes } = payload;
  return {
    ...shared,
    type: BLOB_TYPE,
    data: new Uint8Array(),
    maxFeePerBlobGas,
    blobVersionedHashes,
  } as const;
}

/** `0x03 || rlp([fields, wrapper version, blobs, commitments, cell proofs])`. Source: EIP-7594 "Networking". */
function networkForm(
  raw: Uint8Array,
  { blobs, commitments, cellProofs }: Extract<PreparedPayload, { kind: "blobs" }>,
) {
  const fields = decodeRlp(raw.subarray(1));
  if (fields.kind === "invalid") throw new RollupError("RLP_INVALID", fields.reason);
  return concatBytes(
    Uint8Array.of(BLOB_TYPE),
    encodeRlp([fields.item, CELL_PROOF_WRAPPER, blobs, commitments, cellProofs]),
  );
}

/** Signs the transaction that posts a payload. */
export async function signL1Transaction(
  draft: Draft,
  payload: PreparedPayload,
  account: SigningAccount,
): Promise<SignedL1Transaction> {
  const transaction = unsigned(draft, payload);
  const raw = encodeTransaction({ ...transaction, ...(await signHash(account, signingHash(transaction))) });
  const encoded = payload.kind === "blobs" ? networkForm(raw, payload) : raw;
  return { encoded, hash: transactionHash(raw) };
}
