import { RollupError } from "@phala-l2/protocol/errors";
import type { GpuSource } from "./evidence.ts";
import { nvidiaGpus } from "./nvidia.ts";
import {
  CERTIFICATE_STRUCTURE_BYTES,
  type Nvml,
  REPORT_STRUCTURE_BYTES,
  SYSTEM_STATE_BYTES,
} from "./nvml.ts";
import { NVML_SUCCESS, nvmlStatusName } from "./nvml-status.ts";

/** Found as the system's loader finds libraries; NVIDIA's driver brings it. */
export const NVML_LIBRARY = "libnvidia-ml.so.1";

/** NVIDIA's management library, opened: what evidence takes of it, and what tells a person about the GPUs. */
export interface NvmlLibrary extends Nvml {
  /** nvmlSystemGetDriverVersion */
  driverVersion(): Promise<string>;
  /** nvmlDeviceGetVbiosVersion */
  vbiosVersion(index: number): Promise<string>;
  /** nvmlSystemGetConfComputeGpusReadyState: whether the GPUs take work at all. */
  gpusReady(): Promise<boolean>;
  /** nvmlShutdown; nothing can be asked afterwards. */
  close(): Promise<void>;
}

/** NVML_SYSTEM_DRIVER_VERSION_BUFFER_SIZE and NVML_DEVICE_VBIOS_VERSION_BUFFER_SIZE. */
const DRIVER_VERSION_BYTES = 80;
const VBIOS_VERSION_BYTES = 32;
const WORD_BYTES = 4;
/** NVIDIA has no driver for confidential computing on 32 bits. */
const POINTER_BYTES = 8;
/** NVML_CC_ACCEPTING_CLIENT_REQUESTS_TRUE */
const READY = 1;

type Argument = number | bigint | Uint8Array;
/** Calls a function on a thread of its own, since a report takes the GPU some time; writes into the arrays given. */
type Call = (...values: readonly Argument[]) => Promise<void>;

function unusable(library: string, reason: string, cause: unknown): RollupError {
  return new RollupError("EVIDENCE_GPU_LIBRARY", `${library}: ${reason}`, {
    data: { library, reason },
    cause,
  });
}

function refused(name: string, status: number): RollupError {
  const word = nvmlStatusName(status);
  return new RollupError("EVIDENCE_GPU_CALL", `${name} answers ${word}`, { data: { name, status, word } });
}

/** The binding has binaries for the common platforms; on others there is none. */
async function binding(library: string): Promise<typeof import("koffi")> {
  try {
    return await import("koffi");
  } catch (error) {
    throw unusable(library, "the binding koffi cannot be loaded on this platform", error);
  }
}

/** Looks functions up in the library. @throws RollupError EVIDENCE_GPU_LIBRARY */
async function declarer(library: string): Promise<(name: string, types: readonly string[]) => Call> {
  const koffi = await binding(library);
  const handle = ((): ReturnType<typeof koffi.load> => {
    try {
      return koffi.load(library);
    } catch (error) {
      throw unusable(library, "the library is not there or cannot be loaded", error);
    }
  })();
  const found = (name: string, types: readonly string[]): ReturnType<typeof handle.func> => {
    try {
      return handle.func(name, "int", [...types]);
    } catch (error) {
      throw unusable(library, `it has no ${name}; the driver is too old`, error);
    }
  };
  return (name, types) => {
    const target = found(name, types);
    return (...values) =>
      new Promise((resolve, reject) => {
        target.async(...values, (error: unknown, status: unknown) => {
          if (error !== null) reject(unusable(library, `${name} cannot be called`, error));
          else if (status === NVML_SUCCESS) resolve();
          else reject(refused(name, Number(status)));
        });
      });
  };
}

/** What it takes of nvml.h, all of it looked up before anything is called. A device is a pointer, only handed back. */
async function functionsOf(library: string) {
  const declare = await declarer(library);
  const [out, device] = ["void *", "uintptr_t"];
  return {
    init: declare("nvmlInit_v2", []),
    shutdown: declare("nvmlShutdown", []),
    deviceCount: declare("nvmlDeviceGetCount_v2", [out]),
    deviceByIndex: declare("nvmlDeviceGetHandleByIndex_v2", ["uint32_t", out]),
    vbiosVersion: declare("nvmlDeviceGetVbiosVersion", [device, out, "uint32_t"]),
    driverVersion: declare("nvmlSystemGetDriverVersion", [out, "uint32_t"]),
    systemState: declare("nvmlSystemGetConfComputeState", [out]),
    gpusReady: declare("nvmlSystemGetConfComputeGpusReadyState", [out]),
    certificates: declare("nvmlDeviceGetConfComputeGpuCertificate", [device, out]),
    report: declare("nvmlDeviceGetConfComputeGpuAttestationReport", [device, out]),
  };
}

/** Text up to its zero. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/**
 * Opens NVIDIA's management library in this process. It runs beside the key, as everything of the measured image does: it has
 * to be the image's own, never a file that the host hands in.
 * @throws RollupError EVIDENCE_GPU_LIBRARY, EVIDENCE_GPU_CALL
 */
export async function openNvml(library: string = NVML_LIBRARY): Promise<NvmlLibrary> {
  const functions = await functionsOf(library);
  await functions.init();
  const word = async (call: Call): Promise<number> => {
    const value = new Uint8Array(WORD_BYTES);
    await call(value);
    return new DataView(value.buffer).getUint32(0, true);
  };
  const text = async (call: Call, most: number, ...first: readonly Argument[]): Promise<string> => {
    const value = new Uint8Array(most);
    await call(...first, value, most);
    return textOf(value);
  };
  const device = async (index: number): Promise<bigint> => {
    const handle = new Uint8Array(POINTER_BYTES);
    await functions.deviceByIndex(index, handle);
    return new DataView(handle.buffer).getBigUint64(0, true);
  };
  return {
    deviceCount: () => word(functions.deviceCount),
    systemState: async () => {
      const structure = new Uint8Array(SYSTEM_STATE_BYTES);
      await functions.systemState(structure);
      return structure;
    },
    gpusReady: async () => (await word(functions.gpusReady)) === READY,
    attestationReport: async (index, request) => {
      const structure = new Uint8Array(REPORT_STRUCTURE_BYTES);
      structure.set(request);
      await functions.report(await device(index), structure);
      return structure;
    },
    certificates: async (index) => {
      const structure = new Uint8Array(CERTIFICATE_STRUCTURE_BYTES);
      await functions.certificates(await device(index), structure);
      return structure;
    },
    driverVersion: () => text(functions.driverVersion, DRIVER_VERSION_BYTES),
    vbiosVersion: async (index) => text(functions.vbiosVersion, VBIOS_VERSION_BYTES, await device(index)),
    close: () => functions.shutdown(),
  };
}

export type NvmlGpusOptions = {
  readonly library?: string;
  /** NVIDIA's signed manifests of driver and VBIOS, to go with each report. */
  readonly rims?: readonly string[];
};

/** Evidence of all GPUs of this machine, asked within this process; the library is open only meanwhile. */
export function nvmlGpus({ library = NVML_LIBRARY, rims = [] }: NvmlGpusOptions = {}): GpuSource {
  return {
    simulated: false,
    evidence: async (nonceOf) => {
      const nvml = await openNvml(library);
      try {
        return await nvidiaGpus({ nvml, rims }).evidence(nonceOf);
      } finally {
        await nvml.close();
      }
    },
  };
}
