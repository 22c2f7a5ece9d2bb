import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { type Genesis, type GenesisBlock, genesisBlock } from "@phala-l2/execution/genesis";
import type { AccountChange, StateChanges, StorageChange } from "@phala-l2/execution/state/changes";
import { commitChanges } from "@phala-l2/execution/state/root";
import { jovianConfig } from "@phala-l2/execution/testing/config";
import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { L2BlockRef, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import type { NodeReader } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { logsBloom } from "@phala-l2/protocol/wire/receipt";

/** Few accounts and slots, so that random blocks meet each other's values. */
export const ADDRESSES: readonly Address[] = Array.from({ length: 12 }, (_, index) =>
  asAddress(keccak256(Uint8Array.of(index)).slice(0, 20)),
);
export const SLOTS: readonly Hash[] = Array.from({ length: 6 }, (_, index) =>
  asHash(bigintToBytes(BigInt(index), 32)),
);

const GENESIS: Genesis = {
  forks: jovianConfig(901n).forks,
  number: 0n,
  timestamp: 1_700_000_000n,
  parentHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  difficulty: 0n,
  gasLimit: 30_000_000n,
  gasUsed: 0n,
  prevRandao: ZERO_HASH,
  extraData: fromHex("0x01000000fa000000060000000000000000"),
  baseFee: 1_000_000_000n,
  alloc: ADDRESSES.slice(0, 4).map((address, index) => ({
    address,
    nonce: 0n,
    balance: 1000n,
    code: index === 0 ? Uint8Array.of(0x60, 0x00) : new Uint8Array(0),
    storage: new Map(SLOTS.slice(0, index).map((slot) => [toHex(slot), 7n])),
  })),
};

export function syntheticGenesis(): GenesisBlock {
  return genesisBlock(GENESIS);
}

export function syntheticConfig(genesis: GenesisBlock): RollupConfig {
  const config = jovianConfig(901n);
  const l2 = { number: 0n, hash: genesis.hash };
  return { ...config, genesis: { ...config.genesis, l2, l2Time: genesis.block.header.timestamp } };
}

/** The numbers that decide what a block does, from a seed: the same seed always makes the same block. */
function* digits(seed: string): Generator<number> {
  for (let round = 0; ; round++) {
    yield* keccak256(new TextEncoder().encode(`${seed} ${round}`));
  }
}

function pick<Item>(items: readonly Item[], digit: number): Item {
  const item = items[digit % items.length];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** Accounts made, changed and removed, slots set, cleared and removed with their account. */
function syntheticChanges(seed: string): StateChanges {
  const random = digits(seed);
  const next = () => random.next().value as number;
  const accounts = new Map<Hex, AccountChange | null>();
  const storage = new Map<Hex, StorageChange>();
  for (let count = 1 + (next() % 5); count > 0; count--) {
    const address = toHex(pick(ADDRESSES, next()));
    const what = next() % 8;
    if (what === 0) {
      accounts.set(address, null);
      storage.delete(address);
      continue;
    }
    accounts.set(address, { nonce: BigInt(next()), balance: BigInt(next()), codeHash: EMPTY_CODE_HASH });
    if (what < 3) continue;
    const slots = new Map<Hex, bigint>();
    for (let writes = 1 + (next() % 3); writes > 0; writes--) {
      slots.set(toHex(pick(SLOTS, next())), BigInt(next() % 3) * 1000n);
    }
    storage.set(address, { cleared: what === 3, slots });
  }
  return { accounts, storage, codes: new Map() };
}

/** A block that was never executed, but whose state, roots and hashes are real. */
export function syntheticBlock(
  parent: { readonly header: Header; readonly hash: Hash },
  readNode: NodeReader,
  seed: string,
): { readonly sealed: SealedBlock; readonly ref: L2BlockRef } {
  const changes = syntheticChanges(seed);
  const { root, nodes, accounts } = commitChanges(parent.header.stateRoot, readNode, changes);
  const transactions = [concatBytes(Uint8Array.of(0x7e), keccak256(new TextEncoder().encode(seed)))];
  const receipts = [
    { type: 0x7e, status: 1 as const, cumulativeGasUsed: 21_000n, logsBloom: logsBloom([]), logs: [] },
  ];
  const header: Header = {
    ...parent.header,
    parentHash: parent.hash,
    stateRoot: root,
    transactionsRoot: transactionsRoot(transactions),
    receiptsRoot: receiptsRoot(receipts),
    number: parent.header.number + 1n,
    timestamp: parent.header.timestamp + 2n,
  };
  const hash = headerHash(header);
  const executed = transactions.map((raw) => ({
    hash: keccak256(raw),
    sender: addressFromHex(toHex(pick(ADDRESSES, Number(bigintFromBytes(hash.subarray(0, 2)))))),
    gasUsed: 21_000n,
    contractAddress: undefined,
    effectiveGasPrice: 0n,
    l1Fee: 0n,
    l1GasUsed: 0n,
    operatorFee: 0n,
    daFootprint: 0n,
  }));
  const sealed = {
    block: { header, transactions },
    hash,
    receipts,
    transactions: executed,
    changes,
    accounts,
    nodes,
  };
  const ref: L2BlockRef = {
    number: header.number,
    hash,
    parentHash: parent.hash,
    timestamp: header.timestamp,
    l1Origin: { number: 0n, hash: ZERO_HASH },
    sequenceNumber: header.number,
  };
  return { sealed, ref };
}
