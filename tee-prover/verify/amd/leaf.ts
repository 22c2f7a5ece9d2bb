import { bytesEqual } from "@phala-l2/protocol/bytes";
import type { Certificate } from "../certificates/certificate.ts";
import { DerReader } from "../certificates/der.ts";
import { chipIdBytes, type Product, productOfName } from "./product.ts";
import { type AmdRefusal, refuseAmd } from "./refusals.ts";
import type { EndorsementKey } from "./report.ts";
import type { TcbVersion } from "./tcb.ts";

/** AMD's extensions of VCEK and VLEK certificates (KDS, table 8), under this identifier. */
export const AMD_EXTENSIONS = "1.3.6.1.4.1.3704.1";

/** Each level's identifier; 3.4 to 3.7 are reserved. */
export const LEVEL_NUMBERS: Readonly<Record<keyof TcbVersion, number>> = {
  fmc: 9,
  bootloader: 1,
  tee: 2,
  snp: 3,
  microcode: 8,
};
const RESERVED_LEVELS = [4, 5, 6, 7] as const;

/** What AMD says of the key in a leaf. */
export type Leaf = {
  readonly kind: "leaf";
  readonly endorsement: EndorsementKey;
  readonly productName: string;
  readonly tcb: TcbVersion;
  /** VCEK: the chip's identity, without the zeros that the report pads it by. */
  readonly hardwareId: Uint8Array | undefined;
  /** VLEK: whose fleet the key was lent to. */
  readonly cloudProvider: string | undefined;
};

const TEXT_LIMIT = 128;
const IA5_STRING = 0x16;

/** Reads the extensions one by one; the first fault is kept in the reader. */
class ExtensionReader {
  readonly reader = new DerReader(new Uint8Array(0));
  readonly #certificate: Certificate;

  constructor(certificate: Certificate) {
    this.#certificate = certificate;
  }

  has(number: string): boolean {
    return this.#certificate.extensions.has(`${AMD_EXTENSIONS}.${number}`);
  }

  value(number: string): Uint8Array {
    const extension = this.#certificate.extensions.get(`${AMD_EXTENSIONS}.${number}`);
    if (extension === undefined) this.reader.fail(`${AMD_EXTENSIONS}.${number} is missing`);
    return extension?.value ?? new Uint8Array(0);
  }

  level(number: number): number {
    const name = `3.${number}`;
    const inside = this.reader.of(this.value(name));
    const level = inside.small(name, 255);
    inside.end(name);
    return level;
  }

  text(number: string): string {
    const inside = this.reader.of(this.value(number));
    const { content } = inside.element(IA5_STRING, number);
    inside.end(number);
    const printable = content.every((byte) => byte >= 0x20 && byte < 0x7f);
    if (!printable || content.length === 0 || content.length > TEXT_LIMIT) inside.fail(`${number}: no text`);
    return new TextDecoder().decode(content);
  }

  /** The bytes themselves, or an octet string of them: AMD has written both. */
  octets(number: string, length: number): Uint8Array {
    const value = this.value(number);
    if (value.length === length) return value;
    const inside = this.reader.of(value);
    const octets = inside.octets(number, length);
    inside.end(number);
    return octets;
  }
}

function readLevels(extensions: ExtensionReader, product: Product): TcbVersion {
  // Levels that no TCB of the product has: a leaf for them would be for a format that is not known.
  const reserved = RESERVED_LEVELS.filter((number) => extensions.has(`3.${number}`));
  if (reserved.some((number) => extensions.level(number) !== 0)) {
    extensions.reader.fail("a reserved level (3.4 to 3.7) is not zero");
  }
  const fmc = `3.${LEVEL_NUMBERS.fmc}`;
  if (product !== "Turin" && extensions.has(fmc)) extensions.reader.fail(`${fmc}: ${product} has no FMC`);
  return {
    fmc: product === "Turin" ? extensions.level(LEVEL_NUMBERS.fmc) : 0,
    bootloader: extensions.level(LEVEL_NUMBERS.bootloader),
    tee: extensions.level(LEVEL_NUMBERS.tee),
    snp: extensions.level(LEVEL_NUMBERS.snp),
    microcode: extensions.level(LEVEL_NUMBERS.microcode),
  };
}

/** Step 3: reads AMD's extensions of a leaf whose chain holds, under the root of `product`. */
export function readLeaf(
  certificate: Certificate,
  endorsement: EndorsementKey,
  product: Product,
): Leaf | AmdRefusal {
  const step = "3 leaf";
  if (certificate.publicKey.type !== "P-384") {
    return refuseAmd("LEAF_KEY", step, "leaf's key", "P-384", certificate.publicKey.type);
  }
  const extensions = new ExtensionReader(certificate);
  const productName = extensions.text("2");
  const tcb = readLevels(extensions, product);
  const isChip = endorsement === "VCEK";
  const hardwareId = isChip ? extensions.octets("4", chipIdBytes(product)) : undefined;
  const cloudProvider = isChip ? undefined : extensions.text("5");
  // A key is of one chip or of a fleet: what names both is neither.
  const foreign = isChip ? "5" : "4";
  if (extensions.has(foreign)) extensions.reader.fail(`${AMD_EXTENSIONS}.${foreign} in a ${endorsement}`);
  const { fault } = extensions.reader;
  if (fault !== undefined) {
    return refuseAmd("LEAF_EXTENSIONS", step, "leaf", `extensions ${AMD_EXTENSIONS}`, fault);
  }
  if (productOfName(productName) !== product) {
    return refuseAmd("LEAF_PRODUCT", step, "product name", product, productName);
  }
  return { kind: "leaf", endorsement, productName, tcb, hardwareId, cloudProvider };
}

/** CHIP_ID is the identity and zeros after it. */
export function isChip(chipId: Uint8Array, hardwareId: Uint8Array): boolean {
  return (
    bytesEqual(chipId.subarray(0, hardwareId.length), hardwareId) &&
    chipId.subarray(hardwareId.length).every((byte) => byte === 0)
  );
}
