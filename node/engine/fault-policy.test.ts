import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RollupError } from "@phala-l2/protocol/errors";
import { decide } from "./fault-policy.ts";
import { createSerial } from "./serial.ts";

describe("what the engine does about an error", () => {
  it("retries what the surroundings may mend", () => {
    for (const code of ["L1_UNREACHABLE", "L1_DATA_INVALID", "BLOBS_UNAVAILABLE", "L1_BEHIND"]) {
      assert.equal(decide(new RollupError(code, "")).kind, "retry", code);
    }
  });
  it("retries what another engine may mend, and looks anew where that is when it is not where it was", () => {
    for (const code of ["ENGINE_UNREACHABLE", "ENGINE_CALL_REFUSED", "ENGINE_DATA_INVALID"]) {
      assert.equal(decide(new RollupError(code, "")).kind, "retry", code);
    }
    for (const code of ["ENGINE_SYNCING", "ENGINE_FORKCHOICE_REFUSED", "ENGINE_BLOCK_WANTED"]) {
      assert.equal(decide(new RollupError(code, "")).kind, "reset", code);
    }
    for (const code of ["ENGINE_JWT_REFUSED", "ENGINE_OTHER_CHAIN"]) {
      assert.equal(decide(new RollupError(code, "")).kind, "halt", code);
    }
  });
  it("halts at conflicts, damage and faults of the program, keeping the cause", () => {
    for (const code of [
      "ENGINE_FINALIZED_CONFLICT",
      "STORE_CORRUPT",
      "STORE_WRITE_FAILED",
      "DERIVATION_SAFE_HEAD",
    ]) {
      assert.equal(decide(new RollupError(code, "")).kind, "halt", code);
    }
    const cause = new TypeError("undefined is not a function");
    const decision = decide(cause);
    assert.ok(decision.kind === "halt");
    assert.equal(decision.error.code, "ENGINE_UNEXPECTED");
    assert.equal(decision.error.cause, cause);
  });
  it("stops without an alarm when the node stops", () => {
    assert.equal(decide(new RollupError("STOPPED", "")).kind, "stop");
  });
});

describe("serial work", () => {
  it("runs in order, one at a time, and goes on after a failure", async () => {
    const serial = createSerial();
    const seen: string[] = [];
    let running = 0;
    const work = (name: string) => async () => {
      running += 1;
      assert.equal(running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(name);
      running -= 1;
      if (name === "b") throw new Error("b fails");
      return name;
    };
    const results = await Promise.allSettled(["a", "b", "c"].map((name) => serial(work(name))));
    assert.deepEqual(seen, ["a", "b", "c"]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });
});
