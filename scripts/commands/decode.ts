import { readFileSync } from "node:fs";
import {
  decodeBatchData,
  type NamedFile,
  PIECE_KINDS,
  type PieceKind,
} from "@phala-l2/protocol/batcher-data/decoding";
import { jsonInteger } from "@phala-l2/protocol/config/json-reader";
import { bigintSetting, booleanSetting, textSetting } from "@phala-l2/protocol/config/settings";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const MEGABYTE = 1e6;

export function isPieceKind(text: string): text is PieceKind {
  return PIECE_KINDS.some((kind) => kind === text);
}

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
  words: "files: raw bytes, or hex text with one byte string a line",
  settings: {
    kind: textSetting({ help: "what the files are: blob, tx or channel" }),
    genesisTime: bigintSetting({ help: "Unix seconds of the L2 genesis block", optional: true }),
    blockTime: bigintSetting({ help: "seconds between L2 blocks", default: "2" }),
    genesisNumber: bigintSetting({ help: "number of the L2 genesis block", default: "0" }),
    chainId: bigintSetting({
      help: "the rollup's chain id; without it span batches have no hashes",
      optional: true,
    }),
    beforeFjord: booleanSetting({ help: "channels of at most 10 MB and without brotli", default: "false" }),
    withTransactions: booleanSetting({ help: "adds each block's raw transactions", default: "false" }),
  },
  run: async ({ kind, beforeFjord, withTransactions, ...chain }, { words, log, print }) => {
    const usage = usageFault(kind, words, chain.blockTime);
    if (usage !== undefined || !isPieceKind(kind)) {
      process.stderr.write(`l2: decode: ${usage}\n`);
      return BAD_USAGE;
    }
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

function usageFault(kind: string, words: readonly string[], blockTime: bigint): string | undefined {
  if (!isPieceKind(kind)) return `--kind ${kind}: ${PIECE_KINDS.join(", ")} is wanted`;
  if (words.length === 0) return "at least one file is wanted";
  return blockTime === 0n ? "--block-time 0: at least a second is wanted" : undefined;
}
