import assert from "node:assert/strict";
import { contractAddress } from "@phala-l2/execution/transaction/contract-address";
import {
  asHash,
  bigintFromBytes,
  concatBytes,
  fromHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { signDigest } from "@phala-l2/protocol/secp256k1";
import type { SingularBatch } from "@phala-l2/protocol/wire/singular-batch";
import { authorizationDigest } from "@phala-l2/protocol/wire/transaction-lists";
import {
  blobOfFrames,
  channelId,
  channelOf,
  singularChannel,
  spanPayload,
  wholeFrame,
} from "../derivation/batcher-data.ts";
import { L2_USER, STRANGER } from "../derivation/keys.ts";
import { transactionDeposited } from "../derivation/l1-events.ts";
import { COUNTER, COUNTER_CODE, HISTORY_READER, Rollup } from "./rollup.ts";

/** Number of its last block. */
export const BUSY_CHAIN = { last: 14n } as const;

/** Creation code that returns COUNTER_CODE: copies its own tail of that length. */
const CREATION = concatBytes(fromHex("0x6008600c60003960086000f3"), COUNTER_CODE);

/** An L1 transaction of a type that nobody here knows. */
const NOISE = new Uint8Array(200).fill(0x55);

/** Every kind of transaction, two epochs with deposits, one channel in calldata and one in a blob. */
export async function busyRollup(): Promise<Rollup> {
  const rollup = new Rollup();
  const { config, l1 } = rollup;
  const from = STRANGER.address;
  l1.mine({
    logs: [
      [transactionDeposited(config, { from, to: STRANGER.address, mint: 10n ** 17n, value: 10n ** 16n })],
      [transactionDeposited(config, { from, to: COUNTER, mint: 5n, value: 5n })],
    ],
  });
  l1.mine();
  const first: SingularBatch[] = [
    await rollup.sequence(),
    await rollup.sequence([
      rollup.signed({ to: STRANGER.address, value: 5n }),
      rollup.signed({ to: COUNTER }),
    ]),
    await rollup.sequence([
      rollup.signed({ data: CREATION }),
      rollup.signed({ to: ZERO_ADDRESS, value: 1n }),
    ]),
    await rollup.sequence([rollup.signed({ to: HISTORY_READER })]),
  ];
  l1.mine({
    transactions: [l1.calldataTransaction(config, [wholeFrame(channelId(1), singularChannel(first))])],
  });

  const second: SingularBatch[] = [];
  for (let i = second.length; i < 10; i++) {
    const transactions = i === 3 ? [delegation(rollup)] : i % 2 === 0 ? [] : [rollup.signed({ to: COUNTER })];
    second.push(await rollup.sequence(transactions));
  }
  const channel = channelOf([spanPayload(config, second, false)], "brotli");
  const blob = blobOfFrames([wholeFrame(channelId(500), channel)]);
  l1.mine();
  l1.mine({ transactions: [NOISE, l1.blobTransaction(config, [blob])] });
  requireBusy(rollup);
  return rollup;
}

/** What the transactions were for has happened; a chain of failed ones would prove little. */
function requireBusy(rollup: Rollup): void {
  const state = rollup.state(rollup.head.number);
  const slot = (index: number) => asHash(new Uint8Array(32).with(31, index));
  assert.equal(rollup.head.number, BUSY_CHAIN.last);
  assert.ok(rollup.head.l1Origin.number > rollup.config.genesis.l1.number + 1n);
  // Called by the user five times, and by the second deposit.
  assert.equal(state.storage(COUNTER, slot(0)), 6n);
  assert.equal(state.storage(HISTORY_READER, slot(1)), bigintFromBytes(rollup.hashByNumber(2n) ?? ZERO_HASH));
  assert.equal(state.account(STRANGER.address)?.balance, 10n ** 17n + 5n);
  assert.notDeepEqual(state.account(STRANGER.address)?.codeHash, EMPTY_CODE_HASH);
  const created = state.account(contractAddress(L2_USER.address, 2n));
  assert.deepEqual(created?.codeHash, keccak256(COUNTER_CODE));
}

/** EIP-7702: the stranger, whose two deposits have used two nonces, delegates to the counter. */
function delegation(rollup: Rollup): Uint8Array {
  const unsigned = { chainId: rollup.config.l2ChainId, address: COUNTER, nonce: 2n };
  return rollup.signedDelegation([
    { ...unsigned, ...signDigest(authorizationDigest(unsigned), STRANGER.privateKey) },
  ]);
}

/** Three blocks and a deposit, in one blob. `salt` makes another L1. */
export async function smallRollup(salt?: Uint8Array): Promise<Rollup> {
  const rollup = new Rollup();
  const { config, l1 } = rollup;
  l1.mine({
    ...(salt !== undefined && { transactions: [salt] }),
    logs: [
      [transactionDeposited(config, { from: STRANGER.address, to: STRANGER.address, mint: 7n, value: 1n })],
    ],
  });
  const batches: SingularBatch[] = [];
  for (let i = 0; i < 7; i++)
    batches.push(await rollup.sequence(i === 6 ? [rollup.signed({ to: COUNTER })] : []));
  const blob = blobOfFrames([wholeFrame(channelId(7), singularChannel(batches))]);
  l1.mine({ transactions: [l1.blobTransaction(config, [blob])] });
  return rollup;
}
