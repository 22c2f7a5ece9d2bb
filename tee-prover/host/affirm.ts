import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { Hex } from "@phala-l2/protocol/bytes";
import { encodeFunctionData, type PublicClient } from "viem";
import type { L1Transactions, SendOutcome } from "./l1-transactions.ts";

export type AffirmDependencies = {
  readonly client: Pick<PublicClient, "readContract">;
  readonly transactions: Pick<L1Transactions, "send">;
  readonly registry: Hex;
};

/**
 * Has the registry note that the newest version of its policy allows a key that counts: after a change of policy each proof
 * by the key asks the policy anew (some 25,000 gas), until somebody spends about as much once.
 * @returns undefined where the newest version is noted already
 * @throws RollupError L1_TRANSACTION_PENDING; whatever viem throws when L1 does not answer
 */
export async function affirmKey(
  key: Hex,
  { client, transactions, registry }: AffirmDependencies,
): Promise<SendOutcome | undefined> {
  const contract = { address: registry, abi: proverRegistryAbi } as const;
  const [current, { policyVersion }] = await Promise.all([
    client.readContract({ ...contract, functionName: "currentPolicyVersion" }),
    client.readContract({ ...contract, functionName: "prover", args: [key] }),
  ]);
  if (policyVersion === current) return undefined;
  const data = encodeFunctionData({ abi: proverRegistryAbi, functionName: "affirm", args: [key] });
  return transactions.send({ to: registry, data });
}
