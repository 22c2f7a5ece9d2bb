import { openEthereumBlock } from "@phala-l2/execution/ethereum/open-block";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { executionPayloadJson } from "@phala-l2/node/engine-api/execution-payload";
import { quantityHex } from "@phala-l2/node/rpc/format/hex";
import { objectWith } from "@phala-l2/node/rpc/json-object";
import { method4, optional, type RpcMethods, required } from "@phala-l2/node/rpc/method";
import { address, arrayOf, data, hash, uint64 } from "@phala-l2/node/rpc/parameters";
import { failure, result, SERVER_ERROR } from "@phala-l2/node/rpc/reply";
import type { EthereumChain } from "./ethereum-chain.ts";
import { nextTemplate } from "./next-template.ts";

/** Transactions of one block that is asked for. */
const MAX_TRANSACTIONS = 10_000;
/** geth's default target (miner.gaslimit), towards which a builder moves the gas limit. */
const GAS_LIMIT_TARGET = 60_000_000n;
const GAS_LIMIT_BOUND_DIVISOR = 1024n;

const attributes = objectWith(
  "engine.PayloadAttributes",
  { timestamp: uint64, prevRandao: hash, suggestedFeeRecipient: address },
  { parentBeaconBlockRoot: hash },
);

/** The namespace of execution-apis for test harnesses, which no node offers. Source: src/testing/*.yaml. */
export function testingMethods(chain: EthereumChain, evm: Evm): RpcMethods {
  return {
    testing_buildBlockV1: method4(
      required(hash),
      required(attributes),
      required(arrayOf(data, MAX_TRANSACTIONS, "[]hexutil.Bytes")),
      optional(data, new Uint8Array(0)),
      async (parentHash, wanted, transactions, extraData) => {
        const parent = chain.headerByHash(parentHash);
        if (parent === undefined) return failure(SERVER_ERROR, "unknown parent");
        const open = await openEthereumBlock({
          config: chain.config,
          state: chain.state(parent),
          readNode: chain.readNode,
          evm,
          parentStateRoot: parent.stateRoot,
          ancestorHash: (number) => chain.hashByNumber(number),
          header: nextTemplate(chain.config, parent, {
            timestamp: wanted.timestamp,
            prevRandao: wanted.prevRandao,
            extraData,
            beneficiary: wanted.suggestedFeeRecipient,
            parentBeaconBlockRoot: wanted.parentBeaconBlockRoot,
            gasLimit: towards(GAS_LIMIT_TARGET, parent.gasLimit),
          }),
        });
        for (const raw of transactions) {
          const application = await open.apply(raw);
          if (application.kind === "rejected") return failure(SERVER_ERROR, application.reason);
        }
        const sealing = await open.seal({});
        if (sealing.kind === "invalid") return failure(SERVER_ERROR, sealing.reason);
        const { block, hash: blockHash, transactions: executed } = sealing.sealed;
        const baseFee = block.header.baseFeePerGas ?? 0n;
        const tips = executed.map((one) => (one.effectiveGasPrice - baseFee) * one.gasUsed);
        return result({
          executionPayload: ethereumPayload(executionPayloadJson(block, blockHash)),
          blockValue: quantityHex(tips.reduce((sum, tip) => sum + tip, 0n)),
          blobsBundle: { commitments: [], proofs: [], blobs: [] },
          executionRequests: [],
          shouldOverrideBuilder: false,
        });
      },
    ),
  };
}

/** Without what the L2 adds to the payload (specs/protocol/isthmus/exec-engine.md). */
function ethereumPayload(payload: object): object {
  return Object.fromEntries(Object.entries(payload).filter(([field]) => field !== "withdrawalsRoot"));
}

/** A gas limit one step nearer to the wanted one. Source: geth core.CalcGasLimit. */
function towards(wanted: bigint, parent: bigint): bigint {
  const step = parent / GAS_LIMIT_BOUND_DIVISOR - 1n;
  if (parent < wanted) return parent + step < wanted ? parent + step : wanted;
  return parent - step > wanted ? parent - step : wanted;
}
