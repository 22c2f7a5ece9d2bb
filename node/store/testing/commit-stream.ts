import { toHex } from "@phala-l2/protocol/bytes";
import { openStore } from "../open.ts";
import { syntheticBlock, syntheticConfig, syntheticGenesis } from "./synthetic-chain.ts";

// A process that puts on and takes back blocks until it is killed, and prints each head that was acknowledged.
const [, , folder = "", seed = ""] = process.argv;
const genesis = syntheticGenesis();
const store = await openStore({ folder, config: syntheticConfig(genesis), genesis });

for (let count = 0; ; count++) {
  const head = store.heads().unsafe;
  // Every fifth block replaces the last two.
  const back = count % 5 === 4 ? store.refByNumber(head.number - 2n) : undefined;
  const base = back ?? head;
  const header = store.headerByHash(base.hash);
  if (header === undefined) throw new Error("the base has no header");
  const append = syntheticBlock({ header, hash: base.hash }, store.readNode, `${seed} ${count}`);
  await store.commit({ base, append, durable: count % 3 === 0 });
  process.stdout.write(`${append.ref.number} ${toHex(append.ref.hash)}\n`);
}
