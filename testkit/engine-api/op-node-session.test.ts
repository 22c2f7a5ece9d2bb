import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { World } from "../node/world.ts";
import { at, bearer, post } from "./caller.ts";
import { type Driven, startDriven } from "./driven.ts";

type Exchange = {
  readonly what: string;
  readonly token?: "none" | "stale" | "other-secret";
  readonly request: { readonly method: string; readonly params: readonly unknown[] };
  readonly status?: number;
  readonly response?: { readonly result?: unknown; readonly error?: unknown };
};

const { exchanges }: { exchanges: readonly Exchange[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "op-node-session.json"), "utf8"),
);

/** Its requests are literal: nothing of this project writes them. They are of the chain of a default world. */
describe("a session of op-node, from the first look to finality", () => {
  let world: World;
  let driven: Driven;
  before(async () => {
    world = new World();
    driven = await startDriven(world);
  });
  after(async () => {
    await driven.stop();
    await world.close();
  });

  function authorization(token: Exchange["token"]): string | undefined {
    if (token === "none") return undefined;
    if (token === "other-secret") return bearer(new Uint8Array(32).fill(7));
    return token === "stale" ? bearer(driven.secret, Date.now() / 1000 - 61) : bearer(driven.secret);
  }

  for (const [i, { what, token, request, status = 200, response }] of exchanges.entries()) {
    it(`${i + 1}. ${what}`, async () => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: i, ...request });
      const answer = await post(driven.engineApi.url, body, authorization(token));
      assert.equal(answer.status, status);
      if (response === undefined) return;
      const { result, error } = JSON.parse(answer.text);
      assert.deepEqual(error === undefined ? { result } : { error }, response);
    });
  }

  it("ends with the heads that it named last", async () => {
    const heads = await Promise.all(
      ["latest", "safe", "finalized"].map((label) => driven.call("eth_getBlockByNumber", label, false)),
    );
    assert.deepEqual(
      heads.map((answer) => at(answer, "result", "number")),
      ["0x2", "0x2", "0x1"],
    );
  });
});
