import { type Address, concatBytes, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type CodeRange, type ContractArtifact, IMMUTABLE_LENGTH } from "../artifact.ts";

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
