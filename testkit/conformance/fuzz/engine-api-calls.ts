import { executionPayloadJson } from "@phala-l2/node/engine-api/execution-payload";
import { asHash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type Block, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { type Header, headerHash } from "@phala-l2/protocol/wire/header";
import { mutated, type Random } from "../../derivation/random.ts";
import { attributesFor, forkchoice, payloadParams } from "../../engine-api/driven.ts";
import type { World } from "../../node/world.ts";

/** What a consensus client gone mad asks an engine for: calls whose form is right, and whose content need not be. */

const WRONG_BLOCKS = 96;
type Call = readonly [method: string, ...params: unknown[]];

/** Another block, with the hash that it really has: only execution can tell that it is wrong. */
function wrongBlock(random: Random, { header, transactions }: Block): Block {
  const someHash = () => asHash(random.bytes(32));
  const changes: readonly [Partial<Header>, ...Partial<Header>[]] = [
    {},
    { stateRoot: someHash() },
    { receiptsRoot: someHash() },
    { parentHash: someHash() },
    { gasUsed: header.gasUsed + 1n },
    { gasLimit: random.pick([0n, 5_000n, (1n << 64n) - 1n]) },
    { timestamp: random.pick([0n, header.timestamp - 2n, header.timestamp + 1n, (1n << 64n) - 1n]) },
    { number: random.pick([0n, header.number + 1n, (1n << 64n) - 1n]) },
    { extraData: random.bytes(random.below(20)) },
    { baseFeePerGas: random.pick([0n, (1n << 256n) - 1n]) },
    { blobGasUsed: BigInt(random.below(1_000)), excessBlobGas: BigInt(random.below(2)) },
    { prevRandao: someHash(), beneficiary: header.beneficiary },
  ];
  const lists: readonly [readonly Uint8Array[], ...(readonly Uint8Array[])[]] = [
    transactions,
    transactions,
    transactions.slice(1),
    [...transactions, ...transactions],
    transactions.map((raw) => (random.below(2) === 0 ? mutated(random, raw) : raw)),
    [...transactions, random.bytes(random.below(60))],
    [],
  ];
  const list = random.pick(lists);
  return {
    header: { ...header, ...random.pick(changes), transactionsRoot: transactionsRoot(list) },
    transactions: list,
  };
}

function payloadCalls(block: Block): readonly Call[] {
  const [payload, hashes, root, requests] = payloadParams(block);
  return [
    ["engine_newPayloadV4", payload, hashes, root, requests],
    ["engine_newPayloadV3", payload, hashes, root],
    ["engine_newPayloadV4", payload, [toHex(ZERO_HASH)], root, ["0x00"]],
  ];
}

function forkchoiceCalls(world: World, blocks: readonly Block[]): readonly Call[] {
  return blocks.flatMap((block, i): Call[] => {
    const attributes = attributesFor(world, block);
    const parent = blocks[i - 1] ?? block;
    return [
      ["engine_forkchoiceUpdatedV3", forkchoice(block), null],
      ["engine_forkchoiceUpdatedV3", forkchoice(block, parent, blocks[0]), null],
      ["engine_forkchoiceUpdatedV3", forkchoice(parent), attributes],
      [
        "engine_forkchoiceUpdatedV3",
        forkchoice(parent),
        { ...attributes, noTxPool: true, transactions: ["0x"] },
      ],
      ["engine_forkchoiceUpdatedV2", forkchoice(parent), attributes],
    ];
  });
}

export type EngineFacts = {
  readonly world: World;
  /** Of the canonical chain, in order. */
  readonly blocks: readonly Block[];
  /** Names of payloads under construction. */
  readonly payloadIds: readonly Hex[];
};

/** Calls to spoil further. */
export function engineCalls(random: Random, { world, blocks, payloadIds }: EngineFacts): readonly Call[] {
  const hashes = blocks.map(({ header }) => toHex(headerHash(header)));
  const wrong = Array.from({ length: WRONG_BLOCKS }, () => {
    const block = blocks[random.below(blocks.length)];
    if (block === undefined) throw new Error("there are blocks");
    return wrongBlock(random, block);
  });
  const first = blocks[0];
  return [
    ...blocks.flatMap(payloadCalls),
    ...wrong.map((block): Call => ["engine_newPayloadV4", ...payloadParams(block)]),
    ...wrong.slice(0, 8).map((block): Call => ["engine_forkchoiceUpdatedV3", forkchoice(block), null]),
    ...forkchoiceCalls(world, blocks),
    ...payloadIds.map((id): Call => ["engine_getPayloadV4", id]),
    ...(first === undefined
      ? []
      : [["engine_newPayloadV2", executionPayloadJson(first, headerHash(first.header))] as const]),
    ["engine_getPayloadBodiesByHashV1", hashes],
    ["engine_getPayloadBodiesByRangeV1", "0x1", "0x400"],
    ["engine_getPayloadBodiesByRangeV1", "0x0", "0x0"],
    ["engine_exchangeCapabilities", ["engine_newPayloadV4"]],
    ["engine_getClientVersionV1", { code: "OP", name: "op-node", version: "v1", commit: "00000000" }],
    ["miner_setMaxDASize", "0x0", "0x0"],
  ];
}
