import assert from "node:assert/strict";
import { it } from "node:test";
import { killRelayer } from "./kill-relayer.ts";

it("killed at random moments, the relayer pays each deposit exactly once", async () => {
  const { deposits, refused, payments, reverted } = await killRelayer({ kills: 5, seed: 5 });
  assert.ok(deposits > 5 && deposits > refused);
  assert.equal(payments, deposits - refused);
  assert.equal(reverted, 0);
});
