import { bytesEqual, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { endpointName } from "@phala-l2/protocol/endpoint";
import { RollupError } from "@phala-l2/protocol/errors";
import { fieldOf } from "@phala-l2/protocol/json-record";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { decodeHeader } from "@phala-l2/protocol/substrate/header";
import type { ReleaseWitness } from "@phala-l2/swap/release";
import { resultOf } from "../json-rpc.ts";

/** A block of the parachain by its number and hash. */
export type ParachainBlock = { readonly height: bigint; readonly hash: Hash };

/** Whether a block is final, by the prover's own node. @throws RollupError PARACHAIN_NODE_SILENT */
export type IsFinal = (block: ParachainBlock) => Promise<boolean>;

const TIMEOUT_MS = 10_000;
const HASH = /^0x[0-9a-f]{64}$/i;
const NUMBER = /^0x[0-9a-f]{1,16}$/i;

function silent(url: string, method: string, cause?: unknown): RollupError<"PARACHAIN_NODE_SILENT"> {
  const node = endpointName(url);
  const message = `the parachain's node ${node} gives no answer to ${method}`;
  return new RollupError("PARACHAIN_NODE_SILENT", message, { data: { node, method }, cause });
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  try {
    return await resultOf(url, { method, params, timeoutMs: TIMEOUT_MS });
  } catch (cause) {
    throw silent(url, method, cause);
  }
}

/** Asks a node of Substrate's JSON-RPC over HTTP: its finalised head, and which block of that height is its own. */
export function finalityByNode(url: string): IsFinal {
  return async ({ height, hash }) => {
    const head = await ask(url, "chain_getFinalizedHead", []);
    if (typeof head !== "string" || !HASH.test(head)) throw silent(url, "chain_getFinalizedHead");
    const number = fieldOf(await ask(url, "chain_getHeader", [head]), "number");
    if (typeof number !== "string" || !NUMBER.test(number)) throw silent(url, "chain_getHeader");
    if (height > BigInt(number)) return false;
    const own = await ask(url, "chain_getBlockHash", [`0x${height.toString(16)}`]);
    return typeof own === "string" && HASH.test(own) && bytesEqual(hashFromHex(own), hash);
  };
}

/** The blocks that a witness shows; undefined when one of its headers is none. */
export function shownBlocks({ deposit, repair }: ReleaseWitness): readonly ParachainBlock[] | undefined {
  const blocks: ParachainBlock[] = [];
  for (const { block } of repair === undefined ? [deposit] : [deposit, repair]) {
    const header = decodeHeader(block.header);
    if (header.kind === "invalid") return undefined;
    blocks.push({ height: header.value.number, hash: blake2b256(block.header) });
  }
  return blocks;
}
