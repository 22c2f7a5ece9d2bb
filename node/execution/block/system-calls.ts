import type { Address, Hash } from "@phala-l2/protocol/bytes";
import { BEACON_ROOTS, HISTORY_STORAGE, SYSTEM_ADDRESS } from "@phala-l2/protocol/predeploys";
import type { Evm } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";
import type { BlockContext } from "./context.ts";
import { hasEvm } from "./rules.ts";

/** EIP-4788, EIP-2935: gas of a system call; it counts for nothing. */
export const SYSTEM_CALL_GAS = 30_000_000n;

export type SystemCallInput = {
  readonly parentHash: Hash;
  readonly parentBeaconBlockRoot: Hash;
};

/**
 * The calls before a block's first transaction. A contract that is not deployed is skipped.
 * Sources: EIP-4788 (Cancun, Ecotone), EIP-2935 (Prague, Isthmus), in geth's order.
 */
export async function runSystemCalls(
  { parentHash, parentBeaconBlockRoot }: SystemCallInput,
  evm: Evm,
  block: BlockContext,
  state: JournaledState,
): Promise<void> {
  if (hasEvm(block.rules, "cancun")) await systemCall(BEACON_ROOTS, parentBeaconBlockRoot, evm, block, state);
  if (hasEvm(block.rules, "prague")) await systemCall(HISTORY_STORAGE, parentHash, evm, block, state);
}

async function systemCall(
  to: Address,
  data: Hash,
  evm: Evm,
  block: BlockContext,
  state: JournaledState,
): Promise<void> {
  if (!state.hasCode(to)) return;
  await evm.run(
    {
      caller: SYSTEM_ADDRESS,
      to,
      value: 0n,
      data,
      gasLimit: SYSTEM_CALL_GAS,
      gasPrice: 0n,
      accessList: [],
      warmAddresses: [],
      blobHashes: [],
    },
    block,
    state,
  );
  state.endTransaction();
}
