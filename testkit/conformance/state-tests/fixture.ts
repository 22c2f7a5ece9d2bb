import { CANCUN_UPDATE_FRACTION, PRAGUE_UPDATE_FRACTION } from "@phala-l2/protocol/blob-gas";
import { type Address, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import {
  addressAt,
  bytesAt,
  hashAt,
  type Json,
  listAt,
  malformed,
  numberAt,
  numberOr,
  objectAt,
  textAt,
  wordAt,
} from "./json.ts";
import { type CaseIndex, describedTransaction } from "./transaction.ts";

export type PreAccount = {
  readonly address: Address;
  readonly nonce: bigint;
  readonly balance: bigint;
  readonly code: Uint8Array;
  readonly storage: ReadonlyMap<Hex, bigint>;
};

/** The block that the transaction runs in; rules decide what of it counts. */
export type Environment = {
  readonly number: bigint;
  readonly timestamp: bigint;
  readonly beneficiary: Address;
  readonly gasLimit: bigint;
  readonly difficulty: bigint;
  readonly prevRandao: Hash;
  readonly baseFee: bigint;
  readonly excessBlobGas: bigint;
};

/** EIP-7840: a fork's blob parameters. */
export type BlobSchedule = { readonly max: bigint; readonly baseFeeUpdateFraction: bigint };

export type StateTestCase = {
  /** The fork's name in the test. */
  readonly fork: string;
  readonly index: CaseIndex;
  /** Undefined where no bytes can be what the test describes. */
  readonly raw: Uint8Array | undefined;
  readonly stateRoot: Hex;
  readonly logsHash: Hex;
  /** Why the transaction must be refused. */
  readonly exception: string | undefined;
  /** Tests of before 2020 name no exceptions: where the transaction must be refused, the root alone tells. */
  readonly namesExceptions: boolean;
  readonly blobs: BlobSchedule;
};

export type StateTest = {
  readonly name: string;
  readonly chainId: bigint;
  readonly environment: Environment;
  readonly pre: readonly PreAccount[];
  readonly cases: readonly StateTestCase[];
};

/** geth's default where a test of London does not name one. */
const DEFAULT_BASE_FEE = 10n;

/** EIP-4844, EIP-7691; Osaka's are Prague's. */
const CANCUN_BLOBS: BlobSchedule = { max: 6n, baseFeeUpdateFraction: CANCUN_UPDATE_FRACTION };
const PRAGUE_BLOBS: BlobSchedule = { max: 9n, baseFeeUpdateFraction: PRAGUE_UPDATE_FRACTION };

/**
 * Reads a file of GeneralStateTests or of execution-spec-tests' state_tests.
 * @throws RollupError FIXTURE_MALFORMED with the file's name
 */
export function readStateTests(text: string, file: string): readonly StateTest[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw malformed(file, `JSON is wanted: ${error instanceof Error ? error.message : String(error)}`);
  }
  return Object.entries(objectAt(json, file)).map(([name, test]) => readTest(name, test, `${file}: ${name}`));
}

function readTest(name: string, json: unknown, path: string): StateTest {
  const test = objectAt(json, path);
  const config = test.config === undefined ? {} : objectAt(test.config, `${path}.config`);
  const chainId = numberOr(config.chainid, 1n, `${path}.config.chainid`);
  const pre = Object.entries(objectAt(test.pre, `${path}.pre`));
  return {
    name,
    chainId,
    environment: readEnvironment(objectAt(test.env, `${path}.env`), `${path}.env`),
    pre: pre.map(([address, account]) => readAccount(address, account, `${path}.pre.${address}`)),
    cases: readCases(test, config, chainId, path),
  };
}

function readAccount(address: string, json: unknown, path: string): PreAccount {
  const account = objectAt(json, path);
  const slots = Object.entries(objectAt(account.storage ?? {}, `${path}.storage`));
  return {
    address: addressAt(address, path),
    nonce: numberAt(account.nonce, `${path}.nonce`),
    balance: numberAt(account.balance, `${path}.balance`),
    code: bytesAt(account.code, `${path}.code`),
    storage: new Map(
      slots.map(([slot, value]) => [
        toHex(wordAt(slot, `${path}.storage`)),
        numberAt(value, `${path}.storage.${slot}`),
      ]),
    ),
  };
}

function readEnvironment(env: Json, path: string): Environment {
  const number = (name: string, fallback: bigint): bigint => numberOr(env[name], fallback, `${path}.${name}`);
  const needed = (name: string): bigint => numberAt(env[name], `${path}.${name}`);
  return {
    number: needed("currentNumber"),
    timestamp: needed("currentTimestamp"),
    beneficiary: addressAt(env.currentCoinbase, `${path}.currentCoinbase`),
    gasLimit: needed("currentGasLimit"),
    difficulty: number("currentDifficulty", 0n),
    prevRandao: wordAt(env.currentRandom ?? env.currentDifficulty ?? "0x", `${path}.currentRandom`),
    baseFee: number("currentBaseFee", DEFAULT_BASE_FEE),
    excessBlobGas: number("currentExcessBlobGas", 0n),
  };
}

function readCases(test: Json, config: Json, chainId: bigint, path: string): readonly StateTestCase[] {
  const transaction = objectAt(test.transaction, `${path}.transaction`);
  const cases: StateTestCase[] = [];
  for (const [fork, posts] of Object.entries(objectAt(test.post, `${path}.post`))) {
    const blobs = blobsOf(fork, config, path);
    for (const [i, json] of listAt(posts, `${path}.post.${fork}`).entries()) {
      const at = `${path}.post.${fork}[${i}]`;
      const post = objectAt(json, at);
      const index = readIndex(post, at);
      cases.push({
        fork,
        index,
        raw: isAbsent(post.txbytes)
          ? describedTransaction(transaction, index, chainId, `${path}.transaction`)
          : bytesAt(post.txbytes, `${at}.txbytes`),
        stateRoot: toHex(hashAt(post.hash, `${at}.hash`)),
        logsHash: toHex(hashAt(post.logs, `${at}.logs`)),
        namesExceptions: !isAbsent(post.txbytes),
        exception: isAbsent(post.expectException) ? undefined : textAt(post.expectException, at),
        blobs,
      });
    }
  }
  return cases;
}

function readIndex(post: Json, path: string): CaseIndex {
  const indexes = objectAt(post.indexes, `${path}.indexes`);
  const at = (name: string): number => Number(numberAt(indexes[name], `${path}.indexes.${name}`));
  return { data: at("data"), gas: at("gas"), value: at("value") };
}

function blobsOf(fork: string, config: Json, path: string): BlobSchedule {
  const fallback = fork === "Cancun" ? CANCUN_BLOBS : PRAGUE_BLOBS;
  const schedules = config.blobSchedule ?? {};
  const schedule = objectAt(schedules, `${path}.config.blobSchedule`)[fork];
  if (isAbsent(schedule)) return fallback;
  const at = `${path}.config.blobSchedule.${fork}`;
  const fields = objectAt(schedule, at);
  return {
    max: numberAt(fields.max, `${at}.max`),
    baseFeeUpdateFraction: numberAt(fields.baseFeeUpdateFraction, `${at}.baseFeeUpdateFraction`),
  };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
