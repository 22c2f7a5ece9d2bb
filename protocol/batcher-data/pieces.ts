import { fromHex } from "../bytes.ts";
import { BLOB_SIZE, decodeBlob } from "../wire/blob.ts";
import { blobsOfSidecar, withoutSidecar } from "../wire/blob-sidecar.ts";
import { decodeFrames, type Frame } from "../wire/frame.ts";
import { BLOB_TYPE, DEPOSIT_TYPE, decodeTransaction, SET_CODE_TYPE } from "../wire/transaction.ts";

/**
 * What somebody got hold of who wants to read batcher data: blobs, signed L1 transactions, compressed channels.
 * Each function takes the content of one file, raw or as hex text, and never throws.
 */
export type Piece<Found> =
  | { readonly kind: "ok"; readonly found: Found }
  | { readonly kind: "invalid"; readonly reason: string };

/** Hex digits of whole bytes, with or without 0x. */
const HEX_WORD = /^(0x)?([0-9a-fA-F]{2})+$/;
const WHITE_SPACE = /\s+/;

/**
 * The byte strings of a file: one for each word of hex text, or the file itself when it is not hex text. Raw
 * data is not mistaken for hex: in every format here some byte is no hex digit.
 */
export function byteStringsOf(file: Uint8Array): readonly Uint8Array[] {
  if (!looksLikeText(file)) return [file];
  const words = new TextDecoder().decode(file).split(WHITE_SPACE).filter(Boolean);
  return words.length > 0 && words.every((word) => HEX_WORD.test(word)) ? words.map(fromHex) : [file];
}

/** A quick look at the beginning saves the whole of a large file from being read as text. */
function looksLikeText(file: Uint8Array): boolean {
  return file
    .subarray(0, 64)
    .every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
}

/** Blobs that lie in one byte string one after another. */
export function blobsOf(bytes: Uint8Array): Piece<readonly Uint8Array[]> {
  if (bytes.length === 0 || bytes.length % BLOB_SIZE !== 0) return { kind: "invalid", reason: "blob-size" };
  const count = bytes.length / BLOB_SIZE;
  const found = Array.from({ length: count }, (_, i) => bytes.subarray(i * BLOB_SIZE, (i + 1) * BLOB_SIZE));
  return { kind: "ok", found };
}

/** The frames in a blob. Source: specs/protocol/ecotone/derivation.md "Blob Encoding". */
export function framesOfBlob(blob: Uint8Array): Piece<readonly Frame[]> {
  const decoded = decodeBlob(blob);
  return decoded.kind === "ok" ? framesOfData(decoded.data) : decoded;
}

/** The frames in a batcher transaction's data. Source: derivation.md "Batcher Transaction Format". */
export function framesOfData(data: Uint8Array): Piece<readonly Frame[]> {
  const decoded = decodeFrames(data);
  return decoded.kind === "ok" ? { kind: "ok", found: decoded.frames } : decoded;
}

/**
 * Where a signed L1 transaction of types 0 to 3 keeps its batcher data: in its calldata, or, for a blob
 * transaction, in its blobs, which only the form that travels between nodes carries. Sender and recipient are
 * not looked at: they depend on the chain.
 * Source: derivation.md "L1 Retrieval", ecotone/derivation.md "L1 Retrieval".
 */
export type TransactionPiece =
  | { readonly kind: "calldata"; readonly data: Uint8Array }
  | { readonly kind: "blobs"; readonly blobs: readonly Uint8Array[] }
  | { readonly kind: "invalid"; readonly reason: string };

export function dataOfTransaction(raw: Uint8Array): TransactionPiece {
  const decoded = decodeTransaction(withoutSidecar(raw));
  if (decoded.kind === "invalid") return decoded;
  const { transaction } = decoded;
  if (transaction.type === DEPOSIT_TYPE || transaction.type === SET_CODE_TYPE) {
    return { kind: "invalid", reason: "transaction-type-carries-no-batches" };
  }
  if (transaction.type !== BLOB_TYPE) return { kind: "calldata", data: transaction.data };
  const blobs = blobsOfSidecar(raw);
  return blobs.length > 0
    ? { kind: "blobs", blobs }
    : { kind: "invalid", reason: "blob-transaction-without-its-blobs" };
}
