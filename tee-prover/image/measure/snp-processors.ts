/**
 * CPUID's signature of a processor.
 * AMD64 Architecture Programmer's Manual, volume 3, CPUID Fn0000_0001_EAX: family, model and stepping in pieces.
 */
function signature(family: number, model: number, stepping: number): number {
  const extended = Math.max(0, family - 0xf);
  return (
    extended * 0x10_0000 +
    Math.floor(model / 16) * 0x1_0000 +
    Math.min(family, 0xf) * 0x100 +
    (model % 16) * 0x10 +
    stepping
  );
}

/** QEMU's virtual processors (`-cpu`), target/i386/cpu.c. */
const PROCESSORS: ReadonlyMap<string, number> = new Map([
  ["EPYC", signature(23, 1, 2)],
  ["EPYC-IBPB", signature(23, 1, 2)],
  ["EPYC-Rome", signature(23, 49, 0)],
  ["EPYC-Milan", signature(25, 1, 1)],
  ["EPYC-Genoa", signature(25, 17, 0)],
  ["EPYC-Turin", signature(26, 0, 0)],
]);
/** Versions of one name differ in features, which are not measured, and not in their signature. */
const VERSION = /-v[1-9]\d?$/;

/** Undefined for a name that QEMU does not have. */
export function processorSignature(name: string): number | undefined {
  return PROCESSORS.get(name.replace(VERSION, ""));
}
