import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { nodeSettings } from "./main.ts";
import { modeOf } from "./modes.ts";

function mode(file: Readonly<Record<string, unknown>>) {
  const base = { rollup: "rollup.json", genesis: "genesis.json", dataDir: "data" };
  const resolved = resolveSettings(nodeSettings, { flags: {}, environment: {}, file: { ...base, ...file } });
  assert.ok(resolved.kind === "ok");
  return modeOf(resolved.settings);
}

const l1RpcUrls = ["http://127.0.0.1:8545"];
const engineUrl = "http://127.0.0.1:8551";

describe("who derives and who executes", () => {
  it("is told by engineApiPort and engineUrl", () => {
    assert.equal(mode({ l1RpcUrls, l1BeaconUrls: l1RpcUrls, p2pListen: ["/ip4/0.0.0.0/tcp/1"] }), "whole");
    assert.equal(mode({ engineApiPort: 8551, adminPort: 9546 }), "driven");
    assert.equal(mode({ engineApiPort: 0, engineJwtSecret: "jwt.hex", sequencerUrl: engineUrl }), "driven");
    assert.equal(mode({ engineUrl, engineJwtSecret: "jwt.hex", l1RpcUrls }), "remote");
  });

  const contradictions: readonly [RegExp, Readonly<Record<string, unknown>>][] = [
    [/--engine-url/, { engineApiPort: 8551, engineUrl }],
    [/--l1-rpc-urls/, { engineApiPort: 8551, l1RpcUrls }],
    [/--l1-beacon-urls/, { engineApiPort: 8551, l1BeaconUrls: l1RpcUrls }],
    [/--p2p-listen, --p2p-peers/, { engineApiPort: 8551, p2pListen: ["/a"], p2pPeers: ["/b"] }],
    [/--engine-jwt-secret/, { l1RpcUrls, engineJwtSecret: "jwt.hex" }],
    [/give --l1-rpc-urls/, {}],
    [/give --l1-rpc-urls/, { engineUrl, engineJwtSecret: "jwt.hex" }],
    [/give --engine-jwt-secret/, { engineUrl, l1RpcUrls }],
  ];
  for (const [words, file] of contradictions) {
    it(`is a clear error: ${JSON.stringify(file)}`, () => {
      assert.throws(
        () => mode(file),
        (error) => isRollupError(error, "SETTING_INVALID") && words.test(error.message),
      );
    });
  }
});
