import { toHex } from "../../bytes.ts";
import { packScalar } from "../system-config-update.ts";

const HASH = `0x${"11".repeat(32)}`;
export const HASH_2 = `0x${"22".repeat(32)}`;
export const ADDRESS = `0x${"33".repeat(20)}`;

/** What op-node writes for a chain on Sepolia. */
export function opNodeJson(): Record<string, unknown> {
  return {
    genesis: {
      l1: { hash: HASH, number: 10 },
      l2: { hash: HASH_2, number: 0 },
      l2_time: 1_700_000_000,
      system_config: systemConfigJson(),
    },
    block_time: 2,
    max_sequencer_drift: 600,
    seq_window_size: 3600,
    channel_timeout: 300,
    l1_chain_id: 11_155_111,
    l2_chain_id: 42_069,
    regolith_time: 0,
    canyon_time: 0,
    delta_time: 0,
    ecotone_time: 0,
    fjord_time: 0,
    granite_time: 0,
    holocene_time: 0,
    isthmus_time: 0,
    jovian_time: 1_800_000_000,
    batch_inbox_address: ADDRESS,
    deposit_contract_address: ADDRESS,
    l1_system_config_address: ADDRESS,
    protocol_versions_address: `0x${"00".repeat(20)}`,
    da_challenge_contract_address: `0x${"00".repeat(20)}`,
    chain_op_config: { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 250 },
  };
}

export function systemConfigJson(): Record<string, unknown> {
  return {
    batcherAddr: ADDRESS,
    overhead: `0x${"00".repeat(32)}`,
    scalar: toHex(packScalar(1368n, 810_949n)),
    gasLimit: 60_000_000,
    eip1559Params: "0x000000fa00000006",
    operatorFeeParams: `0x${"00".repeat(20)}0000000500000000000000ff`,
    minBaseFee: 1_000_000,
    daFootprintGasScalar: 148,
  };
}
