import { execFile } from "node:child_process";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { GpuEvidence, GpuSource } from "./evidence.ts";
import { requireGpuCount, requireNonce } from "./nvidia.ts";

/**
 * The other way to NVIDIA's management library than nvml-koffi.ts: a command of its own, so that the library does not run in
 * the process that holds the key. The default is the collector of NVIDIA's attestation SDK; another one does as well if it
 * takes a nonce of 64 hex digits after `--nonce` and prints
 *
 *   {"evidences": [{"evidence": base64, "certificate": base64 of PEM, or PEM, …}, …], "result_code": 0}
 *
 * with one entry a GPU, in the order of their indices, all asked with that nonce.
 */
export const NVATTEST: readonly string[] = [
  "nvattest",
  "collect-evidence",
  "--device",
  "gpu",
  "--format",
  "json",
];

const TIMEOUT_MS = 60_000;
/** Some 20 kB a GPU. */
const OUTPUT_BYTES_MAX = 16 << 20;

export type NvattestOptions = {
  readonly command?: readonly string[];
  /** NVIDIA's signed manifests of driver and VBIOS, to go with each report. */
  readonly rims?: readonly string[];
  readonly timeoutMs?: number;
};

type Collected = { readonly report: Uint8Array; readonly certificates: string };

function failed(command: readonly string[], message: string, cause?: unknown): RollupError {
  return new RollupError("EVIDENCE_GPU_COMMAND", `${command[0] ?? ""} ${message}`, {
    data: { command: command.join(" ") },
    cause,
  });
}

/** Standard base64, whole; undefined for any other text. */
function base64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? Uint8Array.from(bytes) : undefined;
}

const PEM = "-----BEGIN CERTIFICATE-----";

function readDevice(value: unknown): Collected | undefined {
  if (!isRecord(value)) return undefined;
  const { evidence, certificate } = value;
  if (typeof evidence !== "string" || typeof certificate !== "string") return undefined;
  const report = base64(evidence);
  const inner = certificate.startsWith(PEM) ? undefined : base64(certificate);
  const certificates = inner === undefined ? certificate : new TextDecoder("latin1").decode(inner);
  if (report === undefined || !certificates.startsWith(PEM)) return undefined;
  return { report, certificates };
}

function readOutput(command: readonly string[], output: string): readonly Collected[] {
  let json: unknown;
  try {
    json = JSON.parse(output);
  } catch (error) {
    throw failed(command, "printed no JSON", error);
  }
  if (!isRecord(json) || !Array.isArray(json.evidences))
    throw failed(command, "printed no list of evidences");
  const { result_code: result = 0 } = json;
  if (result !== 0) throw failed(command, `tells result code ${String(result)}`);
  return json.evidences.map((entry: unknown, index) => {
    const device = readDevice(entry);
    if (device === undefined) throw failed(command, `printed no report and certificates for GPU ${index}`);
    return device;
  });
}

/** Runs the command, without a shell. @throws RollupError EVIDENCE_GPU_COMMAND */
function collect(
  command: readonly string[],
  nonce: Uint8Array,
  timeout: number,
): Promise<readonly Collected[]> {
  const [file = "", ...first] = command;
  if (file === "") return Promise.reject(failed(command, "no command is given"));
  const words = [...first, "--nonce", Buffer.from(nonce).toString("hex")];
  return new Promise((resolve, reject) => {
    const options = { timeout, maxBuffer: OUTPUT_BYTES_MAX, killSignal: "SIGKILL" } as const;
    execFile(file, words, options, (error, stdout) => {
      if (error !== null) {
        const why = error.killed === true ? `was ended after ${timeout} ms` : `failed (${error.code ?? "?"})`;
        reject(failed(command, why, error));
        return;
      }
      try {
        resolve(readOutput(command, stdout));
      } catch (fault) {
        reject(fault);
      }
    });
  });
}

/**
 * Evidence of all GPUs of this machine through a command. The command asks every GPU with one nonce, and each has a
 * nonce of its own here: it runs once a GPU, and of each run that GPU's report counts.
 */
export function nvattestGpus(options: NvattestOptions = {}): GpuSource {
  const { command = NVATTEST, rims = [], timeoutMs = TIMEOUT_MS } = options;
  return {
    simulated: false,
    evidence: async (nonceOf) => {
      const first = await collect(command, nonceOf(0), timeoutMs);
      requireGpuCount(first.length);
      const gpus: GpuEvidence[] = [];
      for (let index = 0; index < first.length; index++) {
        const nonce = nonceOf(index);
        const run = index === 0 ? first : await collect(command, nonce, timeoutMs);
        const device = run[index];
        if (device === undefined || run.length !== first.length) {
          throw failed(command, `found ${first.length} GPUs, and then ${run.length}`);
        }
        requireNonce(device.report, nonce, index);
        gpus.push({ index, ...device, rims });
      }
      return gpus;
    },
  };
}
