import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { StateReader } from "@phala-l2/execution/state/reader";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { toHex } from "@phala-l2/protocol/bytes";
import type { L2BlockRef } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import type { ChainStore } from "../chain-store.ts";
import { openStore } from "../open.ts";
import { ADDRESSES, SLOTS, syntheticBlock, syntheticConfig, syntheticGenesis } from "./synthetic-chain.ts";

const root = mkdtempSync(join(tmpdir(), "phala-l2-store-"));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
export const newFolder = () => join(root, `${folders++}`);

export const genesis = syntheticGenesis();
export const config = syntheticConfig(genesis);
export const open = (folder: string) => openStore({ folder, config, genesis });

export function headerOf(store: ChainStore, ref: L2BlockRef) {
  const header = store.headerByHash(ref.hash);
  assert.ok(header);
  return header;
}

export async function append(store: ChainStore, seed: string, base = store.heads().unsafe, durable = false) {
  const block = syntheticBlock({ header: headerOf(store, base), hash: base.hash }, store.readNode, seed);
  const dropped = await store.commit({ base, append: block, durable });
  return { ...block, dropped };
}

/** All that the synthetic chain ever touches, as one comparable value. */
export function contentOf(state: StateReader): string {
  const lines = ADDRESSES.map((address) => {
    const account = state.account(address);
    const slots = SLOTS.map((slot) => (account === undefined ? 0n : state.storage(address, slot)));
    const fields = account && [
      account.nonce,
      account.balance,
      toHex(account.storageRoot),
      toHex(account.codeHash),
    ];
    return `${toHex(address)} ${fields?.join(",")} ${slots.join(",")}`;
  });
  return lines.join("\n");
}

export function trieContent(store: ChainStore, ref: L2BlockRef): string {
  const { stateRoot } = headerOf(store, ref);
  return contentOf(trieState(stateRoot, store.readNode, (hash) => store.readCode(hash)));
}

/** The flat state and the head's tries tell the same; each slot of the flat tables is read, gone ones too. */
export function assertFlatIsTrie(store: ChainStore): void {
  const head = store.heads().unsafe;
  const flat = store.state(headerOf(store, head));
  assert.equal(contentOf(flat), trieContent(store, head));
  for (const address of ADDRESSES) {
    if (flat.account(address) !== undefined) continue;
    for (const slot of SLOTS) assert.equal(flat.storage(address, slot), 0n);
  }
}

export const rejects = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error) => isRollupError(error, code));
