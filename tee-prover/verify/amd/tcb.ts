import type { Product } from "./product.ts";

/** Security patch levels of the TCB's parts. Only Turin's has `fmc`; it is 0 elsewhere. */
export const TCB_PARTS = ["fmc", "bootloader", "tee", "snp", "microcode"] as const;
export type TcbPart = (typeof TCB_PARTS)[number];
export type TcbVersion = Readonly<Record<TcbPart, number>>;

export const TCB_BYTES = 8;

/** Where each part's byte stands in TCB_VERSION (table 3); the bytes that are not named are reserved. */
const LAYOUTS: Readonly<Record<Product, Readonly<Partial<Record<TcbPart, number>>>>> = {
  Milan: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Genoa: { bootloader: 0, tee: 1, snp: 6, microcode: 7 },
  Turin: { fmc: 0, bootloader: 1, tee: 2, snp: 3, microcode: 7 },
};

export function partsOf(product: Product): readonly TcbPart[] {
  return TCB_PARTS.filter((part) => LAYOUTS[product][part] !== undefined);
}

/** TCB_VERSION in the order of the product; undefined when a reserved byte is not zero. */
export function readTcb(raw: Uint8Array, product: Product): TcbVersion | undefined {
  const layout = LAYOUTS[product];
  const known = Object.values(layout);
  if (raw.some((byte, i) => byte !== 0 && !known.includes(i))) return undefined;
  const at = (part: TcbPart) => raw[layout[part] ?? TCB_BYTES] ?? 0;
  return {
    fmc: at("fmc"),
    bootloader: at("bootloader"),
    tee: at("tee"),
    snp: at("snp"),
    microcode: at("microcode"),
  };
}

/** TCB_VERSION's bytes in the order of the product. */
export function writeTcb(tcb: TcbVersion, product: Product): Uint8Array {
  const raw = new Uint8Array(TCB_BYTES);
  for (const part of partsOf(product)) raw[LAYOUTS[product][part] ?? 0] = tcb[part];
  return raw;
}

/** Each part at least the other's: versions are a partial order, one newer part makes up for no older one. */
export function isAtLeast(tcb: TcbVersion, least: TcbVersion): boolean {
  return TCB_PARTS.every((part) => tcb[part] >= least[part]);
}

export function sameTcb(a: TcbVersion, b: TcbVersion): boolean {
  return TCB_PARTS.every((part) => a[part] === b[part]);
}

export function tcbText(tcb: TcbVersion, product: Product): string {
  return partsOf(product)
    .map((part) => `${part} ${tcb[part]}`)
    .join(", ");
}

/** AMD signs no list of TCB levels, so there are two words only; the policy's minimum is the list. */
export type AmdTcbStatus = "UpToDate" | "OutOfDate";
