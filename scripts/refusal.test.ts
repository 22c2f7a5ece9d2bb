import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RollupError } from "@phala-l2/protocol/errors";
import { refusalDocument, refusalLines } from "./refusal.ts";

describe("what stops a command that answers", () => {
  it("is a document with code, words, help and facts", () => {
    const data = { error: "VotingPha_StillLocked", inputs: { id: 3n }, help: "Come back." };
    const error = new RollupError("BRIDGE_TRANSACTION_REVERTED", "too early", { data });
    assert.deepEqual(refusalDocument(error), {
      ok: false,
      code: "BRIDGE_TRANSACTION_REVERTED",
      refused: "too early",
      help: "Come back.",
      data: { error: "VotingPha_StillLocked", inputs: { id: 3n } },
      docs: "docs/operate/errors.md#bridge_transaction_reverted",
    });
    assert.deepEqual(refusalLines(error), [
      "l2: too early",
      "    Come back.",
      "    More: docs/operate/errors.md#bridge_transaction_reverted",
    ]);
  });

  it("says no more than it knows", () => {
    for (const data of [undefined, null, "text", {}, { help: 7 }]) {
      const error = new RollupError("BRIDGE_FUNDS", "too little ether", { data });
      const document = refusalDocument(error);
      assert.ok(!Object.hasOwn(document, "help") && !Object.hasOwn(document, "data"), JSON.stringify(data));
      assert.equal(refusalLines(error).length, 2);
    }
  });
});
