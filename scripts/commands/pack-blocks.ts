import { existsSync, readFileSync } from "node:fs";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { readBlocks } from "@phala-l2/bridge/snapshot/chain-blocks";
import { fetchBlocks, fetchHeader } from "@phala-l2/bridge/snapshot/fetch-blocks";
import { readHeader } from "@phala-l2/bridge/snapshot/frozen-header";
import { createProgress } from "@phala-l2/bridge/snapshot/progress";
import { refusalDocument } from "@phala-l2/bridge/snapshot/take-snapshot";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  bigintSetting,
  bigintWithin,
  fileSetting,
  type SettingsOf,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeHeader, headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import type { NamedBlock, ShownBlock } from "@phala-l2/sunset/block-window";
import { packBlocks } from "@phala-l2/tee-prover/host/statements/pack-blocks";
import { DOES_NOT_HOLD, defineCommand, HOLDS, needed } from "./command.ts";

const MAX_U64 = 2n ** 64n - 1n;
const TIMEOUT_MS = 30_000;

const settings = {
  blocks: fileSetting({
    help: "all blocks of the window, JSON as l2 claims snapshot takes it; without, --rpc-url is asked",
    optional: true,
  }),
  rpcUrl: urlSetting({
    help: "a node of the parachain that keeps all blocks of the window (chain_getBlock); it need not be trusted",
    optional: true,
  }),
  header: fileSetting({
    help: "the frozen block's header, in any form that l2 claims takes",
    optional: true,
  }),
  height: bigintSetting({
    help: "the frozen block's height, where its header is asked for too",
    optional: true,
  }),
  registrationsFrom: bigintWithin(
    1n,
    MAX_U64,
  )({ help: "height of the first block whose remarks register receivers" }),
  output: fileSetting({ help: "the file to write" }),
};

type PackSettings = SettingsOf<typeof settings>;

/** @throws RollupError SETTING_INVALID */
function readGiven(path: string, flag: string): Uint8Array {
  if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `${flag}: there is no ${path}`);
  return new Uint8Array(readFileSync(path));
}

/** @throws RollupError SETTING_INVALID, and what `fetchHeader` throws */
async function frozenHeader({ header, height, rpcUrl }: PackSettings): Promise<SubstrateHeader> {
  if (header === undefined) {
    return fetchHeader(jsonRpc(needed(rpcUrl, "rpcUrl"), TIMEOUT_MS), needed(height, "height"));
  }
  const reading = readHeader(readGiven(header, "--header"));
  if (reading.kind === "invalid") throw new RollupError("SETTING_INVALID", `--header: ${reading.reason}`);
  if (height === undefined || height === reading.header.number) return reading.header;
  throw new RollupError("SETTING_INVALID", `--header is of block ${reading.header.number}, not ${height}`);
}

/** @throws RollupError SETTING_INVALID */
function sourceOf({ blocks, rpcUrl, registrationsFrom }: PackSettings) {
  if (blocks !== undefined) {
    const reading = readBlocks(new TextDecoder().decode(readGiven(blocks, "--blocks")));
    if (reading.kind === "invalid") throw new RollupError("SETTING_INVALID", `--blocks: ${reading.reason}`);
    return ({ height }: NamedBlock): Iterable<ShownBlock> =>
      reading.blocks.filter(({ header }) => header.number <= height);
  }
  const ask = jsonRpc(needed(rpcUrl, "rpcUrl"), TIMEOUT_MS);
  return ({ height }: NamedBlock): AsyncIterable<ShownBlock> =>
    fetchBlocks(ask, { newest: height, oldest: registrationsFrom });
}

export const packBlocksCommand = defineCommand({
  name: "pack-blocks",
  summary:
    "writes the blocks in which receivers were registered, as provers read them; goes on where it was ended",
  settings,
  faults: (given) => {
    if (given.has("blocks") === given.has("rpcUrl")) return ["one of --blocks and --rpc-url is wanted"];
    if (given.has("header") || (given.has("height") && given.has("rpcUrl"))) return [];
    return ["--header is wanted, or --height beside --rpc-url"];
  },
  run: async (given, { print, log, stop }) => {
    const { registrationsFrom, output } = given;
    const frozen = await frozenHeader(given);
    const total = Number(frozen.number - registrationsFrom + 1n);
    const progress = createProgress(process.stderr, () => performance.now());
    const packing = await packBlocks({
      output,
      frozen,
      from: registrationsFrom,
      source: sourceOf(given),
      onBlock: (blocks) => {
        stop.throwIfAborted();
        progress.show(`packing ${total} blocks`, blocks / total);
      },
    }).finally(() => progress.end());
    if (packing.kind === "invalid") {
      log.error({ code: packing.reason.code }, "these are not the blocks back from the frozen one");
      print(refusalDocument(packing.reason));
      return DOES_NOT_HOLD;
    }
    const { blocks, bytes } = packing;
    const named = { blockHash: toHex(headerHash(frozen)), header: toHex(encodeHeader(frozen)) };
    print({ ok: true, blocks, bytes, output, ...named });
    return HOLDS;
  },
});
