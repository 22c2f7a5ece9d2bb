import { concatBytes, EMPTY_BYTES, type Hash } from "../../bytes.ts";
import { blake2b256 } from "../hash.ts";
import { encodeByteString, encodeCompact, encodeUnsigned } from "../scale.ts";

/**
 * The metadata of a runtime with no more than what deposits are made of, and one event with fields of every kind.
 * Real runtimes' metadata are hundreds of kilobytes; tests that make thousands of blocks use this one.
 */
export const SMALL_SPEC_VERSION = 7;
export const SMALL_SPEC_NAME = "small";

const text = (value: string) => encodeByteString(new TextEncoder().encode(value));
const list = (items: readonly Uint8Array[]) => concatBytes(encodeCompact(items.length), ...items);
const NONE = Uint8Array.of(0);
const some = (bytes: Uint8Array) => concatBytes(Uint8Array.of(1), bytes);
const NOTHING = list([]);

type Field = readonly [name: string | undefined, type: number];

function field([name, type]: Field): Uint8Array {
  return concatBytes(name === undefined ? NONE : some(text(name)), encodeCompact(type), NONE, NOTHING);
}

const composite = (...fields: readonly Field[]) => concatBytes(Uint8Array.of(0), list(fields.map(field)));
const variant = (...variants: readonly (readonly [index: number, name: string, ...fields: Field[]])[]) =>
  concatBytes(
    Uint8Array.of(1),
    list(
      variants.map(([index, name, ...fields]) =>
        concatBytes(text(name), list(fields.map(field)), Uint8Array.of(index), NOTHING),
      ),
    ),
  );
const sequence = (of: number) => concatBytes(Uint8Array.of(2), encodeCompact(of));
const array = (of: number, length: number) =>
  concatBytes(Uint8Array.of(3), encodeUnsigned(BigInt(length), 4), encodeCompact(of));
const tuple = (...of: readonly number[]) => concatBytes(Uint8Array.of(4), list(of.map(encodeCompact)));
const primitive = (which: number) => Uint8Array.of(5, which);
const compact = (of: number) => concatBytes(Uint8Array.of(6), encodeCompact(of));
const bits = (store: number, order: number) =>
  concatBytes(Uint8Array.of(7), encodeCompact(store), encodeCompact(order));

/** Ids are places in this list. */
const TYPES: readonly Uint8Array[] = [
  primitive(3), // 0: u8
  array(0, 32), // 1
  composite([undefined, 1]), // 2: AccountId32
  primitive(7), // 3: u128
  primitive(5), // 4: u32
  variant([0, "ApplyExtrinsic", [undefined, 4]], [1, "Finalization"], [2, "Initialization"]), // 5
  variant([0, "ExtrinsicSuccess"], [5, "Remarked", ["sender", 2], ["hash", 1]]), // 6
  variant([2, "Transfer", ["from", 2], ["to", 2], ["amount", 3]]), // 7
  variant([0, "System", [undefined, 6]], [10, "Balances", [undefined, 7]], [20, "Odd", [undefined, 12]]), // 8
  sequence(1), // 9
  composite(["phase", 5], ["event", 8], ["topics", 9]), // 10
  sequence(10), // 11
  variant([0, "All", ["compact", 13], ["text", 14], ["bits", 15], ["tuple", 16], ["list", 17], ["deep", 18]]), // 12
  compact(4), // 13
  primitive(2), // 14: str
  bits(0, 19), // 15
  tuple(0, 4), // 16
  sequence(16), // 17
  variant([0, "End"], [1, "More", [undefined, 18]]), // 18: as deep as one likes
  composite(), // 19
];

function storageItem(name: string, type: number): Uint8Array {
  return concatBytes(
    text(name),
    Uint8Array.of(0, 0),
    encodeCompact(type),
    encodeByteString(EMPTY_BYTES),
    NOTHING,
  );
}

function constant(name: string, type: number, value: Uint8Array): Uint8Array {
  return concatBytes(text(name), encodeCompact(type), encodeByteString(value), NOTHING);
}

function pallet(
  name: string,
  index: number,
  { storage = NONE, constants = [] }: { storage?: Uint8Array; constants?: readonly Uint8Array[] },
): Uint8Array {
  return concatBytes(text(name), storage, NONE, NONE, list(constants), NONE, Uint8Array.of(index));
}

/** What `System.Version` tells of a runtime: the value of a RuntimeVersion. */
export function runtimeVersion(specVersion: number, specName = SMALL_SPEC_NAME): Uint8Array {
  const u32 = (value: number) => encodeUnsigned(BigInt(value), 4);
  const names = [text(specName), text("small-node")];
  const [authoring, implementation, transaction, state] = [u32(1), u32(0), u32(1), Uint8Array.of(1)];
  const apis = list([concatBytes(new Uint8Array(8).fill(0xdf), u32(4))]);
  return concatBytes(...names, authoring, u32(specVersion), implementation, apis, transaction, state);
}

/** @param version The value of `System.Version`; without the constant if it is absent. */
export function metadataWith(version: Uint8Array | undefined): Uint8Array {
  const types = TYPES.map((definition, id) =>
    concatBytes(encodeCompact(id), NOTHING, NOTHING, definition, NOTHING),
  );
  const map = concatBytes(
    text("Account"),
    Uint8Array.of(1, 1),
    encodeByteString(Uint8Array.of(2)),
    encodeCompact(2),
    encodeCompact(3),
    encodeByteString(EMPTY_BYTES),
    list([text("what an account has")]),
  );
  const prefix = constant("SS58Prefix", 4, encodeUnsigned(30n, 4));
  const constants = version === undefined ? [prefix] : [prefix, constant("Version", 1, version)];
  const system = some(concatBytes(text("System"), list([map, storageItem("Events", 11)])));
  return concatBytes(
    new TextEncoder().encode("meta"),
    Uint8Array.of(14),
    list(types),
    list([
      pallet("System", 0, { storage: system, constants }),
      // Of another pallet, and no runtime's version.
      pallet("Balances", 10, { constants: [constant("Version", 1, runtimeVersion(1))] }),
    ]),
    concatBytes(encodeCompact(0), Uint8Array.of(4), NOTHING),
    encodeCompact(0),
  );
}

/** The same runtime's, as it calls itself after an upgrade. */
export function smallMetadata(specVersion: number, specName?: string): Uint8Array {
  return metadataWith(runtimeVersion(specVersion, specName));
}

export const SMALL_METADATA = smallMetadata(SMALL_SPEC_VERSION);
export const SMALL_METADATA_HASH = blake2b256(SMALL_METADATA);

/** Extrinsic of an event, or undefined for the block's own phases. */
export type Phase = number | undefined;

function record(phase: Phase, event: Uint8Array): Uint8Array {
  const encoded =
    phase === undefined ? Uint8Array.of(2) : concatBytes(Uint8Array.of(0), encodeUnsigned(BigInt(phase), 4));
  return concatBytes(encoded, event, NOTHING);
}

export function transferred(phase: Phase, from: Hash, to: Hash, planck: bigint): Uint8Array {
  return record(phase, concatBytes(Uint8Array.of(10, 2), from, to, encodeUnsigned(planck, 16)));
}

export function remarked(phase: Phase, sender: Hash, remark: Uint8Array | string): Uint8Array {
  const bytes = typeof remark === "string" ? new TextEncoder().encode(remark) : remark;
  return record(phase, concatBytes(Uint8Array.of(0, 5), sender, blake2b256(bytes)));
}

export function succeeded(phase: Phase): Uint8Array {
  return record(phase, Uint8Array.of(0, 0));
}

/** The event with fields of every kind; the last of them has `depth` values inside each other. */
export function odd(phase: Phase, depth: number): Uint8Array {
  const deep = new Uint8Array(depth + 1).fill(1);
  deep[depth] = 0;
  return record(
    phase,
    concatBytes(
      Uint8Array.of(20, 0),
      encodeCompact(70_000),
      text("words"),
      concatBytes(encodeCompact(9), Uint8Array.of(0xff, 1)),
      concatBytes(Uint8Array.of(1), encodeUnsigned(2n, 4)),
      list([Uint8Array.of(1, 0, 0, 0, 0), Uint8Array.of(2, 0, 0, 0, 0)]),
      deep,
    ),
  );
}

/** The value of `System.Events`. */
export function eventsValue(records: readonly Uint8Array[]): Uint8Array {
  return list(records);
}
