import { hasEvm, type Rules } from "@phala-l2/execution/block/rules";
import { isRollup } from "@phala-l2/execution/chain-config";
import { blobScheduleAt, type EthereumConfig, rulesAt } from "@phala-l2/execution/ethereum/config";
import { forkId } from "@phala-l2/execution/ethereum/fork-id";
import { CONSOLIDATION_REQUESTS, WITHDRAWAL_REQUESTS } from "@phala-l2/execution/ethereum/requests";
import { isPrecompile } from "@phala-l2/execution/evm/precompiles";
import { addressFromHex, toHex } from "@phala-l2/protocol/bytes";
import { BEACON_ROOTS, HISTORY_STORAGE } from "@phala-l2/protocol/predeploys";
import type { Header } from "@phala-l2/protocol/wire/header";
import type { ChainView } from "../../store/chain-reader.ts";
import { quantityHex } from "../format/hex.ts";
import { method0, type RpcMethods } from "../method.ts";
import { result } from "../reply.ts";

/** EIP-7910's names. */
const PRECOMPILES: readonly (readonly [name: string, address: string])[] = [
  ["ECREC", "01"],
  ["SHA256", "02"],
  ["RIPEMD160", "03"],
  ["ID", "04"],
  ["MODEXP", "05"],
  ["BN254_ADD", "06"],
  ["BN254_MUL", "07"],
  ["BN254_PAIRING", "08"],
  ["BLAKE2F", "09"],
  ["KZG_POINT_EVALUATION", "0a"],
  ["BLS12_G1ADD", "0b"],
  ["BLS12_G1MSM", "0c"],
  ["BLS12_G2ADD", "0d"],
  ["BLS12_G2MSM", "0e"],
  ["BLS12_PAIRING_CHECK", "0f"],
  ["BLS12_MAP_FP_TO_G1", "10"],
  ["BLS12_MAP_FP2_TO_G2", "11"],
  ["P256VERIFY", "0100"],
];

/** The fork configuration of a plain Ethereum chain. Source: EIP-7910, which knows forks by time only. */
export function configMethods(chain: ChainView): RpcMethods {
  const { config, genesisHash } = chain;
  if (isRollup(config)) return {};
  const described = (head: Header, genesis: Header, time: bigint) =>
    forkJson(config, { ...head, timestamp: time }, { hash: genesisHash, timestamp: genesis.timestamp });
  return {
    eth_config: method0(() => {
      const head = chain.headerByHash(chain.heads().unsafe.hash);
      const genesis = chain.headerByHash(genesisHash);
      if (head === undefined || genesis === undefined) return result(null);
      const times = config.forkIdTimes;
      const current = times.findLast((time) => time <= head.timestamp) ?? genesis.timestamp;
      const next = times.find((time) => time > head.timestamp);
      const last = times.at(-1);
      return result({
        current: described(head, genesis, current),
        next: next === undefined ? null : described(head, genesis, next),
        last: next === undefined || last === undefined ? null : described(head, genesis, last),
      });
    }),
  };
}

function forkJson(config: EthereumConfig, at: Header, genesis: Parameters<typeof forkId>[1]): object {
  const rules = rulesAt(config, at);
  const schedule = blobScheduleAt(config, at.timestamp);
  return {
    activationTime: Number(at.timestamp),
    blobSchedule:
      schedule === undefined
        ? null
        : {
            target: Number(schedule.target),
            max: Number(schedule.max),
            baseFeeUpdateFraction: Number(schedule.baseFeeUpdateFraction),
          },
    chainId: quantityHex(config.chainId),
    forkId: toHex(forkId(config, genesis, at)),
    precompiles: precompilesJson(rules),
    systemContracts: systemContractsJson(config, rules),
  };
}

function precompilesJson(rules: Rules): object {
  const active = PRECOMPILES.map(([name, digits]) => [name, `0x${digits.padStart(40, "0")}`] as const).filter(
    ([, address]) => isPrecompile(addressFromHex(address), rules),
  );
  return Object.fromEntries(active);
}

function systemContractsJson({ depositContract }: EthereumConfig, rules: Rules): object {
  return {
    ...(hasEvm(rules, "cancun") && { BEACON_ROOTS_ADDRESS: toHex(BEACON_ROOTS) }),
    ...(hasEvm(rules, "prague") && {
      CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS: toHex(CONSOLIDATION_REQUESTS),
      DEPOSIT_CONTRACT_ADDRESS: toHex(depositContract),
      HISTORY_STORAGE_ADDRESS: toHex(HISTORY_STORAGE),
      WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: toHex(WITHDRAWAL_REQUESTS),
    }),
  };
}
