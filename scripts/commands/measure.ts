import { readFileSync } from "node:fs";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  bigintSetting,
  choiceOf,
  fileSetting,
  flagName,
  hexSetting,
  integerSetting,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { dstackMeasurement, dstackMeasurementJson } from "@phala-l2/tee-prover/image/measure/dstack";
import { snpLaunchDigest } from "@phala-l2/tee-prover/image/measure/sev-snp";
import { tdxMrtd } from "@phala-l2/tee-prover/image/measure/tdx";
import { type Golden, goldenOf } from "@phala-l2/tee-prover/verify/nvidia/golden";
import { NVIDIA_RIM_ROOT, verifyRim } from "@phala-l2/tee-prover/verify/nvidia/rim";
import { refusalText } from "@phala-l2/tee-prover/verify/refusal";
import { defineCommand, HOLDS } from "./command.ts";

const settings = {
  kind: choiceOf("sev-snp", "tdx", "dstack", "nvidia")({ help: "what is measured" }),
  ovmf: fileSetting({ help: "sev-snp, tdx: the firmware", optional: true }),
  kernel: fileSetting({ help: "sev-snp: kernel that the hypervisor starts directly", optional: true }),
  initrd: fileSetting({ help: "sev-snp: initial file system, with --kernel", optional: true }),
  append: textSetting({ help: "sev-snp: the kernel's command line, with --kernel", optional: true }),
  vcpus: integerSetting({ help: "sev-snp: virtual processors", optional: true }),
  vcpuType: textSetting({ help: "sev-snp: QEMU's name of them, such as EPYC-v4", optional: true }),
  guestFeatures: bigintSetting({ help: "sev-snp: SEV features; 1 is SNP alone", default: "1" }),
  hypervisor: choiceOf("qemu", "ec2", "gce")({ help: "sev-snp: who starts the guest", default: "qemu" }),
  pageOrder: choiceOf(
    "single-pass",
    "two-pass",
  )({ help: "tdx: how the host's kernel adds pages; docs/operate/prover-image.md", default: "single-pass" }),
  compose: fileSetting({ help: "dstack: app-compose.json, byte for byte", optional: true }),
  appId: hexSetting({ help: "dstack: 20 bytes; from the compose hash without", optional: true }),
  instanceId: hexSetting({ help: "dstack: 20 bytes, unless no_instance_id", optional: true }),
  keyProvider: textSetting({ help: "dstack: JSON that names the provider of keys", optional: true }),
  mrKms: hexSetting({ help: "dstack: 32 bytes, with a KMS", optional: true }),
  osImageHash: hexSetting({ help: "dstack: 32 bytes, with a KMS", optional: true }),
  storageFs: textSetting({ help: "dstack: ext4 or zfs; not before 0.5.5", optional: true }),
  driverRim: fileSetting({ help: "nvidia: NVIDIA's RIM of the driver, XML", optional: true }),
  vbiosRim: fileSetting({ help: "nvidia: NVIDIA's RIM of the VBIOS, XML", optional: true }),
  at: bigintSetting({
    help: "nvidia: when the RIMs' signers must be valid, in Unix seconds; this machine's clock without",
    optional: true,
  }),
};

/** @throws RollupError SETTING_INVALID when it is not there */
function needed<Value>(value: Value | undefined, name: string, kind: string): Value {
  if (value !== undefined) return value;
  throw new RollupError("SETTING_INVALID", `${flagName(name)} is needed for --kind ${kind}`, {
    data: { name },
  });
}

/** @throws RollupError SETTING_INVALID when the file cannot be read */
function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RollupError("SETTING_INVALID", `${file} cannot be read`, { data: { file }, cause: error });
  }
}

/** What GPUs with this driver and VBIOS are measured as. @throws RollupError MEASURE_RIM_REFUSED */
function measureGpu(files: readonly string[], at: bigint): Golden {
  const rims = files.map((file) => {
    const rim = verifyRim(new TextDecoder().decode(readBytes(file)), { roots: [NVIDIA_RIM_ROOT], at });
    if (rim.kind === "rim") return rim;
    throw new RollupError("MEASURE_RIM_REFUSED", `${file}: ${refusalText(rim)}`, {
      data: { file, code: rim.code },
    });
  });
  const golden = goldenOf(rims);
  if (golden.kind === "golden") return golden;
  const { field, wanted, found } = golden;
  const message = `${field}: ${wanted} is wanted, not ${found}`;
  throw new RollupError("MEASURE_RIM_REFUSED", message, { data: { field, wanted, found } });
}

function hex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

/** Flags that belong to a kernel, and would be left out of account without one. */
const WITH_KERNEL = ["initrd", "append"] as const;

export const measureCommand = defineCommand({
  name: "measure",
  summary: "computes what hardware will report of an image, so that nobody has to be believed",
  settings,
  faults: (given) =>
    given.has("kernel")
      ? []
      : WITH_KERNEL.filter((name) => given.has(name)).map((name) => `${flagName(name)} needs --kernel`),
  run: async (flags, { print }) => {
    const { kind } = flags;
    if (kind === "dstack") {
      const compose = readBytes(needed(flags.compose, "compose", kind));
      print(dstackMeasurementJson(dstackMeasurement({ ...flags, compose })));
      return HOLDS;
    }
    if (kind === "nvidia") {
      const at = flags.at ?? BigInt(Math.floor(Date.now() / 1000));
      const files = [needed(flags.driverRim, "driverRim", kind), needed(flags.vbiosRim, "vbiosRim", kind)];
      const { driver, vbios, bytes, measurement } = measureGpu(files, at);
      print({ driver, vbios, measurement: toHex(measurement), golden: toHex(bytes) });
      return HOLDS;
    }
    const firmware = readBytes(needed(flags.ovmf, "ovmf", kind));
    if (kind === "tdx") {
      print({ mrTd: hex(tdxMrtd(firmware, flags.pageOrder)), pageOrder: flags.pageOrder });
      return HOLDS;
    }
    const { kernel, initrd, append, vcpus, vcpuType, guestFeatures: features, hypervisor } = flags;
    const boot = kernel === undefined ? undefined : bootOf({ kernel, initrd, append });
    const digest = snpLaunchDigest({
      firmware,
      boot,
      features,
      hypervisor,
      vcpus: needed(vcpus, "vcpus", kind),
      vcpuType: needed(vcpuType, "vcpuType", kind),
    });
    print({ measurement: hex(digest) });
    return HOLDS;
  },
});

function bootOf({
  kernel,
  initrd,
  append = "",
}: {
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly append: string | undefined;
}) {
  const files = initrd === undefined ? {} : { initrd: readBytes(initrd) };
  return { kernel: readBytes(kernel), ...files, append };
}
