import { createBlockFromRLP } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { Caches, MerkleStateManager } from "@ethereumjs/statemanager";
import { Account, Address } from "@ethereumjs/util";
import { createVM, runBlock, type VM } from "@ethereumjs/vm";
import { bigintToBytes, fromHex, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { type BenchBlock, CHAIN_ID } from "./execution-blocks.ts";

/** @ethereumjs/vm as it comes, with its state manager's caches: without them each SLOAD walks the trie. */
export class EthereumjsPeer {
  readonly #vm: VM;
  readonly #root: Hash;

  private constructor(vm: VM, root: Hash) {
    this.#vm = vm;
    this.#root = root;
  }

  /** A VM that has the genesis state. */
  static async on({ genesis }: BenchBlock): Promise<EthereumjsPeer> {
    const common = createCustomCommon({ chainId: Number(CHAIN_ID) }, Mainnet, {
      hardfork: Hardfork.Shanghai,
    });
    const stateManager = new MerkleStateManager({ common, caches: new Caches() });
    for (const [key, { nonce, balance, codeHash }] of genesis.accounts) {
      const address = new Address(fromHex(key));
      await stateManager.putAccount(address, new Account(nonce, balance));
      const code = genesis.codes.get(toHex(codeHash));
      if (code !== undefined) await stateManager.putCode(address, code);
      for (const [slot, value] of genesis.storage.get(key) ?? []) {
        await stateManager.putStorage(address, fromHex(slot), bigintToBytes(value, 32));
      }
    }
    return new EthereumjsPeer(await createVM({ common, stateManager }), genesis.block.header.stateRoot);
  }

  /** Runs an encoded block on the genesis state. Rejects when gas, receipts or state are not what its header says. */
  async run(rlp: Uint8Array): Promise<void> {
    const block = createBlockFromRLP(rlp, { common: this.#vm.common });
    // The peer's blockchain is not part of the comparison, and has no parent to check the header by.
    await runBlock(this.#vm, { block, root: this.#root, skipHeaderValidation: true });
  }
}
