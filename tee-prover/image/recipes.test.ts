import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BUNDLE_FILE, CHECKOUT } from "./bundle.ts";
import { dstackMeasurement } from "./measure/dstack.ts";
import { processorSignature } from "./measure/snp-processors.ts";

const FOLDER = join(import.meta.dirname, "recipes");
const GUIDE = readFileSync(join(CHECKOUT, "docs/operate/prover-image.md"), "utf8");
const recipe = (name: string) => readFileSync(join(FOLDER, name), "utf8");

/** What an operator has to fill in: capitals with a line below, that are no variable's name. */
const PLACEHOLDER = /(?<![\w$])[A-Z]+(?:_[A-Z]+)*_(?:DIGEST|ADDRESS|KIND)\b|\bREGISTRY\b/g;

describe("the recipes", () => {
  it("have no placeholder that the guide does not explain", () => {
    const found = readdirSync(FOLDER).flatMap((name) => recipe(name).match(PLACEHOLDER) ?? []);
    assert.ok(found.length >= 6);
    for (const placeholder of new Set(found)) assert.ok(GUIDE.includes(`\`${placeholder}\``), placeholder);
  });

  it("are all named in the guide", () => {
    for (const name of readdirSync(FOLDER)) assert.ok(GUIDE.includes(name), name);
  });

  it("have one compose file, which stands in dstack's word for word", () => {
    const { docker_compose_file: inner, allowed_envs: envs } = JSON.parse(recipe("app-compose.json"));
    assert.equal(inner, recipe("docker-compose.yaml"));
    const used = [...inner.matchAll(/\$\{(\w+)\}|environment: (PROVER_\w+)/g)].map(([, a, b]) => a ?? b);
    assert.deepEqual(used.sort(), [...envs].sort());
  });

  it("name the container by its digest, and give the host no way to choose code", () => {
    const text = recipe("docker-compose.yaml");
    assert.match(text, /image: \S+@sha256:/);
    assert.doesNotMatch(text, /privileged: true|NODE_OPTIONS|env_file/);
    assert.doesNotMatch(recipe("phala-l2-prover.service"), /EnvironmentFile|PassEnvironment|bash|\/sh\b/);
  });

  it("name the enclave's program by its hash, in what is measured and published", () => {
    const { enclaveProgram, enclaveProgramHash } = JSON.parse(recipe("prover.json"));
    assert.equal(enclaveProgramHash, "PROGRAM_DIGEST");
    const [, out] = /l2 -- image --out (\S+)/.exec(recipe("Containerfile")) ?? [];
    assert.equal(enclaveProgram, `${out}/${BUNDLE_FILE}`);
    assert.match(recipe("docker-compose.yaml"), /"--enclave-program-hash", "PROGRAM_DIGEST"/);
  });

  it("can be measured: a filled-in compose file has its own RTMR3, the same on each machine", () => {
    const filled = (digest: string) =>
      new TextEncoder().encode(recipe("app-compose.json").replace("IMAGE_DIGEST", digest));
    const first = dstackMeasurement({ compose: filled("a".repeat(64)), keyProvider: "{}" });
    const second = dstackMeasurement({ compose: filled("b".repeat(64)), keyProvider: "{}" });
    assert.equal(first.instanceId.length, 0);
    assert.notDeepEqual(first.rtmr3, second.rtmr3);
    assert.notDeepEqual(first.appId, second.appId);
  });

  it("start a virtual processor that can be measured, with the command line as it is measured: without a line's end", () => {
    const [, type = ""] = /-cpu (\S+)/.exec(recipe("start-sev-snp.sh")) ?? [];
    assert.notEqual(processorSignature(type), undefined);
    assert.doesNotMatch(recipe("kernel-command-line"), /\n/);
    assert.doesNotMatch(recipe("prover.json"), /dangerously/);
  });
});
