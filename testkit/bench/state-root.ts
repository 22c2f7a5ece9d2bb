import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { mapKey } from "@phala-l2/protocol/substrate/storage-key";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { type BenchLine, measurePairs, timed } from "./measure.ts";

export const STATE_ROOT = "state-root";

/** Enough that the tree is five levels deep; the peer takes all entries in one call. */
const ACCOUNTS = 50_000;

type Entry = readonly [key: Uint8Array, value: Uint8Array];

/** Accounts with balances from a pseudo-random sequence. */
function* accountEntries(accounts: number): Generator<Entry> {
  let seed = 1;
  for (let i = 0; i < accounts; i++) {
    const account = new Uint8Array(32);
    const words = new DataView(account.buffer);
    for (let word = 0; word < 8; word++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      words.setUint32(4 * word, seed);
    }
    const info = new Uint8Array(80);
    info.set(encodeUnsigned(BigInt(i + 1) * 10n ** 10n, 16), 16);
    yield [mapKey("System", "Account", ["Blake2_128Concat", account]), info];
  }
}

/** The root of a Substrate state in no order: entries a second, beside Substrate's own code as chopsticks has it compiled. */
export async function* benchStateRoot(pairs: number) {
  const { calculateStateRoot, destroyWorker } = await import("@acala-network/chopsticks-core");
  const entries = [...accountEntries(ACCOUNTS)];
  const texts = entries.map(([key, value]): [`0x${string}`, `0x${string}`] => [toHex(key), toHex(value)]);
  try {
    if (toHex(stateRoot(entries, 1)) !== (await calculateStateRoot(texts, 1))) {
      throw new RollupError("BENCH_BROKEN", "the state's root is not Substrate's");
    }
    const sides = {
      ours: () => timed(async () => stateRoot(entries, 1)),
      peer: () => timed(() => calculateStateRoot(texts, 1)),
    };
    const measured = await measurePairs(sides, { pairs, work: ACCOUNTS });
    yield { name: STATE_ROOT, ...measured, unit: "entries/s", against: "sp_trie (wasm)" } satisfies BenchLine;
  } finally {
    await destroyWorker();
  }
}
