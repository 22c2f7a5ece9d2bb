import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { addressFromHex, hashFromHex } from "@phala-l2/protocol/bytes";
import {
  SMALL_METADATA,
  SMALL_METADATA_HASH,
  SMALL_SPEC_VERSION,
} from "@phala-l2/protocol/substrate/testing/small-runtime";
import { formatSwapDescription } from "@phala-l2/swap/settings-json";

const program = join(import.meta.dirname, "l2.ts");
const folder = mkdtempSync(join(tmpdir(), "phala-l2-command-line-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const HASH = `0x${"11".repeat(32)}`;
const ADDRESS = `0x${"22".repeat(20)}`;
const L1 = "http://127.0.0.1:1";
const BRIDGE = join(folder, "bridge.json");
writeFileSync(
  BRIDGE,
  JSON.stringify({
    l1RpcUrl: L1,
    l2RpcUrl: `${L1}/v3/secret-key`,
    l1ChainId: 900,
    l2ChainId: 2035,
    portal: ADDRESS,
    disputeGameFactory: ADDRESS,
    l1StandardBridge: ADDRESS,
    account: "dev:0",
  }),
);
const SWAP = join(folder, "swap.json");
// A slip of governance: the metadata are of the runtime before.
writeFileSync(
  SWAP,
  JSON.stringify(
    formatSwapDescription({
      settings: {
        genesisHash: hashFromHex(HASH),
        firstHeight: 1n,
        lastHeight: 9n,
        minimum: 1n,
        runtimes: [{ specVersion: SMALL_SPEC_VERSION + 1, metadataHash: SMALL_METADATA_HASH }],
        token: addressFromHex(ADDRESS),
        finalityAnchor: hashFromHex(HASH),
      },
      domain: { chainId: 900n, contract: addressFromHex(ADDRESS) },
      metadata: [SMALL_METADATA],
    }),
  ),
);
const bridge = (...words: readonly string[]) => ["bridge", ...words, "--config", BRIDGE];

type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

async function l2(words: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const { PATH = "", NODE_COMPILE_CACHE = "" } = process.env;
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, ...words], {
    env: { PATH, NODE_COMPILE_CACHE, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  return { status, ...output };
}

type Case = readonly [
  what: string,
  words: readonly string[],
  says: readonly RegExp[],
  environment?: Record<string, string>,
];

/** Each is one line on stderr that says all of it, exit status 2, and nothing on stdout. */
const badUsage: readonly Case[] = [
  ["no command", [], [/a command is wanted: node, .*'l2 --help'/]],
  ["an unknown command", ["frob"], [/no command 'frob'/]],
  ["an unknown flag", ["genesis", "--frob", "1"], [/unknown option '--frob'/]],
  ["a flag without its value", ["genesis", "--config"], [/--config/]],
  ["a word where none is taken", ["genesis", "--genesis", "g.json", "extra"], [/flags only, not 'extra'/]],
  ["an unknown action", bridge("frob"), [/one action is wanted, deposit, .*, not 'frob'/]],
  ["two actions", bridge("deposit", "extra", "--amount", "1"), [/one action is wanted.*not 'deposit extra'/]],
  ["no action", bridge(), [/^l2: one action is wanted, deposit, withdraw, prove, finalize, status$/]],
  [
    "an amount that can be misread",
    ["stake", "deposit", "--config", BRIDGE, "--vault", ADDRESS, "--amount", "500"],
    [/--amount: 500 alone is 500 wei.*write 500PHA/],
  ],
  [
    "a message to check without what makes it",
    ["claims", "verify", "--signature", "0x00"],
    [/^l2: verify needs --account, --receiver, --deadline, --chain-id, --contract$/],
  ],
  [
    "a folder of claims that is none",
    ["claims", "prove", "--claims", join(folder, "nowhere"), "--account", HASH],
    [/--claims: there is no .*'l2 claims snapshot'/],
  ],
  [
    "a folder that cannot be made",
    ["claims", "snapshot", "--state", BRIDGE, "--out", "/proc/claims"],
    [/--out: \/proc\/claims cannot be made/],
  ],
  [
    "a swap file that is none",
    ["swap", "instructions", "--swap", BRIDGE, "--receiver", ADDRESS, "--parachain-url", L1],
    [/--swap: .*: give the file that was published/],
  ],
  [
    "a swap file by which nobody signs",
    ["swap", "instructions", "--swap", SWAP, "--receiver", ADDRESS, "--parachain-url", L1],
    [/--swap: .*metadata-of-another-runtime.*: give the file that was published/],
  ],
  ["an action without what it needs", bridge("deposit"), [/^l2: deposit needs --amount$/]],
  ["one token of two", bridge("withdraw", "--l1-token", ADDRESS), [/withdraw needs --amount, --l2-token/]],
  [
    "a hash that is none",
    bridge("status", "--transaction", "0x12"),
    [/0x and 64 hex digits are wanted, not '0x12'/],
  ],
  [
    "a level that is none",
    bridge("status", "--log-level", "bogus", "--transaction", HASH),
    [/one of debug, info/],
  ],
  [
    "a level that is none, in the environment",
    bridge("status", "--transaction", HASH),
    [/environment PHALA_L2_LOG_LEVEL: one of/],
    { PHALA_L2_LOG_LEVEL: "trace" },
  ],
  [
    "peers and own addresses that are none, before anything is opened",
    ["node", "--data-dir", join(folder, "data"), "--p2p-listen", "garbage", "--p2p-peers", "garbage"],
    [/--p2p-listen: a multiaddr such as \/ip4/, /--p2p-peers: a multiaddr such as \/dns4/],
  ],
  [
    "all values of all kinds at once, with what belongs together",
    [
      "node",
      "--rpc-port",
      "abc",
      "--admin-port",
      "99999",
      "--engine-url",
      "x",
      "--log-level",
      "loud",
      "--genesis",
      "g",
    ],
    [
      /--rollup, --data-dir are needed/,
      /--rpc-port: a port from 0 \(any free one\) to 65535 is wanted, not 'abc'/,
      /--admin-port: a port from 0 \(any free one\) to 65535 is wanted, not '99999'/,
      /--engine-url: a URL/,
      /--log-level/,
      /give --l1-rpc-urls, --engine-jwt-secret/,
    ],
  ],
  [
    "a batcher's values that were refused one by one",
    ["batcher", "--poll-interval", "abc", "--target-size", "0", "--data-availability", "tape"],
    [
      /--poll-interval: a number >= 0/,
      /--target-size: a number from 1 to/,
      /--data-availability: one of auto, blobs/,
    ],
  ],
  [
    "a prover's values",
    ["prover", "--kind", "sgx", "--proposal-interval", "0"],
    [/--kind: tdx, sev-snp/, /--proposal-interval: a number from 1 to 43200/],
  ],
  [
    "a sequencer without a signer, and other mistakes",
    ["sequencer", "--min-tip", "-1", "--l1-rpc-urls", L1],
    [/--min-tip: a whole number/, /give --signer/],
  ],
  [
    "files and kinds of decode",
    ["decode", "--kind", "tape", "--block-time", "0"],
    [/one file/, /--kind/, /--block-time/],
  ],
];

describe("the command line", { concurrency: 2 }, () => {
  for (const [what, words, says, environment] of badUsage) {
    it(`takes for bad usage ${what}`, async () => {
      const { status, stdout, stderr } = await l2(words, environment);
      assert.equal(status, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^l2: [^\n]+\n$/);
      assert.doesNotMatch(stderr, /^\{/);
      for (const wanted of says) assert.match(stderr.trimEnd(), wanted);
    });
  }

  it("leaves nothing behind when it is used badly", () => {
    assert.deepEqual(readdirSync(folder).toSorted(), ["bridge.json", "swap.json"]);
  });

  it("tells its version", async () => {
    assert.deepEqual(await l2(["--version"]), { status: 0, stdout: "0.1.0\n", stderr: "" });
  });

  it("names in its help the words, what is not given, and which actions need what", async () => {
    const { status, stdout } = await l2(["bridge", "--help"]);
    assert.equal(status, 0);
    const help = stdout.replaceAll(/\s+/g, " ");
    for (const wanted of [
      "[action...]",
      "deposit, withdraw, prove, finalize, status",
      "needed by deposit and withdraw;",
      "needed by prove, finalize and status;",
      "env PHALA_L2_LOG_LEVEL",
    ]) {
      assert.ok(help.includes(wanted), wanted);
    }
    const node = await l2(["node", "--help"]);
    assert.match(node.stdout, /default none;/);
    assert.doesNotMatch(node.stdout, /default ;/);
  });

  it("answers with a document and plain words where a holder's action is stopped; all of it at the level debug only", async () => {
    const words = bridge("status", "--transaction", HASH);
    const { status, stdout, stderr } = await l2(words);
    assert.equal(status, 1);
    const docs = "docs/operate/errors.md#bridge_unreachable";
    assert.deepEqual(JSON.parse(stdout), {
      ok: false,
      code: "BRIDGE_UNREACHABLE",
      refused: "127.0.0.1:1 does not answer",
      data: { endpoint: "127.0.0.1:1" },
      docs,
    });
    assert.equal(stderr, `l2: 127.0.0.1:1 does not answer\n    More: ${docs}\n`);
    const whole = await l2([...words, "--log-level", "debug"]);
    assert.match(whole.stderr, /eth_chainId/);
    assert.doesNotMatch(whole.stderr + whole.stdout, /secret-key/);
  });

  it("tells that nothing is owed as an answer, not as bad usage; and of a deadline that is past", async () => {
    const claims = mkdtempSync(join(tmpdir(), "phala-l2-claims-"));
    try {
      writeFileSync(
        join(claims, "claims.json"),
        `{"format":"standard-v1","tree":[\n"${HASH}"\n],"values":[]}`,
      );
      const order = ["--account", HASH, "--receiver", ADDRESS, "--deadline", "100", "--chain-id", "1"];
      const sign = ["claims", "sign", ...order, "--contract", ADDRESS];
      const block = ["--genesis-hash", HASH, "--height", "7"];
      const nothing = await l2([...sign, ...block, "--claims", claims]);
      assert.equal(nothing.status, 1, nothing.stderr);
      assert.equal(JSON.parse(nothing.stdout).code, "CLAIMS_NOTHING_OWED");
      const late = await l2([...sign, ...block, "--planck", "1.5PHA"]);
      assert.equal(late.status, 0, late.stderr);
      const { expired, planck } = JSON.parse(late.stdout);
      assert.deepEqual([expired, planck], [true, "1500000000000"]);
      assert.match(late.stderr, /Warning: its deadline is past: 1970-01-01 00:01:40 UTC/);
    } finally {
      rmSync(claims, { recursive: true });
    }
  });

  it("answers so in each command of holders", async () => {
    const commands = await Promise.all([
      import("./commands/stake.ts").then(({ stakeCommand }) => stakeCommand),
      import("./commands/governance.ts").then(({ governanceCommand }) => governanceCommand),
      import("./commands/claim.ts").then(({ claimCommand }) => claimCommand),
      import("./commands/claims.ts").then(({ claimsCommand }) => claimsCommand),
      import("./commands/sunset.ts").then(({ sunsetCommand }) => sunsetCommand),
      import("./commands/swap.ts").then(({ swapCommand }) => swapCommand),
      import("./commands/provider.ts").then(({ providerCommand }) => providerCommand),
      import("./commands/provers.ts").then(({ proversCommand }) => proversCommand),
    ]);
    for (const { name, answers } of commands) assert.ok(answers, name);
  });
});
