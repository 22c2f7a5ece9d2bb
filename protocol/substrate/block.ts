import { concatBytes } from "../bytes.ts";
import { encodeHeader, readHeader, type SubstrateHeader } from "./header.ts";
import { encodeCompact, type ScaleDecoding, ScaleReader } from "./scale.ts";

/**
 * A Substrate block: header | compact count | extrinsics, each a byte string. Extrinsics stand here as the header's root is of them,
 * their lengths in front. Source: sp_runtime::generic::Block, OpaqueExtrinsic.
 */
export type SubstrateBlock = {
  readonly header: SubstrateHeader;
  readonly extrinsics: readonly Uint8Array[];
};

/** Whether bytes are one byte string and nothing else, as extrinsics are. */
export function isExtrinsic(bytes: Uint8Array): boolean {
  const reader = new ScaleReader(bytes);
  reader.byteString();
  return reader.finish(undefined).kind === "ok";
}

function readExtrinsic(reader: ScaleReader): Uint8Array {
  const start = reader.at;
  reader.byteString();
  return reader.bytes.subarray(start, reader.at);
}

/** Reads a block that fills `bytes`; its extrinsics are views of them. Never throws. */
export function decodeBlock(bytes: Uint8Array): ScaleDecoding<SubstrateBlock> {
  const reader = new ScaleReader(bytes);
  const header = readHeader(reader);
  return reader.finish({ header, extrinsics: reader.sequence(() => readExtrinsic(reader)) });
}

/** @param block each of its extrinsics a byte string: see `isExtrinsic` */
export function encodeBlock({ header, extrinsics }: SubstrateBlock): Uint8Array {
  return concatBytes(encodeHeader(header), encodeCompact(extrinsics.length), ...extrinsics);
}
