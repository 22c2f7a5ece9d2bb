import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { createEnclave } from "@phala-l2/enclave/session";
import { fileSetting, settingKind } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";

const SHA384 = /^(?:0x)?([0-9a-f]{96})$/i;

/** 96 hex digits in lower case. @throws RollupError SETTING_INVALID */
function parseSha384(text: string): string {
  const [, digits] = SHA384.exec(text) ?? [];
  if (digits !== undefined) return digits.toLowerCase();
  throw new RollupError("SETTING_INVALID", `a SHA-384 of 96 hex digits is wanted, not '${text}'`, {
    data: { text },
  });
}

/** Which program holds the key. */
export const programSettings = {
  enclaveProgram: fileSetting({
    help: "the enclave's program, the file that 'l2 image' writes; from the sources without",
    optional: true,
  }),
  enclaveProgramHash: settingKind(
    "SHA384",
    parseSha384,
  )({
    help: "what that file must be, as 'l2 image' tells it: any other is refused",
    optional: true,
    neededBy: "enclaveProgram",
  }),
};

export type ProgramSettings = {
  readonly enclaveProgram: string | undefined;
  readonly enclaveProgramHash: string | undefined;
};

export type EnclaveProgram = {
  readonly createEnclave: typeof createEnclave;
  /** SHA-384 of the file it was loaded from, hex; undefined for one that runs from the sources. */
  readonly sha384: string | undefined;
};

function readProgram(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new RollupError("SETTING_INVALID", `enclaveProgram ${file} cannot be read`, {
      data: { file },
      cause: error,
    });
  }
}

function isProgram(module: unknown): module is Pick<EnclaveProgram, "createEnclave"> {
  return (
    typeof module === "object" &&
    module !== null &&
    "createEnclave" in module &&
    typeof module.createEnclave === "function"
  );
}

/**
 * The very bytes that were hashed become the module, whatever happens to the file meanwhile. The line that is added gives
 * positions in errors a short name; they would have all of the program in theirs.
 */
async function moduleOf(program: Uint8Array, file: string): Promise<unknown> {
  const source = Buffer.concat([program, Buffer.from("\n//# sourceURL=enclave.mjs\n")]);
  try {
    return await import(`data:text/javascript;base64,${source.toString("base64")}`);
  } catch (error) {
    // The loader's message has the whole module's address in it.
    const reason = error instanceof Error ? error.name : "it throws";
    throw new RollupError("ENCLAVE_PROGRAM_INVALID", `${file} is no program: ${reason}`, { data: { file } });
  }
}

/** The settings as a choice: both of them, or none. @throws RollupError SETTING_INVALID */
function chosenProgram({ enclaveProgram: file, enclaveProgramHash: wanted }: ProgramSettings) {
  if (file === undefined && wanted === undefined) return undefined;
  if (file !== undefined && wanted !== undefined) return { file, wanted };
  const missing = file === undefined ? "enclaveProgram" : "enclaveProgramHash";
  const message = `${missing} is missing: the program is loaded by its file and its hash, or runs from the sources`;
  throw new RollupError("SETTING_INVALID", message, { data: { missing } });
}

/**
 * The program that makes the key and proves: the bundle by its hash, or the sources of this checkout where none is named. One
 * machine's evidence covers both, because it measures all that was started; only a bundle can be named by one hash
 * that everybody gets from the sources.
 * @throws RollupError SETTING_INVALID, ENCLAVE_PROGRAM_MISMATCH, ENCLAVE_PROGRAM_INVALID
 */
export async function loadEnclaveProgram(settings: ProgramSettings): Promise<EnclaveProgram> {
  const chosen = chosenProgram(settings);
  if (chosen === undefined) {
    const sources = await import("@phala-l2/enclave/session");
    return { createEnclave: sources.createEnclave, sha384: undefined };
  }
  const { file, wanted } = chosen;
  const bytes = readProgram(file);
  const found = createHash("sha384").update(bytes).digest("hex");
  if (found !== wanted) {
    const message = `${file} has the SHA-384 ${found}, not ${wanted}; it is not loaded`;
    throw new RollupError("ENCLAVE_PROGRAM_MISMATCH", message, { data: { file, wanted, found } });
  }
  const module = await moduleOf(bytes, file);
  if (isProgram(module)) return { createEnclave: module.createEnclave, sha384: found };
  throw new RollupError("ENCLAVE_PROGRAM_INVALID", `${file} exports no createEnclave`, { data: { file } });
}
