import { createHash } from "node:crypto";
import { concatBytes } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  FirmwareReader,
  type FirmwareTable,
  FOUR_GIB,
  firmwareInvalid,
  firmwareTable,
  guidBytes,
  PAGE_BYTES,
  tableValue,
} from "./firmware.ts";
import { processorSignature } from "./snp-processors.ts";
import { FIRST_EIP, type Hypervisor, saveArea } from "./snp-save-area.ts";

/** What a hypervisor starts with `-kernel`; the firmware compares the files with hashes that are measured. */
export type DirectBoot = {
  readonly kernel: Uint8Array;
  /** Absent like empty: both have the hash of nothing. */
  readonly initrd?: Uint8Array;
  /** The kernel's command line. */
  readonly append?: string;
};

export type SnpLaunch = {
  readonly firmware: Uint8Array;
  readonly boot?: DirectBoot | undefined;
  readonly vcpus: number;
  /** QEMU's name, such as `EPYC-v4`. */
  readonly vcpuType: string;
  /** SEV features that the hypervisor turns on; bit 0 is SNP itself. */
  readonly features?: bigint;
  readonly hypervisor?: Hypervisor;
};

/** SNP alone: what QEMU asks for; kernels since 6.10 may add bit 5 (debug registers). */
export const SNP_ONLY = 0x1n;
/** QEMU's largest machine. */
const MAX_VCPUS = 4096;

const RESET_BLOCK = "00f771de-1a7e-4fcb-890e-68c77e2fb44e";
const METADATA = "dc886566-984a-4798-a75e-5585a7bf67cc";
const HASH_TABLE = "7255371f-3a3b-4b04-927b-1da6efa8d454";

/** SEV Secure Nested Paging Firmware ABI (AMD 56860), PAGE_INFO: what a page is to the guest. */
const PAGE = { normal: 1, registers: 2, zero: 3, unmeasured: 4, secrets: 5, cpuid: 6 } as const;
type PageType = (typeof PAGE)[keyof typeof PAGE];
/** edk2, OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm: kinds of sections. */
const SECTION = { memory: 1, secrets: 2, cpuid: 3, callingArea: 4, kernelHashes: 0x10 } as const;

const DIGEST_BYTES = 48;
const NO_CONTENT = new Uint8Array(DIGEST_BYTES);
const PAGE_INFO_BYTES = 0x70;
/** A page of registers has no address; the processor records one page below 2^48. */
const REGISTERS_ADDRESS = 0xffff_ffff_f000;

function sha384(bytes: Uint8Array): Uint8Array {
  return createHash("sha384").update(bytes).digest();
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** The digest that grows with each page: SHA-384(digest | content's digest | PAGE_INFO). AMD 56860, SNP_LAUNCH_UPDATE. */
class LaunchDigest {
  #digest: Uint8Array = new Uint8Array(DIGEST_BYTES);

  get value(): Uint8Array {
    return this.#digest;
  }

  page(type: PageType, address: number, content: Uint8Array = NO_CONTENT): void {
    const info = new Uint8Array(PAGE_INFO_BYTES - 2 * DIGEST_BYTES);
    const view = new DataView(info.buffer);
    view.setUint16(0, PAGE_INFO_BYTES, true);
    view.setUint8(2, type);
    view.setBigUint64(8, BigInt(address), true);
    this.#digest = sha384(concatBytes(this.#digest, content, info));
  }

  pages(type: PageType, address: number, length: number): void {
    for (let offset = 0; offset < length; offset += PAGE_BYTES) this.page(type, address + offset);
  }

  content(address: number, bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += PAGE_BYTES) {
      this.page(PAGE.normal, address + offset, sha384(bytes.subarray(offset, offset + PAGE_BYTES)));
    }
  }
}

type Section = { readonly address: number; readonly length: number; readonly kind: number };

const METADATA_HEAD_BYTES = 16;
const SECTION_BYTES = 12;

/** @throws RollupError MEASURE_FIRMWARE_INVALID */
function sectionsOf(firmware: Uint8Array, table: FirmwareTable): readonly Section[] {
  const start = firmware.length - tableValue(table, METADATA, "metadata of SEV; it is no build for SEV-SNP");
  const reader = new FirmwareReader(firmware, "the metadata of SEV");
  const magic = new TextDecoder("latin1").decode(firmware.subarray(Math.max(0, start), start + 4));
  const version = reader.u32(start + 8);
  if (magic !== "ASEV" || version !== 1) {
    throw firmwareInvalid("its metadata of SEV is not version 1 of ASEV", { magic, version });
  }
  const [length, count] = [reader.u32(start + 4), reader.u32(start + 12)];
  if (length < METADATA_HEAD_BYTES + count * SECTION_BYTES) {
    throw firmwareInvalid(`metadata of ${length} bytes for ${count} sections`);
  }
  return Array.from({ length: count }, (_, i) => {
    const offset = start + METADATA_HEAD_BYTES + i * SECTION_BYTES;
    const section = {
      address: reader.u32(offset),
      length: reader.u32(offset + 4),
      kind: reader.u32(offset + 8),
    };
    requirePages(section);
    return section;
  });
}

function requirePages({ address, length, kind }: Section): void {
  const isOnePage = kind === SECTION.memory || kind === SECTION.callingArea || length === PAGE_BYTES;
  if (address % PAGE_BYTES === 0 && length % PAGE_BYTES === 0 && isOnePage && address + length <= FOUR_GIB)
    return;
  throw firmwareInvalid("a section is not of whole pages", { address, length, kind });
}

const HASH_TABLE_HEAD = "9438d606-4f22-4cc9-b479-a793d411fd21";
const COMMAND_LINE_ENTRY = "97d02dd8-bd20-4c94-aa78-e7714d36ab2a";
const INITRD_ENTRY = "44baf731-3a2f-4bd7-9af1-41e29169781d";
const KERNEL_ENTRY = "4de79437-abd2-427f-b835-d5b172d2045b";
const HASH_ENTRY_BYTES = 50;
const HASH_TABLE_BYTES = 18 + 3 * HASH_ENTRY_BYTES;

function hashEntry(guid: string, length: number, ...content: readonly Uint8Array[]): Uint8Array {
  return concatBytes(guidBytes(guid), Uint8Array.of(length % 256, Math.floor(length / 256)), ...content);
}

/** QEMU, target/i386/sev.c, SevHashTable: byte for byte what it puts into the guest's memory. */
function kernelHashes({ kernel, initrd, append = "" }: DirectBoot): Uint8Array {
  const commandLine = new TextEncoder().encode(`${append}\0`);
  return hashEntry(
    HASH_TABLE_HEAD,
    HASH_TABLE_BYTES,
    hashEntry(COMMAND_LINE_ENTRY, HASH_ENTRY_BYTES, sha256(commandLine)),
    hashEntry(INITRD_ENTRY, HASH_ENTRY_BYTES, sha256(initrd ?? new Uint8Array(0))),
    hashEntry(KERNEL_ENTRY, HASH_ENTRY_BYTES, sha256(kernel)),
  );
}

function kernelHashesPage(table: FirmwareTable, boot: DirectBoot): Uint8Array {
  const offset = tableValue(table, HASH_TABLE, "place for a kernel's hashes") % PAGE_BYTES;
  const hashes = kernelHashes(boot);
  // QEMU pads the table to sixteen bytes.
  if (offset + Math.ceil(hashes.length / 16) * 16 > PAGE_BYTES) {
    throw firmwareInvalid("its table of hashes crosses a page", { offset });
  }
  const page = new Uint8Array(PAGE_BYTES);
  page.set(hashes, offset);
  return page;
}

function measureSections(
  digest: LaunchDigest,
  sections: readonly Section[],
  hashes: Uint8Array | undefined,
  hypervisor: Hypervisor,
): void {
  for (const { kind, address, length } of sections) {
    switch (kind) {
      case SECTION.memory:
        digest.pages(hypervisor === "gce" ? PAGE.unmeasured : PAGE.zero, address, length);
        break;
      case SECTION.callingArea:
        digest.pages(PAGE.zero, address, length);
        break;
      case SECTION.secrets:
        digest.page(PAGE.secrets, address);
        break;
      case SECTION.cpuid:
        if (hypervisor !== "ec2") digest.page(PAGE.cpuid, address);
        break;
      case SECTION.kernelHashes:
        if (hashes === undefined) digest.pages(PAGE.zero, address, length);
        else digest.content(address, hashes);
        break;
      default:
        throw firmwareInvalid(`a section of unknown kind ${kind}`, { kind, address });
    }
  }
  // EC2 adds it when all the rest is there.
  if (hypervisor !== "ec2") return;
  for (const { kind, address } of sections) if (kind === SECTION.cpuid) digest.page(PAGE.cpuid, address);
}

function requireLaunch({ vcpus, vcpuType }: SnpLaunch): number {
  const signature = processorSignature(vcpuType);
  if (signature !== undefined && Number.isInteger(vcpus) && vcpus >= 1 && vcpus <= MAX_VCPUS)
    return signature;
  const what =
    signature === undefined ? `no virtual processor is named ${vcpuType}` : `${vcpus} virtual processors`;
  throw new RollupError("MEASURE_LAUNCH_INVALID", `no such guest can be started: ${what}`, {
    data: { vcpus, vcpuType, max: MAX_VCPUS },
  });
}

/**
 * The launch measurement, 48 bytes, that an AMD processor reports of a guest that is started so: firmware, the
 * hashes of kernel, initial file system and command line, the sections that the firmware asks for, and the registers
 * of each virtual processor. Own code after AMD 56860 and virtee/sev-snp-measure.
 * @throws RollupError MEASURE_FIRMWARE_INVALID, MEASURE_LAUNCH_INVALID
 */
export function snpLaunchDigest(launch: SnpLaunch): Uint8Array {
  const { firmware, boot, vcpus, features = SNP_ONLY, hypervisor = "qemu" } = launch;
  const signature = requireLaunch(launch);
  const table = firmwareTable(firmware);
  const sections = sectionsOf(firmware, table);
  if (boot !== undefined && !sections.some(({ kind }) => kind === SECTION.kernelHashes)) {
    throw firmwareInvalid("it does not compare a kernel with measured hashes: build it as OvmfPkg/AmdSev");
  }
  const digest = new LaunchDigest();
  digest.content(FOUR_GIB - firmware.length, firmware);
  measureSections(digest, sections, boot && kernelHashesPage(table, boot), hypervisor);
  const others = tableValue(table, RESET_BLOCK, "address for further processors");
  for (let i = 0; i < vcpus; i++) {
    const area = saveArea(hypervisor, { eip: i === 0 ? FIRST_EIP : others, signature, features });
    digest.page(PAGE.registers, REGISTERS_ADDRESS, sha384(area));
  }
  return digest.value;
}
