import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { type Block, transactionsRoot } from "@phala-l2/protocol/wire/block";
import { headerHash } from "@phala-l2/protocol/wire/header";
import { transfer, World } from "../node/world.ts";
import { at, bearer, post } from "./caller.ts";
import { attributesFor, blockAt, type Driven, forkchoice, payloadParams, startDriven } from "./driven.ts";

let world: World;
let driven: Driven;
/** Blocks one to three of the one chain there is; the first is the driven node's head. */
let blocks: readonly Block[];

before(async () => {
  world = new World();
  const maker = await world.start({ derives: false });
  for (const nonce of [0, 1, 2]) await world.sequence(maker, [transfer(nonce)]);
  blocks = [1n, 2n, 3n].map((number) => blockAt(maker, number));
  driven = await startDriven(world);
  await driven.call("engine_newPayloadV4", ...payloadParams(block(1)));
  await driven.call("engine_forkchoiceUpdatedV3", forkchoice(block(1)), null);
});
after(async () => {
  await driven.stop();
  await world.close();
});

function block(number: number): Block {
  const found = blocks[number - 1];
  assert.ok(found);
  return found;
}
const hashOf = ({ header }: Block) => toHex(headerHash(header));
const errorCode = async (method: string, ...params: readonly unknown[]) =>
  at(await driven.call(method, ...params), "error", "code");
const CHAIN_ID = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });

describe("who may call the Engine API", () => {
  const url = () => driven.engineApi.url;

  it("has a fresh token signed with the secret", async () => {
    const { status, text } = await post(url(), CHAIN_ID, bearer(driven.secret));
    assert.deepEqual([status, JSON.parse(text).result], [200, "0x385"]);
  });

  it("gets 401 and nothing else with any other, and the body is not looked at", async () => {
    const now = Date.now() / 1000;
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(
      `{"iat":${Math.floor(now)}}`,
    ).toString("base64url")}.`;
    const others: readonly (string | undefined)[] = [
      undefined,
      "",
      "Bearer",
      `Bearer ${unsigned}`,
      bearer(new Uint8Array(32)),
      bearer(driven.secret, now - 70),
      bearer(driven.secret, now + 70),
      bearer(driven.secret).replace("Bearer ", "Basic "),
      `Bearer ${createHmac("sha256", driven.secret).update("x").digest("hex")}`,
    ];
    for (const authorization of others) {
      for (const body of [CHAIN_ID, "{", "x".repeat(1024 * 1024)]) {
        const { status, text } = await post(url(), body, authorization);
        assert.equal(status, 401, `${authorization}`);
        assert.ok(!text.includes("0x385"));
      }
    }
    for (const path of ["/healthz", "/readyz", "/nowhere"]) {
      assert.equal((await fetch(`${url()}${path}`)).status, 401, path);
    }
  });

  it("is asked at the handshake of a WebSocket, and not again", async () => {
    const answer = await overWebSocket({ authorization: bearer(driven.secret) });
    assert.equal(at(JSON.parse(answer), "result"), "0x385");
    for (const headers of [{}, { authorization: bearer(new Uint8Array(32)) }]) {
      await assert.rejects(overWebSocket(headers), /no handshake/);
    }
  });

  function overWebSocket(headers: Readonly<Record<string, string>>): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(driven.engineApi.wsUrl, { headers });
      socket.addEventListener("error", () => reject(new Error("no handshake")));
      socket.addEventListener("open", () => socket.send(CHAIN_ID));
      socket.addEventListener("message", ({ data }) => {
        socket.close();
        resolve(String(data));
      });
    });
  }
});

describe("what the authenticated port serves", () => {
  it("lists its methods, without the one that lists them", async () => {
    const { result } = await driven.call("engine_exchangeCapabilities", ["engine_newPayloadV4"]);
    assert.ok(Array.isArray(result));
    for (const name of ["newPayloadV4", "forkchoiceUpdatedV3", "getPayloadV4", "getPayloadBodiesByHashV1"]) {
      assert.ok(result.includes(`engine_${name}`), name);
    }
    assert.ok(result.every((name) => String(name).startsWith("engine_")));
    assert.ok(!result.includes("engine_exchangeCapabilities"));
  });

  it("names itself", async () => {
    const asker = { code: "ON", name: "op-node", version: "v1", commit: "01020304" };
    const [own] = Object.values(Object((await driven.call("engine_getClientVersionV1", asker)).result));
    assert.equal(at(own, "name"), "phala-l2");
    assert.match(String(at(own, "code")), /^[A-Z]{2}$/);
    assert.match(String(at(own, "commit")), /^[0-9a-f]{8}$/);
  });

  it("answers what op-node reads of the chain", async () => {
    const genesis = await driven.call("eth_getBlockByNumber", "0x0", false);
    assert.equal(at(genesis, "result", "hash"), toHex(driven.chain.genesisHash));
    for (const which of ["latest", "safe", "finalized", "0x1"]) {
      assert.ok(at(await driven.call("eth_getBlockByNumber", which, true), "result", "hash"), which);
    }
    const full = await driven.call("eth_getBlockByHash", hashOf(block(1)), true);
    assert.equal(at(full, "result", "transactions", "0", "type"), "0x7e");
    const passer = "0x4200000000000000000000000000000000000016";
    assert.ok(at(await driven.call("eth_getProof", passer, [], "latest"), "result", "storageHash"));
    assert.equal((await driven.call("net_version")).result, "901");
    assert.match(String((await driven.call("web3_clientVersion")).result), /^phala-l2/);
    assert.equal(await errorCode("optimism_syncStatus"), -32601);
  });

  it("gives bodies by hash and by number", async () => {
    const body = { transactions: block(1).transactions.map(toHex), withdrawals: [] };
    const byHash = await driven.call("engine_getPayloadBodiesByHashV1", [toHex(ZERO_HASH), hashOf(block(1))]);
    assert.deepEqual(byHash.result, [null, body]);
    assert.deepEqual((await driven.call("engine_getPayloadBodiesByRangeV1", "0x1", "0x20")).result, [body]);
    assert.deepEqual((await driven.call("engine_getPayloadBodiesByRangeV1", "0x5", "0x20")).result, []);
    assert.equal(await errorCode("engine_getPayloadBodiesByRangeV1", "0x0", "0x1"), -32602);
    assert.equal(await errorCode("engine_getPayloadBodiesByRangeV1", "0x1", "0x0"), -32602);
    assert.equal(await errorCode("engine_getPayloadBodiesByRangeV1", "0x1", "0x401"), -38004);
    assert.equal(
      await errorCode("engine_getPayloadBodiesByHashV1", Array(1025).fill(hashOf(block(1)))),
      -38004,
    );
  });

  it("takes a batcher's limits", async () => {
    assert.equal((await driven.call("miner_setMaxDASize", "0x1000", "0x10000")).result, true);
    assert.equal((await driven.call("miner_setMaxDASize", "0x0", "0x0")).result, true);
    assert.equal(await errorCode("miner_setMaxDASize", -1, "0x0"), -32602);
  });
});

describe("a payload that is given", () => {
  const status = async (...params: readonly unknown[]) =>
    (await driven.call("engine_newPayloadV4", ...params)).result;

  it("is known already, and given again, and valid all the same", async () => {
    for (const number of [1, 2, 2]) {
      assert.deepEqual(await status(...payloadParams(block(number))), {
        status: "VALID",
        latestValidHash: hashOf(block(number)),
        validationError: null,
      });
    }
  });

  it("with a hash that it does not have is INVALID, and nothing is said of its ancestors", async () => {
    const wrong = await status(...payloadParams(block(2), { gasUsed: "0x1" }));
    assert.equal(at(wrong, "status"), "INVALID");
    assert.equal(at(wrong, "latestValidHash"), null);
    assert.match(String(at(wrong, "validationError")), /^blockhash mismatch/);
    const [payload, hashes, root] = payloadParams(block(2));
    assert.equal(at(await status(payload, [hashOf(block(1))], root, []), "status"), "INVALID", "blobs");
    assert.equal(at(await status(payload, hashes, root, ["0x00"]), "status"), "INVALID", "requests");
    assert.equal(at(await status(payload, hashes, hashOf(block(1)), []), "status"), "INVALID", "beacon root");
    assert.equal(at(await status(...payloadParams(block(2), { withdrawals: [{}] })), "status"), "INVALID");
    assert.equal(
      at(await status(...payloadParams(block(2), { withdrawalsRoot: null })), "status"),
      "INVALID",
    );
  });

  it("that execution refuses is INVALID for ever, and so are its descendants; their parent is the last valid", async () => {
    const { header, transactions } = block(2);
    const lie = { header: { ...header, stateRoot: ZERO_HASH }, transactions };
    const child = {
      header: { ...block(3).header, parentHash: headerHash(lie.header) },
      transactions: block(3).transactions,
    };
    for (const wrong of [lie, child, lie]) {
      const verdict = await status(...payloadParams(wrong));
      assert.equal(at(verdict, "status"), "INVALID");
      assert.equal(at(verdict, "latestValidHash"), hashOf(block(1)));
      assert.equal(at(verdict, "validationError"), "state-root-mismatch");
    }
    const chosen = await driven.call("engine_forkchoiceUpdatedV3", forkchoice(headerHash(lie.header)), null);
    assert.equal(at(chosen, "result", "payloadStatus", "status"), "INVALID");
    assert.equal(at(chosen, "result", "payloadStatus", "latestValidHash"), hashOf(block(1)));
    assert.equal(at(chosen, "result", "payloadId"), null);
    assert.equal(driven.chain.heads().unsafe.number, 1n);
  });

  it("without the L1 attributes, or with a transaction that does not run, is INVALID", async () => {
    const { header } = block(2);
    const deposit = block(2).transactions[0];
    assert.ok(deposit);
    for (const transactions of [
      [],
      [transfer(1)],
      [deposit, transfer(5)],
      [deposit, Uint8Array.of(0x7f)],
      [Uint8Array.of(1)],
    ]) {
      const wrong = { header: { ...header, transactionsRoot: transactionsRoot(transactions) }, transactions };
      const verdict = await status(...payloadParams(wrong));
      assert.deepEqual(
        [at(verdict, "status"), at(verdict, "latestValidHash")],
        ["INVALID", hashOf(block(1))],
      );
    }
  });

  it("has the fields and the time of the method's version", async () => {
    const [payload, hashes, root] = payloadParams(block(2));
    const bare = {
      ...Object(payload),
      withdrawals: undefined,
      blobGasUsed: undefined,
      excessBlobGas: undefined,
    };
    assert.equal(await errorCode("engine_newPayloadV1", payload), -32602);
    assert.equal(await errorCode("engine_newPayloadV1", bare), -38005);
    assert.equal(await errorCode("engine_newPayloadV2", payload), -32602);
    assert.equal(await errorCode("engine_newPayloadV2", { ...bare, withdrawals: [] }), -38005);
    assert.equal(await errorCode("engine_newPayloadV3", payload, hashes, root), -38005);
    for (const name of ["withdrawals", "blobGasUsed", "excessBlobGas"]) {
      const without = { ...Object(payload), [name]: null };
      assert.equal(await errorCode("engine_newPayloadV4", without, hashes, root, []), -32602, name);
    }
  });

  it("must be whole, and of the right types", async () => {
    const [payload, hashes, root] = payloadParams(block(2));
    const wrong: readonly (readonly unknown[])[] = [
      [],
      [payload],
      [payload, hashes],
      [payload, hashes, root],
      [payload, null, root, []],
      [payload, hashes, null, []],
      [payload, hashes, root, null],
      [payload, hashes, root, [], []],
      [payload, {}, root, []],
      [payload, hashes, "0x00", []],
      [payload, hashes, root, [1]],
      [[payload], hashes, root, []],
      ["0x", hashes, root, []],
      [{ ...Object(payload), transactions: Array(3).fill({}) }, hashes, root, []],
    ];
    for (const params of wrong) assert.equal(await errorCode("engine_newPayloadV4", ...params), -32602);
  });

  it("may have fields that nobody here knows", async () => {
    const more = { executionWitness: "0x", targetBlobsPerBlock: "0x3", "": null };
    assert.equal(at(await status(...payloadParams(block(2), more)), "status"), "VALID");
  });
});

describe("attributes that are given", () => {
  const ask = (changes: object, version = 3) => {
    const attributes = { ...attributesFor(world, block(2)), ...changes };
    return driven.call(`engine_forkchoiceUpdatedV${version}`, forkchoice(block(1)), attributes);
  };
  const codeOf = async (changes: object, version?: number) =>
    at(await ask(changes, version), "error", "code");

  it("begin a block, which is given once it is asked for, in the version of its time", async () => {
    const id = at(await ask({}), "result", "payloadId");
    for (const version of [1, 2, 3, 5])
      assert.equal(await errorCode(`engine_getPayloadV${version}`, id), -38005);
    const { result } = await driven.call("engine_getPayloadV4", id);
    assert.deepEqual(Object.keys(Object(result)).toSorted(), [
      "blobsBundle",
      "blockValue",
      "executionPayload",
      "executionRequests",
      "parentBeaconBlockRoot",
      "shouldOverrideBuilder",
    ]);
    assert.deepEqual(at(result, "executionPayload"), payloadParams(block(2))[0]);
    assert.deepEqual(at(result, "blobsBundle"), { commitments: [], proofs: [], blobs: [] });
    assert.deepEqual(at(result, "executionRequests"), []);
    const priorityFee = BigInt(String(at(result, "blockValue")));
    assert.ok(priorityFee > 0n, "one wei of tip for each gas of the transfer");
    assert.deepEqual((await driven.call("engine_getPayloadV4", id)).result, result);
  });

  it("are refused with the code that says why, and the forkchoice stands", async () => {
    assert.equal(await codeOf({ gasLimit: null }), -38003);
    assert.equal(await codeOf({ withdrawals: null }), -38003);
    assert.equal(await codeOf({ parentBeaconBlockRoot: null }), -38003);
    assert.equal(await codeOf({ eip1559Params: null }), -38003);
    assert.equal(await codeOf({ minBaseFee: null }), -38003);
    const { timestamp } = block(1).header;
    assert.equal(await codeOf({ timestamp: `0x${timestamp.toString(16)}` }), -38003, "not after its parent");
    assert.equal(await codeOf({ transactions: [] }), -38003);
    assert.equal(await codeOf({ transactions: [toHex(transfer(1))] }), -38003);
    assert.equal(await codeOf({ transactions: ["0x7e01"] }), -38003);
    assert.equal(await codeOf({}, 2), -38005);
    assert.equal(await codeOf({}, 1), -38005);
    assert.equal(await codeOf({ timestamp: 5 }), -32602);
    assert.equal(await codeOf({ noTxPool: 1 }), -32602);
    assert.equal(driven.chain.heads().unsafe.number, 1n);
  });

  it("whose batch transaction is invalid are refused, and their deposits alone are not", async () => {
    const [deposit] = block(2).transactions;
    assert.ok(deposit);
    const refused = await ask({ transactions: [toHex(deposit), toHex(transfer(7))] });
    assert.equal(at(refused, "error", "code"), -38003);
    assert.match(String(at(refused, "error", "data", "err")), /nonce-too-high.*transaction 1/);
    const alone = await ask({ transactions: [toHex(deposit)] });
    assert.equal(at(alone, "result", "payloadStatus", "status"), "VALID");
    assert.ok(at(alone, "result", "payloadId"));
  });

  it("that nobody has given have no payload", async () => {
    assert.equal(await errorCode("engine_getPayloadV4", "0x0300000000000000"), -38001);
    for (const id of ["0x03", "0x", 3, null, `0x${"03".repeat(9)}`]) {
      assert.equal(await errorCode("engine_getPayloadV4", id), -32602);
    }
  });
});

describe("a forkchoice that is given", () => {
  it("names a head, or is invalid", async () => {
    const { result } = await driven.call("engine_forkchoiceUpdatedV3", forkchoice(ZERO_HASH), null);
    assert.deepEqual(result, {
      payloadStatus: { status: "INVALID", latestValidHash: null, validationError: null },
      payloadId: null,
    });
  });

  it("is whole, and of the right types", async () => {
    const good = forkchoice(block(1));
    for (const params of [
      [],
      [null],
      [{}],
      [{ ...good, safeBlockHash: null }],
      [{ ...good, headBlockHash: "0x00" }],
      [[good]],
      [good, []],
      [good, "0x"],
      [good, null, null],
    ]) {
      assert.equal(await errorCode("engine_forkchoiceUpdatedV3", ...params), -32602, JSON.stringify(params));
    }
    for (const version of [1, 2, 3]) {
      const { result } = await driven.call(`engine_forkchoiceUpdatedV${version}`, good);
      assert.equal(at(result, "payloadStatus", "status"), "VALID");
    }
  });

  it("and a body that is too large are told apart", async () => {
    const huge = "x".repeat(64 * 1024 * 1024 + 1);
    const { status } = await post(driven.engineApi.url, huge, bearer(driven.secret));
    assert.equal(status, 413);
    const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const { text } = await post(driven.engineApi.url, deep, bearer(driven.secret));
    assert.equal(at(JSON.parse(text), "error", "code"), -32700);
    assert.equal((await driven.call("eth_chainId")).result, "0x385");
  });
});
