import { bytesEqual, fromHex, type Hash, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { fieldOf } from "@phala-l2/protocol/json-record";
import { headerHash, isDigestItem, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import type { Ask } from "../json-rpc.ts";

/** Which of the two chains a node is of; faults name it. */
export type ChainRole = "parachain" | "relay-chain";

/**
 * A node of a Substrate chain behind its JSON-RPC. What it tells is believed by nobody: answers of another form, and headers that do not
 * hash to their names, are faults of the node.
 */
export interface SubstrateNode {
  /** The block of that height on the chain that the node takes for the best; undefined when it has none. */
  blockHashAt(height: bigint): Promise<Hash | undefined>;
  finalizedHead(): Promise<Hash>;
  /** The header that hashes to this. */
  header(hash: Hash): Promise<SubstrateHeader>;
  storage(key: Uint8Array, at: Hash): Promise<Uint8Array | undefined>;
  readProof(keys: readonly Uint8Array[], at: Hash): Promise<readonly Uint8Array[]>;
  extrinsics(hash: Hash): Promise<readonly Uint8Array[]>;
  /** Calls a runtime's function that takes nothing. */
  call(name: string, at: Hash): Promise<Uint8Array>;
  /** `grandpa_proveFinality`, as `decodeFinalityProof` reads it; undefined when the node has none yet. */
  finalityProof(height: bigint): Promise<Uint8Array | undefined>;
}

const NUMBER = /^0x[0-9a-f]{1,16}$/i;
/** What a node answers that it must not. */
export function nodeFault(role: ChainRole, what: string, cause?: unknown): RollupError {
  return role === "parachain"
    ? new RollupError("PARACHAIN_INVALID", `the parachain's node answers with ${what}`, { cause })
    : new RollupError("RELAY_CHAIN_INVALID", `the relay chain's node answers with ${what}`, { cause });
}

/** Reads answers. @throws RollupError PARACHAIN_INVALID, RELAY_CHAIN_INVALID */
function answersOf(role: ChainRole) {
  const bytes = (value: unknown, what: string): Uint8Array => {
    if (typeof value !== "string") throw nodeFault(role, `no ${what}`);
    try {
      return fromHex(value);
    } catch (error) {
      if (isRollupError(error)) throw nodeFault(role, `a broken ${what}`, error);
      throw error;
    }
  };
  const hash = (value: unknown, what: string): Hash => {
    const found = bytes(value, what);
    if (found.length !== 32) throw nodeFault(role, `a broken ${what}`);
    return hashFromHex(toHex(found));
  };
  const list = (value: unknown, what: string): readonly Uint8Array[] => {
    if (!Array.isArray(value)) throw nodeFault(role, `no ${what}`);
    return value.map((item) => bytes(item, what));
  };
  const header = (value: unknown): SubstrateHeader => {
    const number = fieldOf(value, "number");
    if (typeof number !== "string" || !NUMBER.test(number)) {
      throw nodeFault(role, "a header without number");
    }
    const digest = list(fieldOf(fieldOf(value, "digest"), "logs"), "digest of a header");
    if (!digest.every(isDigestItem)) throw nodeFault(role, "a broken digest of a header");
    return {
      parentHash: hash(fieldOf(value, "parentHash"), "header's parent"),
      number: BigInt(number),
      stateRoot: hash(fieldOf(value, "stateRoot"), "header's state root"),
      extrinsicsRoot: hash(fieldOf(value, "extrinsicsRoot"), "header's extrinsics root"),
      digest,
    };
  };
  return { bytes, hash, list, header };
}

/** @throws RollupError by each method: PARACHAIN_INVALID or RELAY_CHAIN_INVALID, RPC_UNREACHABLE, RPC_REFUSED */
export function createSubstrateNode(ask: Ask, role: ChainRole): SubstrateNode {
  const read = answersOf(role);
  return {
    blockHashAt: async (height) => {
      const answer = await ask("chain_getBlockHash", [Number(height)]);
      return answer === null ? undefined : read.hash(answer, "block hash");
    },
    finalizedHead: async () => read.hash(await ask("chain_getFinalizedHead", []), "finalised head"),
    header: async (hash) => {
      const found = read.header(await ask("chain_getHeader", [toHex(hash)]));
      if (bytesEqual(headerHash(found), hash)) return found;
      throw nodeFault(role, "a header of another hash than was asked for");
    },
    storage: async (key, at) => {
      const answer = await ask("state_getStorage", [toHex(key), toHex(at)]);
      return answer === null ? undefined : read.bytes(answer, "value");
    },
    readProof: async (keys, at) => {
      const answer = await ask("state_getReadProof", [keys.map(toHex), toHex(at)]);
      return read.list(fieldOf(answer, "proof"), "read proof");
    },
    extrinsics: async (hash) => {
      const answer = await ask("chain_getBlock", [toHex(hash)]);
      return read.list(fieldOf(fieldOf(answer, "block"), "extrinsics"), "extrinsics");
    },
    call: async (name, at) => {
      return read.bytes(await ask("state_call", [name, "0x", toHex(at)]), `answer of ${name}`);
    },
    finalityProof: async (height) => {
      const answer = await ask("grandpa_proveFinality", [Number(height)]);
      return answer === null ? undefined : read.bytes(answer, "proof of finality");
    },
  };
}
