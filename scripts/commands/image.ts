import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSetting, folderSetting } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { BUNDLE_FILE, bundleDigests, bundleEnclave } from "@phala-l2/tee-prover/image/bundle";
import { formatModules } from "@phala-l2/tee-prover/image/modules";
import { defineCommand, HOLDS } from "./command.ts";

/** @throws RollupError SETTING_INVALID when it cannot be written */
function write(folder: string, file: string, bytes: Uint8Array | string): string {
  const path = join(folder, file);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, bytes);
    return path;
  } catch (error) {
    throw new RollupError("SETTING_INVALID", `${path} cannot be written`, { data: { path }, cause: error });
  }
}

export const imageCommand = defineCommand({
  name: "image",
  summary:
    "bundles the enclave's program into one file, the same bytes on every machine, and tells its hashes",
  settings: {
    out: folderSetting({ help: `folder that ${BUNDLE_FILE} is written into`, optional: true }),
    modules: fileSetting({ help: "file that the list of modules is written to", optional: true }),
  },
  run: async ({ out, modules: list }, { print }) => {
    const bundle = bundleEnclave();
    const { bytes, modules, outside, bundler } = bundle;
    const file = out === undefined ? null : write(out, BUNDLE_FILE, bytes);
    if (list !== undefined) write(".", list, formatModules(modules));
    print({
      bundle: { file, bytes: bytes.length, ...bundleDigests(bundle) },
      modules: modules.sources.length + modules.packages.length,
      sources: modules.sources.length,
      packages: modules.packages.map(({ name, version, integrity }) => ({ name, version, integrity })),
      wasm: modules.wasm,
      outside,
      bundler,
    });
    return HOLDS;
  },
});
