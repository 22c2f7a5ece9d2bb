import {
  type Address,
  addressFromHex,
  asHash,
  bigintFromBytes,
  bigintToBytes,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  type Hex,
  hashFromHex,
  toHex,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { FORKS, type Fork, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { Genesis, GenesisAccount } from "./genesis.ts";

/** EIP-1559: the base fee of a first block that names none. */
const INITIAL_BASE_FEE = 1_000_000_000n;
const U64 = 2n ** 64n;
const U256 = 2n ** 256n;
const NONCE_LENGTH = 8;

/**
 * Reads geth's genesis.json as op-deployer, op-node and the superchain registry write it. Numbers may be JSON numbers,
 * decimal or 0x text, as geth takes them; forks are `<fork>Time` in `config`. The registry's own fields: `stateHash`
 * instead of accounts, `codeHash` instead of an account's code; in its older files there is no `config`.
 * @throws RollupError GENESIS_INVALID with the path of the bad field
 */
export function parseGenesis(json: unknown): Genesis {
  const root = objectAt(json, "genesis");
  const config = root.config === undefined ? {} : objectAt(root.config, "config");
  const number = quantity(root.number, "number", U64, 0n);
  const stateRoot = isAbsent(root.stateHash) ? undefined : hash(root.stateHash, "stateHash");
  const alloc = stateRoot !== undefined && isAbsent(root.alloc) ? [] : allocOf(root.alloc);
  if (stateRoot !== undefined && alloc.length > 0) throw invalid("stateHash", "accounts are given as well");
  return {
    forks: forksOf(config),
    number,
    timestamp: quantity(root.timestamp, "timestamp", U64, 0n),
    parentHash: hash(root.parentHash, "parentHash"),
    beneficiary: root.coinbase === undefined ? ZERO_ADDRESS : address(root.coinbase, "coinbase"),
    difficulty: quantity(root.difficulty, "difficulty", U256, 0n),
    gasLimit: quantity(root.gasLimit, "gasLimit", U64),
    gasUsed: quantity(root.gasUsed, "gasUsed", U64, 0n),
    prevRandao: hash(root.mixHash, "mixHash"),
    extraData: bytes(root.extraData, "extraData"),
    nonce: bigintToBytes(quantity(root.nonce, "nonce", U64, 0n), NONCE_LENGTH),
    baseFee: quantity(root.baseFeePerGas ?? undefined, "baseFeePerGas", U256, INITIAL_BASE_FEE),
    isBeforeLondon: isBeforeLondon(config, number),
    blobGasUsed: quantity(root.blobGasUsed ?? undefined, "blobGasUsed", U64, 0n),
    excessBlobGas: quantity(root.excessBlobGas ?? undefined, "excessBlobGas", U64, 0n),
    alloc,
    stateRoot,
  };
}

function isAbsent(json: unknown): boolean {
  return json === undefined || json === null;
}

/** Bedrock brought London. A file that names Ethereum's forks and not this one is of a chain from before. */
function isBeforeLondon(config: Readonly<Record<string, unknown>>, number: bigint): boolean {
  if (isAbsent(config.londonBlock)) return !isAbsent(config.homesteadBlock);
  return quantity(config.londonBlock, "config.londonBlock", U64) > number;
}

function forksOf(config: Readonly<Record<string, unknown>>): RollupConfig["forks"] {
  const forks: Partial<Record<Fork, bigint>> = {};
  for (const fork of FORKS) {
    const key = `${fork}Time`;
    if (config[key] !== undefined && config[key] !== null) {
      forks[fork] = quantity(config[key], `config.${key}`, U64);
    }
  }
  return forks;
}

function allocOf(json: unknown): readonly GenesisAccount[] {
  const seen = new Set<Hex>();
  return Object.entries(objectAt(json, "alloc")).map(([key, value]) => {
    const path = `alloc.${key}`;
    const account = objectAt(value, path);
    const parsed = address(key, path);
    if (seen.has(toHex(parsed))) throw invalid(path, "an account stands twice");
    seen.add(toHex(parsed));
    return {
      address: parsed,
      nonce: quantity(account.nonce, `${path}.nonce`, U64, 0n),
      balance: quantity(account.balance, `${path}.balance`, U256, 0n),
      code: bytes(account.code, `${path}.code`),
      codeHash: isAbsent(account.codeHash) ? undefined : hash(account.codeHash, `${path}.codeHash`),
      storage: storageOf(account.storage, `${path}.storage`),
    };
  });
}

function storageOf(json: unknown, path: string): ReadonlyMap<Hex, bigint> {
  if (json === undefined || json === null) return new Map();
  return new Map(
    Object.entries(objectAt(json, path)).map(([slot, value]) => [
      toHex(word(slot, `${path}.${slot}`)),
      bigintFromBytes(word(value, `${path}.${slot}`)),
    ]),
  );
}

export function invalid(path: string, problem: string): RollupError {
  return new RollupError("GENESIS_INVALID", `genesis: ${path}: ${problem}`, { data: { path } });
}

export function objectAt(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (!isRecord(json)) throw invalid(path, "not an object");
  return json;
}

export function quantity(json: unknown, path: string, limit: bigint, absent?: bigint): bigint {
  if (json === undefined && absent !== undefined) return absent;
  const isText = typeof json === "string" && /^(0x[0-9a-fA-F]+|[0-9]+)$/.test(json);
  const isNumber = typeof json === "number" && Number.isSafeInteger(json) && json >= 0;
  if (!isText && !isNumber) throw invalid(path, "not a quantity");
  const value = BigInt(json);
  if (value >= limit) throw invalid(path, "out of range");
  return value;
}

function bytes(json: unknown, path: string): Uint8Array {
  if (json === undefined || json === null) return EMPTY_BYTES;
  if (typeof json !== "string" || !/^0x([0-9a-fA-F]{2})*$/.test(json)) throw invalid(path, "not hex bytes");
  return fromHex(json);
}

/** geth takes storage keys and values of up to 32 bytes. */
function word(json: unknown, path: string): Hash {
  const value = bytes(json, path);
  if (value.length > 32) throw invalid(path, "longer than 32 bytes");
  const padded = new Uint8Array(32);
  padded.set(value, 32 - value.length);
  return asHash(padded);
}

function hash(json: unknown, path: string): Hash {
  if (json === undefined) return ZERO_HASH;
  if (bytes(json, path).length !== 32) throw invalid(path, "not 32 bytes");
  return hashFromHex(String(json));
}

export function address(json: unknown, path: string): Address {
  if (typeof json !== "string" || !/^(0x)?[0-9a-fA-F]{40}$/.test(json)) throw invalid(path, "not an address");
  return addressFromHex(json);
}
