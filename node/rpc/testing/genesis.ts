import type { StateChanges } from "@phala-l2/execution/state/changes";
import {
  addressFromHex,
  asAddress,
  asHash,
  bigintToBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { encodeExtraData } from "@phala-l2/protocol/config/eip1559-params";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { L1_BLOCK, SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { receiptsRoot, transactionsRoot } from "@phala-l2/protocol/wire/block";
import {
  EMPTY_NONCE,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  type Header,
} from "@phala-l2/protocol/wire/header";

export const CHAIN_ID = 901n;
export const BLOCK_TIME = 2n;
/** The first account of the mnemonic that every development tool knows. */
export const ALICE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
export const ALICE = addressFromHex("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266");
export const ALICE_BALANCE = 10n ** 21n;
/** Stores its first word in slot 0, logs it as topic and data, returns it. */
export const LOGGER = addressFromHex("0x00000000000000000000000000000000000c0de1");
const LOGGER_CODE = fromHex("0x5f35805f55805f5260205fa160205ff3");
/** Reverts with Error("user error"). */
export const REVERTER = addressFromHex("0x00000000000000000000000000000000000c0de2");
const REVERTER_CODE = fromHex(
  `0x6064600a5f3960645ffd08c379a0${"20".padStart(64, "0")}${"0a".padStart(64, "0")}${Buffer.from("user error").toString("hex").padEnd(64, "0")}`,
);
/** Never ends: takes all the gas it gets. */
export const LOOPER = addressFromHex("0x00000000000000000000000000000000000c0de3");
const LOOPER_CODE = fromHex("0x5b5f56");

export const GENESIS_TIME = 1_700_000_000n;
export const GAS_LIMIT = 30_000_000n;
export const L1_BASE_FEE = 7_000_000_000n;
export const L1_BLOB_BASE_FEE = 3n;
export const BASE_FEE_SCALAR = 1_368n;
export const BLOB_BASE_FEE_SCALAR = 810_949n;
export const OPERATOR_FEE_CONSTANT = 5n;
export const DA_FOOTPRINT_GAS_SCALAR = 400n;

/** Where the rules want some value and no test looks at it. */
const FILLER_HASH = asHash(new Uint8Array(32).fill(0x11));
const FILLER_ADDRESS = asAddress(new Uint8Array(20).fill(0x22));
/** Version 1 | blobBaseFeeScalar | baseFeeScalar (ecotone/l1-attributes.md). */
const SCALAR = asHash(bigintToBytes((1n << 248n) | (BLOB_BASE_FEE_SCALAR << 32n) | BASE_FEE_SCALAR, 32));

export const CONFIG = testRollup({
  l2ChainId: CHAIN_ID,
  genesis: {
    l1: { number: 0n, hash: asHash(new Uint8Array(32).fill(0x10)) },
    l2: { number: 0n, hash: FILLER_HASH },
    l2Time: GENESIS_TIME,
  },
  systemConfig: {
    batcherAddress: FILLER_ADDRESS,
    scalar: SCALAR,
    gasLimit: GAS_LIMIT,
    operatorFeeConstant: OPERATOR_FEE_CONSTANT,
    daFootprintGasScalar: DA_FOOTPRINT_GAS_SCALAR,
  },
  blockTime: BLOCK_TIME,
  batchInboxAddress: FILLER_ADDRESS,
  depositContractAddress: FILLER_ADDRESS,
  l1SystemConfigAddress: FILLER_ADDRESS,
  l1BlobSchedule: [{ since: 0n, baseFeeUpdateFraction: 5_007_716n }],
});

function word(value: bigint): Hex {
  return toHex(bigintToBytes(value, 32));
}

/** Accounts, contracts and slots that are there from the start. */
export function genesisChanges(): StateChanges {
  const codes = new Map<Hex, Uint8Array>();
  const accounts = new Map<Hex, { nonce: bigint; balance: bigint; codeHash: Hash }>();
  accounts.set(toHex(ALICE), { nonce: 0n, balance: ALICE_BALANCE, codeHash: EMPTY_CODE_HASH });
  accounts.set(toHex(L1_BLOCK), { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH });
  for (const [address, code] of [
    [LOGGER, LOGGER_CODE],
    [REVERTER, REVERTER_CODE],
    [LOOPER, LOOPER_CODE],
  ] as const) {
    const codeHash = keccak256(code);
    codes.set(toHex(codeHash), code);
    accounts.set(toHex(address), { nonce: 1n, balance: 0n, codeHash });
  }
  // What the L1Block predeploy would store of the attributes below: execution prices transactions by it.
  const slots = new Map<Hex, bigint>([
    [word(1n), L1_BASE_FEE],
    [word(3n), (BASE_FEE_SCALAR << 96n) | (BLOB_BASE_FEE_SCALAR << 64n)],
    [word(7n), L1_BLOB_BASE_FEE],
    [word(8n), (DA_FOOTPRINT_GAS_SCALAR << 96n) | OPERATOR_FEE_CONSTANT],
  ]);
  return { accounts, storage: new Map([[toHex(L1_BLOCK), { cleared: false, slots }]]), codes };
}

/** The header of block 0. */
export function genesisHeader(stateRoot: Hash): Header {
  return {
    parentHash: ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: SEQUENCER_FEE_VAULT,
    stateRoot,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 0n,
    gasLimit: GAS_LIMIT,
    gasUsed: 0n,
    timestamp: GENESIS_TIME,
    extraData: encodeExtraData({ denominator: 250n, elasticity: 6n, minBaseFee: 0n }, "jovian"),
    prevRandao: ZERO_HASH,
    nonce: EMPTY_NONCE,
    baseFeePerGas: 1_000_000_000n,
    withdrawalsRoot: EMPTY_TRIE_ROOT,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: ZERO_HASH,
    requestsHash: EMPTY_REQUESTS_HASH,
  };
}
