import { encodeDeployData, type Hex } from "viem";
import type { ArtifactReader } from "../artifact.ts";

/** Gives the creation code of a contract, by its path below contracts/src without extension, with its arguments. */
export type CreationCode = (path: string, args: readonly unknown[]) => Hex;

/** Creation code out of compiled contracts. The result throws what the reader throws. */
export function creationCodeFrom(read: ArtifactReader): CreationCode {
  return (path, args) => {
    const { abi, bytecode } = read(path);
    return encodeDeployData({ abi, bytecode, args });
  };
}
