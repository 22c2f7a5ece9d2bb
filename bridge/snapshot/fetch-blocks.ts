import { type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { headerHash, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import type { ShownBlock } from "@phala-l2/sunset/block-window";
import type { Ask } from "../json-rpc.ts";
import { blockOf } from "./chain-blocks.ts";
import { readHeader } from "./frozen-header.ts";

/** Blocks that are asked for at once: what hides a distant node's latency, and what a public node lets one ask for. */
const BATCH = 32n;
/** A node that was asked in vain is asked again, after so many milliseconds more each time. */
const ATTEMPTS = 5;
const PAUSE_MS = 1_000;
const HASH = /^0x[0-9a-f]{64}$/i;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function unreadable(height: bigint, reason: string): RollupError<"PARACHAIN_BLOCK_UNREADABLE"> {
  const message = `the parachain's node gives no block ${height}: ${reason}`;
  return new RollupError("PARACHAIN_BLOCK_UNREADABLE", message, { data: { height: String(height), reason } });
}

/** Asks again while the node is not reached. @throws RollupError RPC_UNREACHABLE, RPC_REFUSED */
function patient(ask: Ask, wait: (ms: number) => Promise<void>): Ask {
  return async (method, params) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(method, params);
      } catch (error) {
        if (!isRollupError(error, "RPC_UNREACHABLE") || attempt >= ATTEMPTS) throw error;
        await wait(attempt * PAUSE_MS);
      }
    }
  };
}

/** The hashes that a node has at these heights. */
async function hashesAt(ask: Ask, heights: readonly bigint[]): Promise<readonly Hex[]> {
  const answer = await ask("chain_getBlockHash", [heights.map((height) => `0x${height.toString(16)}`)]);
  const hashes: readonly unknown[] = Array.isArray(answer) ? answer : [];
  return heights.map((height, i) => {
    const hash = hashes[i];
    if (typeof hash === "string" && HASH.test(hash)) return toHex(hashFromHex(hash));
    throw unreadable(height, "it has no hash for it");
  });
}

async function blockAt(ask: Ask, height: bigint, hash: Hex): Promise<ShownBlock> {
  const answer = await ask("chain_getBlock", [hash]);
  if (answer === null) throw unreadable(height, "it keeps its header only");
  try {
    const block = blockOf(answer);
    if (typeof block !== "string") return block;
    throw unreadable(height, block);
  } catch (error) {
    if (isRollupError(error, "HEX_INVALID")) throw unreadable(height, error.message);
    throw error;
  }
}

export type FetchOptions = { readonly wait?: (ms: number) => Promise<void> };

/**
 * Blocks of a node from `newest` down to `oldest`, as it gives them: whoever takes them checks them.
 * @throws RollupError PARACHAIN_BLOCK_UNREADABLE, RPC_UNREACHABLE after some attempts, RPC_REFUSED
 */
export async function* fetchBlocks(
  ask: Ask,
  { newest, oldest }: { readonly newest: bigint; readonly oldest: bigint },
  { wait = sleep }: FetchOptions = {},
): AsyncGenerator<ShownBlock> {
  const asked = patient(ask, wait);
  for (let high = newest; high >= oldest; high -= BATCH) {
    const count = high - oldest + 1n < BATCH ? high - oldest + 1n : BATCH;
    const heights = Array.from({ length: Number(count) }, (_, i) => high - BigInt(i));
    const hashes = await hashesAt(asked, heights);
    yield* await Promise.all(hashes.map((hash, i) => blockAt(asked, high - BigInt(i), hash)));
  }
}

/**
 * The header that a node has at a height. Whether that is the frozen block is for whoever compares its hash.
 * @throws RollupError PARACHAIN_BLOCK_UNREADABLE, RPC_UNREACHABLE, RPC_REFUSED
 */
export async function fetchHeader(
  ask: Ask,
  height: bigint,
  { wait = sleep }: FetchOptions = {},
): Promise<SubstrateHeader> {
  const asked = patient(ask, wait);
  const [hash] = await hashesAt(asked, [height]);
  const answer = await asked("chain_getHeader", [hash]);
  const reading = readHeader(new TextEncoder().encode(JSON.stringify(answer)));
  if (reading.kind === "invalid") throw unreadable(height, reading.reason);
  const { header } = reading;
  if (header.number === height && hash !== undefined && toHex(headerHash(header)) === hash) return header;
  throw unreadable(height, "its header is another than its hash says");
}
