import assert from "node:assert/strict";
import { globSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ethereumRules, hasEvm, type Rules } from "@phala-l2/execution/block/rules";
import { JournaledState } from "@phala-l2/execution/state/journal";
import { checkUserTransaction } from "@phala-l2/execution/transaction/check-user";
import type { Scope } from "@phala-l2/execution/transaction/outcome";
import { FREE_DATA } from "@phala-l2/execution/transaction/rollup-charges";
import { senderOf } from "@phala-l2/execution/transaction/sender";
import { fromHex, type Hex, toHex, ZERO_ADDRESS, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { EMPTY_CODE_HASH } from "@phala-l2/protocol/keccak";
import { DEPOSIT_TYPE, decodeTransaction, transactionHash } from "@phala-l2/protocol/wire/transaction";
import { absent, ETHEREUM_TESTS, unpack } from "../archives.ts";
import { forkNamed } from "../state-tests/forks.ts";

/** What ethereum/tests' TransactionTests say of one transaction under one fork. */
type Expected = {
  readonly exception?: string;
  readonly hash?: string;
  readonly sender?: string;
  readonly intrinsicGas: string;
};

type Verdict =
  | { readonly kind: "valid"; readonly sender: Hex; readonly intrinsicGas: bigint }
  | { readonly kind: "invalid"; readonly reason: string };

/** The suite's only bound of what a sender can pay. */
const MOST_GAS_FEE = 2n ** 256n - 1n;

/** Judges by this project's checks, for a sender who has the wanted nonce and, with the value, all the wei there can be. */
function verdictOf(raw: Uint8Array, rules: Rules): Verdict {
  const decoding = decodeTransaction(raw);
  if (decoding.kind === "invalid") return decoding;
  const { transaction } = decoding;
  if (transaction.type === DEPOSIT_TYPE) return { kind: "invalid", reason: "a rollup's deposit" };
  const sender = senderOf(transaction, rules);
  if (sender === undefined) return { kind: "invalid", reason: "invalid-signature" };
  const state = new JournaledState({
    account: () => undefined,
    storage: () => 0n,
    code: () => assert.fail(),
  });
  const balance = MOST_GAS_FEE + transaction.value;
  state.setAccount(sender, { nonce: transaction.nonce, balance, codeHash: EMPTY_CODE_HASH });
  const scope: Scope = {
    block: {
      chainId: 1n,
      rules,
      number: 1n,
      timestamp: 1n,
      beneficiary: ZERO_ADDRESS,
      gasLimit: 2n ** 64n,
      difficulty: 0n,
      prevRandao: ZERO_HASH,
      baseFee: 0n,
      blobBaseFee: 0n,
      blockHash: () => assert.fail("no code runs"),
    },
    state,
    evm: { name: "none", run: () => assert.fail("no code runs") },
    gasLeft: 2n ** 64n,
    blobGasLeft: hasEvm(rules, "cancun") ? 2n ** 64n : 0n,
  };
  const check = checkUserTransaction({ transaction, raw, sender }, scope, FREE_DATA);
  if (check.kind === "rejected") return { kind: "invalid", reason: check.reason };
  return { kind: "valid", sender: toHex(sender), intrinsicGas: check.intrinsicGas };
}

test("TransactionTests of ethereum/tests under every fork", { skip: absent(ETHEREUM_TESTS) }, () => {
  const folder = unpack(ETHEREUM_TESTS, "./TransactionTests");
  try {
    const found = { valid: 0, invalid: 0 };
    for (const file of globSync("TransactionTests/**/*.json", { cwd: folder }).sort()) {
      const tests: Record<string, { txbytes: string; result: Record<string, Expected> }> = JSON.parse(
        readFileSync(join(folder, file), "utf8"),
      );
      for (const [name, { txbytes, result }] of Object.entries(tests)) {
        const raw = fromHex(txbytes);
        for (const [forkName, expected] of Object.entries(result)) {
          const fork = forkNamed(forkName);
          assert.ok(fork.kind === "known", forkName);
          const verdict = verdictOf(raw, ethereumRules(fork.fork));
          const words = `${file} ${name} ${forkName}: ${JSON.stringify(expected)}`;
          assert.equal(verdict.kind, expected.exception === undefined ? "valid" : "invalid", words);
          found[verdict.kind]++;
          if (verdict.kind === "invalid") continue;
          assert.equal(verdict.sender, expected.sender, words);
          assert.equal(verdict.intrinsicGas, BigInt(expected.intrinsicGas), words);
          assert.equal(toHex(transactionHash(raw)), expected.hash, words);
        }
      }
    }
    assert.ok(found.valid > 500 && found.invalid > 2000, JSON.stringify(found));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
