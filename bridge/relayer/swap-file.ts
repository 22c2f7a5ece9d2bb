import { readFile, stat } from "node:fs/promises";
import { toHex } from "@phala-l2/protocol/bytes";
import { configInvalid } from "@phala-l2/protocol/config/json-reader";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { type SwapSettings, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { createReleaseJudge, type ReleaseJudge } from "@phala-l2/swap/release";
import { parseSwapDescription, type SwapDescription } from "@phala-l2/swap/settings-json";
import type { SwapContract } from "./swap-contract.ts";

function unreadable(path: string, cause: unknown): RollupError<"CONFIG_INVALID"> {
  return new RollupError("CONFIG_INVALID", `the swap's file ${path} can't be read`, {
    data: { path },
    cause,
  });
}

/** @throws RollupError CONFIG_INVALID */
export async function readSwapFile(path: string): Promise<SwapDescription> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    return parseSwapDescription(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw configInvalid(path, "JSON is wanted");
    throw error;
  }
}

/** @throws RollupError CONFIG_INVALID */
export function judgeOf({ settings, domain, metadata }: SwapDescription): ReleaseJudge {
  const created = createReleaseJudge(settings, domain, metadata);
  if (created.kind === "ok") return created.judge;
  throw configInvalid("runtimes", `metadata that can be read are wanted (${created.reason})`);
}

/** Changes when somebody writes the file. @throws RollupError CONFIG_INVALID */
async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What was read by a runtime must be readable by it again. @throws RollupError RELAYER_SETTINGS */
function requireAllOf(now: SwapSettings, next: SwapSettings): void {
  const versions = new Set(next.runtimes.map(({ specVersion }) => specVersion));
  const lost = now.runtimes.find(({ specVersion }) => !versions.has(specVersion));
  if (lost === undefined) return;
  const message = `the swap's file names runtime ${lost.specVersion} no more; the earlier one is kept`;
  throw new RollupError("RELAYER_SETTINGS", message, { data: { specVersion: lost.specVersion } });
}

/**
 * The swap as its file says it now. The parachain may be upgraded while the relayer runs; governance then names the new runtime,
 * and whoever runs a relayer or a prover replaces the file. Until all is as it should be, the earlier one is judged by.
 */
export class SwapFile {
  readonly #path: string;
  readonly #contract: SwapContract;
  readonly #log: Log;
  #judge: ReleaseJudge;
  #stamp: string | undefined;

  /** @param description What the contract was found to accept. @throws RollupError CONFIG_INVALID */
  constructor(
    { path, description }: { readonly path: string; readonly description: SwapDescription },
    { contract, log }: { readonly contract: SwapContract; readonly log: Log },
  ) {
    this.#path = path;
    this.#contract = contract;
    this.#log = log;
    this.#judge = judgeOf(description);
  }

  judge(): ReleaseJudge {
    return this.#judge;
  }

  /** Takes the file as it is now, if it was written since. @throws RollupError CONFIG_INVALID, RELAYER_SETTINGS */
  async refresh(): Promise<void> {
    const stamp = await stampOf(this.#path);
    if (stamp === this.#stamp) return;
    const description = await readSwapFile(this.#path);
    const { settings } = description;
    await this.#contract.requireSwap(description);
    requireAllOf(this.#judge.settings, settings);
    const judge = judgeOf(description);
    const hash = toHex(swapSettingsHash(settings));
    if (hash !== toHex(swapSettingsHash(this.#judge.settings))) {
      const runtimes = settings.runtimes.map(({ specVersion }) => specVersion);
      this.#log.info({ settingsHash: hash, runtimes }, "the swap's file names other runtimes");
    }
    this.#judge = judge;
    this.#stamp = stamp;
  }
}
