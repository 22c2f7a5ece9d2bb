import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { addressOfKey } from "@phala-l2/protocol/secp256k1";
import { encodeRlp } from "@phala-l2/protocol/wire/rlp";
import { readStateTests } from "./fixture.ts";
import { forkNamed } from "./forks.ts";
import { findStateTests, runStateTests } from "./run.ts";
import { CaseRunner, preStateOf } from "./run-case.ts";

const KEY = `0x${"45".repeat(32)}`;
const SENDER = toHex(addressOfKey(fromHex(KEY)));
const OTHER = `0x${"dd".repeat(20)}`;
const NO_LOGS = toHex(keccak256(encodeRlp([])));
const ANY_ROOT = `0x${"11".repeat(32)}`;

type Fields = Readonly<Record<string, unknown>>;
type Changes = {
  readonly post?: Fields;
  readonly transaction?: Fields;
  readonly test?: Fields;
  readonly fork?: string;
};

/** A transfer of one wei as the suites' old tests write it, with some fields changed. */
function fixture({ post, transaction, test, fork = "Frontier" }: Changes = {}): string {
  const account = { nonce: "0x00", balance: "0x100000", code: "0x", storage: {} };
  const transfer = {
    env: {
      currentCoinbase: `0x${"c0".repeat(20)}`,
      currentGasLimit: "0x989680",
      currentNumber: "0x01",
      currentTimestamp: "0x03e8",
      currentDifficulty: "0x020000",
    },
    pre: { [SENDER]: account, [OTHER]: { ...account, storage: { "0x01": "0x02" } } },
    transaction: {
      nonce: "0x00",
      gasPrice: "0x0a",
      gasLimit: ["0x5209", "0x5207"],
      to: OTHER,
      value: ["0x01"],
      data: ["0x"],
      sender: SENDER,
      secretKey: KEY,
      ...transaction,
    },
    post: { [fork]: [{ indexes: { data: 0, gas: 0, value: 0 }, hash: ANY_ROOT, logs: NO_LOGS, ...post }] },
    ...test,
  };
  return JSON.stringify({ transfer });
}

const runner = new CaseRunner();

/** What the runner finds wrong with the fixture's only case. */
async function differencesOf(text: string): Promise<readonly string[]> {
  const [stateTest] = readStateTests(text, "made-up.json");
  const [testCase] = stateTest?.cases ?? [];
  assert.ok(stateTest !== undefined && testCase !== undefined);
  const fork = forkNamed(testCase.fork);
  assert.ok(fork.kind === "known");
  return (await runner.run(stateTest, testCase, fork.fork, preStateOf(stateTest))).differences;
}

/** The root that the runner finds, from its complaint about another. */
async function rootOf(changes: Changes): Promise<string> {
  const found = await differencesOf(fixture({ ...changes, post: { ...changes.post, hash: ANY_ROOT } }));
  const root = found.map((each) => /^state root (0x[0-9a-f]{64})/.exec(each)?.[1]).find((each) => each);
  return root ?? assert.fail(`no root in ${found}`);
}

describe("a state test's case", () => {
  test("holds when the roots are as it says, and a fork later too where no rule differs", async () => {
    const hash = await rootOf({});
    assert.deepEqual(await differencesOf(fixture({ post: { hash } })), []);
    assert.deepEqual(await differencesOf(fixture({ post: { hash }, fork: "Homestead" })), []);
  });

  test("does not hold with another state, another value, other logs", async () => {
    const hash = await rootOf({});
    assert.equal((await differencesOf(fixture())).length, 1);
    assert.equal(
      (await differencesOf(fixture({ post: { hash }, transaction: { value: ["0x02"] } }))).length,
      1,
    );
    const logs = await differencesOf(fixture({ post: { hash, logs: ANY_ROOT } }));
    assert.deepEqual(logs, [`logs hash ${NO_LOGS}, wanted ${ANY_ROOT}`]);
  });

  test("does not hold when what must be refused is executed, with the right root too", async () => {
    const post = { hash: await rootOf({}), expectException: "TransactionException.NONCE_MISMATCH" };
    assert.deepEqual(await differencesOf(fixture({ post })), [
      "executed, but it is TransactionException.NONCE_MISMATCH",
    ]);
  });

  test("does not hold when what must be executed is refused", async () => {
    const found = await differencesOf(fixture({ post: { txbytes: "0xc0" } }));
    assert.equal(found[0], "refused as nonce-malformed");
  });

  test("of before exceptions were named holds for what is refused when nothing else has changed", async () => {
    const post = { indexes: { data: 0, gas: 1, value: 0 } };
    assert.equal((await differencesOf(fixture({ post }))).length, 1);
    const hash = await rootOf({ post });
    assert.deepEqual(await differencesOf(fixture({ post: { ...post, hash } })), []);
  });

  test("holds for what must be refused and is: nothing but the coinbase's reward of zero", async () => {
    for (const fork of ["Frontier", "Berlin"]) {
      const post = { indexes: { data: 0, gas: 1, value: 0 }, expectException: "INTRINSIC_GAS_TOO_LOW" };
      const hash = await rootOf({ post, fork });
      assert.deepEqual(await differencesOf(fixture({ post: { ...post, hash }, fork })), []);
    }
  });

  test("refuses what no bytes can say: blobs that create a contract, a value beyond 256 bits", async () => {
    const blobs = {
      maxFeePerGas: "0x10",
      maxPriorityFeePerGas: "0x00",
      maxFeePerBlobGas: "0x01",
      blobVersionedHashes: [`0x01${"00".repeat(31)}`],
      to: "",
    };
    const post = { expectException: "any" };
    for (const transaction of [blobs, { value: [`0x:bigint 0x1${"00".repeat(32)}`] }]) {
      const hash = await rootOf({ post, transaction, fork: "Cancun" });
      assert.deepEqual(
        await differencesOf(fixture({ post: { ...post, hash }, transaction, fork: "Cancun" })),
        [],
      );
    }
  });
});

describe("files of state tests", () => {
  const broken: readonly (readonly [name: string, text: string, complaint: RegExp])[] = [
    ["half a file", fixture().slice(0, 90), /^x\.json: JSON is wanted/],
    ["a list", "[]", /^x\.json: an object/],
    ["a test that is text", `{"a":"b"}`, /^x\.json: a: an object/],
    ["no environment", fixture({ test: { env: undefined } }), /transfer\.env: an object/],
    ["no number of the block", fixture({ test: { env: {} } }), /env\.currentNumber/],
    ["no accounts", fixture({ test: { pre: undefined } }), /transfer\.pre: an object/],
    ["an account that is no address", fixture({ test: { pre: { "0x12": {} } } }), /pre\.0x12: an address/],
    ["no transaction", fixture({ test: { transaction: undefined } }), /transfer\.transaction: an object/],
    ["no results", fixture({ test: { post: undefined } }), /transfer\.post: an object/],
    ["results that are no list", fixture({ test: { post: { Frontier: {} } } }), /post\.Frontier: a list/],
    ["no state root", fixture({ post: { hash: null } }), /\.hash: text/],
    ["a short state root", fixture({ post: { hash: "0x11" } }), /\.hash: 32 bytes/],
    ["half a byte", fixture({ post: { txbytes: "0x1" } }), /txbytes: hex digits/],
    [
      "an index beyond the list",
      fixture({ post: { indexes: { data: 0, gas: 2, value: 0 } } }),
      /gasLimit\[2\]/,
    ],
    ["words for a number", fixture({ transaction: { nonce: "one" } }), /nonce: a number/],
    ["neither bytes nor key", fixture({ transaction: { secretKey: undefined } }), /secretKey/],
  ];
  for (const [name, text, complaint] of broken) {
    test(`with ${name} are refused by name`, () => {
      assert.throws(() => readStateTests(text, "x.json"), { code: "FIXTURE_MALFORMED", message: complaint });
    });
  }

  test("run on threads; forks that are not executed are skipped with a reason", async () => {
    const folder = mkdtempSync(join(tmpdir(), "state-tests-"));
    try {
      const hash = await rootOf({});
      mkdirSync(join(folder, ".meta"));
      writeFileSync(join(folder, ".meta/index.json"), "no test");
      writeFileSync(join(folder, "holds.json"), fixture({ post: { hash } }));
      writeFileSync(join(folder, "fails.json"), fixture());
      writeFileSync(join(folder, "skips.json"), fixture({ fork: "BerlinToLondonAt5" }));
      const selection = { fork: undefined, filter: undefined };
      const report = await runStateTests(findStateTests([folder]), { selection, threads: 2 });
      assert.deepEqual([report.passed, report.failed, report.skipped], [1, 1, 1]);
      assert.equal(report.gasUsed, 42_000n);
      assert.equal(report.failures[0]?.file, join(folder, "fails.json"));
      assert.equal(report.skips[0]?.reason, "a transition between forks belongs to blocks");
      const chosen = await runStateTests(findStateTests([folder]), {
        selection: { fork: "Frontier", filter: "holds" },
      });
      assert.deepEqual([chosen.passed, chosen.failed, chosen.skipped], [1, 0, 0]);
      writeFileSync(join(folder, "broken.json"), "{");
      await assert.rejects(runStateTests(findStateTests([folder]), { selection }), {
        code: "FIXTURE_MALFORMED",
      });
      assert.throws(() => findStateTests([join(folder, "nowhere")]), { code: "FIXTURES_MISSING" });
      assert.throws(() => findStateTests([join(folder, ".meta/none")]), { code: "FIXTURES_MISSING" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("beside other tests of the suites are taken from the state tests' folders alone", () => {
    const folder = mkdtempSync(join(tmpdir(), "state-tests-"));
    try {
      for (const part of ["GeneralStateTests", "RLPTests", "BlockchainTests/GeneralStateTests"]) {
        mkdirSync(join(folder, part), { recursive: true });
        writeFileSync(join(folder, part, "a.json"), "{}");
      }
      assert.deepEqual(findStateTests([folder]), [join(folder, "GeneralStateTests/a.json")]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("name forks that are known, and others that are not", () => {
    assert.deepEqual(forkNamed("EIP158"), { kind: "known", fork: "spuriousDragon" });
    assert.deepEqual(forkNamed("ConstantinopleFix"), { kind: "known", fork: "petersburg" });
    assert.equal(forkNamed("ShanghaiToCancunAtTime15k").kind, "skipped");
    assert.equal(forkNamed("Verkle").kind, "skipped");
    assert.equal(forkNamed("osaka").kind, "skipped");
  });
});
