import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bigintWithin,
  choiceOf,
  describeProblem,
  environmentName,
  flagName,
  hashSetting,
  integerSetting,
  integerWithin,
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
  return resolved.problems.map(({ setting, source = "needed" }) => `${setting}: ${source}`);
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
      "l1RpcUrls: needed",
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

  it("says of a missing value how it can be given, without a file where there is none", () => {
    const wordsOf = (file: object | undefined) => {
      const resolved = resolveSettings(table, { ...nothing, file: file && { ...file } });
      assert.equal(resolved.kind, "invalid");
      return resolved.problems.map(describeProblem);
    };
    const needed = "--l1-rpc-urls is needed (or PHALA_L2_L1_RPC_URLS";
    assert.deepEqual(wordsOf({}), [`${needed}, or 'l1RpcUrls' in the file)`]);
    assert.deepEqual(wordsOf(undefined), [`${needed})`]);
  });

  it("wants the same of a port that is no number and of one that is too high", () => {
    const { parse } = portSetting({ help: "p" });
    for (const text of ["abc", "99999", "65536", "-1", "1.5", "", "0x50", "1e3"]) {
      const message = `a port from 0 (any free one) to 65535 is wanted, not '${text}'`;
      assert.throws(() => parse(text), { code: "SETTING_INVALID", message });
    }
    assert.deepEqual(["0", "65535"].map(parse), [0, 65_535]);
  });

  it("refuses numbers out of their bounds, words that are no choice and hashes of another length", () => {
    const number = integerWithin(1, 3)({ help: "n" });
    const amount = bigintWithin(1n, 3n)({ help: "n" });
    for (const text of ["0", "4", "-1", "x", ""]) {
      assert.throws(() => number.parse(text), { code: "SETTING_INVALID" }, text);
      assert.throws(() => amount.parse(text), { code: "SETTING_INVALID" }, text);
    }
    assert.deepEqual(["1", "3"].map(number.parse), [1, 3]);
    assert.deepEqual(["1", "3"].map(amount.parse), [1n, 3n]);
    const choice = choiceOf("one", "two")({ help: "c" });
    assert.equal(choice.parse("two"), "two");
    for (const text of ["three", "", "One"]) {
      const message = `one of one, two is wanted, not '${text}'`;
      assert.throws(() => choice.parse(text), { code: "SETTING_INVALID", message });
    }
    const { parse } = hashSetting({ help: "h" });
    assert.equal(parse(`0x${"ab".repeat(32)}`).length, 32);
    for (const text of ["0x12", "", "ab".repeat(32), `0x${"zz".repeat(32)}`, `0x${"ab".repeat(33)}`]) {
      assert.throws(() => parse(text), { code: "SETTING_INVALID" }, text);
    }
  });

  it("tells which settings were given, readable or not", () => {
    const flags = { rpcPort: "x", name: "" };
    const resolved = resolveSettings(table, { ...nothing, flags, file: l1 });
    assert.deepEqual([...resolved.given], ["rpcPort", "l1RpcUrls"]);
  });
});
