import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createEnclave } from "@phala-l2/enclave/session";
import { asAddress, asHash, toHex } from "@phala-l2/protocol/bytes";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import { BUNDLE_FILE, bundleDigests, bundleEnclave } from "../image/bundle.ts";
import { loadEnclaveProgram, programSettings } from "./enclave-program.ts";

const folder = mkdtempSync(join(tmpdir(), "enclave-program-"));
after(() => rmSync(folder, { recursive: true }));

const bundle = bundleEnclave();
const { sha384 } = bundleDigests(bundle);
const whole = write(BUNDLE_FILE, bundle.bytes);

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Loads a file under the hash that it has. */
function loaded(file: string) {
  const enclaveProgramHash = createHash("sha384").update(readFileSync(file)).digest("hex");
  return loadEnclaveProgram({ enclaveProgram: file, enclaveProgramHash });
}

const options = {
  random: (length: number) => new Uint8Array(length).fill(7),
  kzg: { blobToKzgCommitment: () => new Uint8Array(48) },
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
};

describe("the enclave's program", () => {
  it("comes from the bundle when that is named, and has the key that the sources' program has", async () => {
    const program = await loadEnclaveProgram({ enclaveProgram: whole, enclaveProgramHash: sha384 });
    assert.equal(program.sha384, sha384);
    assert.notEqual(program.createEnclave, createEnclave);
    const [own, other] = [program, { createEnclave }].map((each) => each.createEnclave(options));
    assert.equal(toHex(own?.address ?? new Uint8Array()), toHex(other?.address ?? new Uint8Array(1)));
  });

  it("comes from the sources when none is named, and says so", async () => {
    const program = await loadEnclaveProgram({ enclaveProgram: undefined, enclaveProgramHash: undefined });
    assert.deepEqual(program, { createEnclave, sha384: undefined });
  });

  it("has errors that are read like the sources', at positions with a short name", async () => {
    const { createEnclave: create } = await loaded(whole);
    const hash = asHash(new Uint8Array(32));
    const blank = { number: 0n, hash };
    const config = testRollup({
      genesis: { l1: blank, l2: blank },
      systemConfig: { batcherAddress: options.domain.verifyingContract },
      batchInboxAddress: options.domain.verifyingContract,
      depositContractAddress: options.domain.verifyingContract,
      l1SystemConfigAddress: options.domain.verifyingContract,
    });
    const input = { config, l1Head: hash, previousOutputRoot: hash, l2BlockNumber: 1n, mayBeAbsent: false };
    await assert.rejects(create(options).proveAndSign(input, new Uint8Array(3)), (error) => {
      assert.ok(isRollupError(error, "WITNESS_INVALID"), String(error));
      assert.match(error.docs, /errors\.md#witness_invalid$/);
      assert.match(error.stack ?? "", /enclave\.mjs:\d+/);
      assert.ok((error.stack ?? "").length < 5_000);
      return true;
    });
    assert.throws(() => create({ ...options, random: () => new Uint8Array(1) }), {
      code: "KEY_RANDOMNESS_BROKEN",
    });
  });

  it("is refused when it is another than the one that was named: a byte, a line, an end", async () => {
    const text = new TextDecoder().decode(bundle.bytes);
    const flipped = bundle.bytes.slice();
    flipped[1000] = (flipped[1000] ?? 0) ^ 1;
    for (const content of [flipped, `${text}\n`, text.slice(0, -1), ""]) {
      const enclaveProgram = write("other.mjs", content);
      const refused = loadEnclaveProgram({ enclaveProgram, enclaveProgramHash: sha384 });
      await assert.rejects(refused, (error) => {
        assert.ok(isRollupError(error, "ENCLAVE_PROGRAM_MISMATCH"));
        assert.match(error.message, new RegExp(`not ${sha384}`));
        return true;
      });
    }
  });

  it("is not run when it is refused", async () => {
    const enclaveProgram = write("hostile.mjs", "globalThis.hostile = true; export const createEnclave = 1;");
    await assert.rejects(loadEnclaveProgram({ enclaveProgram, enclaveProgramHash: sha384 }), {
      code: "ENCLAVE_PROGRAM_MISMATCH",
    });
    assert.ok(!("hostile" in globalThis));
  });

  it("is refused when it is no program, although its hash was named", async () => {
    for (const [name, content] of [
      ["no-module", "export const = 1;"],
      ["no-function", "export const createEnclave = 1;"],
      ["nothing", ""],
      ["throws", "throw new Error('no')"],
      ["package", 'import "viem"; export const createEnclave = () => 1;'],
      ["file", 'import "./enclave.mjs"; export const createEnclave = () => 1;'],
    ] as const) {
      const refused = loaded(write(`${name}.mjs`, content));
      await assert.rejects(refused, (error) => {
        assert.ok(isRollupError(error, "ENCLAVE_PROGRAM_INVALID"), `${name}: ${error}`);
        assert.ok(!error.message.includes("base64"), error.message);
        return true;
      });
    }
  });

  it("is refused when it is not there, or without both of file and hash", async () => {
    for (const settings of [
      { enclaveProgram: join(folder, "none.mjs"), enclaveProgramHash: sha384 },
      { enclaveProgram: folder, enclaveProgramHash: sha384 },
      { enclaveProgram: whole, enclaveProgramHash: undefined },
      { enclaveProgram: undefined, enclaveProgramHash: sha384 },
    ]) {
      await assert.rejects(loadEnclaveProgram(settings), { code: "SETTING_INVALID" });
    }
  });
});

describe("the settings of the enclave's program", () => {
  const resolved = (enclaveProgramHash: string) =>
    resolveSettings(programSettings, { flags: {}, environment: {}, file: { enclaveProgramHash } });

  it("take a SHA-384 with 0x or without, in any case", () => {
    for (const text of [sha384, `0x${sha384}`, sha384.toUpperCase()]) {
      const result = resolved(text);
      assert.ok(result.kind === "ok");
      assert.equal(result.settings.enclaveProgramHash, sha384);
    }
  });

  it("refuse any other hash", () => {
    for (const text of ["", "0x", sha384.slice(1), `${sha384}0`, `sha384:${sha384}`, "g".repeat(96)]) {
      assert.equal(resolved(text).kind, "invalid", text);
    }
  });
});
