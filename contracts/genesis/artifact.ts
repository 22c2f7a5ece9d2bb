import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, concatBytes, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";

/** What genesis needs of a compiled contract. */
export type ContractArtifact = {
  readonly contractName: string;
  readonly deployedBytecode: Hex;
  /** Places in the runtime code, by the compiler's number of the immutable variable. */
  readonly immutableReferences: Readonly<Record<string, readonly CodeRange[]>>;
};

type CodeRange = { readonly start: number; readonly length: number };

/** Finds a contract by its path below contracts/src without extension, e.g. "l2/L1Block". */
export type ArtifactReader = (path: string) => ContractArtifact;

/** Bytes of the word that the compiler reserves for an immutable variable. */
const IMMUTABLE_LENGTH = 32;

/**
 * Reads artifacts that `hardhat build` wrote.
 * @param directory Hardhat's artifacts folder.
 * @returns A reader that throws RollupError ARTIFACT_MISSING or ARTIFACT_INVALID.
 */
export function hardhatArtifacts(directory: string): ArtifactReader {
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
    throw new RollupError("ARTIFACT_MISSING", `no artifact of ${path}: run \`hardhat build\` first`, {
      data: { path, file },
      cause,
    });
  }
}

/** Checks the shape of an artifact's JSON. @throws RollupError ARTIFACT_INVALID */
export function parseArtifact(path: string, json: unknown): ContractArtifact {
  if (isArtifact(json)) return json;
  throw new RollupError(
    "ARTIFACT_INVALID",
    `the artifact of ${path} lacks linked runtime code or immutable references`,
    { data: { path } },
  );
}

function isArtifact(json: unknown): json is ContractArtifact {
  if (!isRecord(json)) return false;
  const { contractName, deployedBytecode, immutableReferences } = json;
  return (
    typeof contractName === "string" &&
    typeof deployedBytecode === "string" &&
    // Code of an abstract contract is empty, and a place for a library's address is not hex.
    /^0x([0-9a-f]{2})+$/.test(deployedBytecode) &&
    isRecord(immutableReferences) &&
    Object.values(immutableReferences).every((ranges) => Array.isArray(ranges) && ranges.every(isRange))
  );
}

function isRange(range: unknown): range is CodeRange {
  return isRecord(range) && Number.isInteger(range.start) && range.length === IMMUTABLE_LENGTH;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Runtime code of a contract without immutables. @throws RollupError ARTIFACT_IMMUTABLES when it has any */
export function runtimeCode(artifact: ContractArtifact): Hex {
  requireImmutables(artifact, 0);
  return artifact.deployedBytecode;
}

/**
 * Runtime code of a contract with exactly one immutable, an address, filled in at each place of use. With more than
 * one the artifact does not say which is which, so genesis contracts keep such settings in storage.
 * @throws RollupError ARTIFACT_IMMUTABLES
 */
export function runtimeCodeWithAddress(artifact: ContractArtifact, value: Address): Hex {
  const ranges = requireImmutables(artifact, 1).flat();
  const code = fromHex(artifact.deployedBytecode);
  for (const { start } of ranges) {
    const place = code.subarray(start, start + IMMUTABLE_LENGTH);
    if (place.length !== IMMUTABLE_LENGTH || place.some((byte) => byte !== 0)) {
      throw new RollupError(
        "ARTIFACT_INVALID",
        `${artifact.contractName}: the immutable at ${start} is not an empty word of the code`,
        { data: { start } },
      );
    }
    place.set(concatBytes(new Uint8Array(IMMUTABLE_LENGTH - value.length), value));
  }
  return toHex(code);
}

function requireImmutables(artifact: ContractArtifact, count: number): (readonly CodeRange[])[] {
  const references = Object.values(artifact.immutableReferences);
  if (references.length === count) return references;
  throw new RollupError(
    "ARTIFACT_IMMUTABLES",
    `${artifact.contractName} has ${references.length} immutables where genesis expects ${count}`,
    { data: { expected: count, actual: references.length } },
  );
}
