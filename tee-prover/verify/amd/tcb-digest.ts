import { bigintToBytes, concatBytes } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Product } from "./product.ts";
import { TCB_PARTS, type TcbVersion } from "./tcb.ts";
import type { TcbVersions } from "./verify.ts";

/** The contracts' numbers of products (`AmdProduct`); L1 trusts no Milan. */
export const PRODUCT_NUMBERS = { Genoa: 0, Turin: 1 } as const satisfies Readonly<
  Partial<Record<Product, number>>
>;

/** Five levels in one number, the first part's in the highest byte (`SnpTcb` of the contracts). */
export function packTcb(tcb: TcbVersion): bigint {
  return TCB_PARTS.reduce((packed, part) => packed * 256n + BigInt(tcb[part]), 0n);
}

/**
 * What L1 calls a TCB that is out of date (`ITeeVerifier.Report.advisories`, the twin of `SnpPlatform`), by which grace is
 * given there; undefined for a product that L1 does not trust.
 *
 *   keccak256(product 32 | current 32 | reported 32 | committed 32 | launch 32)
 */
export function tcbDigest(product: Product, tcb: TcbVersions): Uint8Array | undefined {
  if (product === "Milan") return undefined;
  const { current, reported, committed, launch } = tcb;
  const versions = [current, reported, committed, launch].map(packTcb);
  const words = [BigInt(PRODUCT_NUMBERS[product]), ...versions];
  return keccak256(concatBytes(...words.map((word) => bigintToBytes(word, 32))));
}
