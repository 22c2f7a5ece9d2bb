import assert from "node:assert/strict";
import type { RunningNode } from "@phala-l2/node/main";
import { toHex } from "@phala-l2/protocol/bytes";
import { encodeReceipt } from "@phala-l2/protocol/wire/receipt";

function blockOf({ chain }: RunningNode, number: bigint) {
  const hash = chain.hashByNumber(number);
  assert.ok(hash, `the node has block ${number}`);
  return { hash: toHex(hash), receipts: chain.receipts(hash)?.map((each) => toHex(encodeReceipt(each))) };
}

/** Two nodes have the same blocks with the same receipts, from genesis to this one. */
export function assertSameChain(one: RunningNode, other: RunningNode, last: bigint): void {
  for (let number = 0n; number <= last; number++) {
    assert.deepEqual(blockOf(other, number), blockOf(one, number), `block ${number}`);
  }
}
