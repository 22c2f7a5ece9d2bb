import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import fc from "fast-check";
import { entry, madeFirmware, realFirmware, u32 } from "../testing/firmware.ts";
import { type SnpLaunch, snpLaunchDigest } from "./sev-snp.ts";
import type { Hypervisor } from "./snp-save-area.ts";

const firmware = realFirmware("AmdSev");
const empty = { kernel: new Uint8Array(0), initrd: new Uint8Array(0) };
const loud = { ...empty, append: "console=ttyS0 loglevel=7" };
const one: SnpLaunch = { firmware, vcpus: 1, vcpuType: "EPYC-v4" };

function measured(launch: SnpLaunch): string {
  return toHex(snpLaunchDigest(launch)).slice(2);
}

/** Digests of sev-snp-measure 0.0.13, tests/test_guest.py. */
const PUBLIC: readonly (readonly [string, Partial<SnpLaunch>, string])[] = [
  [
    "a kernel with its command line",
    { boot: loud, features: 0x21n },
    "803f691094946e42068aaa3a8f9e26a5c89f36f7b73ecfb28c653360fe4b3aba7e534442e7e1e17895dfe778d0228977",
  ],
  [
    "the same with SNP as the only feature",
    { boot: loud },
    "6d287813eb5222d770f75005c664e34c204f385ce832cc2ce7d0d6f354454362f390ef83a92046c042e706363b4b08fa",
  ],
  [
    "a kernel without a command line",
    { boot: empty, features: 0x21n },
    "329c8ce0972ae52343b64d34a434a86f245dfd74f5ed7aae15d22efc78fb9683632b9b50e4e1d7fa41179ef98a7ef198",
  ],
  [
    "no kernel, features 0x21",
    { features: 0x21n },
    "e1e1ca029dd7973ab9513295be68198472dcd4fc834bd9af9b63f6e8a1674dbf281a9278a4a2ebe0eed9f22adbcd0e2b",
  ],
  [
    "no kernel, SNP only",
    {},
    "19358ba9a7615534a9a1e2f0dfc29384dcd4dcb7062ff9c6013b26869a5fc6ecabe033c48dd6f6db5d6d76e7c5df632d",
  ],
  [
    "four processors, features 0x21",
    { boot: empty, vcpus: 4, features: 0x21n },
    "4953b1fb416fa874980e8442b3706d345926d5f38879134e00813c5d7abcbe78eafe7b422907be0b4698e2414a631942",
  ],
  [
    "four processors, SNP only",
    { boot: empty, vcpus: 4 },
    "5061fffb019493a903613d56d54b94912a1a2f9e4502385f5c194616753720a92441310ba6c4933de877c36e23046ad5",
  ],
  [
    "another build without a kernel, features 0x21",
    { firmware: realFirmware("OvmfX64"), features: 0x21n },
    "28797ae0afaba4005a81e629acebfb59e6687949d6be44007cd5506823b0dd66f146aaae26ff291eed7b493d8a64c385",
  ],
  [
    "another build without a kernel, SNP only",
    { firmware: realFirmware("OvmfX64") },
    "da0296de8193586a5512078dcd719eccecbd87e2b825ad4148c44f665dc87df21e5b49e21523a9ad993afdb6a30b4005",
  ],
  [
    "EC2, features 0x21",
    { boot: empty, hypervisor: "ec2", features: 0x21n },
    "0ce9ccc06bab55eebe8abc234f3df6514883977a68a591b71052498ab52b2f1aa415db338033946ef93aa8278c0d67fb",
  ],
  [
    "EC2, SNP only",
    { boot: empty, hypervisor: "ec2" },
    "0883bd0eeb716e65b7b977a321c278d1e51b33b5c655fab985443bbcc65c086b9c15e8a0bd8811050dec7e24964e5056",
  ],
  [
    "Google's cloud",
    { boot: empty, hypervisor: "gce" },
    "5da7106cf14cf46b1725ebab123eb9e53bd46a1e9f400cd0c08e7827b04b688ea8b4e403c8404efed4397ea5d5d0722e",
  ],
];

const RESET_BLOCK = "00f771de-1a7e-4fcb-890e-68c77e2fb44e";
const METADATA = "dc886566-984a-4798-a75e-5585a7bf67cc";
const AT = 1024;

/** A firmware with those sections: address, length, kind. */
function withSections(
  sections: readonly (readonly [number, number, number])[],
  changes: {
    readonly magic?: string;
    readonly version?: number;
    readonly count?: number;
    readonly length?: number;
    readonly at?: number;
  } = {},
): Uint8Array {
  const { magic = "ASEV", version = 1, count = sections.length, at = AT } = changes;
  const { length = 16 + count * 12 } = changes;
  const head = concatBytes(new TextEncoder().encode(magic), u32(length, version, count));
  const metadata = concatBytes(head, ...sections.map((section) => u32(...section)));
  const entries = [entry(RESET_BLOCK, u32(0x80_b004)), entry(METADATA, u32(at))];
  return madeFirmware(entries, [[AT, metadata]]);
}

describe("the launch measurement of a guest under SEV-SNP", () => {
  for (const [name, launch, wanted] of PUBLIC) {
    it(`is what virtee/sev-snp-measure expects: ${name}`, () => {
      assert.equal(measured({ ...one, ...launch }), wanted);
    });
  }

  it("is another for every byte and every number that goes into it", () => {
    const boot = { kernel: Uint8Array.of(1), initrd: Uint8Array.of(2), append: "a" };
    const base: SnpLaunch = { ...one, vcpus: 2, boot };
    const others: readonly SnpLaunch[] = [
      base,
      { ...base, vcpus: 3 },
      { ...base, vcpuType: "EPYC-Milan" },
      { ...base, vcpuType: "EPYC-Genoa" },
      { ...base, vcpuType: "EPYC-Turin" },
      { ...base, features: 0x21n },
      { ...base, hypervisor: "ec2" },
      { ...base, hypervisor: "gce" },
      { ...base, boot: { ...boot, kernel: Uint8Array.of(2) } },
      { ...base, boot: { ...boot, initrd: Uint8Array.of(1) } },
      { ...base, boot: { ...boot, append: "b" } },
      { ...base, boot: { kernel: boot.kernel, append: "a" } },
      { ...base, firmware: firmware.with(0, 1) },
      { ...base, boot: undefined },
    ];
    assert.equal(new Set(others.map(measured)).size, others.length);
  });

  it("is the same for versions of one virtual processor, and for an absent and an empty initial file system", () => {
    assert.equal(measured({ ...one, vcpuType: "EPYC" }), measured(one));
    const { kernel } = empty;
    assert.equal(measured({ ...one, boot: { kernel } }), measured({ ...one, boot: empty }));
  });

  it("is refused for a kernel that the firmware would not compare with its hash", () => {
    const launch = { ...one, firmware: realFirmware("OvmfX64"), boot: empty };
    assert.throws(() => measured(launch), { code: "MEASURE_FIRMWARE_INVALID", message: /AmdSev/ });
  });

  for (const [what, change] of [
    ["no processor", { vcpus: 0 }],
    ["half a processor", { vcpus: 1.5 }],
    ["too many", { vcpus: 4097 }],
    ["an unknown one", { vcpuType: "Xeon" }],
    ["a name's end", { vcpuType: "EPYC-v" }],
  ] as const) {
    it(`is refused for ${what}`, () => {
      assert.throws(() => measured({ ...one, ...change }), { code: "MEASURE_LAUNCH_INVALID" });
    });
  }
});

describe("a firmware file for SEV-SNP", () => {
  const good = [0x80_d000, 0x1000, 2] as const;

  it("is measured with sections of each kind, by each hypervisor", () => {
    const kinds = [1, 2, 3, 4, 0x10].map((kind) => [0x80_0000, 0x1000, kind] as const);
    const file = withSections(kinds);
    const hypervisors = ["qemu", "ec2", "gce"] satisfies Hypervisor[];
    const digests = hypervisors.map((hypervisor) => measured({ ...one, hypervisor, firmware: file }));
    assert.equal(new Set(digests).size, hypervisors.length);
    const kernel = Uint8Array.of(1);
    assert.throws(() => measured({ ...one, firmware: file, boot: { kernel } }), {
      code: "MEASURE_FIRMWARE_INVALID",
      message: /place for a kernel's hashes/,
    });
  });

  const bad: readonly (readonly [string, Uint8Array])[] = [
    ["is empty", new Uint8Array(0)],
    ["is no whole pages", firmware.subarray(1)],
    ["has no table", new Uint8Array(4096)],
    ["has no metadata of SEV", madeFirmware([entry(RESET_BLOCK, u32(1))])],
    ["has no address for further processors", madeFirmware([entry(METADATA, u32(AT))])],
    ["has an entry that is longer than the table", madeFirmware([entry(METADATA, u32(AT), 999)])],
    ["has an entry that is shorter than its head", madeFirmware([entry(METADATA, u32(AT), 17)])],
    ["has bytes before the first entry", madeFirmware([Uint8Array.of(1), entry(METADATA, u32(AT))])],
    ["has two entries of one name", madeFirmware([entry(METADATA, u32(1)), entry(METADATA, u32(AT))])],
    ["has an entry that is too short", madeFirmware([entry(METADATA, Uint8Array.of(1))])],
    ["has other metadata", withSections([good], { magic: "TDVF" })],
    ["has metadata of a later version", withSections([good], { version: 2 })],
    ["has metadata shorter than its sections", withSections([good], { length: 20 })],
    ["counts more sections than fit", withSections([good], { count: 0xffff_ffff, length: 0xffff_ffff })],
    ["has metadata beyond its beginning", withSections([good], { at: 9999 })],
    ["has metadata beyond its end", withSections([good], { at: 4 })],
    ["has a section beside a page", withSections([[0x80_0001, 0x1000, 1]])],
    ["has a section of half a page", withSections([[0x80_0000, 0x800, 1]])],
    ["has secrets of two pages", withSections([[0x80_0000, 0x2000, 2]])],
    ["has a section beyond 4 GiB", withSections([[0xffff_f000, 0x2000, 1]])],
    ["has a section of an unknown kind", withSections([[0x80_0000, 0x1000, 9]])],
  ];
  for (const [what, file] of bad) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => measured({ ...one, firmware: file }), { code: "MEASURE_FIRMWARE_INVALID" });
    });
  }

  it("is measured or refused, whatever byte of its end is changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 511 }), fc.integer({ min: 1, max: 255 }), (fromEnd, change) => {
        const at = firmware.length - 1 - fromEnd;
        const changed = firmware.with(at, ((firmware[at] ?? 0) + change) % 256);
        try {
          assert.notEqual(measured({ ...one, firmware: changed }), measured(one));
        } catch (error) {
          assert.ok(error instanceof Error && "code" in error && error.code === "MEASURE_FIRMWARE_INVALID");
        }
      }),
      { numRuns: 200 },
    );
  });
});
