import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { entry, madeFirmware, realFirmware, u32, u64 } from "../testing/firmware.ts";
import { tdxMrtd } from "./tdx.ts";

const TDX_METADATA = "e47a6535-984a-4798-865e-4685a7bf8ec2";
const AT = 2048;
const PAGES = 3;
const BYTES = PAGES * 4096;

type Section = readonly [
  offset: number,
  content: number,
  address: number,
  length: number,
  attributes: number,
];

const code: Section = [0, BYTES, 0xffff_d000, BYTES, 1];
const memory: Section = [0, 0, 0x81_0000, 0x2000, 0];
const later: Section = [0, 0, 0x1_0000_0000, 0x4000_0000, 2];

function firmwareOf(
  sections: readonly Section[],
  changes: { readonly magic?: string; readonly version?: number; readonly length?: number } = {},
): Uint8Array {
  const { magic = "TDVF", version = 1, length = 16 + 32 * sections.length } = changes;
  const parts = sections.map(([offset, content, address, size, attributes]) =>
    concatBytes(u32(offset, content), u64(address), u64(size), u32(0, attributes)),
  );
  const head = concatBytes(new TextEncoder().encode(magic), u32(length, version, sections.length));
  return madeFirmware([entry(TDX_METADATA, u32(AT))], [[AT, concatBytes(head, ...parts)]], BYTES);
}

/** A call as the module hashes it: name, address at byte 16, 128 bytes in all. */
function call(name: string, address: number): Uint8Array {
  const bytes = Buffer.alloc(128);
  bytes.write(name, "latin1");
  bytes.writeBigUInt64LE(BigInt(address), 16);
  return bytes;
}

/** The 16 pieces of a page, each after its call. */
function measuredPage(firmware: Uint8Array, offset: number, address: number): Uint8Array {
  const pieces = Array.from({ length: 16 }, (_, i) => i * 256);
  return concatBytes(
    ...pieces.flatMap((at) => [
      call("MR.EXTEND", address + at),
      firmware.slice(offset + at, offset + at + 256),
    ]),
  );
}

function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash("sha384")
    .update(concatBytes(...parts))
    .digest();
}

describe("MRTD of a TD's firmware", () => {
  const firmware = firmwareOf([code, memory, later]);
  const added = (page: number) => call("MEM.PAGE.ADD", 0xffff_d000 + page * 4096);
  const measured = (page: number) => measuredPage(firmware, page * 4096, 0xffff_d000 + page * 4096);
  const scratch = [call("MEM.PAGE.ADD", 0x81_0000), call("MEM.PAGE.ADD", 0x81_1000)];

  it("is the hash of the calls that build it, page by page; memory that is added later leaves no trace", () => {
    const calls = [0, 1, 2].flatMap((page) => [added(page), measured(page)]);
    assert.deepEqual(tdxMrtd(firmware, "single-pass"), sha384(...calls, ...scratch));
  });

  it("is another where a section's pages are all added first", () => {
    const calls = [added(0), added(1), added(2), measured(0), measured(1), measured(2)];
    assert.deepEqual(tdxMrtd(firmware, "two-pass"), sha384(...calls, ...scratch));
  });

  it("is another for each byte of measured pages, for their address and their order", () => {
    const others = [
      firmware,
      firmware.with(0, 1),
      firmware.with(BYTES - 1, 1),
      firmwareOf([[0, BYTES, 0xfff0_d000, BYTES, 1], memory, later]),
      firmwareOf([memory, code, later]),
      firmwareOf([code, later]),
    ];
    assert.equal(new Set(others.map((file) => toHex(tdxMrtd(file, "single-pass")))).size, others.length);
  });

  it("does not depend on what is neither added nor measured", () => {
    const scratchOnly = firmwareOf([memory]);
    assert.deepEqual(tdxMrtd(scratchOnly.with(5, 1), "single-pass"), tdxMrtd(scratchOnly, "single-pass"));
  });

  const bad: readonly (readonly [string, Uint8Array])[] = [
    ["has no metadata of TDX", madeFirmware([entry("00f771de-1a7e-4fcb-890e-68c77e2fb44e", u32(1))])],
    ["is only the end of one", realFirmware("OvmfX64")],
    ["has other metadata", firmwareOf([code], { magic: "ASEV" })],
    ["has metadata of a later version", firmwareOf([code], { version: 2 })],
    ["has metadata shorter than its sections", firmwareOf([code], { length: 16 })],
    ["has a section beside a page", firmwareOf([[0, 0, 0x81_0800, 0x1000, 0]])],
    ["has a section of half a page", firmwareOf([[0, 0, 0x81_0000, 0x800, 0]])],
    ["has a section of more than its memory", firmwareOf([[0, 0x2000, 0x81_0000, 0x1000, 0]])],
    ["has a section beyond its end", firmwareOf([[BYTES - 0x1000, 0x2000, 0x81_0000, 0x2000, 1]])],
    ["measures memory that is not in it", firmwareOf([[0, 0x1000, 0x81_0000, 0x2000, 1]])],
    ["adds a gigabyte before the start", firmwareOf([[0, 0, 0x1_0000_0000, 0x4000_0000, 0]])],
    ["has an address beyond all memory", firmwareOf([[0, 0, 2 ** 60, 0x1000, 0]])],
  ];
  for (const [what, file] of bad) {
    it(`is refused when the file ${what}`, () => {
      assert.throws(() => tdxMrtd(file, "single-pass"), { code: "MEASURE_FIRMWARE_INVALID" });
    });
  }
});
