import { genesisBlock } from "@phala-l2/execution/genesis";
import { parseGenesis } from "@phala-l2/execution/genesis-json";
import { addressFromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { FORKS, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { rollupConfigHash } from "@phala-l2/protocol/config/rollup-json";
import type { SystemConfig } from "@phala-l2/protocol/config/system-config";
import { packScalar } from "@phala-l2/protocol/config/system-config-update";
import { EMPTY_TRIE_ROOT } from "@phala-l2/protocol/trie/trie";
import { outputRootV0 } from "@phala-l2/protocol/wire/output-root";
import type { ArtifactReader } from "../artifact.ts";
import type { L1Addresses, StartBlock } from "../deploy/address-book.ts";
import type { DeployConfig } from "../deploy/config.ts";
import { aliasOf } from "./alias.ts";
import { buildGenesisAllocation } from "./allocation.ts";
import { formatGenesis, type GenesisJson, genesisHeader } from "./format.ts";

/** Timing of a new chain. */
export type ChainTiming = {
  /** Seconds between L2 blocks. */
  readonly blockTime: bigint;
  /** L1 blocks: see RollupConfig. */
  readonly seqWindowSize: bigint;
};

export type NewChain = {
  readonly rollup: RollupConfig;
  readonly genesis: GenesisJson;
  /** Output root of the genesis block: settlement's first anchor. */
  readonly outputRoot: Hash;
  readonly rollupConfigHash: Hash;
};

/** Fjord made the drift a constant; the field is kept for older tools. */
const MAX_SEQUENCER_DRIFT = 1800n;
/** Granite made the channel timeout a constant. */
const CHANNEL_TIMEOUT = 50n;
/** Base fee of the genesis block in wei, Ethereum's own (EIP-1559 INITIAL_BASE_FEE). */
const GENESIS_BASE_FEE = 1_000_000_000n;
/** Wei that a fee vault keeps until it pays out: enough that the withdrawal is worth its gas on L1. */
const MIN_VAULT_WITHDRAWAL = 10n ** 18n;
/** Blob parameters of Prague and Osaka: EIP-7691. */
const L1_BLOB_SCHEDULE = [{ since: 0n, baseFeeUpdateFraction: 5_007_716n }];

function systemConfigOf({ systemConfig: values }: DeployConfig): SystemConfig {
  return {
    batcherAddress: addressFromHex(values.batcher),
    scalar: packScalar(BigInt(values.basefeeScalar), BigInt(values.blobbasefeeScalar)),
    gasLimit: values.gasLimit,
    eip1559Denominator: BigInt(values.eip1559Denominator),
    eip1559Elasticity: BigInt(values.eip1559Elasticity),
    operatorFeeScalar: BigInt(values.operatorFeeScalar),
    operatorFeeConstant: values.operatorFeeConstant,
    minBaseFee: values.minBaseFee,
    daFootprintGasScalar: BigInt(values.daFootprintGasScalar),
  };
}

function genesisJsonOf(config: DeployConfig, l1: L1Addresses, start: StartBlock, artifacts: ArtifactReader) {
  const { systemConfig: values } = config;
  const fees = {
    denominator: values.eip1559Denominator,
    elasticity: values.eip1559Elasticity,
    minBaseFee: values.minBaseFee,
  };
  const owner = addressFromHex(l1.Timelock);
  const vault = {
    recipient: owner,
    minWithdrawalAmount: MIN_VAULT_WITHDRAWAL,
    withdrawalNetwork: "l1",
  } as const;
  const allocation = buildGenesisAllocation({
    chainId: config.l2ChainId,
    l1CrossDomainMessenger: addressFromHex(l1.L1CrossDomainMessengerProxy),
    l1StandardBridge: addressFromHex(l1.L1StandardBridgeProxy),
    proxyAdminOwner: aliasOf(owner),
    feeVaults: { sequencer: vault, base: vault, l1: vault, operator: vault },
    prefunded: [],
    artifacts,
  });
  const baseFee = values.minBaseFee > GENESIS_BASE_FEE ? values.minBaseFee : GENESIS_BASE_FEE;
  const header = genesisHeader({ timestamp: start.timestamp, gasLimit: values.gasLimit, baseFee, fees });
  return formatGenesis(config.l2ChainId, fees, header, allocation);
}

/**
 * The genesis state and the rollup configuration of the chain whose L1 contracts stand at these addresses: all forks
 * up to Jovian active from the start, no account funded. Every wei on L2 is a deposit.
 * @throws RollupError GENESIS_…, ARTIFACT_…
 */
export function createChain(
  config: DeployConfig,
  timing: ChainTiming,
  l1: L1Addresses,
  start: StartBlock,
  artifacts: ArtifactReader,
): NewChain {
  const genesis = genesisJsonOf(config, l1, start, artifacts);
  const { block, hash } = genesisBlock(parseGenesis(genesis));
  const rollup: RollupConfig = {
    l1ChainId: BigInt(config.l1ChainId),
    l2ChainId: config.l2ChainId,
    genesis: {
      l1: { number: start.number, hash: hashFromHex(start.hash) },
      l2: { number: 0n, hash },
      l2Time: start.timestamp,
      systemConfig: systemConfigOf(config),
    },
    ...timing,
    maxSequencerDrift: MAX_SEQUENCER_DRIFT,
    channelTimeout: CHANNEL_TIMEOUT,
    batchInboxAddress: addressFromHex(config.systemConfig.batchInbox),
    depositContractAddress: addressFromHex(l1.OptimismPortalProxy),
    l1SystemConfigAddress: addressFromHex(l1.SystemConfigProxy),
    forks: Object.fromEntries(FORKS.filter((fork) => fork !== "karst").map((fork) => [fork, 0n])),
    eip1559: {
      elasticity: BigInt(config.systemConfig.eip1559Elasticity),
      denominator: BigInt(config.systemConfig.eip1559Denominator),
      denominatorCanyon: BigInt(config.systemConfig.eip1559Denominator),
    },
    l1BlobSchedule: L1_BLOB_SCHEDULE,
  };
  const outputRoot = outputRootV0({
    stateRoot: block.header.stateRoot,
    messagePasserStorageRoot: block.header.withdrawalsRoot ?? EMPTY_TRIE_ROOT,
    blockHash: hash,
  });
  return { rollup, genesis, outputRoot, rollupConfigHash: rollupConfigHash(rollup) };
}
