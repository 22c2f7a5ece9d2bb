import { type Address, asAddress, asHash, type Hash } from "@phala-l2/protocol/bytes";
import { invalidL1Data } from "./json-rpc.ts";

const QUANTITY = /^0x[0-9a-fA-F]{1,64}$/;
const HEX = /^0x(?:[0-9a-fA-F]{2})*$/;
const HASH_LENGTH = 32;
const ADDRESS_LENGTH = 20;

/** Hex text to bytes at the speed of the platform; blobs and receipts are large. Undefined when malformed. */
export function bytesOfHex(value: unknown): Uint8Array | undefined {
  if (typeof value !== "string" || !value.startsWith("0x") || value.length % 2 !== 0) return undefined;
  const buffer = Buffer.from(value.slice(2), "hex");
  // Buffer stops at the first character that is no hex digit.
  if (2 * buffer.length !== value.length - 2) return undefined;
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/**
 * The fields of an object that an L1 server sent, read by their JSON-RPC encodings.
 * Every method throws RollupError L1_DATA_INVALID when the field is not of that form.
 */
export class RpcFields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #what: string;

  constructor(value: unknown, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw invalidL1Data(`${what} is not an object`, {});
    }
    this.#object = { ...value };
    this.#what = what;
  }

  get names(): readonly string[] {
    return Object.keys(this.#object);
  }

  raw(name: string): unknown {
    return this.#object[name];
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined && this.#object[name] !== null;
  }

  #wrong(name: string, wanted: string): Error {
    const found = JSON.stringify(this.#object[name])?.slice(0, 100);
    return invalidL1Data(`${this.#what}: field '${name}' is not ${wanted}`, { found });
  }

  quantity(name: string): bigint {
    const value = this.#object[name];
    if (typeof value !== "string" || !QUANTITY.test(value)) throw this.#wrong(name, "a quantity");
    return BigInt(value);
  }

  bytes(name: string): Uint8Array {
    const bytes = bytesOfHex(this.#object[name]);
    if (bytes === undefined) throw this.#wrong(name, "hex bytes");
    return bytes;
  }

  fixed(name: string, length: number): Uint8Array {
    const value = this.#object[name];
    const bytes = typeof value === "string" && HEX.test(value) ? bytesOfHex(value) : undefined;
    if (bytes?.length !== length) throw this.#wrong(name, `${length} hex bytes`);
    return bytes;
  }

  hash(name: string): Hash {
    return asHash(this.fixed(name, HASH_LENGTH));
  }

  address(name: string): Address {
    return asAddress(this.fixed(name, ADDRESS_LENGTH));
  }

  list(name: string): readonly unknown[] {
    const value = this.#object[name];
    if (!Array.isArray(value)) throw this.#wrong(name, "a list");
    return value;
  }

  hashes(name: string): readonly Hash[] {
    return this.list(name).map((value) => {
      const bytes = bytesOfHex(value);
      if (bytes?.length !== HASH_LENGTH) throw this.#wrong(name, "a list of hashes");
      return asHash(bytes);
    });
  }

  bytesList(name: string): readonly Uint8Array[] {
    return this.list(name).map((value) => {
      const bytes = bytesOfHex(value);
      if (bytes === undefined) throw this.#wrong(name, "a list of hex bytes");
      return bytes;
    });
  }

  /** The field read by `read` when the server gave it. */
  optional<Value>(name: string, read: (fields: RpcFields, name: string) => Value): Value | undefined {
    return this.has(name) ? read(this, name) : undefined;
  }
}
