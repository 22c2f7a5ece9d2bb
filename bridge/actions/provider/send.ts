import { type Abi, type Address, encodeFunctionData, type Hash } from "viem";
import type { Bridge } from "../../network.ts";

/** A call that was simulated. */
type Call = {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args?: readonly unknown[] | undefined;
};

/**
 * Sends a call on L2 with half of its gas more than it takes now: until its block comes, rewards of another second have flowed, and
 * are paid in before anything else.
 */
export async function send({ l2, account }: Bridge, call: Call): Promise<Hash> {
  const { address: to, abi, functionName, args = [] } = call;
  const data = encodeFunctionData({ abi, functionName, args });
  const estimate = await l2.estimateGas({ account, to, data });
  return l2.sendTransaction({ to, data, gas: (estimate * 3n) / 2n });
}
