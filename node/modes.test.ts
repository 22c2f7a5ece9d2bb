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
const p2pListen = ["/ip4/127.0.0.1/tcp/9222"];
const p2pPeers = ["/ip4/127.0.0.1/tcp/9223/p2p/16Uiu2HAmPZ8i1RMrBnHkoqNhYC8yvVCvfFhk4UbENy7Q5sRkS1mA"];
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
    [/--p2p-listen, --p2p-peers/, { engineApiPort: 8551, p2pListen, p2pPeers }],
    [/--p2p-peers does nothing without --p2p-listen/, { l1RpcUrls, p2pPeers }],
    [/give --l1-rpc-urls; --p2p-peers does nothing/, { p2pPeers }],
    [
      /leave out --engine-api-port.*give --l1-rpc-urls|leave out --engine-url/,
      { engineApiPort: 1, engineUrl },
    ],
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
