import { decodeAccount } from "@phala-l2/execution/state/account";
import { type Address, bigintFromBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { verifyProof } from "@phala-l2/protocol/trie/proof";
import { decodeRlp } from "@phala-l2/protocol/wire/rlp";
import { invalidL1Data } from "./json-rpc.ts";
import { bytesOfHex, RpcFields } from "./rpc-fields.ts";

export type SlotPlace = { readonly stateRoot: Hash; readonly address: Address; readonly slot: Hash };

/**
 * Reads one storage word out of an eth_getProof answer, proven against the block's state root (EIP-1186).
 * @throws RollupError L1_DATA_INVALID
 */
export function readProvenSlot(result: unknown, { stateRoot, address, slot }: SlotPlace): bigint {
  const fields = new RpcFields(result, "proof");
  const leaf = proven(stateRoot, keccak256(address), nodesOf(fields, "accountProof"));
  if (leaf === undefined) return 0n;
  const [storage] = fields.list("storageProof");
  const proof = nodesOf(new RpcFields(storage, "storage proof"), "proof");
  const value = proven(decodeAccount(leaf).storageRoot, keccak256(slot), proof);
  return value === undefined ? 0n : wordOf(value);
}

function nodesOf(fields: RpcFields, name: string): readonly Uint8Array[] {
  return fields.list(name).map((node) => {
    const bytes = bytesOfHex(node);
    if (bytes === undefined) throw invalidL1Data("a proof has a node that is no hex", {});
    return bytes;
  });
}

function proven(root: Hash, key: Hash, proof: readonly Uint8Array[]): Uint8Array | undefined {
  const verification = verifyProof(root, key, proof);
  if (verification.kind === "ok") return verification.value;
  throw invalidL1Data(`a storage proof does not hold: ${verification.reason}`, { root: toHex(root) });
}

function wordOf(leaf: Uint8Array): bigint {
  const decoding = decodeRlp(leaf);
  if (decoding.kind === "ok" && decoding.item instanceof Uint8Array) return bigintFromBytes(decoding.item);
  throw invalidL1Data("a proven slot holds no word", {});
}
