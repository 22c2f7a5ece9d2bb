import { BaseError, ContractFunctionRevertedError } from "viem";

/** For assert.rejects: the contract's own error, by name. */
export function revertsWith(name: string) {
  return (error: unknown): boolean => {
    const reverted =
      error instanceof BaseError
        ? error.walk((each) => each instanceof ContractFunctionRevertedError)
        : undefined;
    if (!(reverted instanceof ContractFunctionRevertedError)) throw error;
    const found = reverted.data?.errorName;
    if (found !== name)
      throw new Error(`reverted with ${found ?? reverted.reason}, not ${name}`, { cause: error });
    return true;
  };
}
