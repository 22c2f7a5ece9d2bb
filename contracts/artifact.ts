import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Abi } from "viem";

/** What deployment and genesis need of a compiled contract. */
export type ContractArtifact = {
  readonly contractName: string;
  readonly abi: Abi;
  /** Creation code, without constructor arguments. */
  readonly bytecode: Hex;
  readonly deployedBytecode: Hex;
  /** Places in the runtime code, by the compiler's number of the immutable variable. */
  readonly immutableReferences: Readonly<Record<string, readonly CodeRange[]>>;
};

export type CodeRange = { readonly start: number; readonly length: number };

/** Finds a contract by its path below contracts/src without extension, e.g. "l2/L1Block". */
export type ArtifactReader = (path: string) => ContractArtifact;

/** Where `hardhat build` puts artifacts. */
export const ARTIFACTS = join(import.meta.dirname, "artifacts");

/** Bytes of the word that the compiler reserves for an immutable variable. */
export const IMMUTABLE_LENGTH = 32;

/** Code of an interface or abstract contract is empty, and a place for a library's address is not hex. */
const LINKED_CODE = /^0x([0-9a-f]{2})+$/;

/**
 * Reads artifacts that `hardhat build` wrote.
 * @param directory Hardhat's artifacts folder; this package's own by default.
 * @returns A reader that throws RollupError ARTIFACT_MISSING or ARTIFACT_INVALID.
 */
export function hardhatArtifacts(directory: string = ARTIFACTS): ArtifactReader {
  return (path) => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const file = join(directory, "contracts", "src", `${path}.sol`, `${name}.json`);
    return parseArtifact(path, readArtifact(path, file));
  };
}

function readArtifact(path: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RollupError(
      "ARTIFACT_MISSING",
      `no artifact of ${path}: run \`npm run check -- --write-abi\``,
      {
        data: { path, file },
        cause,
      },
    );
  }
}

/** Checks the shape of an artifact's JSON. @throws RollupError ARTIFACT_INVALID */
export function parseArtifact(path: string, json: unknown): ContractArtifact {
  if (isArtifact(json)) return json;
  throw new RollupError(
    "ARTIFACT_INVALID",
    `the artifact of ${path} lacks its ABI, linked code or immutable references`,
    { data: { path } },
  );
}

function isArtifact(json: unknown): json is ContractArtifact {
  if (!isRecord(json)) return false;
  const { contractName, abi, bytecode, deployedBytecode, immutableReferences } = json;
  return (
    typeof contractName === "string" &&
    Array.isArray(abi) &&
    isLinkedCode(bytecode) &&
    isLinkedCode(deployedBytecode) &&
    isRecord(immutableReferences) &&
    Object.values(immutableReferences).every((ranges) => Array.isArray(ranges) && ranges.every(isRange))
  );
}

function isLinkedCode(code: unknown): boolean {
  return typeof code === "string" && LINKED_CODE.test(code);
}

function isRange(range: unknown): range is CodeRange {
  return isRecord(range) && Number.isInteger(range.start) && range.length === IMMUTABLE_LENGTH;
}
