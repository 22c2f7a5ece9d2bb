import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { flipBit } from "../verify/testing/mutations.ts";
import { issueQuote, issueWorld } from "./dangerously-simulated/intel.ts";
import { simulatedSevSnp } from "./dangerously-simulated/platforms.ts";
import type { HostEvidence } from "./evidence.ts";
import { hostFacts } from "./measurement.ts";

const world = issueWorld();
const V5_BODY = 48 + 6;
const V4_BODY = 48;

function td(quote: Uint8Array): HostEvidence {
  return { kind: "TDX", quote, collateral: undefined, eventLog: undefined, compose: undefined };
}

function imageOf(host: HostEvidence): string {
  return toHex(hostFacts(host).measurement);
}

/** Offsets of the bytes whose change changes the image. */
function changing(bytes: Uint8Array, from: number, to: number, host: (bytes: Uint8Array) => HostEvidence) {
  const image = imageOf(host(bytes));
  const offsets: number[] = [];
  for (let at = from; at < to; at++) {
    if (imageOf(host(flipBit(bytes, at * 8))) !== image) offsets.push(at - from);
  }
  return offsets;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

const tag = (text: string) => new TextEncoder().encode(text);

describe("the identity of a TD's image", () => {
  const quote = issueQuote(world, { format: "td15" });
  const quote10 = issueQuote(world, { format: "td10" });

  it("has the documented layout", () => {
    const body = quote.subarray(V5_BODY);
    const parts = [body.subarray(120, 520), body.subarray(600, 648)];
    assert.equal(imageOf(td(quote)), toHex(keccak256(concatBytes(tag("phala-l2 tdx image 1"), ...parts))));
    const zeros = [quote10.subarray(V4_BODY + 120, V4_BODY + 520), new Uint8Array(48)];
    assert.equal(imageOf(td(quote10)), toHex(keccak256(concatBytes(tag("phala-l2 tdx image 1"), ...zeros))));
  });

  it("changes with attributes, XFAM, every register and the service TD, and with nothing else", () => {
    // TCB and module are the platform's, and report data is the key's.
    const own = [...range(120, 520), ...range(600, 648)];
    assert.deepEqual(changing(quote, V5_BODY, V5_BODY + 648, td), own);
    assert.deepEqual(changing(quote10, V4_BODY, V4_BODY + 584, td), range(120, 520));
  });
});

describe("the identity of a guest's image under SEV-SNP", () => {
  const evidence = simulatedSevSnp("SEV_SNP")(new Uint8Array(64), 1_795_000_000n);
  assert.ok(evidence.kind === "SEV_SNP");
  const { report } = evidence;
  const host = (bytes: Uint8Array): HostEvidence => ({ ...evidence, report: bytes });

  it("has the documented layout", () => {
    const part = (from: number, to: number) => report.subarray(from, to);
    const bigEndian = (from: number, to: number) => Uint8Array.from(part(from, to)).reverse();
    const parts = [
      part(0x90, 0xe0), // MEASUREMENT, HOST_DATA
      bigEndian(0x08, 0x10), // guest policy
      bigEndian(0x30, 0x34), // VMPL
      part(0xe0, 0x140), // ID_KEY_DIGEST, AUTHOR_KEY_DIGEST
      part(0x10, 0x30), // FAMILY_ID, IMAGE_ID
      bigEndian(0x04, 0x08), // guest SVN
    ];
    assert.equal(
      imageOf(host(report)),
      toHex(keccak256(concatBytes(tag("phala-l2 sev-snp image 1"), ...parts))),
    );
  });

  it("changes with what was measured, declared and demanded, and with nothing else", () => {
    const own = [...range(0x04, 0x34), ...range(0x90, 0x140)];
    // Bytes that the format leaves no choice cannot be changed: version, algorithm, reserved ones.
    const free = [...range(0x04, 0x0a), ...range(0x10, 0x34), ...range(0x50, 0x188), ...range(0x1a0, 0x1e0)];
    const found = free.filter((at) => imageOf(host(flipBit(report, at * 8))) !== imageOf(host(report)));
    assert.deepEqual(
      found,
      own.filter((at) => free.includes(at)),
    );
  });
});
