import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Anvil, startAnvil } from "./anvil.ts";
import { type Beacon, startBeacon } from "./beacon.ts";

describe("embedded L1", () => {
  let anvil: Anvil;
  let beacon: Beacon;

  before(async () => {
    anvil = await startAnvil({ port: 0, chainId: 900 });
    beacon = await startBeacon({ port: 0, l1Url: anvil.url });
  });
  after(async () => {
    await beacon.stop();
    await anvil.stop();
  });

  const get = async (path: string) => {
    const response = await fetch(`${beacon.url}${path}`);
    return { status: response.status, body: (await response.json()) as { data?: Record<string, unknown> } };
  };

  it("tells genesis time and slot length like a beacon node", async () => {
    const { body } = await get("/eth/v1/beacon/genesis");
    assert.match(String(body.data?.genesis_time), /^\d+$/);
    assert.equal((await get("/eth/v1/config/spec")).body.data?.SECONDS_PER_SLOT, "1");
  });

  it("finds the block of a slot, and says when there is none", async () => {
    assert.equal((await get("/eth/v1/beacon/blobs/0")).status, 200);
    assert.equal((await get("/eth/v1/beacon/blobs/123456789")).status, 404);
    assert.equal((await get("/eth/v1/beacon/blobs/head")).status, 404);
  });

  it("reports a taken port instead of another chain", async () => {
    const port = Number(new URL(anvil.url).port);
    await assert.rejects(startAnvil({ port, chainId: 901 }), { code: "ANVIL_FAILED" });
  });
});
