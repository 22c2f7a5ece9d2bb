import { nextHeader } from "@phala-l2/execution/chain-config";
import type { EthereumConfig } from "@phala-l2/execution/ethereum/config";
import type { HeaderTemplate } from "@phala-l2/execution/ethereum/open-block";
import { ZERO_HASH } from "@phala-l2/protocol/bytes";
import { EMPTY_NONCE, EMPTY_OMMERS_HASH, type Header } from "@phala-l2/protocol/wire/header";

/** What whoever asks for a block decides of its header. */
export type Wanted = Partial<
  Pick<
    Header,
    "timestamp" | "beneficiary" | "prevRandao" | "parentBeaconBlockRoot" | "extraData" | "gasLimit"
  >
>;

/** The header of the block after `parent`, before its execution. */
export function nextTemplate(config: EthereumConfig, parent: Header, wanted: Wanted = {}): HeaderTemplate {
  const { number, parentHash, timestamp, difficulty, baseFeePerGas, excessBlobGas } = nextHeader(
    config,
    parent,
    wanted.timestamp,
  );
  return {
    number,
    parentHash,
    timestamp,
    difficulty,
    baseFeePerGas,
    excessBlobGas,
    ommersHash: EMPTY_OMMERS_HASH,
    beneficiary: wanted.beneficiary ?? parent.beneficiary,
    gasLimit: wanted.gasLimit ?? parent.gasLimit,
    extraData: wanted.extraData ?? new Uint8Array(0),
    prevRandao: wanted.prevRandao ?? ZERO_HASH,
    nonce: EMPTY_NONCE,
    ...(excessBlobGas !== undefined && { parentBeaconBlockRoot: wanted.parentBeaconBlockRoot ?? ZERO_HASH }),
  };
}
