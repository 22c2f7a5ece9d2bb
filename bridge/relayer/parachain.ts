import { bytesEqual, fromHex, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import {
  encodeHeader,
  headerHash,
  isDigestItem,
  type SubstrateHeader,
} from "@phala-l2/protocol/substrate/header";
import { type BlockProof, EVENTS_KEY, LAST_UPGRADE_KEY } from "@phala-l2/swap/block-proof";
import type { Ask } from "../json-rpc.ts";

/** A block of the parachain, as far as the relayer looks into each. */
export type ParachainBlock = {
  readonly height: bigint;
  readonly hash: Hash;
  readonly header: SubstrateHeader;
  /** The value of `System.Events`; nothing is proven of it yet. */
  readonly events: Uint8Array;
};

/** The parachain as its node tells. A node that keeps old states is wanted: proofs are taken from them. */
export interface Parachain {
  genesisHash(): Promise<Hash>;
  finalizedHeight(): Promise<bigint>;
  /** A block of the finalised chain. @throws RollupError PARACHAIN_INVALID when it does not hash to its name */
  blockAt(height: bigint): Promise<ParachainBlock>;
  /** The proof of a block's events, without texts of remarks. */
  proofOf(block: ParachainBlock): Promise<BlockProof>;
  extrinsicsOf(block: ParachainBlock): Promise<readonly Uint8Array[]>;
}

function invalid(what: string, cause?: unknown): RollupError<"PARACHAIN_INVALID"> {
  return new RollupError("PARACHAIN_INVALID", `the parachain's node answers with ${what}`, { cause });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function bytesOf(value: unknown, what: string): Uint8Array {
  if (typeof value !== "string") throw invalid(`no ${what}`);
  try {
    return fromHex(value);
  } catch (error) {
    if (isRollupError(error)) throw invalid(`a broken ${what}`, error);
    throw error;
  }
}

function hashOf(value: unknown, what: string): Hash {
  const bytes = bytesOf(value, what);
  if (bytes.length !== 32) throw invalid(`a broken ${what}`);
  return hashFromHex(toHex(bytes));
}

function listOf(value: unknown, what: string): readonly Uint8Array[] {
  if (!Array.isArray(value)) throw invalid(`no ${what}`);
  return value.map((item) => bytesOf(item, what));
}

function headerOf(value: unknown): SubstrateHeader {
  const number = field(value, "number");
  if (typeof number !== "string" || !/^0x[0-9a-f]{1,16}$/i.test(number))
    throw invalid("a header without number");
  const digest = listOf(field(field(value, "digest"), "logs"), "digest of a header");
  if (!digest.every(isDigestItem)) throw invalid("a broken digest of a header");
  return {
    parentHash: hashOf(field(value, "parentHash"), "header's parent"),
    number: BigInt(number),
    stateRoot: hashOf(field(value, "stateRoot"), "header's state root"),
    extrinsicsRoot: hashOf(field(value, "extrinsicsRoot"), "header's extrinsics root"),
    digest,
  };
}

/** The parachain behind a node's JSON-RPC. */
export function createParachain(ask: Ask): Parachain {
  const header = async (hash: Hash): Promise<SubstrateHeader> => {
    const found = headerOf(await ask("chain_getHeader", [toHex(hash)]));
    if (!bytesEqual(headerHash(found), hash)) throw invalid("a header of another hash than was asked for");
    return found;
  };
  return {
    genesisHash: async () => hashOf(await ask("chain_getBlockHash", [0]), "genesis hash"),
    finalizedHeight: async () => {
      const head = hashOf(await ask("chain_getFinalizedHead", []), "finalised head");
      return (await header(head)).number;
    },
    blockAt: async (height) => {
      const hash = hashOf(await ask("chain_getBlockHash", [Number(height)]), "block hash");
      const [found, events] = await Promise.all([
        header(hash),
        ask("state_getStorage", [toHex(EVENTS_KEY), toHex(hash)]),
      ]);
      if (found.number !== height) throw invalid("a block of another height than was asked for");
      return { height, hash, header: found, events: bytesOf(events ?? "0x", "events") };
    },
    proofOf: async ({ hash, header: found }) => {
      const keys = [EVENTS_KEY, LAST_UPGRADE_KEY].map(toHex);
      const answer = await ask("state_getReadProof", [keys, toHex(hash)]);
      const nodes = listOf(field(answer, "proof"), "read proof");
      return { header: encodeHeader(found), nodes, remarks: [] };
    },
    extrinsicsOf: async ({ hash }) => {
      const answer = await ask("chain_getBlock", [toHex(hash)]);
      return listOf(field(field(answer, "block"), "extrinsics"), "extrinsics");
    },
  };
}
