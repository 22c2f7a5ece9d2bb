import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";
import { type BuildFailure, type BuildOptions, buildSync, type Metafile, version } from "esbuild";
import { bundledModules, type ModuleList } from "./modules.ts";

/** The folder of this checkout: sources, the lock file and the installed packages. */
export const CHECKOUT = resolve(import.meta.dirname, "../..");
/** What the enclave's program is, seen from outside: `createEnclave`. */
const ENTRY = "tee-prover/enclave/session.ts";
export const BUNDLE_FILE = "enclave.mjs";
/** Of the platform the program uses decompression alone; a build that needs more fails. */
const OUTSIDE: readonly string[] = ["node:zlib"];

export type EnclaveBundle = {
  /** One ES module in UTF-8 that exports `createEnclave`. */
  readonly bytes: Uint8Array;
  readonly modules: ModuleList;
  /** What it imports and does not hold. */
  readonly outside: readonly string[];
  /** Every file that was read for it, as paths from the checkout, sorted. */
  readonly inputs: readonly string[];
  readonly bundler: string;
};

/**
 * All that could differ between two machines is said here: where files are, what stands in tsconfig.json or in the
 * environment. Packages' variants for browsers are taken because they ask less of the platform, and `process` is
 * gone: nothing reads the environment of whoever starts it.
 */
function buildOptions(root: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: [ENTRY],
    outfile: BUNDLE_FILE,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["browser", "module", "main"],
    conditions: ["browser"],
    external: [...OUTSIDE],
    target: "node24",
    charset: "utf8",
    legalComments: "none",
    sourcemap: false,
    nodePaths: [],
    tsconfigRaw: "{}",
    define: { process: "undefined", "globalThis.process": "undefined" },
    logLevel: "silent",
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function built(root: string): { readonly bytes: Uint8Array; readonly meta: Metafile } {
  try {
    const { outputFiles, metafile } = buildSync(buildOptions(root));
    const bytes = outputFiles?.[0]?.contents;
    if (bytes !== undefined && metafile !== undefined) return { bytes, meta: metafile };
    throw new RollupError("IMAGE_BUNDLE_FAILED", "the bundler gave no file");
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const [first] = error.errors;
    const where = first?.location ? `${first.location.file}:${first.location.line}: ` : "";
    throw new RollupError("IMAGE_BUNDLE_FAILED", `${where}${first?.text ?? error.message}`, {
      data: { problems: error.errors.length },
      cause: error,
    });
  }
}

function readLock(root: string): unknown {
  const file = join(root, "package-lock.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  throw new RollupError("IMAGE_PACKAGE_UNLOCKED", `${file} is missing: no package's version is certain`, {
    data: { file },
  });
}

/**
 * The enclave's program as one file, the same bytes wherever the same sources and packages are.
 * @param root Folder of a checkout with its packages installed.
 * @throws RollupError IMAGE_BUNDLE_FAILED, IMAGE_PACKAGE_UNLOCKED
 */
export function bundleEnclave(root: string = CHECKOUT): EnclaveBundle {
  // Paths are told from the real folder: through a link they would lead out of it.
  const folder = realpathSync(root);
  const { bytes, meta } = built(folder);
  const output = meta.outputs[BUNDLE_FILE];
  const held = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const outside = (output?.imports ?? []).filter(({ external }) => external === true).map(({ path }) => path);
  return {
    bytes,
    modules: bundledModules({ files: held.map(([file]) => file), bytes, folder, lock: readLock(folder) }),
    outside: [...new Set(outside)].sort(),
    inputs: Object.keys(meta.inputs).sort(),
    bundler: `esbuild ${version}`,
  };
}

/** Hashes in hex, as tools print them: SHA-256 for people and containers, SHA-384 for measurement registers. */
export function bundleDigests({ bytes }: Pick<EnclaveBundle, "bytes">): {
  readonly sha256: string;
  readonly sha384: string;
} {
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  return { sha256: digest("sha256"), sha384: digest("sha384") };
}
