import type { BlockContext } from "@phala-l2/execution/block/context";
import { type EvmFork, ethereumRules, hasEvm, type Rules } from "@phala-l2/execution/block/rules";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import type { AccountChange, StorageChange } from "@phala-l2/execution/state/changes";
import { emptyAccounts, JournaledState } from "@phala-l2/execution/state/journal";
import { commitChanges } from "@phala-l2/execution/state/root";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { executeUserTransaction } from "@phala-l2/execution/transaction/execute-user";
import { FREE_DATA } from "@phala-l2/execution/transaction/rollup-charges";
import { senderOf } from "@phala-l2/execution/transaction/sender";
import { blobBaseFee, GAS_PER_BLOB } from "@phala-l2/protocol/blob-gas";
import { type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { EMPTY_TRIE_ROOT, type NodeReader } from "@phala-l2/protocol/trie/trie";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { DEPOSIT_TYPE, decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import type { BlobSchedule, Environment, StateTest, StateTestCase } from "./fixture.ts";

/** The state that a test starts from, in tries. */
export type PreState = {
  readonly root: Hash;
  readonly readNode: NodeReader;
  readonly readCode: (codeHash: Hash) => Uint8Array | undefined;
};

export type CaseResult = {
  /** What differs from the test's word; empty when all is as it says. */
  readonly differences: readonly string[];
  /** Zero where the transaction was refused, and where its gas was burnt by a failure: nobody worked for it. */
  readonly gasUsed: bigint;
};

type Ending =
  | { readonly kind: "executed"; readonly gasUsed: bigint; readonly logs: readonly Log[] }
  | { readonly kind: "refused"; readonly reason: string };

/** Tests that use more give a failing call nearly all of up to 2^63 gas. */
const MOST_WORKED_GAS = 2n ** 30n;

const NO_LOGS: readonly Log[] = [];

/** Runs cases in engines that it keeps, one for each chain and fork. */
export class CaseRunner {
  readonly #evms = new Map<bigint, Promise<Evm>>();

  /** Executes a case as this project's blocks execute transactions, and compares roots of state and logs. */
  async run(test: StateTest, testCase: StateTestCase, fork: EvmFork, pre: PreState): Promise<CaseResult> {
    const rules = ethereumRules(fork);
    const { readNode, readCode } = pre;
    const state = new JournaledState(trieState(pre.root, readNode, readCode), emptyAccounts(rules));
    const ending = await this.#execute(test, testCase, rules, state);
    const untouched = commitChanges(pre.root, readNode, state.changes()).root;
    // The reference clients pay the coinbase a reward of zero after the transaction, refused or not.
    state.addBalance(test.environment.beneficiary, 0n);
    state.endTransaction();
    const { root } = commitChanges(pre.root, readNode, state.changes());
    // Fillers differ in whether they pay it when there is no transaction.
    const roots = ending.kind === "refused" ? [root, untouched] : [root];
    return {
      differences: differences(testCase, ending, roots.map(toHex)),
      gasUsed: ending.kind === "executed" ? ending.gasUsed : 0n,
    };
  }

  async #execute(
    { chainId, environment }: StateTest,
    { raw, blobs }: StateTestCase,
    rules: Rules,
    state: JournaledState,
  ): Promise<Ending> {
    if (raw === undefined) return { kind: "refused", reason: "no transaction can say this" };
    const decoding = decodeTransaction(raw);
    if (decoding.kind === "invalid") return { kind: "refused", reason: decoding.reason };
    const { transaction } = decoding;
    if (transaction.type === DEPOSIT_TYPE) return { kind: "refused", reason: "a rollup's deposit" };
    const sender = senderOf(transaction, rules);
    if (sender === undefined) return { kind: "refused", reason: "invalid-signature" };
    const evm = await this.#evm(chainId);
    const block = blockOf(environment, chainId, rules, blobs);
    const blobGasLeft = hasEvm(rules, "cancun") ? blobs.max * GAS_PER_BLOB : 0n;
    const execution = await executeUserTransaction(
      { transaction, raw, sender },
      { block, state, evm, gasLeft: block.gasLimit, blobGasLeft },
      FREE_DATA,
    );
    if (execution.kind === "rejected") return { kind: "refused", reason: execution.reason };
    const { gasUsed, logs } = execution.outcome;
    const isBurnt = gasUsed === transaction.gasLimit || gasUsed > MOST_WORKED_GAS;
    return { kind: "executed", gasUsed: isBurnt ? 0n : gasUsed, logs };
  }

  #evm(chainId: bigint): Promise<Evm> {
    const evm = this.#evms.get(chainId) ?? createEthereumjsEvm({ l2ChainId: chainId });
    this.#evms.set(chainId, evm);
    return evm;
  }
}

/** Puts a test's accounts into tries. */
export function preStateOf({ pre }: StateTest): PreState {
  const accounts = new Map<Hex, AccountChange>();
  const storage = new Map<Hex, StorageChange>();
  const codes = new Map<Hex, Uint8Array>();
  for (const { address, nonce, balance, code, storage: slots } of pre) {
    const key = toHex(address);
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    codes.set(toHex(codeHash), code);
    accounts.set(key, { nonce, balance, codeHash });
    if (slots.size > 0) storage.set(key, { cleared: true, slots });
  }
  const { root, nodes } = commitChanges(EMPTY_TRIE_ROOT, () => undefined, { accounts, storage, codes });
  return {
    root,
    readNode: (hash) => nodes.get(toHex(hash)),
    readCode: (hash) => codes.get(toHex(hash)),
  };
}

function blockOf(
  environment: Environment,
  chainId: bigint,
  rules: Rules,
  { baseFeeUpdateFraction }: BlobSchedule,
): BlockContext {
  const { number, timestamp, beneficiary, gasLimit, difficulty, prevRandao } = environment;
  const isParis = hasEvm(rules, "paris");
  return {
    chainId,
    rules,
    number,
    timestamp,
    beneficiary,
    gasLimit,
    difficulty: isParis ? 0n : difficulty,
    prevRandao: isParis ? prevRandao : ZERO_HASH,
    baseFee: hasEvm(rules, "london") ? environment.baseFee : 0n,
    blobBaseFee: hasEvm(rules, "cancun") ? blobBaseFee(environment.excessBlobGas, baseFeeUpdateFraction) : 0n,
    // The tests' convention: a block's hash is that of its number in decimal digits.
    blockHash: (ancestor) => keccak256(new TextEncoder().encode(ancestor.toString())),
  };
}

function differences(testCase: StateTestCase, ending: Ending, roots: readonly Hex[]): readonly string[] {
  const { exception, namesExceptions, stateRoot, logsHash } = testCase;
  const found: string[] = [];
  if (exception !== undefined && ending.kind === "executed") found.push(`executed, but it is ${exception}`);
  if (exception === undefined && namesExceptions && ending.kind === "refused")
    found.push(`refused as ${ending.reason}`);
  if (!roots.includes(stateRoot)) found.push(`state root ${roots[0]}, wanted ${stateRoot}`);
  const logs = logsHashOf(ending.kind === "executed" ? ending.logs : NO_LOGS);
  if (logs !== logsHash) found.push(`logs hash ${logs}, wanted ${logsHash}`);
  return found;
}

function logsHashOf(logs: readonly Log[]): Hex {
  return toHex(keccak256(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data]))));
}
