import type { PinnedRoot } from "../certificates/chain.ts";
import { ARK_CERTIFICATES } from "./ark-certificates.ts";

/** Lines of EPYC processors, each under a root of its own. Bergamo and Siena are Genoa's line (KDS, section 3.1). */
export const PRODUCTS = ["Milan", "Genoa", "Turin"] as const;
export type Product = (typeof PRODUCTS)[number];

/** A root that is trusted for one product alone: AMD's root of Milan says nothing about Genoa. */
export type ProductRoot = PinnedRoot & {
  readonly product: Product;
  /** The root's own certificate, PEM, for chains that leave it out. */
  readonly certificate?: string | undefined;
};

/** AMD's root keys (ARK), by the hash of the key that https://kdsintf.amd.com/vcek/v1/{product}/cert_chain carries. */
const ARK_KEY_HASHES: Readonly<Record<Product, string>> = {
  Milan: "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
  Genoa: "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
  Turin: "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
};

/** What production trusts: one root a product. */
export const AMD_ROOTS: readonly ProductRoot[] = PRODUCTS.map((product) => ({
  name: `ARK-${product}`,
  product,
  keyHash: ARK_KEY_HASHES[product],
  certificate: ARK_CERTIFICATES[product],
}));

/** Family, and ranges of models with both ends (AMD's processor programming references; combined with the extended fields). */
const CPUIDS: Readonly<
  Record<Product, { readonly family: number; readonly models: readonly (readonly [number, number])[] }>
> = {
  Milan: { family: 0x19, models: [[0x00, 0x0f]] },
  // Genoa, and with Zen 4c Bergamo and Siena.
  Genoa: {
    family: 0x19,
    models: [
      [0x10, 0x1f],
      [0xa0, 0xaf],
    ],
  },
  // Turin, and with Zen 5c Turin Dense.
  Turin: { family: 0x1a, models: [[0x00, 0x1f]] },
};

export type Cpuid = { readonly family: number; readonly model: number; readonly stepping: number };

/** True where the processor is of the product's line. Steppings are revisions: any may come. */
export function isOfProduct({ family, model }: Cpuid, product: Product): boolean {
  const { family: wanted, models } = CPUIDS[product];
  return family === wanted && models.some(([first, last]) => first <= model && model <= last);
}

export function cpuidsText(product: Product): string {
  const { family, models } = CPUIDS[product];
  const ranges = models.map(([first, last]) => `0x${first.toString(16)} to 0x${last.toString(16)}`);
  return `family 0x${family.toString(16)}, model ${ranges.join(" or ")}`;
}

/** Bytes of a chip's identity; the others of CHIP_ID are zero (KDS, section 3.1: Turin's are eight). */
export function chipIdBytes(product: Product): number {
  return product === "Turin" ? 8 : 64;
}

/** `Genoa` of `Genoa` and of `Genoa-B1`: VCEK certificates may name the stepping (KDS, table 8). */
export function productOfName(name: string): Product | undefined {
  const line = /^([A-Z][a-z]+)(?:-[A-Z]\d)?$/.exec(name)?.[1];
  return PRODUCTS.find((product) => product === line);
}
