import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  addressFromHex,
  asHash,
  bigintToBytes,
  fromHex,
  type Hash,
  type Hex,
  toHex,
} from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH, keccak256 } from "@phala-l2/protocol/keccak";
import { BASE_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { EMPTY_TRIE_ROOT, type NodeReader } from "@phala-l2/protocol/trie/trie";
import { DEPOSIT_TYPE, decodeTransaction, recoverSender } from "@phala-l2/protocol/wire/transaction";
import type { BlockContext } from "../block/context.ts";
import type { ExecutionFork } from "../block/fork.ts";
import { createEthereumjsEvm } from "../evm/ethereumjs/evm.ts";
import type { AccountChange, StorageChange } from "../state/changes.ts";
import { JournaledState } from "../state/journal.ts";
import { commitChanges } from "../state/root.ts";
import { trieState } from "../state/trie-state.ts";
import { executeUserTransaction } from "./execute-user.ts";

/**
 * Ethereum's own state tests, run as user transactions of an L2 whose data costs nothing: the state root must
 * be Ethereum's once the base fee's vault, the one difference that is left, is taken out.
 */
const VECTORS = join(import.meta.dirname, "../../../../shared/vectors/op");
const SUITES = [
  {
    archive: join(VECTORS, "ethereum-tests/ethereum-tests-v14.1-state.tar.xz"),
    folders: ["./GeneralStateTests/stTransactionTest", "./GeneralStateTests/stRefundTest"],
    network: "Cancun",
    fork: "holocene",
  },
  {
    archive: join(VECTORS, "eest-osaka/eest-fusaka-devnet-5-osaka-state_tests.tar.xz"),
    folders: [
      "./fusaka-devnet-5/state_tests/osaka/eip7825_transaction_gas_limit_cap",
      "./fusaka-devnet-5/state_tests/osaka/eip7951_p256verify_precompiles/p256verify",
    ],
    network: "Osaka",
    fork: "karst",
  },
] as const;

type StateTest = {
  readonly env: Readonly<Record<string, string>>;
  readonly pre: Readonly<
    Record<string, { nonce: string; balance: string; code: string; storage: Record<string, string> }>
  >;
  readonly post: Readonly<
    Record<string, readonly { hash: string; txbytes: string; expectException?: string }[]>
  >;
};

const evm = await createEthereumjsEvm({ l2ChainId: 1n });
const FREE = {
  baseFee: 0n,
  blobBaseFee: 0n,
  baseFeeScalar: 0n,
  blobBaseFeeScalar: 0n,
  operatorFeeScalar: 0n,
  operatorFeeConstant: 0n,
};
/** RIP-7212's precompile is Cancun's tests' favourite address for a contract. */
const P256VERIFY = `0x${"100".padStart(40, "0")}`;

function word(text: string): Hash {
  return asHash(bigintToBytes(BigInt(text), 32));
}

function stateOf(pre: StateTest["pre"]): { root: Hash; readNode: NodeReader; codes: Map<Hex, Uint8Array> } {
  const accounts = new Map<Hex, AccountChange>();
  const storage = new Map<Hex, StorageChange>();
  const codes = new Map<Hex, Uint8Array>();
  for (const [address, account] of Object.entries(pre)) {
    const key = toHex(addressFromHex(address));
    const code = fromHex(account.code);
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
    codes.set(toHex(codeHash), code);
    accounts.set(key, { nonce: BigInt(account.nonce), balance: BigInt(account.balance), codeHash });
    const slots = Object.entries(account.storage).map(
      ([slot, value]) => [toHex(word(slot)), BigInt(value)] as const,
    );
    if (slots.length > 0) storage.set(key, { cleared: true, slots: new Map(slots) });
  }
  const { root, nodes } = commitChanges(EMPTY_TRIE_ROOT, () => undefined, { accounts, storage, codes });
  return { root, readNode: (hash) => nodes.get(toHex(hash)), codes };
}

function contextOf(env: StateTest["env"], fork: ExecutionFork): BlockContext {
  const field = (name: string): string => env[name] ?? assert.fail(`no ${name}`);
  return {
    chainId: 1n,
    fork,
    number: BigInt(field("currentNumber")),
    timestamp: BigInt(field("currentTimestamp")),
    beneficiary: addressFromHex(field("currentCoinbase")),
    prevRandao: word(field("currentRandom")),
    gasLimit: BigInt(field("currentGasLimit")),
    baseFee: BigInt(field("currentBaseFee")),
    blockHash: (number) => keccak256(new TextEncoder().encode(number.toString())),
  };
}

/** Runs one case; whether it was included, and the root after it. */
async function run(
  test: StateTest,
  raw: Uint8Array,
  fork: ExecutionFork,
): Promise<{ included: boolean; root: Hash }> {
  const { root, readNode, codes } = stateOf(test.pre);
  const state = new JournaledState(trieState(root, readNode, (hash) => codes.get(toHex(hash))));
  const decoding = decodeTransaction(raw);
  if (decoding.kind === "invalid" || decoding.transaction.type === DEPOSIT_TYPE)
    return { included: false, root };
  const { transaction } = decoding;
  const sender = recoverSender(transaction);
  if (sender === undefined) return { included: false, root };
  const block = contextOf(test.env, fork);
  const execution = await executeUserTransaction(
    { transaction, raw, sender },
    { block, state, evm, gasLeft: block.gasLimit },
    { l1: FREE, footprintPerByte: 0n, footprintLeft: 0n },
  );
  if (execution.kind === "executed") {
    state.deleteAccount(BASE_FEE_VAULT);
    state.endTransaction();
  }
  return {
    included: execution.kind === "executed",
    root: commitChanges(root, readNode, state.changes()).root,
  };
}

for (const { archive, folders, network, fork } of SUITES) {
  const skip = existsSync(archive)
    ? false
    : "the archive of Ethereum's state tests is not beside this repository";
  describe(`Ethereum state tests of ${network} under the rules of ${fork}`, { skip }, () => {
    let folder = "";
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "state-tests-"));
      execFileSync("tar", ["-xJf", archive, "-C", folder, ...folders]);
    });
    after(() => rmSync(folder, { recursive: true }));

    for (const part of folders) {
      test(part.split("/").slice(-1).join(), async () => {
        let ran = 0;
        for (const file of globSync(`${part}/**/*.json`, { cwd: folder })) {
          const cases: [string, StateTest][] = Object.entries(
            JSON.parse(readFileSync(join(folder, file), "utf8")),
          );
          for (const [name, stateTest] of cases) {
            if (fork === "holocene" && P256VERIFY in stateTest.pre) continue;
            for (const { hash, txbytes, expectException } of stateTest.post[network] ?? []) {
              const raw = fromHex(txbytes);
              if (raw[0] === 3) continue;
              const result = await run(stateTest, raw, fork);
              assert.equal(result.included, expectException === undefined, name);
              assert.equal(toHex(result.root), hash, name);
              ran++;
            }
          }
        }
        assert.ok(ran > 10, `only ${ran} cases`);
      });
    }
  });
}
