import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { ContractArtifact } from "../artifact.ts";
import { runtimeCode, runtimeCodeWithAddress } from "./runtime-code.ts";

const ADMIN = addressFromHex("0x4200000000000000000000000000000000000018");
const EMPTY_WORD = "00".repeat(32);

function artifact(changes: Partial<ContractArtifact> = {}): ContractArtifact {
  return {
    contractName: "Proxy",
    abi: [],
    bytecode: "0x60",
    deployedBytecode: `0x60${EMPTY_WORD}61${EMPTY_WORD}62`,
    immutableReferences: {
      "7": [
        { start: 1, length: 32 },
        { start: 34, length: 32 },
      ],
    },
    ...changes,
  };
}

function throwsCode(code: string, run: () => unknown): void {
  assert.throws(run, (error) => isRollupError(error, code));
}

test("an immutable address is written at each place of use", () => {
  const filled = `${"00".repeat(12)}${"4200000000000000000000000000000000000018"}`;
  assert.equal(runtimeCodeWithAddress(artifact(), ADMIN), `0x60${filled}61${filled}62`);
});

test("a contract without immutables is taken as it is", () => {
  assert.equal(runtimeCode(artifact({ immutableReferences: {} })), artifact().deployedBytecode);
});

test("an immutable that nobody fills in is refused", () => {
  throwsCode("ARTIFACT_IMMUTABLES", () => runtimeCode(artifact()));
});

test("an immutable that the contract lacks is refused", () => {
  throwsCode("ARTIFACT_IMMUTABLES", () =>
    runtimeCodeWithAddress(artifact({ immutableReferences: {} }), ADMIN),
  );
});

test("a second immutable is refused, because the artifact does not name it", () => {
  const immutableReferences = { "7": [{ start: 1, length: 32 }], "9": [{ start: 34, length: 32 }] };
  throwsCode("ARTIFACT_IMMUTABLES", () => runtimeCodeWithAddress(artifact({ immutableReferences }), ADMIN));
});

test("a place that is not an empty word of the code is refused", () => {
  for (const start of [0, 40, 66]) {
    const immutableReferences = { "7": [{ start, length: 32 }] };
    throwsCode("ARTIFACT_INVALID", () => runtimeCodeWithAddress(artifact({ immutableReferences }), ADMIN));
  }
});
