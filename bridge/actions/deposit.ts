import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, erc20Abi, type Hash, parseAbi, type TransactionReceipt } from "viem";
import { getL2TransactionHashes } from "viem/op-stack";
import { withFaults } from "../faults.ts";
import type { Bridge } from "../network.ts";
import { weiText } from "../wording.ts";
import { confirmed } from "./confirmed.ts";

export type Deposited = {
  readonly l1Hash: Hash;
  /** The transaction that the deposit becomes on L2; it is there when its receipt is. */
  readonly l2Hash: Hash;
};

/** L1StandardBridge, the one function that is called here. */
const l1StandardBridgeAbi = parseAbi([
  "function bridgeERC20To(address localToken, address remoteToken, address to, uint256 amount, uint32 minGasLimit, bytes extraData)",
]);

/** Gas of a plain transfer on L2; a recipient with code needs more, given by the caller. */
const TRANSFER_GAS = 21_000n;
/** Gas that the L2 bridge needs to mint and to tell it; the messenger adds its own overhead. */
const MINT_GAS = 200_000;

function deposited(receipt: TransactionReceipt): Deposited {
  const [l2Hash] = getL2TransactionHashes(receipt);
  if (l2Hash === undefined) {
    throw new RollupError("BRIDGE_NO_DEPOSIT", `transaction ${receipt.transactionHash} deposits nothing`);
  }
  return { l1Hash: receipt.transactionHash, l2Hash };
}

/**
 * Deposits `amount` wei for `to` on L2 through the portal; returns once L1 has it.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of the chains
 */
export async function depositEth(
  bridge: Bridge,
  { to, amount, gas = TRANSFER_GAS }: { to: Address; amount: bigint; gas?: bigint },
): Promise<Deposited> {
  return withFaults(async () => {
    bridge.tell(
      `Deposits ${weiText(amount)} ether (${amount} wei) of ${bridge.account.address} on L1 for ${to} on L2.`,
    );
    const l1Hash = await bridge.l1.depositTransaction({
      request: { to, mint: amount, value: amount, gas },
      targetChain: bridge.l2Chain,
    });
    return deposited(await confirmed(bridge.l1, l1Hash, "deposit"));
  });
}

type Erc20Deposit = {
  readonly l1Token: Address;
  readonly l2Token: Address;
  readonly to: Address;
  readonly amount: bigint;
};

/**
 * Deposits `amount` units of an ERC-20 token of L1 for `to`, who gets `l2Token`; approves exactly that amount
 * first when the bridge's allowance is lower.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of the chains
 */
export async function depositErc20(bridge: Bridge, deposit: Erc20Deposit): Promise<Deposited> {
  return withFaults(() => approveAndDeposit(bridge, deposit));
}

async function approveAndDeposit(
  bridge: Bridge,
  { l1Token, l2Token, to, amount }: Erc20Deposit,
): Promise<Deposited> {
  const { l1, account } = bridge;
  const spender = bridge.network.l1StandardBridge;
  const token = { address: l1Token, abi: erc20Abi } as const;
  const allowance = await l1.readContract({
    ...token,
    functionName: "allowance",
    args: [account.address, spender],
  });
  bridge.tell(
    `Deposits ${amount} units of token ${l1Token} of ${account.address} on L1 for ${to} on L2, who gets ${l2Token}.`,
  );
  if (allowance < amount) {
    bridge.tell("Approves exactly that amount to the bridge first, in a transaction of its own.");
    const hash = await l1.writeContract({ ...token, functionName: "approve", args: [spender, amount] });
    await confirmed(l1, hash, "approval");
  }
  const l1Hash = await l1.writeContract({
    address: spender,
    abi: l1StandardBridgeAbi,
    functionName: "bridgeERC20To",
    args: [l1Token, l2Token, to, amount, MINT_GAS, "0x"],
  });
  return deposited(await confirmed(l1, l1Hash, "deposit"));
}
