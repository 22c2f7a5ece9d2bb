import { type Account, decodeAccount, EMPTY_ACCOUNT } from "@phala-l2/execution/state/account";
import {
  type Address,
  asHash,
  bigintFromBytes,
  bytesEqual,
  fromHex,
  type Hash,
  toHex,
} from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { proveKey } from "@phala-l2/protocol/trie/proof";
import { EMPTY_TRIE_ROOT, type NodeReader, openTrie } from "@phala-l2/protocol/trie/trie";
import { decodeRlp } from "@phala-l2/protocol/wire/rlp";
import type { ChainView } from "../../store/chain-reader.ts";
import { withState } from "../block-reference.ts";
import { quantityHex, wordHex } from "../format/hex.ts";
import type { RpcLimits } from "../limits.ts";
import { method2, method3, optional, type RpcMethods, required } from "../method.ts";
import { address, anything, arrayOf, block, invalid, LATEST, ok, type Parsed, text } from "../parameters.ts";
import type { PoolView } from "../pool-view.ts";
import { failure, INVALID_PARAMS, result } from "../reply.ts";
import { pendingNonce } from "./transactions.ts";

const SLOT_BYTES = 32;

export type StateParts = {
  readonly chain: ChainView;
  readonly pool: PoolView | undefined;
  readonly limits: Pick<RpcLimits, "proofKeys">;
};

/** A storage key with geth's leniency: any hex up to 32 bytes, shorter ones are padded on the left. */
export function readSlot(key: string): Parsed<Hash> {
  const digits = /^0x/i.test(key) ? key.slice(2) : key;
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  if (!/^[0-9a-fA-F]*$/.test(even))
    return invalid(`invalid hex in storage key: ${JSON.stringify(key.slice(0, 100))}`);
  if (even.length > 2 * SLOT_BYTES) {
    return invalid(`storage key too long (want at most 32 bytes): ${JSON.stringify(key.slice(0, 100))}`);
  }
  return ok(asHash(fromHex(even.padStart(2 * SLOT_BYTES, "0"))));
}

/** Account, storage and code after a block. */
export function stateMethods(parts: StateParts): RpcMethods {
  const { chain, pool } = parts;
  return {
    eth_getBalance: method2(required(address), optional(block, LATEST), (account, at) =>
      withState(chain, at, (state) => result(quantityHex(state.account(account)?.balance ?? 0n))),
    ),
    eth_getTransactionCount: method2(required(address), optional(block, LATEST), (account, at) =>
      withState(chain, at, (state) => {
        const nonce = state.account(account)?.nonce ?? 0n;
        const isPending = at.kind === "tag" && at.tag === "pending";
        return result(quantityHex(isPending ? pendingNonce(pool, account, nonce) : nonce));
      }),
    ),
    eth_getCode: method2(required(address), optional(block, LATEST), (account, at) =>
      withState(chain, at, (state) => {
        const codeHash = state.account(account)?.codeHash ?? EMPTY_CODE_HASH;
        return result(bytesEqual(codeHash, EMPTY_CODE_HASH) ? "0x" : toHex(state.code(codeHash)));
      }),
    ),
    eth_getStorageAt: method3(
      required(address),
      required(text),
      optional(block, LATEST),
      (account, key, at) => {
        const slot = readSlot(key);
        if (slot.kind === "invalid") return failure(INVALID_PARAMS, slot.words);
        return withState(chain, at, (state) => result(wordHex(state.storage(account, slot.value))));
      },
    ),
    eth_getStorageValues: storageValues(parts),
    eth_getProof: accountProof(parts),
  };
}

function storageValues({ chain, limits }: StateParts): RpcMethods[string] {
  return method2(required(anything), optional(block, LATEST), (request, at) => {
    if (!isRecord(request))
      return failure(INVALID_PARAMS, "invalid argument 0: json: cannot unmarshal into Go value");
    const wanted = new Map<string, { readonly account: Address; readonly slots: readonly Hash[] }>();
    let total = 0;
    for (const [key, slots] of Object.entries(request)) {
      const account = address(key);
      const keys = arrayOf(text, limits.proofKeys, "[]common.Hash")(slots);
      if (account.kind === "invalid") return failure(INVALID_PARAMS, `invalid argument 0: ${account.words}`);
      if (keys.kind === "invalid") return failure(INVALID_PARAMS, `invalid argument 0: ${keys.words}`);
      const read = readSlots(keys.value);
      if (read.kind === "invalid") return failure(INVALID_PARAMS, read.words);
      total += read.value.length;
      wanted.set(toHex(account.value), { account: account.value, slots: read.value });
    }
    if (total === 0) return failure(INVALID_PARAMS, "empty request");
    if (total > limits.proofKeys) return failure(INVALID_PARAMS, `too many slots (max ${limits.proofKeys})`);
    return withState(chain, at, (state) =>
      result(
        Object.fromEntries(
          [...wanted].map(([key, { account, slots }]) => [
            key,
            slots.map((slot) => wordHex(state.storage(account, slot))),
          ]),
        ),
      ),
    );
  });
}

function readSlots(keys: readonly string[]): Parsed<readonly Hash[]> {
  const slots: Hash[] = [];
  for (const key of keys) {
    const slot = readSlot(key);
    if (slot.kind === "invalid") return slot;
    slots.push(slot.value);
  }
  return ok(slots);
}

function storageValue(root: Hash, readNode: NodeReader, key: Hash): bigint {
  const leaf = openTrie(root, readNode).get(key);
  if (leaf === undefined) return 0n;
  const item = decodeRlp(leaf);
  return item.kind === "ok" && item.item instanceof Uint8Array ? bigintFromBytes(item.item) : 0n;
}

/**
 * eth_getProof (EIP-1186) from the trie nodes of that block's state, so that old withdrawals can be proven.
 * A key is answered in the form it was asked: as a hash when it has 32 bytes, else as a quantity.
 */
function accountProof({ chain, limits }: StateParts): RpcMethods[string] {
  const keys = arrayOf(text, limits.proofKeys, "[]string");
  return method3(required(address), required(keys), optional(block, LATEST), (account, slotTexts, at) => {
    const slots = readSlots(slotTexts);
    if (slots.kind === "invalid") return failure(INVALID_PARAMS, slots.words);
    return withState(chain, at, (_state, { header }) => {
      const key = keccak256(account);
      const leaf = openTrie(header.stateRoot, chain.readNode).get(key);
      const found: Account = leaf === undefined ? EMPTY_ACCOUNT : decodeAccount(leaf);
      const storageProof = slots.value.map((slot, index) => {
        const slotKey = keccak256(slot);
        const asked = slotTexts[index] ?? "";
        const isWord = asked.length === 2 + 2 * SLOT_BYTES;
        return {
          key: isWord ? toHex(slot) : quantityHex(bigintFromBytes(slot)),
          value: quantityHex(storageValue(found.storageRoot, chain.readNode, slotKey)),
          proof: proofNodes(found.storageRoot, chain.readNode, slotKey),
        };
      });
      return result({
        address: toHex(account),
        accountProof: proofNodes(header.stateRoot, chain.readNode, key),
        balance: quantityHex(found.balance),
        codeHash: toHex(found.codeHash),
        nonce: quantityHex(found.nonce),
        storageHash: toHex(found.storageRoot),
        storageProof,
      });
    });
  });
}

function proofNodes(root: Hash, readNode: NodeReader, key: Hash): readonly string[] {
  return bytesEqual(root, EMPTY_TRIE_ROOT) ? [] : proveKey(root, readNode, key).map(toHex);
}
