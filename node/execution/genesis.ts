import { type Address, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { FORKS, type Fork, isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
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
  /** Given where the code itself is elsewhere: enough to hash the state, not to execute on it. */
  readonly codeHash?: Hash | undefined;
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
  /** 8 bytes; zeros when absent. */
  readonly nonce?: Uint8Array;
  /** Wei per gas. */
  readonly baseFee: bigint;
  /** The chain is older than Bedrock, and its first block than London: there is no base fee in it. */
  readonly isBeforeLondon?: boolean;
  /** Zero when absent. */
  readonly blobGasUsed?: bigint;
  readonly excessBlobGas?: bigint;
  readonly alloc: readonly GenesisAccount[];
  /** Instead of accounts: a state that is too large for a file, as OP Mainnet's. */
  readonly stateRoot?: Hash | undefined;
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
 * Builds the genesis block and its whole state, to execute on.
 * Source: jovian/exec-engine.md: extraData at genesis.
 * @throws RollupError GENESIS_INVALID when extraData holds no EIP-1559 parameters, or parts of the state are not given;
 * FORK_UNSUPPORTED
 */
export function genesisBlock(genesis: Genesis): GenesisBlock {
  const fork = executionFork(genesis, genesis.timestamp);
  if (parametersOfExtraData(genesis.extraData, fork) === undefined) {
    const message = `extraData does not hold the fee market's parameters of ${fork}`;
    throw genesisInvalid(message, { extraData: toHex(genesis.extraData) });
  }
  const elsewhere = genesis.alloc.find(({ code, codeHash }) => codeHash !== undefined && code.length === 0);
  if (genesis.stateRoot !== undefined || elsewhere !== undefined) {
    throw genesisInvalid("hashes stand in it instead of accounts or codes: nothing can be executed on it");
  }
  const { root, ...state } = genesisState(genesis.alloc);
  const header = headerOf(genesis, root, messagePasserRoot(state.accounts));
  return { block: { header, transactions: [] }, hash: headerHash(header), ...state };
}

/**
 * Header and hash of any chain's genesis block, of whatever fork: hashing needs less than executing.
 * @throws RollupError GENESIS_INVALID when Isthmus is active and the message passer's storage is not given
 */
export function genesisHeader(genesis: Genesis): { readonly header: Header; readonly hash: Hash } {
  const { stateRoot, alloc } = genesis;
  const { root, accounts } = stateRoot === undefined ? genesisState(alloc) : { root: stateRoot };
  const header = headerOf(genesis, root, accounts === undefined ? undefined : messagePasserRoot(accounts));
  return { header, hash: headerHash(header) };
}

function genesisInvalid(message: string, data: Readonly<Record<string, string>> = {}): RollupError {
  return new RollupError("GENESIS_INVALID", `genesis: ${message}`, { data });
}

function messagePasserRoot(accounts: GenesisBlock["accounts"]): Hash {
  return accounts.get(toHex(L2_TO_L1_MESSAGE_PASSER))?.storageRoot ?? EMPTY_TRIE_ROOT;
}

/**
 * The fields that each fork added. Sources: geth's `Genesis.ToBlock`; canyon, ecotone and isthmus/exec-engine.md.
 */
function headerOf(genesis: Genesis, stateRoot: Hash, passerRoot: Hash | undefined): Header {
  const { forks, timestamp } = genesis;
  const has = (fork: Fork): boolean =>
    FORKS.slice(FORKS.indexOf(fork)).some((later) => isActive({ forks }, later, timestamp));
  const isIsthmus = has("isthmus");
  if (isIsthmus && passerRoot === undefined) {
    throw genesisInvalid(
      "from Isthmus the header has the message passer's storage root, so accounts are needed",
    );
  }
  return {
    parentHash: genesis.parentHash,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: genesis.beneficiary,
    stateRoot,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(BLOOM_LENGTH),
    difficulty: genesis.difficulty,
    number: genesis.number,
    gasLimit: genesis.gasLimit,
    gasUsed: genesis.gasUsed,
    timestamp,
    extraData: genesis.extraData,
    prevRandao: genesis.prevRandao,
    nonce: genesis.nonce ?? EMPTY_NONCE,
    ...(genesis.isBeforeLondon !== true && { baseFeePerGas: genesis.baseFee }),
    ...(has("canyon") && { withdrawalsRoot: isIsthmus ? passerRoot : EMPTY_TRIE_ROOT }),
    ...(has("ecotone") && {
      blobGasUsed: genesis.blobGasUsed ?? 0n,
      excessBlobGas: genesis.excessBlobGas ?? 0n,
      parentBeaconBlockRoot: ZERO_HASH,
    }),
    ...(isIsthmus && { requestsHash: EMPTY_REQUESTS_HASH }),
  };
}

/** The state that accounts make from nothing. */
export function genesisState(
  alloc: readonly GenesisAccount[],
): Pick<GenesisBlock, "nodes" | "accounts" | "codes" | "storage"> & { root: Hash } {
  const changes = new Map<Hex, AccountChange>();
  const storageChanges = new Map<Hex, StorageChange>();
  const storage = new Map<Hex, ReadonlyMap<Hex, bigint>>();
  const codes = new Map<Hex, Uint8Array>();
  for (const { address, nonce, balance, code, storage: slots, ...rest } of alloc) {
    const key = toHex(address);
    const codeHash = code.length > 0 ? keccak256(code) : (rest.codeHash ?? EMPTY_CODE_HASH);
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
