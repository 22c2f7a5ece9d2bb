import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PIECE_KINDS, type PieceKind } from "@phala-l2/protocol/batcher-data/decoding";
import {
  batcherDataOf,
  blobsOfChannel,
  encodeChannel,
  MAX_CALLDATA,
  parseCompression,
} from "@phala-l2/protocol/batcher-data/encoding";
import type { addressFromHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import {
  addressSetting,
  bigintSetting,
  choiceOf,
  folderSetting,
  integerWithin,
  settingKind,
} from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { BAD_USAGE, defineCommand, HOLDS } from "./command.ts";

/** Anybody knows this key: the transactions are for tools that read them, and worth nothing on an L1. */
const DANGEROUSLY_PUBLIC_KEY = new Uint8Array(32).fill(1);
const GAS_LIMIT = 30_000_000n;
const NAMES: Readonly<Record<PieceKind, string>> = { blob: "blob", tx: "transaction", channel: "channel" };

type TransactionOptions = {
  readonly inbox: ReturnType<typeof addressFromHex>;
  readonly l1ChainId: bigint;
  readonly txType: number;
};

/** Undefined for a type that carries no calldata of a batcher. */
function unsignedTransaction(
  data: Uint8Array,
  nonce: bigint,
  { inbox: to, l1ChainId: chainId, txType }: TransactionOptions,
): UnsignedTransaction | undefined {
  const call = { nonce, gasLimit: GAS_LIMIT, to, value: 0n, data };
  const prices = { maxPriorityFeePerGas: 1n, maxFeePerGas: 1n };
  if (txType === 0) return { type: 0, chainId, gasPrice: 1n, ...call };
  if (txType === 1) return { type: 1, chainId, gasPrice: 1n, accessList: [], ...call };
  return txType === 2 ? { type: 2, chainId, ...prices, accessList: [], ...call } : undefined;
}

function transactionsOf(channel: Uint8Array, options: TransactionOptions): readonly Uint8Array[] | undefined {
  const raws: Uint8Array[] = [];
  for (const [nonce, data] of batcherDataOf(channel, MAX_CALLDATA).entries()) {
    const unsigned = unsignedTransaction(data, BigInt(nonce), options);
    if (unsigned === undefined) return undefined;
    raws.push(encodeTransaction(signTransaction(unsigned, DANGEROUSLY_PUBLIC_KEY)));
  }
  return raws;
}

/** The chain id of the flag, else the one that decode has written down. */
function chainIdOf(flag: bigint | undefined, description: unknown): bigint | undefined {
  if (flag !== undefined) return flag;
  const root = new JsonObject(description, "");
  return root.has("chainId") ? root.integer("chainId") : undefined;
}

export const encodeCommand = defineCommand({
  name: "encode",
  summary:
    "makes blobs, batcher transactions or a channel of what decode --with-transactions true has written",
  words: {
    name: "file",
    help: "one JSON file",
    fault: ({ length }) => (length === 1 ? undefined : "one JSON file is wanted"),
  },
  settings: {
    kind: choiceOf(...PIECE_KINDS)({ help: "what to make" }),
    compression: settingKind(
      "METHOD",
      parseCompression,
    )({
      help: "zlib, or brotli-0 (quick) to brotli-11 (small)",
      default: "brotli-10",
    }),
    chainId: bigintSetting({ help: "the rollup's chain id; the file's own when absent", optional: true }),
    out: folderSetting({ help: "where the files go" }),
    inbox: addressSetting({
      help: "recipient of transactions",
      default: "0xff00000000000000000000000000000000000010",
    }),
    l1ChainId: bigintSetting({ help: "chain id of transactions", default: "1" }),
    txType: integerWithin(0, 2)({ help: "type of transactions: 0, 1 or 2", default: "2" }),
  },
  run: async ({ kind, compression, chainId, out, ...options }, { words, log, print }) => {
    const refuse = (message: string): typeof BAD_USAGE => {
      process.stderr.write(`l2: encode: ${message}\n`);
      return BAD_USAGE;
    };
    const [name = ""] = words;
    try {
      const description: unknown = JSON.parse(readFileSync(name, "utf8"));
      const channel = encodeChannel(description, chainIdOf(chainId, description), compression);
      const pieces = { blob: blobsOfChannel, tx: (bytes: Uint8Array) => transactionsOf(bytes, options) };
      const made = kind === "channel" ? [channel] : pieces[kind](channel);
      if (made === undefined) return refuse("--tx-type: 0, 1 or 2 is wanted");
      mkdirSync(out, { recursive: true });
      const files = made.map((_, i) => join(out, `${NAMES[kind]}-${String(i).padStart(4, "0")}.bin`));
      for (const [i, file] of files.entries()) writeFileSync(file, made[i] ?? new Uint8Array(0));
      log.info({ channelBytes: channel.length, files: files.length }, "encoded");
      print({ files, channelBytes: channel.length });
      return HOLDS;
    } catch (error) {
      const isOurs = isRollupError(error, "CONFIG_INVALID") || isRollupError(error, "SPAN_BATCH_TRANSACTION");
      const isInput =
        error instanceof SyntaxError ||
        (error instanceof Error && "code" in error && error.code === "ENOENT");
      if (!isOurs && !isInput) throw error;
      return refuse(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
});
