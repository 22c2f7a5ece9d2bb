import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, asHash, toHex } from "@phala-l2/protocol/bytes";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import type { SwapSettings } from "@phala-l2/protocol/swap-release";
import { requireKnownRuntime } from "./runtime-check.ts";

const METADATA = Uint8Array.of(1, 2, 3);
const GENESIS = asHash(new Uint8Array(32).fill(7));
const settings: SwapSettings = {
  genesisHash: GENESIS,
  firstHeight: 1n,
  lastHeight: 9n,
  minimum: 1n,
  runtimes: [{ specVersion: 1300, metadataHash: blake2b256(METADATA) }],
  token: addressFromHex(`0x${"01".repeat(20)}`),
  finalityAnchor: GENESIS,
};

type Answers = Readonly<Record<string, unknown>>;

/** A node that answers by method, or by the storage key that is asked for. */
function check(changed: Answers = {}) {
  const answers: Answers = {
    chain_getBlockHash: toHex(GENESIS),
    state_getRuntimeVersion: { specVersion: 1300 },
    state_getMetadata: toHex(METADATA),
    ...changed,
  };
  const ask = async (method: string, [key]: readonly unknown[]) =>
    method === "state_getStorage" ? (answers[String(key)] ?? null) : answers[method];
  return requireKnownRuntime(ask, settings);
}

const keyOf = (pallet: string, item: string): string => toHex(storagePrefix(pallet, item));

test("a runtime of the settings, with nothing under way, takes deposits", async () => {
  assert.deepEqual(await check(), { specVersion: 1300 });
  for (const empty of ["0x", "0x00"]) {
    await check({ [keyOf("ParachainSystem", "PendingValidationCode")]: empty });
  }
});

test("in every other state no deposit is to be made", async () => {
  const hostile: readonly Answers[] = [
    { chain_getBlockHash: `0x${"08".repeat(32)}` },
    { chain_getBlockHash: null },
    { state_getRuntimeVersion: { specVersion: 1301 } },
    { state_getRuntimeVersion: { specVersion: "1300" } },
    { state_getRuntimeVersion: null },
    { state_getMetadata: "0x010204" },
    { state_getMetadata: "no hex" },
    { [keyOf("ParachainSystem", "PendingValidationCode")]: "0x00112233" },
    { [keyOf("ParachainSystem", "AuthorizedUpgrade")]: `0x${"11".repeat(33)}` },
    { [keyOf("System", "AuthorizedUpgrade")]: `0x${"11".repeat(33)}` },
    { [keyOf("System", "AuthorizedUpgrade")]: 5 },
  ];
  for (const [i, each] of hostile.entries()) {
    await assert.rejects(check(each), { code: "SWAP_RUNTIME" }, String(i));
  }
});
