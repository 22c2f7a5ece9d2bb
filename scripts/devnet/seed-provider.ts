import { admitPledge } from "@phala-l2/bridge/actions/provider/admission";
import { classWord } from "@phala-l2/bridge/actions/provider/contract";
import { pledge } from "@phala-l2/bridge/actions/provider/pledge";
import { providerStatus } from "@phala-l2/bridge/actions/provider/status";
import { stake } from "@phala-l2/bridge/actions/staking/stake";
import { type Bridge, createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { providerPledgesAbi } from "@phala-l2/contracts/abi/provider-pledges";
import { votingPhaAbi } from "@phala-l2/contracts/abi/voting-pha";
import type { L2Addresses } from "@phala-l2/contracts/deploy/l2-addresses";
import { devnetAccount, USERS } from "@phala-l2/testkit/devnet/accounts";
import { type Hex, keccak256, stringToHex } from "viem";

/** The second user provides; the first one stakes and votes. */
const [, PROVIDER] = USERS;
const GPU_CLASS = classWord("H100") ?? "0x";
/** No GPU is there, and nobody has seen evidence of one: the admitter of a devnet believes it. */
const DANGEROUSLY_SIMULATED_DEVICE: Hex = keccak256(stringToHex("simulated GPU of the devnet"));

/** Stakes what the wallet lacks of a pledge, and a hundredth more: vPHA grows dearer while the transaction is on its way. */
async function stakeForPledge(provider: Bridge, { ProviderPledges, VotingPha }: L2Addresses): Promise<void> {
  const vault = { address: VotingPha, abi: votingPhaAbi } as const;
  const me = provider.account.address;
  const [{ collateral }, free] = await Promise.all([
    provider.l2.readContract({
      address: ProviderPledges,
      abi: providerPledgesAbi,
      functionName: "classOf",
      args: [GPU_CLASS],
    }),
    provider.l2.readContract({ ...vault, functionName: "balanceOf", args: [me] }),
  ]);
  if (free >= collateral) return;
  const worth = await provider.l2.readContract({
    ...vault,
    functionName: "previewMint",
    args: [collateral - free],
  });
  await stake(provider, { vault: VotingPha }, { to: me, amount: (worth * 101n) / 100n });
}

/**
 * One pledge that earns: its vPHA staked by a user, pledged, and admitted for a simulated GPU. What an earlier run did is left as
 * it is; a pledge that its provider has withdrawn is not replaced.
 */
export async function seedProvider(
  network: NetworkDescription,
  l2: L2Addresses,
  admitter: Bridge,
): Promise<void> {
  const provider = createBridge(network, devnetAccount(PROVIDER));
  const providers = { pledges: l2.ProviderPledges };
  const whose = { provider: provider.account.address };
  if ((await providerStatus(provider, providers, whose)).pledges.length === 0) {
    await stakeForPledge(provider, l2);
    await pledge(provider, providers, { class: GPU_CLASS });
  }
  const { pledges } = await providerStatus(provider, providers, whose);
  const [first] = pledges;
  if (first?.state !== "awaiting-admission") return;
  await admitPledge(admitter, providers, { id: first.id, device: DANGEROUSLY_SIMULATED_DEVICE });
}
