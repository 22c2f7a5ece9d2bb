import { type AttributesExecution, executeAttributes } from "@phala-l2/execution/block/execute";
import { openBlock } from "@phala-l2/execution/block/open-block";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { CHAIN_ID, TestChain } from "@phala-l2/execution/testing/chain";
import { holoceneConfig, isthmusConfig, jovianConfig, karstConfig } from "@phala-l2/execution/testing/config";
import { RandomTraffic } from "@phala-l2/execution/testing/traffic";
import { bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { Random } from "../../derivation/random.ts";
import { defineCases, several } from "./cases.ts";
import { DEPOSITORS, hostileTransactions, PROGRAM_ADDRESSES, program } from "./execution-inputs.ts";

/**
 * Hostile blocks: random programs, and transactions that nobody has checked.
 *
 * - Applying a transaction never throws: it is included or rejected, and a rejected one leaves no trace.
 * - Derivation, which takes all or nothing, names the first one that is rejected, for the same reason.
 * - From the witness alone, every byte of which was read by the first run, the same block follows.
 */

/** Measured 282 MiB in 20,000 cases, as in 30,000: a block is bounded by its gas, and nothing outlives its case. */
const BOUND_MIB = 512;
/** Chains of one block, the genesis, each with programs of its own. */
const CHAINS = 64;
/** Chain i has the fork i mod their number: their gas, precompiles and fees differ. */
const CONFIGS = [jovianConfig, karstConfig, isthmusConfig, holoceneConfig].map((make) => make(CHAIN_ID));

type Rollup = { readonly chain: TestChain; readonly config: RollupConfig; readonly evm: Evm };
type Case = Rollup & { readonly transactions: readonly Uint8Array[] };

function hostileChain(random: Random, config: RollupConfig, evm: Evm): Rollup {
  const { alloc } = new RandomTraffic(random, DEPOSITORS);
  const programs = new Map(PROGRAM_ADDRESSES.map((address) => [toHex(address), program(random)]));
  const hostile = alloc.map((account) => ({
    ...account,
    code: programs.get(toHex(account.address)) ?? account.code,
  }));
  return { chain: new TestChain({ config, evm, alloc: hostile }), config, evm };
}

/** Reads of a run, by hash. */
class Witness {
  readonly #chain: TestChain;
  readonly #nodes = new Map<Hex, Uint8Array>();
  readonly #codes = new Map<Hex, Uint8Array>();

  constructor(chain: TestChain) {
    this.#chain = chain;
  }

  readonly recordNode = (hash: Hash) => record(this.#nodes, hash, this.#chain.readNode(hash));
  readonly recordCode = (hash: Hash) => record(this.#codes, hash, this.#chain.readCode(hash));
  readonly readNode = (hash: Hash) => this.#nodes.get(toHex(hash));
  readonly readCode = (hash: Hash) => this.#codes.get(toHex(hash));
}

function record(into: Map<Hex, Uint8Array>, hash: Hash, bytes: Uint8Array | undefined) {
  if (bytes !== undefined) into.set(toHex(hash), bytes);
  return bytes;
}

type Build = {
  readonly sealed: SealedBlock;
  readonly included: readonly Uint8Array[];
  /** The first that was rejected, as its place in the block and the reason. */
  readonly rejected: { readonly transaction: number; readonly reason: string } | undefined;
};

/** As a sequencer builds: what is rejected is left out. */
async function build(
  { chain, config, evm }: Rollup,
  attributes: PayloadAttributes,
  witness: Witness,
): Promise<Build> {
  const block = await openBlock({
    config,
    parent: chain.head,
    attributes,
    evm,
    state: trieState(chain.head.stateRoot, witness.recordNode, witness.recordCode),
    readNode: witness.recordNode,
  });
  const included: Uint8Array[] = [];
  let rejected: Build["rejected"];
  for (const [transaction, raw] of attributes.transactions.entries()) {
    const application = await block.apply(raw);
    if (application.kind === "included") included.push(raw);
    else rejected ??= { transaction, reason: application.reason };
  }
  return { sealed: block.seal(), included, rejected };
}

function execute(
  { chain, config, evm }: Rollup,
  attributes: PayloadAttributes,
  { readNode, readCode }: Pick<TestChain, "readNode" | "readCode">,
): Promise<AttributesExecution> {
  return executeAttributes({
    config,
    parent: chain.head,
    attributes,
    evm,
    readNode,
    state: trieState(chain.head.stateRoot, readNode, readCode),
  });
}

async function judge(given: Case): Promise<string> {
  const { chain, transactions } = given;
  const attributes = chain.attributes(transactions);
  const witness = new Witness(chain);
  const { sealed, included, rejected } = await build(given, attributes, witness);
  const again = await execute(given, { ...attributes, transactions: included }, witness);
  if (again.kind !== "sealed") throw new Error(`included, then rejected: ${again.reason}`);
  if (!bytesEqual(again.sealed.block.header.stateRoot, sealed.block.header.stateRoot))
    throw new Error("the state from the witness is another one");
  if (!bytesEqual(again.sealed.hash, sealed.hash))
    throw new Error("the block from the witness is another one");
  if (rejected === undefined)
    return sealed.receipts.some(({ status }) => status === 0) ? "ok, with failures" : "ok";
  const whole = await execute(given, attributes, chain);
  if (whole.kind !== "invalid") throw new Error("rejected by the builder, not by derivation");
  if (whole.transaction !== rejected.transaction || whole.reason !== rejected.reason)
    throw new Error(`rejected as ${rejected.reason}, then as ${whole.reason}`);
  return `rejected: ${rejected.reason}`;
}

export const executionTarget = defineCases<Case>({
  name: "execution",
  boundMiB: BOUND_MIB,
  prepare: async (seed) => {
    const kinds = several(
      await Promise.all(CONFIGS.map(async (config) => ({ config, evm: await createEthereumjsEvm(config) }))),
    );
    const rollups = Array.from({ length: CHAINS }, (_, i) => {
      const { config, evm } = kinds[i % kinds.length] ?? kinds[0];
      return hostileChain(new Random(seed + i), config, evm);
    });
    const chains = several(rollups);
    return {
      make: (random) => ({ ...random.pick(chains), transactions: hostileTransactions(random) }),
      bytes: ({ transactions }) => encodeRlp([...transactions]),
      judge,
    };
  },
});
