import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";

/** A package of the registry, as the lock file pins it. */
export type BundledPackage = {
  readonly name: string;
  readonly version: string;
  /** Hash of the package's archive, from package-lock.json: `sha512-…`. */
  readonly integrity: string;
  /** Where it is installed; the same package may be there in several versions. */
  readonly path: string;
};

/** A WebAssembly program that a package holds as text. */
export type BundledWasm = { readonly sha256: string; readonly bytes: number };

/** What a bundle is made of; each list is sorted. */
export type ModuleList = {
  /** Files of this repository. */
  readonly sources: readonly string[];
  readonly packages: readonly BundledPackage[];
  readonly wasm: readonly BundledWasm[];
};

const INSTALLED = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//;
/** Base64 of what every WebAssembly program begins with: 0, "asm". */
const WASM = /["'`](AGFzbQ[A-Za-z0-9+/]+={0,2})["'`]/g;

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

type Installed = { readonly path: string; readonly name: string };

/** Undefined for a file of the repository itself. */
function installedOf(file: string): Installed | undefined {
  const [, path, name] = INSTALLED.exec(file) ?? [];
  return path === undefined || name === undefined ? undefined : { path, name };
}

function textOf(value: unknown, name: string): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === "string" ? text : undefined;
}

/**
 * The archive's hash of a package in that version. npm leaves it out of some entries of the lock file; what the
 * registry has under one name and version is one archive, so another entry's hash is as good.
 */
function integrityOf({ path, name }: Installed, version: string, lock: unknown): string | undefined {
  const packages = fieldOf(lock, "packages");
  const own = textOf(fieldOf(packages, path), "integrity");
  if (own !== undefined || typeof packages !== "object" || packages === null) return own;
  const other = Object.entries(packages).find(
    ([place, entry]) =>
      (place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`)) &&
      textOf(entry, "version") === version &&
      textOf(entry, "integrity") !== undefined,
  );
  return textOf(other?.[1], "integrity");
}

/** The lock's entry, which must be of the version that is installed. */
function lockedPackage(place: Installed, folder: string, lock: unknown): BundledPackage {
  const { path, name } = place;
  const version = textOf(fieldOf(fieldOf(lock, "packages"), path), "version");
  const installed = textOf(JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8")), "version");
  const integrity = version === undefined ? undefined : integrityOf(place, version, lock);
  if (version !== undefined && integrity !== undefined && installed === version) {
    return { name, version, integrity, path };
  }
  const message =
    installed === version
      ? `package-lock.json has no integrity of ${path} ${version}`
      : `${path} is installed as ${installed}, package-lock.json has ${version ?? "nothing"}; run 'npm ci'`;
  throw new RollupError("IMAGE_PACKAGE_UNLOCKED", message, {
    data: { path, wanted: version, found: installed },
  });
}

function wasmIn(bytes: Uint8Array): readonly BundledWasm[] {
  const found = new Map<string, BundledWasm>();
  for (const [, base64 = ""] of new TextDecoder().decode(bytes).matchAll(WASM)) {
    const program = Buffer.from(base64, "base64");
    const sha256 = createHash("sha256").update(program).digest("hex");
    found.set(sha256, { sha256, bytes: program.length });
  }
  return [...found.values()].sort((a, b) => compare(a.sha256, b.sha256));
}

/**
 * Tells a bundle's parts by the files that have bytes in it.
 * @throws RollupError IMAGE_PACKAGE_UNLOCKED when a package is not installed as the lock file says
 */
export function bundledModules({
  files,
  bytes,
  folder,
  lock,
}: {
  readonly files: readonly string[];
  readonly bytes: Uint8Array;
  readonly folder: string;
  readonly lock: unknown;
}): ModuleList {
  const sources: string[] = [];
  const packages = new Map<string, BundledPackage>();
  for (const file of files) {
    const installed = installedOf(file);
    if (installed === undefined) sources.push(file);
    else if (!packages.has(installed.path)) {
      packages.set(installed.path, lockedPackage(installed, folder, lock));
    }
  }
  return {
    sources: sources.sort(compare),
    packages: [...packages.values()].sort((a, b) => compare(a.path, b.path)),
    wasm: wasmIn(bytes),
  };
}

const HEAD = `# What the enclave's bundle is made of. Each line is code that runs beside the key: a new one is read before it is
# accepted. Written by 'npm run -s l2 -- image --modules tee-prover/image/modules.generated.txt'.
`;

/** The list as text, one module a line: what is checked in. */
export function formatModules({ sources, packages, wasm }: ModuleList): string {
  const lines = [
    ...packages.map(
      ({ name, version, integrity, path }) => `package ${name}@${version} ${integrity} ${path}`,
    ),
    ...wasm.map(({ sha256, bytes }) => `wasm sha256:${sha256} ${bytes} bytes`),
    ...sources.map((file) => `source ${file}`),
  ];
  return `${HEAD}${lines.join("\n")}\n`;
}
