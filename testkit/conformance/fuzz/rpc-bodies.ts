import { mutated, type Random } from "../../derivation/random.ts";

/** What a client may post: sound calls, calls with parameters that do not fit, batches of them, and noise. */

/** What parameters are made of; all text, as it stands in JSON. */
export type RpcWords = {
  readonly methods: readonly [string, ...string[]];
  /** Values that mean something to this chain: addresses, hashes, raw transactions, call objects. */
  readonly values: readonly [string, ...string[]];
  /** Calls that the server can answer, as method and parameters. */
  readonly calls: readonly [SoundCall, ...SoundCall[]];
};

export type SoundCall = { readonly method: string; readonly params: readonly string[] };

const ODD: readonly [string, ...string[]] = [
  "null",
  "true",
  "-1",
  "0",
  "1e400",
  "1e308",
  "9007199254740993",
  "0.1",
  `${"9".repeat(400)}`,
  '""',
  '"0x"',
  '"0x0"',
  '"0x00"',
  '"0X1"',
  '"0xg"',
  `"0x${"f".repeat(16)}"`,
  `"0x${"f".repeat(64)}"`,
  `"0x${"f".repeat(65)}"`,
  `"0x${"ab".repeat(3_000)}"`,
  '"latest"',
  '"pending"',
  '"safe"',
  '"finalized"',
  '"earliest"',
  '"\\ud800"',
  '"\\u0000"',
  '"__proto__"',
  "[]",
  "{}",
  "[[]]",
  '{"__proto__":{"a":1}}',
  '{"constructor":null}',
  '{"blockHash":"0x1","blockNumber":"0x1"}',
  '{"fromBlock":"0x0","toBlock":"0xffffffffffff"}',
  '{"fromBlock":"earliest","toBlock":"latest","topics":[null,[],["0x0"]]}',
  `[${"null,".repeat(1_500)}null]`,
  `${"[".repeat(40)}${"]".repeat(40)}`,
  `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
  `${"[".repeat(20_000)}`,
];

const IDS: readonly [string, ...string[]] = ['"a"', "null", "1.5", "-0", "{}", "[]", "true", "1e400"];
const STRANGE_METHODS: readonly [string, ...string[]] = [
  "constructor",
  "__proto__",
  "toString",
  "eth_",
  "",
  "eth_subscribe",
  "engine_newPayloadV4",
];
const MOST_PARAMETERS = 5;
const MOST_CALLS = 12;
/** More calls than a batch may have. */
const TOO_MANY_CALLS = 1_001;

function value(random: Random, { values }: RpcWords): string {
  switch (random.below(8)) {
    case 0:
    case 1:
      return random.pick(ODD);
    case 2:
      return `"0x${Buffer.from(random.bytes(random.below(40))).toString("hex")}"`;
    case 3:
      return `"0x${random.below(40).toString(16)}"`;
    default:
      return random.pick(values);
  }
}

/** A JSON value one of whose members is another: what is valid but for one field reaches deepest. */
function spoiled(random: Random, json: string, words: RpcWords): string {
  const parsed: unknown = JSON.parse(json);
  if (typeof parsed !== "object" || parsed === null) return value(random, words);
  const entries = Object.entries(parsed);
  const at = random.below(entries.length + 1);
  const members = entries.map(([name, member], i) =>
    i === at ? [name, value(random, words)] : [name, JSON.stringify(member)],
  );
  if (at === entries.length) members.push(["extra", value(random, words)]);
  return Array.isArray(parsed)
    ? `[${members.map(([, member]) => member).join(",")}]`
    : `{${members.map(([name, member]) => `${JSON.stringify(name)}:${member}`).join(",")}}`;
}

function parameters(random: Random, words: RpcWords): readonly string[] {
  return Array.from({ length: random.below(MOST_PARAMETERS) }, () => {
    const sound = random.pick(words.values);
    return random.below(4) === 0 ? spoiled(random, sound, words) : value(random, words);
  });
}

/** A method and parameters: sound ones of which some are spoiled, or any. */
function methodAndParameters(random: Random, words: RpcWords): SoundCall {
  if (random.below(3) > 0) {
    const { method, params } = random.pick(words.calls);
    const changed = params.map((param) => {
      const lot = random.below(12);
      if (lot === 0) return value(random, words);
      return lot === 1 ? spoiled(random, param, words) : param;
    });
    return { method, params: changed };
  }
  const method = random.below(12) === 0 ? random.pick(STRANGE_METHODS) : random.pick(words.methods);
  return { method, params: parameters(random, words) };
}

function call(random: Random, words: RpcWords): string {
  const { method, params } = methodAndParameters(random, words);
  const members = [
    random.below(40) === 0 ? '"jsonrpc":"1.0"' : '"jsonrpc":"2.0"',
    ...(random.below(16) === 0 ? [] : [`"id":${random.below(8) === 0 ? random.pick(IDS) : "1"}`]),
    random.below(40) === 0 ? `"method":${random.pick(ODD)}` : `"method":${JSON.stringify(method)}`,
    random.below(30) === 0 ? `"params":${random.pick(ODD)}` : `"params":[${params.join(",")}]`,
  ];
  return `{${members.join(",")}}`;
}

function text(random: Random, words: RpcWords): string {
  switch (random.below(16)) {
    case 0: {
      const items = Array.from({ length: random.below(MOST_CALLS) }, () =>
        random.below(8) === 0 ? random.pick(ODD) : call(random, words),
      );
      return `[${items.join(",")}]`;
    }
    case 1:
      return random.below(20) > 0 ? random.pick(ODD) : `[${"1,".repeat(TOO_MANY_CALLS)}1]`;
    default:
      return call(random, words);
  }
}

/** One body, whose bytes may be no text at all. */
export function hostileBody(random: Random, words: RpcWords): Uint8Array {
  if (random.below(40) === 0) return random.bytes(random.below(200));
  const bytes = Buffer.from(text(random, words));
  return random.below(8) === 0 ? mutated(random, bytes) : bytes;
}
