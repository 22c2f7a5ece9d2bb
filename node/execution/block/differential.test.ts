import assert from "node:assert/strict";
import { test } from "node:test";
import { createBlock } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { MerkleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import {
  createAddressFromString,
  Account as EthereumjsAccount,
  Address as EthereumjsAddress,
} from "@ethereumjs/util";
import { createVM, runTx, type VM } from "@ethereumjs/vm";
import { type Address, asHash, bigintToBytes, toHex } from "@phala-l2/protocol/bytes";
import {
  BASE_FEE_VAULT,
  BEACON_ROOTS,
  DEPOSITOR_ACCOUNT,
  HISTORY_STORAGE,
  L1_BLOCK,
  SEQUENCER_FEE_VAULT,
} from "@phala-l2/protocol/predeploys";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import {
  accountOf,
  CHAIN_ID,
  contract,
  ETHER,
  L1_PRICES,
  signed,
  somewhere,
  TestChain,
} from "../testing/chain.ts";
import { isthmusConfig } from "../testing/config.ts";
import { randomProgram } from "../testing/programs.ts";
import { seededRandom } from "../testing/random.ts";

/**
 * Plain Ethereum transactions here and in @ethereumjs/vm's own runTx: the same gas, logs, status, balances and
 * storage. The L2's prices are zero, so that only the base fee's fate differs: a vault instead of nothing.
 */
const config = isthmusConfig(CHAIN_ID);
const evm = await createEthereumjsEvm(config);
const FREE = {
  ...L1_PRICES,
  baseFeeScalar: 0n,
  blobBaseFeeScalar: 0n,
  operatorFeeScalar: 0n,
  operatorFeeConstant: 0n,
};
const CONTRACTS = 4;
const ROUNDS = 12;
const TRANSACTIONS = 6;

async function referenceVm(alloc: readonly ReturnType<typeof contract>[]): Promise<VM> {
  const common = createCustomCommon({ chainId: Number(CHAIN_ID) }, Mainnet, { hardfork: Hardfork.Prague });
  const stateManager = new MerkleStateManager({ common });
  for (const index of [0, 1, 2, 3]) {
    await stateManager.putAccount(
      new EthereumjsAddress(accountOf(index)),
      new EthereumjsAccount(0n, 100n * ETHER),
    );
  }
  for (const { address, balance, code } of alloc) {
    await stateManager.putAccount(new EthereumjsAddress(address), new EthereumjsAccount(1n, balance));
    await stateManager.putCode(new EthereumjsAddress(address), code);
  }
  return createVM({ common, stateManager });
}

for (let round = 0; round < ROUNDS; round++) {
  test(`random programs, round ${round}: as in runTx`, async () => {
    const random = seededRandom(7_000 + round);
    const addresses: [Address, ...Address[]] = [
      somewhere(100),
      somewhere(101),
      somewhere(102),
      somewhere(103),
      accountOf(1),
      somewhere(200),
    ];
    const alloc = Array.from({ length: CONTRACTS }, (_, i) =>
      contract(addresses[i] ?? somewhere(i), toHex(randomProgram(random, addresses)), 50n),
    );
    const chain = new TestChain({ config, evm, alloc, prices: FREE });
    const vm = await referenceVm(alloc);
    const block = await chain.open();

    for (let i = 0; i < TRANSACTIONS; i++) {
      const isCreation = random.below(4) === 0;
      const raw = signed(0, {
        nonce: BigInt(i),
        to: isCreation ? undefined : random.pick(addresses),
        value: BigInt(random.below(3)),
        data: isCreation
          ? randomProgram(random, addresses)
          : new Uint8Array(random.below(40)).fill(random.below(2)),
        gasLimit: BigInt(60_000 + random.below(600_000)),
        accessList:
          random.below(3) === 0
            ? [{ address: addresses[0], storageKeys: [asHash(bigintToBytes(1n, 32))] }]
            : [],
      });
      const application = await block.apply(raw);
      assert.equal(application.kind, "included");
      if (application.kind !== "included") return;

      const reference = await runTx(vm, {
        tx: createTxFromRLP(raw, { common: vm.common }),
        block: createBlock(
          {
            header: {
              number: block.number,
              timestamp: block.timestamp,
              coinbase: new EthereumjsAddress(SEQUENCER_FEE_VAULT),
              baseFeePerGas: block.baseFee,
              gasLimit: 30_000_000n,
              mixHash: chain.attributes().prevRandao,
            },
          },
          { common: vm.common, skipConsensusFormatValidation: true },
        ),
        skipHardForkValidation: true,
        skipBlockGasLimitValidation: true,
      });
      const where = `round ${round}, transaction ${i}`;
      assert.equal(
        application.receipt.status,
        "status" in reference.receipt ? reference.receipt.status : -1,
        where,
      );
      assert.equal(application.gasUsed, reference.totalGasSpent, where);
      assert.deepEqual(
        application.receipt.logs.map(({ address, topics, data }) => [
          toHex(address),
          topics.map(toHex),
          toHex(data),
        ]),
        reference.receipt.logs.map(([address, topics, data]) => [
          toHex(address),
          topics.map(toHex),
          toHex(data),
        ]),
        where,
      );
    }
    const sealed = block.seal();
    chain.insert(sealed);
    await compareStates(chain, vm, sealed);
  });
}

/** What only a block of the L2 changes. */
const L2_ONLY = new Set(
  [BASE_FEE_VAULT, DEPOSITOR_ACCOUNT, L1_BLOCK, BEACON_ROOTS, HISTORY_STORAGE].map(toHex),
);

async function compareStates(
  chain: TestChain,
  vm: VM,
  sealed: Parameters<TestChain["insert"]>[0],
): Promise<void> {
  let compared = 0;
  for (const [address, account] of sealed.accounts) {
    if (L2_ONLY.has(address)) continue;
    const reference = await vm.stateManager.getAccount(createAddressFromString(address));
    assert.equal(reference?.nonce, account?.nonce, address);
    assert.equal(reference?.balance, account?.balance, address);
    assert.equal(
      reference && toHex(reference.codeHash),
      account ? toHex(account.codeHash) : undefined,
      address,
    );
    assert.equal(
      reference && toHex(reference.storageRoot),
      account ? toHex(account.storageRoot) : undefined,
      address,
    );
    compared++;
  }
  assert.ok(compared >= 2, "the sender and the vault of the tips at least");
  assert.ok(chain.balance(SEQUENCER_FEE_VAULT) > 0n);
}
