import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Abi, encodeDeployData, type Hex } from "viem";

/** Gives the creation code of a contract, by its path below contracts/src without extension, with its arguments. */
export type CreationCode = (path: string, args: readonly unknown[]) => Hex;

type Artifact = { readonly abi: Abi; readonly bytecode: Hex };

/** Where `hardhat build` puts artifacts. */
export const ARTIFACTS = join(import.meta.dirname, "../artifacts");

function isArtifact(value: unknown): value is Artifact {
  return (
    typeof value === "object" &&
    value !== null &&
    "abi" in value &&
    Array.isArray(value.abi) &&
    "bytecode" in value &&
    typeof value.bytecode === "string" &&
    /^0x([0-9a-f]{2})+$/.test(value.bytecode)
  );
}

/** Reads creation code from Hardhat's artifacts. The reader throws RollupError ARTIFACT_MISSING or ARTIFACT_INVALID. */
export function creationCodeFrom(directory: string): CreationCode {
  return (path, args) => {
    const { abi, bytecode } = readArtifact(directory, path);
    return encodeDeployData({ abi, bytecode, args });
  };
}

function readArtifact(directory: string, path: string): Artifact {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const file = join(directory, "contracts/src", `${path}.sol`, `${name}.json`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RollupError("ARTIFACT_MISSING", `no artifact of ${path}: run \`hardhat build\` first`, {
      data: { path, file },
      cause,
    });
  }
  if (isArtifact(json)) return json;
  throw new RollupError("ARTIFACT_INVALID", `the artifact of ${path} lacks linked creation code`, {
    data: { path, file },
  });
}
