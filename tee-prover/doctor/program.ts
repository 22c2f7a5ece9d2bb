import { mayHoldValue } from "@phala-l2/protocol/config/development";
import { loadEnclaveProgram, type ProgramSettings } from "../host/enclave-program.ts";
import { compared, type DoctorCheck, failed, held } from "./check.ts";

const CHECK = "enclave program";
const NAMED = "the bundle of a named hash";

export type ProgramFindings = {
  readonly check: DoctorCheck;
  /** SHA-384 of the program, hex; null when it runs from the sources, or cannot be loaded. */
  readonly program: string | null;
};

/** Which program would have the key, and whether a hash names it where value may be held. No key is made. */
export async function checkProgram(settings: ProgramSettings, l1ChainId: bigint): Promise<ProgramFindings> {
  try {
    const { sha384 } = await loadEnclaveProgram(settings);
    if (sha384 !== undefined) return { check: held(CHECK, "enclaveProgramHash", sha384), program: sha384 };
    const found = "the sources of the checkout";
    const wanted = mayHoldValue(l1ChainId) ? NAMED : found;
    const remedy = "build the bundle (l2 image), and give enclaveProgram and enclaveProgramHash";
    return { check: compared(CHECK, "enclaveProgram", wanted, found, remedy), program: null };
  } catch (error) {
    return { check: failed(CHECK, "enclaveProgram, enclaveProgramHash", NAMED, error), program: null };
  }
}
