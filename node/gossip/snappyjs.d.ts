/** The parts of snappyjs 0.7 that are used; the package ships no types. */
declare module "snappyjs" {
  /** Compresses into snappy's block format. */
  export function compress(uncompressed: Uint8Array): Uint8Array;
}
