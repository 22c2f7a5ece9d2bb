import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";

/** Whether this machine can compile a library at all. */
export function hasCompiler(): boolean {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What one GPU of the library answers: a report for each nonce it is asked with, any other is refused. */
export type FakeGpu = {
  readonly answers: readonly { readonly nonce: Uint8Array; readonly report: Uint8Array }[];
  readonly certificates: string;
};

/** What a test turns in the library; `fail` is the place in FUNCTIONS whose call answers `status`. */
export const KNOBS = [
  ...["environment", "feature", "devTools", "ready", "count", "reportSize", "chainSize"],
  ...["fail", "status", "opened"],
] as const;
export type Knob = (typeof KNOBS)[number];

/** A library as it is loaded: production, confidential, ready, with all its GPUs; nothing fails. */
const DEFAULTS: Readonly<Record<Knob, number | undefined>> = {
  environment: 2,
  feature: 1,
  devTools: 0,
  ready: 1,
  count: undefined,
  reportSize: 0,
  chainSize: 0,
  fail: 999,
  status: 0,
  opened: 0,
};

export type FakeNvml = {
  set(knob: Knob, value: number): void;
  read(knob: Knob): number;
  /** Everything as it was loaded. */
  reset(): void;
};

/** A test's hand on a library that it built. */
export function driveFakeNvml(library: string): FakeNvml {
  const handle = koffi.load(library);
  const turn = handle.func("fake_turn", "void", ["uint32_t", "uint32_t"]);
  const look = handle.func("fake_read", "uint32_t", ["uint32_t"]);
  const set = (knob: Knob, value: number) => turn(KNOBS.indexOf(knob), value);
  const read = (knob: Knob) => Number(look(KNOBS.indexOf(knob)));
  const gpus = read("count");
  const reset = () => {
    for (const knob of KNOBS) set(knob, DEFAULTS[knob] ?? gpus);
  };
  return { set, read, reset };
}

export const FUNCTIONS = [
  "nvmlInit_v2",
  "nvmlShutdown",
  "nvmlDeviceGetCount_v2",
  "nvmlDeviceGetHandleByIndex_v2",
  "nvmlDeviceGetVbiosVersion",
  "nvmlSystemGetDriverVersion",
  "nvmlSystemGetConfComputeState",
  "nvmlSystemGetConfComputeGpusReadyState",
  "nvmlDeviceGetConfComputeGpuCertificate",
  "nvmlDeviceGetConfComputeGpuAttestationReport",
] as const;
export type NvmlFunction = (typeof FUNCTIONS)[number];

function array(name: string, bytes: Uint8Array): string {
  return `static const unsigned char ${name}[] = {${bytes.join(",")}};\n`;
}

function tables(gpus: readonly FakeGpu[]): string {
  const devices = gpus.map(({ answers, certificates }, gpu) => {
    const parts = answers.map(
      ({ nonce, report }, at) => array(`nonce_${gpu}_${at}`, nonce) + array(`report_${gpu}_${at}`, report),
    );
    const rows = answers.map(
      (_, at) => `{nonce_${gpu}_${at}, report_${gpu}_${at}, sizeof report_${gpu}_${at}}`,
    );
    const chain = array(`chain_${gpu}`, new TextEncoder().encode(`${certificates}\0`));
    return `${parts.join("")}${chain}static const struct answer answers_${gpu}[] = {${rows.join(",")}};\n`;
  });
  const rows = gpus.map(
    ({ answers }, gpu) => `{answers_${gpu}, ${answers.length}, chain_${gpu}, sizeof chain_${gpu}}`,
  );
  return `${devices.join("")}static const struct gpu gpus[] = {${rows.join(",")}};\n`;
}

/** Of NVIDIA's header only what its documentation tells: names, argument types, structures. */
const SOURCE_HEAD = `
#include <stdio.h>
#include <string.h>
struct answer { const unsigned char *nonce, *report; unsigned size; };
struct gpu { const struct answer *answers; unsigned count; const unsigned char *chain; unsigned size; };
struct certificate { unsigned chain_size, attestation_size; unsigned char chain[0x1000], attestation[0x1400]; };
struct report { unsigned has_cec, size, cec_size; unsigned char nonce[32], report[0x2000], cec[0x1000]; };
typedef const struct gpu *device;
`;

function sourceBody(): string {
  const knobs = KNOBS.map((knob) => `${knob}_`).join(", ");
  const failing = (name: NvmlFunction) =>
    `if (knobs[fail_] == ${FUNCTIONS.indexOf(name)}) return (int)knobs[status_];`;
  return `
enum { ${knobs} };
static unsigned knobs[] = {2, 1, 0, 1, sizeof gpus / sizeof *gpus, 0, 0, 999, 0, 0};
void fake_turn(unsigned knob, unsigned value) { knobs[knob] = value; }
unsigned fake_read(unsigned knob) { return knobs[knob]; }
int nvmlInit_v2(void) { ${failing("nvmlInit_v2")} knobs[opened_]++; return 0; }
int nvmlShutdown(void) { ${failing("nvmlShutdown")} knobs[opened_]--; return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) {
  ${failing("nvmlDeviceGetCount_v2")}
  *count = knobs[count_]; return knobs[opened_] ? 0 : 1;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, device *handle) {
  ${failing("nvmlDeviceGetHandleByIndex_v2")}
  if (index >= sizeof gpus / sizeof *gpus) return 2;
  *handle = &gpus[index]; return 0;
}
int nvmlDeviceGetVbiosVersion(device gpu, char *text, unsigned length) {
  ${failing("nvmlDeviceGetVbiosVersion")}
  return snprintf(text, length, "96.00.9F.00.0%u", (unsigned)(gpu - gpus)) < (int)length ? 0 : 7;
}
int nvmlSystemGetDriverVersion(char *text, unsigned length) {
  ${failing("nvmlSystemGetDriverVersion")}
  return snprintf(text, length, "570.86.15") < (int)length ? 0 : 7;
}
int nvmlSystemGetConfComputeState(unsigned *state) {
  ${failing("nvmlSystemGetConfComputeState")}
  state[0] = knobs[environment_]; state[1] = knobs[feature_]; state[2] = knobs[devTools_]; return 0;
}
int nvmlSystemGetConfComputeGpusReadyState(unsigned *ready) {
  ${failing("nvmlSystemGetConfComputeGpusReadyState")}
  *ready = knobs[ready_]; return 0;
}
int nvmlDeviceGetConfComputeGpuCertificate(device gpu, struct certificate *filled) {
  ${failing("nvmlDeviceGetConfComputeGpuCertificate")}
  memcpy(filled->attestation, gpu->chain, gpu->size);
  filled->attestation_size = knobs[chainSize_] ? knobs[chainSize_] : gpu->size;
  filled->chain_size = 1; return 0;
}
#ifndef WITHOUT_REPORTS
int nvmlDeviceGetConfComputeGpuAttestationReport(device gpu, struct report *filled) {
  ${failing("nvmlDeviceGetConfComputeGpuAttestationReport")}
  for (unsigned at = 0; at < gpu->count; at++) {
    const struct answer *answer = &gpu->answers[at];
    if (memcmp(answer->nonce, filled->nonce, 32)) continue;
    memcpy(filled->report, answer->report, answer->size);
    filled->size = knobs[reportSize_] ? knobs[reportSize_] : answer->size;
    return 0;
  }
  return 2;
}
#endif
`;
}

/** Compiles the library into the folder; `flags` are the compiler's. Returns the file. */
export function buildFakeNvml(
  folder: string,
  name: string,
  gpus: readonly FakeGpu[],
  flags: readonly string[] = [],
): string {
  const [source, library] = [join(folder, `${name}.c`), join(folder, `${name}.so`)];
  writeFileSync(source, `${SOURCE_HEAD}${tables(gpus)}${sourceBody()}`);
  execFileSync("cc", ["-shared", "-fPIC", "-Wall", "-Werror", ...flags, "-o", library, source]);
  return library;
}
