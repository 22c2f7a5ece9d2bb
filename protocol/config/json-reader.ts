import { type Address, addressFromHex, fromHex, type Hash, hashFromHex } from "../bytes.ts";
import { isRollupError, RollupError } from "../errors.ts";
import { isRecord } from "../json-record.ts";

const U64_MAX = 2n ** 64n - 1n;

/** What JSON.stringify takes. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A number as op-node writes it; one that JSON numbers cannot hold as decimal text. */
export function jsonInteger(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
}

/** A field that is missing, of the wrong kind, or out of its bounds. */
export function configInvalid(path: string, wanted: string): RollupError<"CONFIG_INVALID"> {
  return new RollupError("CONFIG_INVALID", `${path}: ${wanted}`, { data: { path, wanted } });
}

/**
 * One JSON object of a configuration file, read field by field; every complaint names the field's path. A
 * field that is null counts as absent.
 */
export class JsonObject {
  readonly path: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws RollupError CONFIG_INVALID when the value is no object */
  constructor(value: unknown, path: string) {
    if (!isRecord(value)) throw configInvalid(path === "" ? "(root)" : path, "an object is wanted");
    this.#fields = value;
    this.path = path;
  }

  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  /** Names of the fields that are not null. */
  names(): readonly string[] {
    return Object.keys(this.#fields).filter((name) => this.has(name));
  }

  has(name: string): boolean {
    return (
      Object.hasOwn(this.#fields, name) && this.#fields[name] !== null && this.#fields[name] !== undefined
    );
  }

  #required(name: string): unknown {
    if (!this.has(name)) throw configInvalid(this.pathOf(name), "a value is missing");
    return this.#fields[name];
  }

  object(name: string): JsonObject {
    return new JsonObject(this.#required(name), this.pathOf(name));
  }

  objects(name: string): readonly JsonObject[] {
    const value = this.#required(name);
    if (!Array.isArray(value)) throw configInvalid(this.pathOf(name), "a list is wanted");
    return value.map((item, i) => new JsonObject(item, `${this.pathOf(name)}[${i}]`));
  }

  /**
   * A whole number of at most `max` (u64 by default): a JSON number up to 2^53 - 1, since larger ones have lost
   * digits by the time they are read, or text in decimal or 0x hex.
   */
  integer(name: string, max: bigint = U64_MAX): bigint {
    const value = this.#required(name);
    const fits =
      (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) ||
      (typeof value === "string" && /^(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.test(value));
    const integer = fits && (typeof value === "number" || typeof value === "string") ? BigInt(value) : -1n;
    if (integer < 0n || integer > max) {
      throw configInvalid(this.pathOf(name), `a whole number from 0 to ${max} is wanted`);
    }
    return integer;
  }

  integerOr(name: string, fallback: bigint, max?: bigint): bigint {
    return this.has(name) ? this.integer(name, max) : fallback;
  }

  text(name: string): string {
    return this.#text(name, "text is wanted");
  }

  texts(name: string): readonly string[] {
    const value = this.#required(name);
    if (!Array.isArray(value)) throw configInvalid(this.pathOf(name), "a list is wanted");
    return value.map((item: unknown, i) => {
      if (typeof item === "string") return item;
      throw configInvalid(`${this.pathOf(name)}[${i}]`, "text is wanted");
    });
  }

  flag(name: string): boolean {
    const value = this.#required(name);
    if (typeof value !== "boolean") throw configInvalid(this.pathOf(name), "true or false is wanted");
    return value;
  }

  #text(name: string, wanted: string): string {
    const value = this.#required(name);
    if (typeof value !== "string") throw configInvalid(this.pathOf(name), wanted);
    return value;
  }

  #hex<T>(name: string, wanted: string, read: (text: string) => T): T {
    const text = this.#text(name, wanted);
    try {
      return read(text);
    } catch (error) {
      if (isRollupError(error)) throw configInvalid(this.pathOf(name), wanted);
      throw error;
    }
  }

  hash(name: string): Hash {
    return this.#hex(name, "32 bytes as 0x hex are wanted", hashFromHex);
  }

  address(name: string): Address {
    return this.#hex(name, "an address as 0x hex is wanted", addressFromHex);
  }

  bytes(name: string, length: number): Uint8Array {
    const wanted = `${length} bytes as 0x hex are wanted`;
    const bytes = this.#hex(name, wanted, fromHex);
    if (bytes.length !== length) throw configInvalid(this.pathOf(name), wanted);
    return bytes;
  }
}
