import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { genesisBlock } from "@phala-l2/execution/genesis";
import { type RunningDrivenNode, startDrivenNode } from "@phala-l2/node/driven-node";
import { readJwtSecret } from "@phala-l2/node/engine-api/jwt-secret";
import { bigintToBytes, fromHex, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { forksUpTo, testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { silentLog } from "@phala-l2/protocol/log";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { l1AttributesDeposit } from "@phala-l2/protocol/wire/l1-attributes";
import { encodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { testGenesis } from "../node/world.ts";
import { at, type Caller, callerOf } from "./caller.ts";

const GENESIS_TIME = 1_700_000_000n;
const ISTHMUS = GENESIS_TIME + 4n;
const JOVIAN = GENESIS_TIME + 8n;
const LAST = GENESIS_TIME + 12n;

const folder = mkdtempSync(join(tmpdir(), "phala-l2-forks-"));
let config: RollupConfig;
let driven: RunningDrivenNode;
let call: Caller;

before(async () => {
  const forks = { ...forksUpTo("holocene"), isthmus: ISTHMUS, jovian: JOVIAN };
  const base = testRollup({ genesis: { l2Time: GENESIS_TIME }, forks });
  const genesis = {
    ...testGenesis(base),
    timestamp: GENESIS_TIME,
    extraData: fromHex("0x00000000fa00000006"),
  };
  const l2 = { number: 0n, hash: genesisBlock(genesis).hash };
  config = { ...base, genesis: { ...base.genesis, l2, l2Time: GENESIS_TIME } };
  const jwtSecret = join(folder, "jwt.hex");
  driven = await startDrivenNode(
    {
      rollup: config,
      genesis,
      dataDir: folder,
      rpc: undefined,
      engineApi: { host: "127.0.0.1", port: 0, jwtSecret },
    },
    { log: silentLog },
  );
  call = callerOf(driven.engineApi.url, await readJwtSecret(jwtSecret));
});
after(async () => {
  await driven.stop();
  rmSync(folder, { recursive: true, force: true });
});

function attributesAt(timestamp: bigint): object {
  const deposit = l1AttributesDeposit(config, timestamp, {
    number: 1n,
    timestamp: GENESIS_TIME,
    baseFee: 7n,
    hash: ZERO_HASH,
    sequenceNumber: timestamp - GENESIS_TIME,
    batcherAddress: ZERO_ADDRESS,
    blobBaseFee: 1n,
    baseFeeScalar: 0n,
    blobBaseFeeScalar: 0n,
    operatorFeeScalar: 0n,
    operatorFeeConstant: 0n,
    daFootprintGasScalar: 400n,
  });
  return {
    timestamp: `0x${timestamp.toString(16)}`,
    prevRandao: toHex(ZERO_HASH),
    suggestedFeeRecipient: toHex(SEQUENCER_FEE_VAULT),
    withdrawals: [],
    parentBeaconBlockRoot: toHex(bigintToBytes(timestamp, 32)),
    transactions: [toHex(encodeTransaction(deposit))],
    noTxPool: true,
    gasLimit: "0x3938700",
    eip1559Params: "0x000000fa00000006",
    ...(isActive(config, "jovian", timestamp) && { minBaseFee: "0x64" }),
  };
}

describe("a chain that goes from Holocene over Isthmus to Jovian", () => {
  it("is driven with each fork's versions and fields, and with no others", async () => {
    for (let timestamp = GENESIS_TIME + 2n; timestamp <= LAST; timestamp += 2n) {
      const isIsthmus = isActive(config, "isthmus", timestamp);
      const head = toHex(driven.chain.heads().unsafe.hash);
      const state = { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head };
      const attributes = attributesAt(timestamp);
      const wrong = isActive(config, "jovian", timestamp) ? { minBaseFee: null } : { minBaseFee: "0x0" };
      const refused = await call("engine_forkchoiceUpdatedV3", state, { ...attributes, ...wrong });
      assert.equal(at(refused, "error", "code"), -38003);
      const id = at(await call("engine_forkchoiceUpdatedV3", state, attributes), "result", "payloadId");
      const [right, other] = isIsthmus ? [4, 3] : [3, 4];
      assert.equal(at(await call(`engine_getPayloadV${other}`, id), "error", "code"), -38005);
      const { result } = await call(`engine_getPayloadV${right}`, id);
      const payload = at(result, "executionPayload");
      assert.equal(at(payload, "withdrawalsRoot") !== undefined, isIsthmus);
      assert.equal(at(result, "executionRequests") !== undefined, isIsthmus);
      const root = at(result, "parentBeaconBlockRoot");
      const [v3, v4] = [
        await call("engine_newPayloadV3", payload, [], root),
        await call("engine_newPayloadV4", payload, [], root, []),
      ];
      const [good, bad] = isIsthmus ? [v4, v3] : [v3, v4];
      assert.equal(at(good, "result", "status"), "VALID");
      assert.equal(at(bad, "error", "code"), -38005);
      const hash = at(payload, "blockHash");
      const moved = await call("engine_forkchoiceUpdatedV3", { ...state, headBlockHash: hash }, null);
      assert.equal(at(moved, "result", "payloadStatus", "status"), "VALID");
    }
    const { unsafe, finalized } = driven.chain.heads();
    assert.deepEqual([unsafe.number, finalized.number], [6n, 5n]);
    const first = driven.chain.headerByHash(driven.chain.hashByNumber(1n) ?? ZERO_HASH);
    const last = driven.chain.headerByHash(unsafe.hash);
    assert.deepEqual([first?.extraData.length, last?.extraData.length], [9, 17]);
    assert.deepEqual([first?.requestsHash !== undefined, last?.requestsHash !== undefined], [false, true]);
  });
});
