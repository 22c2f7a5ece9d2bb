import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Public suites beside the repository, where somebody put them. */
const VECTORS = join(import.meta.dirname, "../../../shared/vectors/op");

/** ethereum/tests v14.1: GeneralStateTests, and the tests of tries, RLP and transactions. */
export const ETHEREUM_TESTS = join(VECTORS, "ethereum-tests/ethereum-tests-v14.1-state.tar.xz");
/** execution-spec-tests' state tests of Osaka. */
export const EEST_OSAKA = join(VECTORS, "eest-osaka/eest-fusaka-devnet-5-osaka-state_tests.tar.xz");

/** Conversations of ethereum/execution-apis, with the chain that they are about. */
export const EXECUTION_APIS = join(VECTORS, "execution-apis/tests.tar.xz");

/** For a test's `skip`: the reason why it can not run. */
export function absent(...archives: readonly string[]): string | false {
  const missing = archives.find((archive) => !existsSync(archive));
  return missing === undefined ? false : `the archive is not beside this repository: ${missing}`;
}

/** Unpacks parts of an archive, all of it without parts, into a folder that the caller removes. */
export function unpack(archive: string, ...parts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    execFileSync("tar", ["-xJf", archive, "-C", folder, ...parts]);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return folder;
}
