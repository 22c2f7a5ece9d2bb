import { type Address, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { type Block, receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  BLOOM_LENGTH,
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
  headerHash,
} from "@phala-l2/protocol/wire/header";
import { executionFork } from "./block/fork.ts";
import { parametersOfExtraData } from "./fees/eip1559-parameters.ts";
import type { Account } from "./state/account.ts";
import type { AccountChange, StorageChange } from "./state/changes.ts";
import { commitChanges } from "./state/root.ts";

/** An account that exists from the start. Balance in wei; slots by slot number. */
export type GenesisAccount = {
  readonly address: Address;
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: Uint8Array;
  readonly storage: ReadonlyMap<Hex, bigint>;
};

/** The chain's first block, as geth's genesis.json describes it (`parseGenesis`). */
export type Genesis = {
  readonly forks: RollupConfig["forks"];
  readonly number: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
  readonly parentHash: Hash;
  readonly beneficiary: Address;
  readonly difficulty: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly prevRandao: Hash;
  readonly extraData: Uint8Array;
  /** Wei per gas. */
  readonly baseFee: bigint;
  readonly alloc: readonly GenesisAccount[];
};

export type GenesisBlock = {
  readonly block: Block;
  readonly hash: Hash;
  /** All trie nodes by hash. */
  readonly nodes: ReadonlyMap<Hex, Uint8Array>;
  /** All code by hash. */
  readonly codes: ReadonlyMap<Hex, Uint8Array>;
  /** All accounts by address. */
  readonly accounts: ReadonlyMap<Hex, Account>;
  /** All slots by address and slot number. */
  readonly storage: ReadonlyMap<Hex, ReadonlyMap<Hex, bigint>>;
};

/**
 * Builds the genesis block and its whole state.
 * Sources: geth's `Genesis.ToBlock`; isthmus/exec-engine.md: withdrawalsRoot at genesis is the message passer's
 * storage root; jovian/exec-engine.md: extraData at genesis.
 * @throws RollupError GENESIS_INVALID when extraData holds no EIP-1559 parameters
 */
export function genesisBlock(genesis: Genesis): GenesisBlock {
  const fork = executionFork(genesis, genesis.timestamp);
  if (parametersOfExtraData(genesis.extraData, fork) === undefined) {
    throw new RollupError(
      "GENESIS_INVALID",
      `extraData does not hold the fee market's parameters of ${fork}`,
      {
        data: { extraData: toHex(genesis.extraData) },
      },
    );
  }
  const { root, nodes, accounts, codes, storage } = genesisState(genesis.alloc);
  const isIsthmus = isActive(genesis, "isthmus", genesis.timestamp);
  const messagePasser = accounts.get(toHex(L2_TO_L1_MESSAGE_PASSER));
  const header: Header = {
    parentHash: genesis.parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: genesis.beneficiary,
    stateRoot: root,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(BLOOM_LENGTH),
    difficulty: genesis.difficulty,
    number: genesis.number,
    gasLimit: genesis.gasLimit,
    gasUsed: genesis.gasUsed,
    timestamp: genesis.timestamp,
    extraData: genesis.extraData,
    prevRandao: genesis.prevRandao,
    nonce: EMPTY_NONCE,
    baseFeePerGas: genesis.baseFee,
    withdrawalsRoot: isIsthmus ? (messagePasser?.storageRoot ?? EMPTY_TRIE_ROOT) : EMPTY_TRIE_ROOT,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: ZERO_HASH,
    requestsHash: isIsthmus ? EMPTY_REQUESTS_HASH : undefined,
  };
  return { block: { header, transactions: [] }, hash: headerHash(header), nodes, codes, accounts, storage };
}

/** The state that accounts make from nothing. */
export function genesisState(
  alloc: readonly GenesisAccount[],
): Pick<GenesisBlock, "nodes" | "accounts" | "codes" | "storage"> & { root: Hash } {
  const changes = new Map<Hex, AccountChange>();
  const storageChanges = new Map<Hex, StorageChange>();
  const storage = new Map<Hex, ReadonlyMap<Hex, bigint>>();
  const codes = new Map<Hex, Uint8Array>();
  for (const { address, nonce, balance, code, storage: slots } of alloc) {
    const key = toHex(address);
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    changes.set(key, { nonce, balance, codeHash });
    if (code.length > 0) codes.set(toHex(codeHash), code);
    const set = new Map([...slots].filter(([, value]) => value !== 0n));
    if (set.size === 0) continue;
    storage.set(key, set);
    storageChanges.set(key, { cleared: true, slots: set });
  }
  const nothing = (): undefined => undefined;
  const committed = commitChanges(EMPTY_TRIE_ROOT, nothing, {
    accounts: changes,
    storage: storageChanges,
    codes,
  });
  const accounts = new Map<Hex, Account>();
  for (const [key, account] of committed.accounts) if (account !== null) accounts.set(key, account);
  return { root: committed.root, nodes: committed.nodes, accounts, codes, storage };
}
