import { type EthereumGenesis, parseEthereumGenesis } from "@phala-l2/execution/ethereum/genesis";
import { openEthereumBlock } from "@phala-l2/execution/ethereum/open-block";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import {
  type Address,
  addressFromHex,
  asAddress,
  bigintToBytes,
  concatBytes,
  EMPTY_BYTES,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";
import { type Block, encodeBlock } from "@phala-l2/protocol/wire/block";
import { encodeTransaction, signTransaction } from "@phala-l2/protocol/wire/transaction";
import { nextTemplate } from "../conformance/rpc-compat/next-template.ts";
import { COMPUTE, TOKEN, TRANSFER } from "./programs.ts";

export const CHAIN_ID = 1337n;

/** Accounts that send, and all that have ether: reads go through a trie of some depth. */
const SENDERS = 40;
const HOLDERS = 1_500;
const ETHER = 10n ** 18n;
const BLOCK_GAS_LIMIT = 60_000_000n;

export const TOKEN_ADDRESS = addressFromHex(`0x${"70".repeat(20)}`);
export const COMPUTE_ADDRESS = addressFromHex(`0x${"c0".repeat(20)}`);

/** What a block of the benchmark is full of. */
export type Workload = {
  readonly name: string;
  readonly transactions: number;
  readonly of: (index: number) => Call;
};

export type Call = {
  readonly to: Address;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly gasLimit: bigint;
};

/** Passes of the loop, for some 2 Mgas a transaction. */
const COMPUTE_PASSES = 5_000n;

export const COMPUTE_WORKLOAD: Workload = {
  name: "compute",
  transactions: 2,
  of: () => ({
    to: COMPUTE_ADDRESS,
    value: 0n,
    data: bigintToBytes(COMPUTE_PASSES, 32),
    gasLimit: 10_000_000n,
  }),
};

export const WORKLOADS: readonly Workload[] = [
  {
    name: "transfers",
    transactions: 200,
    of: (index) => ({ to: holder(index), value: 1n, data: EMPTY_BYTES, gasLimit: 21_000n }),
  },
  {
    name: "erc20",
    transactions: 150,
    of: (index) => ({
      to: TOKEN_ADDRESS,
      value: 0n,
      data: concatBytes(TRANSFER, padded(holder(index)), bigintToBytes(1n, 32)),
      gasLimit: 80_000n,
    }),
  },
  COMPUTE_WORKLOAD,
];

/** A chain's first block, and one full of a workload after it. */
export type BenchBlock = {
  readonly genesis: EthereumGenesis;
  readonly block: Block;
  readonly rlp: Uint8Array;
};

/** Builds the block on the executor that is measured; the peer must then come to the same roots. */
export async function buildBlock(workload: Workload, evm: Evm): Promise<BenchBlock> {
  const genesis = parseEthereumGenesis(genesisJson());
  const { header: parent } = genesis.block;
  const { state, readNode } = stateOf(genesis);
  const header = nextTemplate(genesis.config, parent);
  const open = await openEthereumBlock({
    config: genesis.config,
    header,
    parentStateRoot: parent.stateRoot,
    state,
    readNode,
    evm,
  });
  const nonces = new Map<number, bigint>();
  for (let index = 0; index < workload.transactions; index++) {
    const sender = index % SENDERS;
    const nonce = nonces.get(sender) ?? 0n;
    nonces.set(sender, nonce + 1n);
    const application = await open.apply(signed(sender, nonce, workload.of(index)));
    if (application.kind === "rejected" || application.receipt.status !== 1) {
      throw new RollupError("BENCH_BROKEN", `transaction ${index} of ${workload.name} does not succeed`);
    }
  }
  const sealing = await open.seal({});
  if (sealing.kind === "invalid") throw new RollupError("BENCH_BROKEN", sealing.reason);
  const { block } = sealing.sealed;
  return { genesis, block, rlp: encodeBlock(block) };
}

/** The state after genesis, read from its trie nodes. */
export function stateOf({ block, nodes, codes }: EthereumGenesis): {
  readonly state: StateReader;
  readonly readNode: (hash: Hash) => Uint8Array | undefined;
} {
  const readNode = (hash: Hash): Uint8Array | undefined => nodes.get(toHex(hash));
  return { state: trieState(block.header.stateRoot, readNode, (hash) => codes.get(toHex(hash))), readNode };
}

function keyOf(index: number): Uint8Array {
  return keccak256(concatBytes(TRANSFER, bigintToBytes(BigInt(index), 4)));
}

/** Who receives. */
function holder(index: number): Address {
  const place = index % HOLDERS;
  return asAddress(keccak256(bigintToBytes(BigInt(place), 32)).subarray(12));
}

function padded(address: Address): Uint8Array {
  return concatBytes(new Uint8Array(12), address);
}

function signed(sender: number, nonce: bigint, call: Call): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        nonce,
        ...call,
        accessList: [],
        maxPriorityFeePerGas: 1_000_000n,
        maxFeePerGas: 10n ** 10n,
      },
      keyOf(sender),
    ),
  );
}

/** geth's genesis.json of a chain with Shanghai's rules: the last without system calls, whose contracts are not there. */
function genesisJson(): object {
  const accounts = new Map<Hex, object>();
  const balances: Record<string, string> = {};
  for (let index = 0; index < HOLDERS; index++) accounts.set(toHex(holder(index)), { balance: "0x1" });
  for (let index = 0; index < SENDERS; index++) {
    const sender = addressOfKey(keyOf(index));
    accounts.set(toHex(sender), { balance: `0x${(1_000n * ETHER).toString(16)}` });
    const slot = keccak256(concatBytes(padded(sender), new Uint8Array(32)));
    balances[toHex(slot)] = toHex(bigintToBytes(ETHER, 32));
  }
  accounts.set(toHex(TOKEN_ADDRESS), { nonce: "0x1", code: toHex(TOKEN), storage: balances });
  accounts.set(toHex(COMPUTE_ADDRESS), { nonce: "0x1", code: toHex(COMPUTE) });
  const forks = ["homestead", "eip150", "eip158", "byzantium", "constantinople", "petersburg", "istanbul"];
  const blocks = [...forks, "berlin", "london"].map((fork) => [`${fork}Block`, 0] as const);
  return {
    config: { chainId: Number(CHAIN_ID), ...Object.fromEntries(blocks), shanghaiTime: 0 },
    gasLimit: Number(BLOCK_GAS_LIMIT),
    difficulty: 0,
    timestamp: 1_700_000_000,
    alloc: Object.fromEntries(accounts),
  };
}
