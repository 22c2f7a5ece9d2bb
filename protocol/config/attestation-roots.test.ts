import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DANGEROUS_DEVELOPMENT_ROOTS, rootIdsOf, VENDOR_ATTESTATION_ROOTS } from "./attestation-roots.ts";

const solidity = readFileSync(
  new URL("../../contracts/src/tee/certificates/VendorRoots.sol", import.meta.url),
  "utf8",
);

describe("roots of attestation", () => {
  it("are the same in TypeScript and Solidity", () => {
    const { intel, amdGenoa, amdTurin, nvidiaDevice } = VENDOR_ATTESTATION_ROOTS;
    const constants = [...solidity.matchAll(/ constant (\w+) = (0x[0-9a-f]{64});/g)];
    assert.deepEqual(Object.fromEntries(constants.map(([, name, value]) => [name, value])), {
      INTEL_SGX: intel,
      AMD_GENOA: amdGenoa,
      AMD_TURIN: amdTurin,
      NVIDIA_DEVICE: nvidiaDevice,
    });
  });

  it("of development are none of the vendors', in no place", () => {
    const vendors = new Set<string>(Object.values(VENDOR_ATTESTATION_ROOTS));
    for (const root of Object.values(DANGEROUS_DEVELOPMENT_ROOTS)) assert.ok(!vendors.has(root));
    assert.equal(rootIdsOf(DANGEROUS_DEVELOPMENT_ROOTS).length, 3);
    assert.equal(rootIdsOf(VENDOR_ATTESTATION_ROOTS).length, 4);
  });
});
