import { readFileSync } from "node:fs";
import { decodeBatchData, type NamedFile, PIECE_KINDS } from "@phala-l2/protocol/batcher-data/decoding";
import { jsonInteger } from "@phala-l2/protocol/config/json-reader";
import { bigintSetting, bigintWithin, booleanSetting, choiceOf } from "@phala-l2/protocol/config/settings";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const MEGABYTE = 1e6;
/** A time is a 64-bit integer. */
const MAX_BLOCK_TIME = 2n ** 64n - 1n;

/** Undefined, after one line on stderr, when a file cannot be read. */
function readFiles(names: readonly string[]): readonly NamedFile[] | undefined {
  try {
    return names.map((name) => ({ name, content: new Uint8Array(readFileSync(name)) }));
  } catch (error) {
    process.stderr.write(`l2: decode: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

export const decodeCommand = defineCommand({
  name: "decode",
  summary: "decodes blobs, batcher transactions or channels down to the batches in them",
  words: {
    name: "file",
    help: "raw bytes, or hex text with one byte string a line",
    fault: (words) => (words.length === 0 ? "at least one file is wanted" : undefined),
  },
  settings: {
    kind: choiceOf(...PIECE_KINDS)({ help: "what the files are" }),
    genesisTime: bigintSetting({ help: "Unix seconds of the L2 genesis block", optional: true }),
    blockTime: bigintWithin(1n, MAX_BLOCK_TIME)({ help: "seconds between L2 blocks", default: "2" }),
    genesisNumber: bigintSetting({ help: "number of the L2 genesis block", default: "0" }),
    chainId: bigintSetting({
      help: "the rollup's chain id; without it span batches have no hashes",
      optional: true,
    }),
    beforeFjord: booleanSetting({ help: "channels of at most 10 MB and without brotli", default: "false" }),
    withTransactions: booleanSetting({ help: "adds each block's raw transactions", default: "false" }),
  },
  run: async ({ kind, beforeFjord, withTransactions, ...chain }, { words, log, print }) => {
    const files = readFiles(words);
    if (files === undefined) return BAD_USAGE;
    const { genesisTime, chainId } = chain;
    const started = performance.now();
    const { totals, ...found } = decodeBatchData(files, {
      kind,
      chain: { ...chain, genesisTime, chainId },
      fjord: !beforeFjord,
      raw: withTransactions,
    });
    const seconds = (performance.now() - started) / 1000;
    const rates = {
      seconds,
      inputMBPerSecond: totals.inputBytes / MEGABYTE / seconds,
      batchMBPerSecond: totals.batchBytes / MEGABYTE / seconds,
    };
    for (const { missing, ...channel } of found.incomplete)
      log.warn({ ...channel, missing }, "a channel is incomplete");
    for (const dropped of found.dropped) log.warn({ ...dropped }, "not decoded");
    if (chainId === undefined && totals.transactions > 0) {
      log.warn({}, "span batches leave the chain id out: give --chain-id for their transactions' hashes");
    }
    log.info({ ...totals, ...rates }, "decoded");
    print({ ...found, ...(chainId === undefined ? {} : { chainId: jsonInteger(chainId) }) });
    return totals.batches > 0 ? HOLDS : DOES_NOT_HOLD;
  },
});
