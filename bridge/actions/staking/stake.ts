import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, type Hash, parseAbi, parseEventLogs, parseSignature } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { durationText, phaText, timeText, votesText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import { type Staking, vaultContract, withMargin } from "./vault.ts";

const tokenAbi = parseAbi([
  "function balanceOf(address owner) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function nonces(address owner) view returns (uint256)",
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/** EIP-712 type of ERC-2612. */
const PERMIT = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

/** A permit is used in the next transaction; what is lost on the way must not be good for long. */
const PERMIT_SECONDS = 3_600n;

export type Staked = {
  readonly l2Hash: Hash;
  /** vPHA in its least units (24 decimals). */
  readonly shares: bigint;
};

/**
 * Stakes `amount` wei of the account's PHA for `to`, in one transaction: what the vault may take is signed, not sent.
 * @throws RollupError STAKE_FUNDS, BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of the chains
 */
export async function stake(
  bridge: Bridge,
  staking: Staking,
  { to, amount }: { readonly to: Address; readonly amount: bigint },
): Promise<Staked> {
  return withFaults(async () => {
    const contract = { ...vaultContract(staking), account: bridge.account } as const;
    const { token, allowance, balance } = await holdingOf(bridge, staking);
    requireBalance(bridge, balance, amount);
    await tellStake(bridge, staking, { to, amount });
    let l2Hash: Hash;
    if (allowance >= amount) {
      const call = { ...contract, functionName: "deposit", args: [amount, to] } as const;
      const { request } = await bridge.l2.simulateContract(call);
      const gas = withMargin(await bridge.l2.estimateContractGas(call));
      l2Hash = await bridge.l2.writeContract({ ...request, gas });
    } else {
      const { deadline, v, r, s } = await signPermit(bridge, {
        token,
        spender: staking.vault,
        value: amount,
      });
      const args = [amount, to, deadline, v, r, s] as const;
      const call = { ...contract, functionName: "depositWithPermit", args } as const;
      const { request } = await bridge.l2.simulateContract(call);
      const gas = withMargin(await bridge.l2.estimateContractGas(call));
      l2Hash = await bridge.l2.writeContract({ ...request, gas });
    }
    const { logs } = await confirmed(bridge.l2, l2Hash, "deposit");
    const [deposit] = parseEventLogs({ abi: votingPhaAbi, eventName: "Deposit", logs });
    if (deposit === undefined) throw new RollupError("STAKE_NO_EVENT", `${l2Hash} staked nothing`);
    return { l2Hash, shares: deposit.args.shares };
  });
}

async function holdingOf(bridge: Bridge, staking: Staking) {
  const owner = bridge.account.address;
  const token = await bridge.l2.readContract({ ...vaultContract(staking), functionName: "asset" });
  const contract = { address: token, abi: tokenAbi } as const;
  const [allowance, balance] = await Promise.all([
    bridge.l2.readContract({ ...contract, functionName: "allowance", args: [owner, staking.vault] }),
    bridge.l2.readContract({ ...contract, functionName: "balanceOf", args: [owner] }),
  ]);
  return { token, allowance, balance };
}

/** @throws RollupError STAKE_FUNDS */
function requireBalance({ account }: Bridge, balance: bigint, amount: bigint): void {
  if (balance >= amount) return;
  throw new RollupError(
    "STAKE_FUNDS",
    `${account.address} has ${phaText(balance)} on L2, and ${phaText(amount)} are to be staked`,
    {
      data: {
        balance,
        amount,
        help: "Stake less, or bring PHA from L1: 'l2 bridge deposit' with --l1-token and --l2-token. Amounts: --amount 500PHA.",
      },
    },
  );
}

async function tellStake(
  { l2, account, tell }: Bridge,
  staking: Staking,
  { to, amount }: { readonly to: Address; readonly amount: bigint },
): Promise<void> {
  const contract = vaultContract(staking);
  const [shares, period] = await Promise.all([
    l2.readContract({ ...contract, functionName: "previewDeposit", args: [amount] }),
    l2.readContract({ ...contract, functionName: "unlockPeriod" }),
  ]);
  tell(
    `Stakes ${phaText(amount)} of ${account.address} on L2: ${votesText(shares)} vPHA for ${to}, with their votes.`,
  );
  tell(
    `It can be asked back at any time ('l2 stake unlock'), and is paid ${durationText(period)} after that.`,
  );
}

type Permit = { readonly token: Address; readonly spender: Address; readonly value: bigint };

async function signPermit(bridge: Bridge, { token, spender, value }: Permit) {
  const contract = { address: token, abi: tokenAbi } as const;
  const owner = bridge.account.address;
  const [nonce, [, name, version, chainId], { timestamp }] = await Promise.all([
    bridge.l2.readContract({ ...contract, functionName: "nonces", args: [owner] }),
    bridge.l2.readContract({ ...contract, functionName: "eip712Domain" }),
    bridge.l2.getBlock(),
  ]);
  const deadline = timestamp + PERMIT_SECONDS;
  bridge.tell(
    `Signs a permit first: ${spender} may take exactly that amount, once, until ${timeText(deadline)}. It goes with the transaction.`,
  );
  const signature = await bridge.l2.signTypedData({
    account: bridge.account,
    domain: { name, version, chainId: Number(chainId), verifyingContract: token },
    types: PERMIT,
    primaryType: "Permit",
    message: { owner, spender, value, nonce, deadline },
  });
  const { r, s, yParity } = parseSignature(signature);
  return { deadline, v: yParity + 27, r, s };
}
