import { PAGE_BYTES } from "./firmware.ts";

/** Who starts the guest: each gives a virtual processor slightly other registers to begin with. */
export type Hypervisor = "qemu" | "ec2" | "gce";

type Start = {
  readonly code: number;
  readonly stack: number;
  readonly task: number;
  /** Page attribute table. */
  readonly pat: bigint;
  /** QEMU leaves the processor's signature in RDX, as a real one does after a reset. */
  readonly rdx: number | "signature";
  readonly mxcsr: number;
  readonly x87Control: number;
};

const RESET_PAT = 0x0007_0406_0007_0406n;
const QEMU: Start = {
  code: 0x9b,
  stack: 0x93,
  task: 0x8b,
  pat: RESET_PAT,
  rdx: "signature",
  mxcsr: 0x1f80,
  x87Control: 0x37f,
};
const BARE = { rdx: 0x600, mxcsr: 0, x87Control: 0 } as const;

/** Of `eip`, because EC2 starts the first processor with another code segment than the rest. */
function startOf(hypervisor: Hypervisor, eip: number): Start {
  switch (hypervisor) {
    case "qemu":
      return QEMU;
    case "ec2":
      return { ...BARE, code: eip === FIRST_EIP ? 0x9a : 0x9b, stack: 0x92, task: 0x83, pat: RESET_PAT };
    case "gce":
      return { ...BARE, code: 0x9b, stack: 0x93, task: 0x8b, pat: 0x0007_0106n };
  }
}

/** The reset vector: where the first processor starts. The others start where the firmware says. */
export const FIRST_EIP = 0xffff_fff0;

/** AMD64 Architecture Programmer's Manual, volume 2, table B-4: offsets in the save area. */
const SEGMENTS = {
  es: 0x00,
  cs: 0x10,
  ss: 0x20,
  ds: 0x30,
  fs: 0x40,
  gs: 0x50,
  gdtr: 0x60,
  ldtr: 0x70,
  idtr: 0x80,
  tr: 0x90,
} as const;
const EFER = 0xd0;
const CR4 = 0x148;
const CR0 = 0x158;
const DR7 = 0x160;
const DR6 = 0x168;
const RFLAGS = 0x170;
const RIP = 0x178;
const G_PAT = 0x268;
const RDX = 0x310;
const SEV_FEATURES = 0x3b0;
const XCR0 = 0x3e8;
const MXCSR = 0x408;
const X87_FCW = 0x410;

/**
 * The page of registers that a virtual processor begins with, as the hypervisor makes and the hardware measures it.
 * The values are those of an x86 processor after a reset, with what KVM sets beside: EFER.SVME and CR4.MCE.
 * Source: virtee/sev-snp-measure (Apache-2.0), the reference for these measurements.
 * @param features SEV features of the guest: bit 0 SNP, bit 5 debug registers swapped.
 */
export function saveArea(
  hypervisor: Hypervisor,
  {
    eip,
    signature,
    features,
  }: { readonly eip: number; readonly signature: number; readonly features: bigint },
): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const view = new DataView(page.buffer);
  const start = startOf(hypervisor, eip);
  const put = (offset: number, value: bigint) => view.setBigUint64(offset, value, true);
  const segment = (name: keyof typeof SEGMENTS, attributes: number, selector = 0, base = 0) => {
    view.setUint16(SEGMENTS[name], selector, true);
    view.setUint16(SEGMENTS[name] + 2, attributes, true);
    view.setUint32(SEGMENTS[name] + 4, 0xffff, true);
    put(SEGMENTS[name] + 8, BigInt(base));
  };
  for (const name of ["es", "ds", "fs", "gs"] as const) segment(name, 0x93);
  for (const name of ["gdtr", "idtr"] as const) segment(name, 0);
  segment("cs", start.code, 0xf000, eip - (eip % 0x1_0000));
  segment("ss", start.stack);
  segment("ldtr", 0x82);
  segment("tr", start.task);
  put(EFER, 0x1000n);
  put(CR4, 0x40n);
  put(CR0, 0x10n);
  put(DR7, 0x400n);
  put(DR6, 0xffff_0ff0n);
  put(RFLAGS, 0x2n);
  put(RIP, BigInt(eip % 0x1_0000));
  put(G_PAT, start.pat);
  put(RDX, BigInt(start.rdx === "signature" ? signature : start.rdx));
  put(SEV_FEATURES, features);
  put(XCR0, 0x1n);
  view.setUint32(MXCSR, start.mxcsr, true);
  view.setUint16(X87_FCW, start.x87Control, true);
  return page;
}
