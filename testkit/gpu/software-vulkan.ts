import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

/**
 * A GPU for tests: SwiftShader, a Vulkan driver that computes on the CPU, out of Debian's package of Chromium, which has
 * Vulkan's loader beside it. (The driver of Debian 12's Mesa is too old for WebGPU.) Nothing is installed: apt fetches
 * the package as any user, by an index of its own that it checks with Debian's keyring, and two files of it are kept in
 * a folder of this checkout that git ignores.
 */

/** Variables for a process that shall use the driver, or why there is none. */
export type SoftwareVulkan =
  | { readonly kind: "ready"; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: "absent"; readonly reason: string };

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
/** Chromium is updated there, and its index is small. The two libraries need no newer system than this release. */
const SOURCE = `deb [signed-by=${KEYRING}] http://deb.debian.org/debian-security bookworm-security main\n`;
const PACKAGE = "chromium-common";
const IN_PACKAGE = "usr/lib/chromium";
const DRIVER = "libvk_swiftshader.so";
const LOADER = "libvulkan.so.1";
/** The loader's way to be told of a driver. */
const MANIFEST = "swiftshader.json";
/** For 32 MB and their unpacking; a machine that needs longer goes on without. */
const FETCH_TIMEOUT_MS = 20_000;
const SILENCE_SECONDS = 5;

const CACHE = resolve(import.meta.dirname, "../../node_modules/.cache/phala-l2");
const run = promisify(execFile);

/** The driver, fetched at the first call of a checkout. Never throws for a machine that has no way to it. */
export async function softwareVulkan(): Promise<SoftwareVulkan> {
  if (process.platform !== "linux") return { kind: "absent", reason: "the software driver is for Linux" };
  const folder = join(CACHE, `swiftshader-${process.arch}`);
  if (!existsSync(join(folder, MANIFEST))) {
    const reason = await fetchInto(folder);
    if (reason !== undefined) return { kind: "absent", reason };
  }
  const path = process.env.LD_LIBRARY_PATH;
  const env = {
    VK_DRIVER_FILES: join(folder, MANIFEST),
    LD_LIBRARY_PATH: path === undefined || path === "" ? folder : `${folder}:${path}`,
  };
  return { kind: "ready", env };
}

/** Undefined when the files are there; else why not. */
async function fetchInto(folder: string): Promise<string | undefined> {
  if (!existsSync(KEYRING)) return `${KEYRING} is missing: this is no Debian`;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(CACHE, "fetch-"));
  const limits = { cwd: work, signal: AbortSignal.timeout(FETCH_TIMEOUT_MS), killSignal: "SIGKILL" } as const;
  try {
    const ready = join(work, "ready");
    await download(work, limits);
    await unpack(work, ready, limits);
    renameSync(ready, folder);
    return undefined;
  } catch (error) {
    // Whoever fetched at the same time has fetched the same.
    if (existsSync(join(folder, MANIFEST))) return undefined;
    return `Debian's ${PACKAGE} cannot be had: ${reasonOf(error)}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The command's own word where it has one: apt's errors begin so. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  return lines.find((line) => line.startsWith("E: ")) ?? lines[0] ?? "";
}

type Limits = { readonly cwd: string; readonly signal: AbortSignal; readonly killSignal: "SIGKILL" };

async function download(work: string, limits: Limits): Promise<void> {
  for (const folder of ["lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(work, folder), { recursive: true });
  }
  writeFileSync(join(work, "sources.list"), SOURCE);
  const settings = [
    `Dir::Etc::sourcelist=${join(work, "sources.list")}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(work, "lists")}`,
    `Dir::Cache=${join(work, "cache")}`,
    "Acquire::Retries=0",
    `Acquire::http::Timeout=${SILENCE_SECONDS}`,
    "Acquire::Languages=none",
    "APT::Update::Error-Mode=any",
  ].flatMap((setting) => ["-o", setting]);
  await run("apt-get", [...settings, "update"], limits);
  await run("apt-get", [...settings, "download", PACKAGE], limits);
}

async function unpack(work: string, ready: string, limits: Limits): Promise<void> {
  const archive = readdirSync(work).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error("apt-get gave no file");
  await run("dpkg-deb", ["--extract", archive, "package"], limits);
  mkdirSync(ready);
  for (const file of [DRIVER, LOADER]) renameSync(join(work, "package", IN_PACKAGE, file), join(ready, file));
  const manifest = {
    file_format_version: "1.0.0",
    ICD: { library_path: `./${DRIVER}`, api_version: "1.0.5" },
  };
  writeFileSync(join(ready, MANIFEST), JSON.stringify(manifest));
}
