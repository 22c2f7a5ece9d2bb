import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { fieldOf } from "@phala-l2/protocol/json-record";
import { silentLog } from "@phala-l2/protocol/log";
import { decodeFinalityWitness, finalityAnchor, finalityOf } from "@phala-l2/protocol/substrate/finality";
import { parseFinalityDescriptions } from "@phala-l2/protocol/substrate/finality-json";
import { authoritySetOf } from "@phala-l2/testkit/relay-chain/relay-chain";
import { startDangerouslySimulatedRelayChain } from "@phala-l2/testkit/relay-chain/start";
import { SMALL_PARA_ID, SmallParachain } from "@phala-l2/testkit/relayer/small-parachain";
import { finalityCommand } from "./finality.ts";

const folder = mkdtempSync(join(tmpdir(), "l2-finality-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one action in this process. @returns what it printed last */
async function run(action: string, flags: Record<string, string>): Promise<unknown> {
  const printed: unknown[] = [];
  const stop = new AbortController().signal;
  const outcome = await finalityCommand.run({ flags, environment: {}, file: undefined }, [action], () => ({
    log: silentLog,
    tell: () => {},
    print: (document) => printed.push(document),
    stop,
  }));
  if (typeof outcome !== "number") throw new RangeError(outcome.problems.join("; "));
  assert.equal(outcome, 0);
  return printed.at(-1);
}

describe("l2 finality", () => {
  it("makes the file that a prover reads, and the proof that its enclave takes", async () => {
    const parachain = new SmallParachain();
    for (let i = 0; i < 4; i++) parachain.addBlock([]);
    const node = await parachain.serve();
    const relay = await startDangerouslySimulatedRelayChain({
      parachainUrl: node.url,
      paraId: SMALL_PARA_ID,
      pollMs: 10_000,
    });
    try {
      const finality = join(folder, "finality.json");
      const both = { relayChainUrl: relay.url, finality };
      const anchor = toHex(relay.anchor);
      const started = await run("source", { ...both, paraId: String(SMALL_PARA_ID), at: "0" });
      assert.equal(fieldOf(started, "anchor"), anchor);
      relay.chain.handOver();
      relay.chain.addBlock();
      const block = { parachainUrl: node.url, block: "2" };
      await assert.rejects(run("prove", { ...both, ...block }), { code: "FINALITY_REFUSED" });
      const followed = await run("follow", { ...both, once: "true" });
      assert.equal(fieldOf(followed, "setId"), "1");
      assert.equal(fieldOf(followed, "added"), 1);
      assert.equal(fieldOf(await run("follow", { ...both, once: "true" }), "added"), 0);
      const out = join(folder, "proof.hex");
      const proven = await run("prove", { ...both, ...block, out });
      const [chain] = parseFinalityDescriptions(JSON.parse(readFileSync(finality, "utf8")));
      assert.ok(chain);
      assert.equal(toHex(finalityAnchor(chain.source)), anchor);
      const witness = decodeFinalityWitness(fromHex(readFileSync(out, "utf8").trim()));
      assert.ok(witness.kind === "ok");
      const set = authoritySetOf(relay.chain.newest.set);
      const hash = toHex(parachain.hashAt(2));
      assert.equal(fieldOf(proven, "blockHash"), hash);
      const verdict = finalityOf(parachain.hashAt(2), witness.witness, { set, paraId: SMALL_PARA_ID });
      assert.equal(verdict.kind, "final");
      const byHash = await run("prove", { ...both, ...block, block: hash });
      assert.equal(fieldOf(byHash, "proof"), readFileSync(out, "utf8").trim());
      parachain.addBlock([]);
      const cases = [
        [{ block: "5" }, "FINALITY_NOT_YET"],
        [{ block: "0xno" }, "SETTING_INVALID"],
        [{ block: "9" }, "PARACHAIN_INVALID"],
        [{ anchor: `0x${"11".repeat(32)}` }, "SETTING_INVALID"],
      ] as const;
      for (const [flags, code] of cases) {
        await assert.rejects(run("prove", { ...both, ...block, ...flags }), { code });
      }
    } finally {
      await relay.stop();
      await node.stop();
    }
  });
});
