import assert from "node:assert/strict";
import { test } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { hardhatArtifacts, parseArtifact } from "./artifact.ts";

const PROXY = {
  contractName: "Proxy",
  abi: [],
  bytecode: "0x6001",
  deployedBytecode: `0x60${"00".repeat(32)}`,
  immutableReferences: { "7": [{ start: 1, length: 32 }] },
};

function throwsCode(code: string, run: () => unknown): void {
  assert.throws(run, (error) => isRollupError(error, code));
}

test("a compiled contract is taken as it is", () => {
  assert.equal(parseArtifact("l2/Proxy", PROXY), PROXY);
});

test("an artifact of another shape is refused", () => {
  const { immutableReferences: _, ...withoutReferences } = PROXY;
  for (const json of [
    null,
    [],
    "0x",
    withoutReferences,
    { ...PROXY, abi: {} },
    { ...PROXY, contractName: 1 },
    { ...PROXY, bytecode: "0x" },
    { ...PROXY, bytecode: "0x73__$b98f$__63" },
    { ...PROXY, deployedBytecode: "0x" },
    { ...PROXY, deployedBytecode: "0x73__$b98f$__63" },
    { ...PROXY, immutableReferences: { "7": [{ start: 1, length: 20 }] } },
    { ...PROXY, immutableReferences: { "7": { start: 1, length: 32 } } },
  ]) {
    throwsCode("ARTIFACT_INVALID", () => parseArtifact("l2/Proxy", json));
  }
});

test("a missing artifact says how to get it", () => {
  throwsCode("ARTIFACT_MISSING", () => hardhatArtifacts("/nonexistent")("l2/L1Block"));
});
