import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { decodeTransaction } from "@phala-l2/protocol/wire/transaction";
import { absent, EEST_OSAKA, ETHEREUM_TESTS, unpack } from "../archives.ts";
import { readStateTests, type StateTest, type StateTestCase } from "./fixture.ts";
import { forkNamed } from "./forks.ts";
import { findStateTests } from "./run.ts";
import { CaseRunner, preStateOf } from "./run-case.ts";

/** Of each folder and fork this many cases, of different files: the whole suites are `l2 state-tests`. */
const CASES_OF_A_FOLDER = 4;
/** Larger tests take longer to read than to run. */
const MOST_BYTES = 60_000;
/** A case that may use more is left to the whole suite: many use all they may. */
const MOST_GAS = 5_000_000n;

type Chosen = { readonly test: StateTest; readonly testCase: StateTestCase };

/** The same choice in each run: files in the order of their names, and of each the first case that is small. */
function sampleOf(folder: string): readonly Chosen[] {
  const taken = new Map<string, number>();
  const chosen: Chosen[] = [];
  for (const file of findStateTests([folder])) {
    const text = readFileSync(file, "utf8");
    if (text.length > MOST_BYTES || (taken.get(dirname(file)) ?? 0) >= CASES_OF_A_FOLDER * 2) continue;
    for (const stateTest of readStateTests(text, file)) {
      for (const testCase of stateTest.cases) {
        const key = `${dirname(file)} ${testCase.fork}`;
        const count = taken.get(key) ?? 0;
        if (count >= CASES_OF_A_FOLDER || gasLimitOf(testCase) > MOST_GAS) continue;
        taken.set(key, count + 1);
        chosen.push({ test: stateTest, testCase });
        break;
      }
    }
  }
  return chosen;
}

function gasLimitOf({ raw }: StateTestCase): bigint {
  const decoding = raw === undefined ? undefined : decodeTransaction(raw);
  return decoding?.kind === "ok" ? decoding.transaction.gasLimit : 0n;
}

for (const [suite, archive, least] of [
  ["GeneralStateTests of ethereum/tests", ETHEREUM_TESTS, 200],
  ["state tests of Osaka", EEST_OSAKA, 10],
] as const) {
  test(`a sample of the ${suite}: roots of state and logs`, { skip: absent(archive) }, async () => {
    const folder = unpack(archive);
    try {
      const runner = new CaseRunner();
      const sample = sampleOf(folder);
      assert.ok(sample.length >= least, `${sample.length} cases`);
      for (const { test: stateTest, testCase } of sample) {
        const fork = forkNamed(testCase.fork);
        assert.ok(fork.kind === "known");
        const { differences } = await runner.run(stateTest, testCase, fork.fork, preStateOf(stateTest));
        assert.deepEqual(differences, [], `${stateTest.name} ${testCase.fork}`);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
