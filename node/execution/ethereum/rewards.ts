import type { Address } from "@phala-l2/protocol/bytes";
import type { EthereumWithdrawal } from "@phala-l2/protocol/wire/ethereum-withdrawal";
import { hasEvm, type Rules } from "../block/rules.ts";
import type { JournaledState } from "../state/journal.ts";

const ETHER = 10n ** 18n;
const WEI_PER_GWEI = 10n ** 9n;
/** Yellow Paper 11.3: an ommer gets an eighth less for each block of its distance. */
const OMMER_DISTANCES = 8n;
/** Yellow Paper 11.3: the share of the reward for including an ommer. */
const INCLUSION_SHARE = 32n;

export type Mined = { readonly number: bigint; readonly beneficiary: Address };

/** Wei a block: EIP-649 (Byzantium), EIP-1234 (Constantinople), EIP-3675 (none from the Merge on). */
function blockReward(rules: Rules): bigint {
  if (hasEvm(rules, "paris")) return 0n;
  if (hasEvm(rules, "constantinople")) return 2n * ETHER;
  if (hasEvm(rules, "byzantium")) return 3n * ETHER;
  return 5n * ETHER;
}

/** Pays the miner and those of the ommers. Source: Yellow Paper 11.3. */
export function payRewards(
  state: JournaledState,
  rules: Rules,
  block: Mined,
  ommers: readonly Mined[],
): void {
  const reward = blockReward(rules);
  if (reward === 0n) return;
  for (const ommer of ommers) {
    const distance = block.number - ommer.number;
    state.addBalance(ommer.beneficiary, ((OMMER_DISTANCES - distance) * reward) / OMMER_DISTANCES);
  }
  state.addBalance(block.beneficiary, reward + (reward / INCLUSION_SHARE) * BigInt(ommers.length));
  state.endTransaction();
}

/** Pays out what the consensus layer has decided; it can not fail. Source: EIP-4895. */
export function payWithdrawals(state: JournaledState, withdrawals: readonly EthereumWithdrawal[]): void {
  for (const { address, amount } of withdrawals) state.addBalance(address, amount * WEI_PER_GWEI);
  state.endTransaction();
}
