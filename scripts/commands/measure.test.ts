import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { realFirmware } from "@phala-l2/tee-prover/image/testing/firmware";

const folder = mkdtempSync(join(tmpdir(), "measure-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function run(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../l2.ts"), "measure", ...words],
    { encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

const RIMS = join(import.meta.dirname, "../../../shared/vectors/tee/nvidia");
const SKIP = existsSync(RIMS) ? false : `no real RIMs at ${RIMS}`;
const DRIVER_RIM = join(RIMS, "attestation-sdk/NV_GPU_DRIVER_GH100_550.144.03.xml");
const VBIOS_RIM = join(RIMS, "nvtrust/rims/1010_0205_862_9600740020_PROD.swidtag");

/** Their signers were valid at the end of 2024. */
function measureGpu(driverRim: string, vbiosRim: string, at = "1735700000") {
  return run("--kind", "nvidia", "--driver-rim", driverRim, "--vbios-rim", vbiosRim, "--at", at);
}

const ovmf = file("OVMF.fd", realFirmware("AmdSev"));
const nothing = file("nothing", "");

describe("l2 measure", () => {
  it("prints the launch digest of a guest under SEV-SNP", () => {
    const kernel = ["--kernel", nothing, "--initrd", nothing, "--append", "console=ttyS0 loglevel=7"];
    const { status, stdout } = run(
      ...["--kind", "sev-snp", "--ovmf", ovmf, ...kernel],
      ...["--vcpus", "1", "--vcpu-type", "EPYC-v4"],
    );
    const measurement =
      "6d287813eb5222d770f75005c664e34c204f385ce832cc2ce7d0d6f354454362f390ef83a92046c042e706363b4b08fa";
    assert.deepEqual([status, JSON.parse(stdout)], [0, { measurement }]);
  });

  it("prints the registers of an application under dstack", () => {
    const compose = file("app-compose.json", '{"no_instance_id":true}');
    const { status, stdout } = run("--kind", "dstack", "--compose", compose, "--key-provider", "{}");
    const { rtmr3, composeHash, appId, instanceId } = JSON.parse(stdout);
    assert.equal(status, 0);
    assert.match(rtmr3, /^[\da-f]{96}$/);
    assert.equal(appId, composeHash.slice(0, 40));
    assert.equal(instanceId, "");
  });

  it("prints the measurement of GPUs, of NVIDIA's RIMs alone", { skip: SKIP }, () => {
    const { status, stdout } = measureGpu(DRIVER_RIM, VBIOS_RIM);
    const { driver, vbios, measurement, golden } = JSON.parse(stdout);
    assert.deepEqual([status, driver, vbios], [0, "550.144.03", "96.00.74.00.20"]);
    const tagged = concatBytes(new TextEncoder().encode("phala-l2 nvidia gpu 1"), fromHex(golden));
    assert.equal(measurement, toHex(keccak256(tagged)));
    assert.equal(measurement, "0xaf1864bdb0173428c4b3da272d7f170d65e428e073bdadc75217902184001f60");
  });

  it("exits 1 for RIMs whose signers' time is over, or that do not go together", { skip: SKIP }, () => {
    const late = measureGpu(DRIVER_RIM, VBIOS_RIM, "2000000000");
    assert.deepEqual([late.status, late.stdout], [1, ""]);
    assert.match(late.stderr, /MEASURE_RIM_REFUSED.*CERTIFICATE_EXPIRED/);
    const twice = measureGpu(DRIVER_RIM, DRIVER_RIM);
    assert.deepEqual([twice.status, twice.stdout], [1, ""]);
    assert.match(twice.stderr, /MEASURE_RIM_REFUSED/);
  });

  it("exits 1 with the code for a file that is no firmware", () => {
    const { status, stdout, stderr } = run("--kind", "tdx", "--ovmf", nothing);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /MEASURE_FIRMWARE_INVALID/);
  });

  for (const [what, words, wanted] of [
    ["without a kind", ["--ovmf", ovmf], /--kind/],
    ["without firmware", ["--kind", "tdx"], /--ovmf is needed/],
    ["without a RIM", ["--kind", "nvidia", "--driver-rim", ovmf], /--vbios-rim is needed/],
    ["without processors", ["--kind", "sev-snp", "--ovmf", ovmf], /--vcpus is needed/],
    [
      "with a command line and no kernel",
      ["--kind", "sev-snp", "--ovmf", ovmf, "--append", "x"],
      /--append needs/,
    ],
    ["with a file that is not there", ["--kind", "tdx", "--ovmf", join(folder, "none")], /cannot be read/],
  ] as const) {
    it(`exits 2 with the mend ${what}`, () => {
      const { status, stdout, stderr } = run(...words);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, wanted);
    });
  }
});
