import { bigintToBytes, concatBytes, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import type { GenesisAccount, GenesisAllocation } from "./account.ts";

/** EIP-1559 parameters of the chain; the Jovian ones go into the header's extra data. */
export type FeeParameters = {
  readonly denominator: number;
  readonly elasticity: number;
  /** Least base fee, in wei. */
  readonly minBaseFee: bigint;
};

/** Header fields of the genesis block that are chosen; all others follow from the rules and the state. */
export type GenesisHeader = {
  /** Seconds; the timestamp of the L1 block that the chain starts from. */
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  /** In wei. */
  readonly baseFee: bigint;
  readonly extraData: Uint8Array;
};

/** Version byte of Jovian's extra data (specs/protocol/jovian/exec-engine.md). */
const JOVIAN_EXTRA_DATA_VERSION = 1;

/**
 * Chosen header fields of a genesis block under Jovian rules. Extra data: version 1, denominator u32, elasticity u32,
 * least base fee u64, 17 bytes.
 * @throws RollupError GENESIS_INPUT when a parameter would halt the chain, INTEGER_RANGE when one does not fit
 */
export function genesisHeader(input: {
  readonly timestamp: bigint;
  readonly gasLimit: bigint;
  readonly baseFee: bigint;
  readonly fees: FeeParameters;
}): GenesisHeader {
  const { denominator, elasticity, minBaseFee } = input.fees;
  // A zero would mean the chain's default, which genesis should spell out instead.
  if (denominator === 0 || elasticity === 0) {
    throw new RollupError("GENESIS_INPUT", "EIP-1559 denominator and elasticity must not be zero", {
      data: { denominator, elasticity },
    });
  }
  if (input.baseFee < minBaseFee) {
    throw new RollupError("GENESIS_INPUT", "the genesis base fee is below the least base fee", {
      data: { baseFee: input.baseFee, minBaseFee },
    });
  }
  const extraData = concatBytes(
    Uint8Array.of(JOVIAN_EXTRA_DATA_VERSION),
    bigintToBytes(BigInt(denominator), 4),
    bigintToBytes(BigInt(elasticity), 4),
    bigintToBytes(minBaseFee, 8),
  );
  return { timestamp: input.timestamp, gasLimit: input.gasLimit, baseFee: input.baseFee, extraData };
}

/** An account in geth's genesis.json. */
export type GenesisJsonAccount = {
  readonly balance: Hex;
  readonly nonce?: Hex;
  readonly code?: Hex;
  readonly storage?: Readonly<Record<Hex, Hex>>;
};

/** geth's genesis.json, as op-geth and op-reth read it. */
export type GenesisJson = {
  readonly config: Readonly<Record<string, unknown>>;
  readonly nonce: Hex;
  readonly timestamp: Hex;
  readonly extraData: Hex;
  readonly gasLimit: Hex;
  readonly difficulty: Hex;
  readonly mixHash: Hex;
  readonly coinbase: Hex;
  readonly number: Hex;
  readonly gasUsed: Hex;
  readonly parentHash: Hex;
  readonly baseFeePerGas: Hex;
  readonly excessBlobGas: Hex;
  readonly blobGasUsed: Hex;
  readonly alloc: Readonly<Record<Hex, GenesisJsonAccount>>;
};

/** Forks that geth schedules by block. */
const BLOCK_FORKS = [
  "homesteadBlock",
  "eip150Block",
  "eip155Block",
  "eip158Block",
  "byzantiumBlock",
  "constantinopleBlock",
  "petersburgBlock",
  "istanbulBlock",
  "muirGlacierBlock",
  "berlinBlock",
  "londonBlock",
  "arrowGlacierBlock",
  "grayGlacierBlock",
  "mergeNetsplitBlock",
  "bedrockBlock",
];

/** Forks that geth schedules by time, Ethereum's and the OP Stack's, up to Jovian. */
const TIME_FORKS = [
  "regolithTime",
  "shanghaiTime",
  "canyonTime",
  "cancunTime",
  "ecotoneTime",
  "fjordTime",
  "graniteTime",
  "holoceneTime",
  "pragueTime",
  "isthmusTime",
  "jovianTime",
];

/**
 * The genesis as a geth-style genesis.json value, all forks up to Jovian active from the start. Its hash follows from
 * it; it is not computed here.
 */
export function formatGenesis(
  chainId: bigint,
  fees: FeeParameters,
  header: GenesisHeader,
  allocation: GenesisAllocation,
): GenesisJson {
  return {
    config: chainConfig(chainId, fees),
    nonce: "0x0",
    timestamp: quantity(header.timestamp),
    extraData: toHex(header.extraData),
    gasLimit: quantity(header.gasLimit),
    difficulty: "0x0",
    mixHash: toHex(ZERO_HASH),
    coinbase: toHex(SEQUENCER_FEE_VAULT),
    number: "0x0",
    gasUsed: "0x0",
    parentHash: toHex(ZERO_HASH),
    baseFeePerGas: quantity(header.baseFee),
    excessBlobGas: "0x0",
    blobGasUsed: "0x0",
    alloc: Object.fromEntries([...allocation].map(([address, account]) => [address, formatAccount(account)])),
  };
}

function chainConfig(chainId: bigint, fees: FeeParameters): Readonly<Record<string, unknown>> {
  return {
    chainId: requireSafe(chainId),
    ...Object.fromEntries(BLOCK_FORKS.map((fork) => [fork, 0])),
    ...Object.fromEntries(TIME_FORKS.map((fork) => [fork, 0])),
    terminalTotalDifficulty: 0,
    optimism: {
      eip1559Elasticity: fees.elasticity,
      eip1559Denominator: fees.denominator,
      eip1559DenominatorCanyon: fees.denominator,
    },
  };
}

function formatAccount(account: GenesisAccount): GenesisJsonAccount {
  return {
    balance: quantity(account.balance),
    ...(account.nonce === 0n ? {} : { nonce: quantity(account.nonce) }),
    ...(account.code === "0x" ? {} : { code: account.code }),
    ...(account.storage.size === 0 ? {} : { storage: Object.fromEntries(account.storage) }),
  };
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** genesis.json carries the chain id as a JSON number. */
function requireSafe(chainId: bigint): number {
  const number = Number(chainId);
  if (Number.isSafeInteger(number)) return number;
  throw new RollupError("GENESIS_INPUT", `chain id ${chainId} does not fit a JSON number`, {
    data: { chainId },
  });
}
