import { join } from "node:path";
import { startDrivenNode } from "@phala-l2/node/driven-node";
import { readJwtSecret } from "@phala-l2/node/engine-api/jwt-secret";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { Random } from "../../derivation/random.ts";
import { at, bearer, callerOf } from "../../engine-api/caller.ts";
import { attributesFor, blockAt, forkchoice, payloadParams } from "../../engine-api/driven.ts";
import { testGenesis, transfer, World } from "../../node/world.ts";
import { defineCases, several, type Trial } from "./cases.ts";
import { engineCalls } from "./engine-api-calls.ts";
import { judgeAnswer } from "./rpc-answers.ts";
import { hostileBody, type RpcWords } from "./rpc-bodies.ts";
import { FaultLog, HostileClient } from "./rpc-client.ts";

/**
 * A hostile consensus client of an execution node on disk: bodies as for the RPC server, and payloads of which only
 * execution can tell that they are wrong. Whatever came before, a good block is VALID.
 */

/** Measured 308 MiB in 100,000 cases: side blocks and builds are kept by number, whatever the client sends. */
const BOUND_MIB = 768;
const BLOCKS = 6;
/** Of so many cases one asks for a block that is known to be good. */
const PROBE = 64;

async function startNode(world: World, faults: FaultLog) {
  const { config } = world;
  const dataDir = world.newFolder();
  const jwtSecret = join(dataDir, "jwt.hex");
  const node = await startDrivenNode(
    {
      rollup: config,
      genesis: testGenesis(config),
      dataDir,
      rpc: undefined,
      engineApi: { host: "127.0.0.1", port: 0, jwtSecret },
    },
    { log: faults },
  );
  return { node, secret: await readJwtSecret(jwtSecret) };
}

async function prepare(seed: number): Promise<Trial<Uint8Array>> {
  const world = new World();
  const maker = await world.start({ derives: false });
  for (let nonce = 0; nonce < BLOCKS; nonce++) await world.sequence(maker, [transfer(nonce)]);
  const blocks = Array.from({ length: BLOCKS }, (_, i) => blockAt(maker, BigInt(i + 1)));
  const faults = new FaultLog();
  const { node, secret } = await startNode(world, faults);
  const call = callerOf(node.engineApi.url, secret);
  const payloadIds: Hex[] = [];
  for (const [i, block] of blocks.entries()) {
    const parent = blocks[i - 1] ?? node.chain.genesisHash;
    const answer = await call("engine_forkchoiceUpdatedV3", forkchoice(parent), attributesFor(world, block));
    const id = at(answer.result, "payloadId");
    if (typeof id === "string") payloadIds.push(`0x${id.slice(2)}`);
    await call("engine_newPayloadV4", ...payloadParams(block));
  }
  const calls = engineCalls(new Random(seed), { world, blocks, payloadIds }).map(([method, ...params]) => ({
    method,
    params: params.map((param) => JSON.stringify(param)),
  }));
  const { result: methods } = await call("engine_exchangeCapabilities", []);
  const words: RpcWords = {
    methods: several(Array.isArray(methods) ? methods.map(String) : []),
    calls: several(calls),
    values: several([
      ...blocks.map(({ header }) => JSON.stringify(toHex(headerHash(header)))),
      ...calls.flatMap(({ params }) => params),
    ]),
  };
  const probes = blocks.map((block) =>
    Buffer.from(
      JSON.stringify({ jsonrpc: "2.0", id: 1, method: "engine_newPayloadV4", params: payloadParams(block) }),
    ),
  );
  const client = new HostileClient(node.engineApi.url);
  return {
    make: (random) => {
      const probe = random.below(PROBE) === 0 ? probes[random.below(probes.length)] : undefined;
      return probe ?? hostileBody(random, words);
    },
    bytes: (body) => body,
    judge: async (body) => {
      const { status, text } = await client.post(body, { authorization: bearer(secret) });
      faults.check();
      const outcome = judgeAnswer(body, status, text);
      const verdict = outcome === "result" ? at(JSON.parse(text), "result", "status") : undefined;
      if (probes.some((probe) => probe === body) && verdict !== "VALID")
        throw new Error(`a good block is ${String(verdict)}`);
      return typeof verdict === "string" ? verdict : outcome;
    },
    stop: async () => {
      client.stop();
      await node.stop();
      await world.close();
    },
  };
}

export const engineApiTarget = defineCases<Uint8Array>({ name: "engine-api", boundMiB: BOUND_MIB, prepare });
