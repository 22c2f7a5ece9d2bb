import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  environmentName,
  flagName,
  integerSetting,
  portSetting,
  resolveSettings,
  secondsSetting,
  textSetting,
  urlsSetting,
} from "./settings.ts";

const table = {
  rpcPort: portSetting({ help: "port", default: "8545" }),
  l1RpcUrls: urlsSetting({ help: "L1" }),
  name: textSetting({ help: "name", optional: true }),
};
const nothing = { flags: {}, environment: {}, file: {} };
const l1 = { l1RpcUrls: ["http://127.0.0.1:1"] };

function settingsOf(sources: Partial<typeof nothing> & object) {
  const resolved = resolveSettings(table, { ...nothing, file: l1, ...sources });
  assert.equal(resolved.kind, "ok");
  return resolved.settings;
}

function problemsOf(sources: object) {
  const resolved = resolveSettings(table, { ...nothing, file: l1, ...sources });
  assert.equal(resolved.kind, "invalid");
  return resolved.problems.map(({ setting, source }) => `${setting}: ${source}`);
}

describe("settings", () => {
  it("derives the flag's and the environment's name from the setting's", () => {
    assert.equal(flagName("l1RpcUrls"), "--l1-rpc-urls");
    assert.equal(environmentName("l1RpcUrls"), "PHALA_L2_L1_RPC_URLS");
  });

  it("takes the flag before the environment before the file before the default", () => {
    const environment = { PHALA_L2_RPC_PORT: "2" };
    const file = { ...l1, rpcPort: 3 };
    assert.equal(settingsOf({ flags: { rpcPort: "1" }, environment, file }).rpcPort, 1);
    assert.equal(settingsOf({ environment, file }).rpcPort, 2);
    assert.equal(settingsOf({ file }).rpcPort, 3);
    assert.equal(settingsOf({}).rpcPort, 8545);
  });

  it("leaves an optional setting undefined", () => {
    assert.equal(settingsOf({}).name, undefined);
  });

  it("names each missing, unreadable and unknown setting at once", () => {
    assert.deepEqual(problemsOf({ file: { rpcPort: 65_536, typo: 1 } }), [
      "rpcPort: file entry 'rpcPort'",
      "l1RpcUrls: nowhere",
      "typo: file entry 'typo'",
    ]);
  });

  it("does not fall back to a weaker source when a stronger one is unreadable", () => {
    assert.deepEqual(problemsOf({ flags: { rpcPort: "x" }, environment: { PHALA_L2_RPC_PORT: "2" } }), [
      "rpcPort: flag --rpc-port",
    ]);
  });

  it("refuses numbers that are negative, fractional, empty or too large to be exact", () => {
    const { parse } = integerSetting({ help: "n" });
    for (const text of ["-1", "1.5", "", " ", "1e3", "9007199254740993", "NaN"])
      assert.throws(() => parse(text), text);
    for (const text of ["", "-1", "Infinity", "1s"]) {
      assert.throws(() => secondsSetting({ help: "s" }).parse(text), text);
    }
  });
});
