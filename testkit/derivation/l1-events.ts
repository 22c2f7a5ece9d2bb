import {
  type Address,
  asHash,
  bigintToBytes,
  concatBytes,
  EMPTY_BYTES,
  type Hash,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { CONFIG_UPDATE_TOPIC } from "@phala-l2/protocol/config/system-config-update";
import { TRANSACTION_DEPOSITED_TOPIC } from "@phala-l2/protocol/wire/deposit";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import { logOf } from "./l1-chain.ts";

/** Types of ConfigUpdate events. Source: specs/protocol/system-config.md and the forks' pages. */
export const UPDATE_TYPE = {
  batcher: 0,
  feeScalars: 1,
  gasLimit: 2,
  unsafeBlockSigner: 3,
  eip1559Params: 4,
  operatorFee: 5,
  minBaseFee: 6,
  daFootprintGasScalar: 7,
} as const;

export function word(value: bigint): Hash {
  return asHash(bigintToBytes(value, 32));
}

/** An ABI-encoded `bytes`. */
function abiBytes(content: Uint8Array): Uint8Array {
  const padding = new Uint8Array((32 - (content.length % 32)) % 32);
  return concatBytes(word(32n), word(BigInt(content.length)), content, padding);
}

/** ConfigUpdate(uint256 version, uint8 type, bytes data) of the SystemConfig contract. */
export function configUpdate(config: RollupConfig, type: number, content: Uint8Array): Log {
  const topics = [CONFIG_UPDATE_TOPIC, ZERO_HASH, word(BigInt(type))];
  return logOf(config.l1SystemConfigAddress, topics, abiBytes(content));
}

export type DepositRequest = {
  readonly from: Address;
  readonly to: Address;
  readonly mint?: bigint;
  readonly value?: bigint;
  readonly gasLimit?: bigint;
  readonly data?: Uint8Array;
};

function addressTopic(address: Address): Hash {
  return asHash(concatBytes(new Uint8Array(12), address));
}

/** TransactionDeposited(address from, address to, uint256 version, bytes opaqueData) of the portal. */
export function transactionDeposited(config: RollupConfig, request: DepositRequest, version = 0n): Log {
  const { from, to, mint = 0n, value = 0n, gasLimit = 100_000n, data = EMPTY_BYTES } = request;
  const opaque = concatBytes(word(mint), word(value), bigintToBytes(gasLimit, 8), Uint8Array.of(0), data);
  const topics = [TRANSACTION_DEPOSITED_TOPIC, addressTopic(from), addressTopic(to), word(version)];
  return logOf(config.depositContractAddress, topics, abiBytes(opaque));
}
