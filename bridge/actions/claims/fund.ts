import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, erc20Abi, type Hash } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { phaText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { claimsContract, type SunsetPlaces } from "./contract.ts";

/** Before anything is approved. */
function tooLittle(account: Address, balance: bigint, amount: bigint): RollupError<"CLAIM_REFUSED"> {
  const message = `${account} has ${phaText(balance)} on L1, and ${phaText(amount)} are to be given`;
  const help = "Give less, or bring PHA to that account on L1 first.";
  return new RollupError("CLAIM_REFUSED", message, { data: { balance, amount, help } });
}

/**
 * Adds `amount` wei of the account's PHA to what can be claimed; approves exactly that first when the allowance is lower.
 * @throws RollupError CLAIM_REFUSED, BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of L1
 */
export async function fundClaims(
  bridge: Bridge,
  places: SunsetPlaces,
  { amount }: { readonly amount: bigint },
): Promise<{ readonly l1Hash: Hash }> {
  const { l1, account } = bridge;
  return withFaults(async () => {
    const contract = claimsContract(places);
    const address = await l1.readContract({ ...contract, functionName: "token" });
    const token = { address, abi: erc20Abi } as const;
    const allowance = await l1.readContract({
      ...token,
      functionName: "allowance",
      args: [account.address, places.claims],
    });
    const balance = await l1.readContract({
      ...token,
      functionName: "balanceOf",
      args: [account.address],
    });
    if (balance < amount) throw tooLittle(account.address, balance, amount);
    bridge.tell(
      `Gives ${phaText(amount)} of ${account.address} to what can be claimed. It does not come back.`,
    );
    if (allowance < amount) {
      bridge.tell("Approves exactly that amount first, in a transaction of its own.");
      const hash = await l1.writeContract({
        ...token,
        functionName: "approve",
        args: [places.claims, amount],
      });
      await confirmed(l1, hash, "approval");
    }
    const { request } = await l1.simulateContract({
      ...contract,
      account,
      functionName: "fund",
      args: [amount],
    });
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "funding");
    return { l1Hash };
  });
}
