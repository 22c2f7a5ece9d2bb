import { join } from "node:path";
import { attributesOfBlock } from "@phala-l2/execution/block/attributes";
import {
  type DrivenCore,
  type DrivenExtension,
  type RunningDrivenNode,
  startDrivenNode,
} from "@phala-l2/node/driven-node";
import { executionPayloadJson } from "@phala-l2/node/engine-api/execution-payload";
import { readJwtSecret } from "@phala-l2/node/engine-api/jwt-secret";
import { attributesJson } from "@phala-l2/node/engine-api/payload-attributes";
import { type Hash, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { silentLog } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { type TestNode, testGenesis, type World } from "../node/world.ts";
import { type Caller, callerOf } from "./caller.ts";

/** A node that the test drives as op-node would. */
export type Driven = RunningDrivenNode & {
  readonly dataDir: string;
  readonly secret: Uint8Array;
  readonly call: Caller;
};

export async function startDriven(
  world: World,
  {
    dataDir = world.newFolder(),
    extend,
  }: { dataDir?: string; extend?: (core: DrivenCore) => DrivenExtension } = {},
): Promise<Driven> {
  const { config } = world;
  const jwtSecret = join(dataDir, "jwt.hex");
  const node = await startDrivenNode(
    {
      rollup: config,
      genesis: testGenesis(config),
      dataDir,
      rpc: undefined,
      engineApi: { host: "127.0.0.1", port: 0, jwtSecret },
    },
    { log: silentLog, ...(extend && { extend: async (core) => extend(core) }) },
  );
  const secret = await readJwtSecret(jwtSecret);
  return { ...node, dataDir, secret, call: callerOf(node.engineApi.url, secret) };
}

/** A canonical block of the node that made it. */
export function blockAt({ store }: TestNode, number: bigint): Block {
  const hash = store.hashByNumber(number);
  const block = hash === undefined ? undefined : store.block(hash);
  if (block === undefined) throw new Error(`the test has no block ${number}`);
  return block;
}

/** Parameters of engine_newPayloadV4 for a block, with parts of the payload changed. */
export function payloadParams(block: Block, changes: object = {}): readonly unknown[] {
  const payload = { ...executionPayloadJson(block, headerHash(block.header)), ...changes };
  return [payload, [], toHex(block.header.parentBeaconBlockRoot ?? ZERO_HASH), []];
}

/** The attributes that a block was made from, as op-node sends them. */
export function attributesFor(world: World, block: Block): object {
  const attributes = attributesOfBlock(world.config, block.header, block.transactions);
  if (attributes === undefined) throw new Error("the test's block has no attributes");
  return attributesJson(world.config, attributes);
}

/** ForkchoiceStateV1; the heads that are left out are zero. */
export function forkchoice(head: Hash | Block, safe?: Hash | Block, finalized?: Hash | Block): object {
  const hashOf = (which: Hash | Block | undefined) => {
    if (which === undefined) return toHex(ZERO_HASH);
    return toHex(which instanceof Uint8Array ? which : headerHash(which.header));
  };
  return { headBlockHash: hashOf(head), safeBlockHash: hashOf(safe), finalizedBlockHash: hashOf(finalized) };
}

export function numbersOf({
  unsafe,
  safe,
  finalized,
}: Readonly<Record<"unsafe" | "safe" | "finalized", L2BlockRef>>) {
  return [unsafe.number, safe.number, finalized.number].map(Number);
}
