import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { parseQuote } from "../../verify/intel/quote.ts";
import { dstackBoot, dstackInstanceId, dstackMeasurement } from "./dstack.ts";

const bytes = (hex: string) => fromHex(`0x${hex}`);
const hexOf = (value: Uint8Array | undefined) => (value === undefined ? undefined : toHex(value).slice(2));
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const AT_BOOT = "system-preparing app-id compose-hash instance-id boot-mr-done";
const REPORT = join(import.meta.dirname, "../../../../shared/vectors/tee/dstack/quote-report.json");
const SKIP = existsSync(REPORT) ? false : `no real report at ${REPORT}`;

/** A production machine of dstack 0.5.9 with a KMS: its public event log, and the RTMR3 of its quotes. */
const KMS_KEY =
  "3059301306072a8648ce3d020106082a8648ce3d030107034200048844eb42ccdf8c52fd4f174f362fcb9bbd19c45fd48f1edec2d8f1ca23536ec1a74021b4cee610c074f8294d431b2b7fee2c39e5333fdaf0a4522d43fb159d9f";
const production = {
  appId: bytes("21dfb9d71c8d72522bb4372657b96308a190daaa"),
  composeHash: bytes("e7d11bff53f19b79df321af3f64e8108e19b22c1fc72d979ca1508457a1579d0"),
  instanceId: bytes("a860de12f1343b31164d9b34f17218f583cb7ad2"),
  mrKms: bytes("f632d9c363cc4861f7b0e870f22aefbe6bfd2cb01cba1def896e7d55a6fd5dba"),
  osImageHash: bytes("bd369a8c2f9edb2b52dad48ac8e0b32dde5f1337c423a506b48d07403a7d8033"),
  keyProvider: `{"name":"kms","id":"${KMS_KEY}"}`,
  storageFs: "ext4",
};

describe("RTMR3 of an application under dstack", () => {
  it("is a production machine's, with a KMS", () => {
    const { rtmr3, mrConfigId, events } = dstackBoot(production);
    const wanted =
      "a95a9c6c5063ec21ef02bd7687f10511e417565e3cb048a5710d3556157143a71d97b0f507a0fa8280e1cdc628107a84";
    assert.equal(hexOf(rtmr3), wanted);
    assert.equal(hexOf(mrConfigId), `01${hexOf(production.composeHash)}${"00".repeat(15)}`);
    assert.equal(events.join(" "), `${AT_BOOT} mr-kms os-image-hash key-provider storage-fs system-ready`);
  });

  it("is the one that leads to a real quote's, with a local provider of keys", { skip: SKIP }, () => {
    const report = JSON.parse(readFileSync(REPORT, "utf8"));
    const quote = parseQuote(bytes(report.quote));
    assert.ok(quote.kind !== "refused" && quote.body.type !== "sgx");
    const log: readonly { event: string; event_payload: string; imr: number; digest: string }[] = JSON.parse(
      report.event_log,
    );
    const payload = (name: string) => bytes(log.find(({ event }) => event === name)?.event_payload ?? "");
    const composeHash = payload("compose-hash");
    const keyProvider = new TextDecoder().decode(payload("key-provider"));
    const identity = { composeHash, appId: payload("app-id"), instanceId: payload("instance-id") };
    assert.deepEqual(identity.appId, composeHash.subarray(0, 20));
    const { rtmr3 } = dstackBoot({ ...identity, keyProvider });
    // The application extended it once more.
    const own = log.at(-1);
    assert.ok(rtmr3 !== undefined && own?.event === "LIUM_MINER_HOTKEY");
    const last = createHash("sha384").update(rtmr3).update(bytes(own.digest)).digest();
    assert.equal(hexOf(quote.body.rtmr[3]), hexOf(last));
  });

  it("begins with the hash of the compose file's raw bytes, whose first 20 are the app id", () => {
    const compose = json({ no_instance_id: true });
    const { composeHash, appId, instanceId, rtmr3, events } = dstackMeasurement({ compose });
    assert.deepEqual(composeHash, createHash("sha256").update(compose).digest());
    assert.deepEqual(appId, composeHash.subarray(0, 20));
    assert.deepEqual([instanceId.length, rtmr3, events.join(" ")], [0, undefined, AT_BOOT]);
    const spaced = new TextEncoder().encode('{ "no_instance_id": true }');
    assert.notDeepEqual(
      dstackMeasurement({ compose: spaced }).rtmr3AtBoot,
      dstackMeasurement({ compose }).rtmr3AtBoot,
    );
  });

  it("is another for each value that goes into it", () => {
    const flip = (value: Uint8Array) => value.with(0, (value[0] ?? 0) ^ 1);
    const { mrKms: _kms, ...withoutKms } = production;
    const { storageFs: _fs, ...withoutFs } = production;
    const others = [
      production,
      { ...production, appId: flip(production.appId) },
      { ...production, composeHash: flip(production.composeHash) },
      { ...production, instanceId: flip(production.instanceId) },
      { ...production, mrKms: flip(production.mrKms) },
      { ...production, osImageHash: flip(production.osImageHash) },
      { ...production, keyProvider: '{"name":"none","id":""}' },
      { ...production, storageFs: "zfs" },
      withoutKms,
      withoutFs,
    ];
    assert.equal(new Set(others.map((boot) => hexOf(dstackBoot(boot).rtmr3))).size, others.length);
  });

  it("takes a machine's id from its seed and the application", () => {
    const { appId } = production;
    const seed = new Uint8Array(20).fill(7);
    const wanted = createHash("sha256").update(seed).update(appId).digest().subarray(0, 20);
    assert.deepEqual(dstackInstanceId(seed, appId), wanted);
  });

  const instanceId = new Uint8Array(20);
  for (const [what, launch] of [
    ["a compose file that is no JSON", { compose: new TextEncoder().encode("services:"), instanceId }],
    ["a compose file that is no UTF-8", { compose: Uint8Array.of(0xff), instanceId }],
    ["a compose file that is a list", { compose: json([]), instanceId }],
    ["no instance id", { compose: json({}) }],
    ["an instance id where there is none", { compose: json({ no_instance_id: true }), instanceId }],
    ["an instance id of 19 bytes", { compose: json({}), instanceId: new Uint8Array(19) }],
    ["an app id of 21 bytes", { compose: json({}), instanceId, appId: new Uint8Array(21) }],
    ["a KMS of 31 bytes", { compose: json({}), instanceId, keyProvider: "{}", mrKms: new Uint8Array(31) }],
    [
      "an image of 33 bytes",
      { compose: json({}), instanceId, keyProvider: "{}", osImageHash: new Uint8Array(33) },
    ],
  ] as const) {
    it(`is not computed with ${what}`, () => {
      assert.throws(() => dstackMeasurement(launch), { code: "MEASURE_COMPOSE_INVALID" });
    });
  }
});
