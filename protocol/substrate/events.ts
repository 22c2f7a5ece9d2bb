import type { RuntimeMetadata, TypeDefinition, TypeField } from "./metadata.ts";
import { type ScaleFault, ScaleReader } from "./scale.ts";

/** One event of a block, of which a runtime's metadata tells where its fields end. Source: frame_system::EventRecord. */
export type RuntimeEvent = {
  /** Place in the block's list. */
  readonly index: number;
  /** Place of the extrinsic in its block; undefined for what happened before the first or after the last. */
  readonly extrinsic: number | undefined;
  readonly pallet: string;
  readonly name: string;
  /** As they are encoded, in the order of the runtime. */
  readonly fields: readonly EventField[];
};

export type EventField = { readonly name: string | undefined; readonly bytes: Uint8Array };

export type EventsFault =
  | ScaleFault
  | "events-type-unknown"
  | "events-too-deep"
  | "events-too-long"
  | "events-record-unknown";

export type EventsDecoding =
  | { readonly kind: "ok"; readonly events: readonly RuntimeEvent[] }
  | { readonly kind: "invalid"; readonly reason: EventsFault };

/** Types inside each other; runtimes' own nest a dozen deep (XCM), and recursive ones could nest without end. */
const MAX_DEPTH = 128;
/** Values read for one block: a block's events are a few hundred kilobytes at most, of a byte a value at least. */
const MAX_VALUES = 4_000_000;

/** Reads values by their types. A class because it counts. */
class EventReader {
  readonly reader: ScaleReader;
  private readonly types: readonly TypeDefinition[];
  private values = 0;
  fault: EventsFault | undefined;

  constructor(bytes: Uint8Array, types: readonly TypeDefinition[]) {
    this.reader = new ScaleReader(bytes);
    this.types = types;
  }

  get isFaulty(): boolean {
    return this.fault !== undefined || this.reader.fault !== undefined;
  }

  fail(fault: EventsFault): void {
    this.fault ??= fault;
  }

  type(id: number): TypeDefinition | undefined {
    const type = this.types[id];
    if (type === undefined) this.fail("events-type-unknown");
    return type;
  }

  /** Goes to the end of a value. */
  skip(id: number, depth: number): void {
    const type = this.type(id);
    this.values += 1;
    if (depth > MAX_DEPTH) this.fail("events-too-deep");
    if (this.values > MAX_VALUES) this.fail("events-too-long");
    if (type === undefined || this.isFaulty) return;
    switch (type.kind) {
      case "composite":
        this.skipFields(type.fields, depth);
        return;
      case "variant":
        this.skipFields(this.variant(type.variants)?.fields ?? [], depth);
        return;
      case "sequence":
        this.skipMany(type.of, this.reader.length(), depth);
        return;
      case "array":
        this.skipMany(type.of, type.length, depth);
        return;
      case "fixed":
        this.reader.take(type.bytes);
        return;
      case "text":
        this.reader.byteString();
        return;
      case "compact":
        this.reader.compact();
        return;
      case "bits":
        this.skipBits(type.store);
        return;
    }
  }

  private skipFields(fields: readonly TypeField[], depth: number): void {
    for (const { type } of fields) this.skip(type, depth + 1);
  }

  private skipMany(id: number, count: number, depth: number): void {
    const element = this.type(id);
    // Bytes of hashes and of byte strings are not looked at one by one.
    if (element?.kind === "fixed") {
      this.reader.take(element.bytes * count);
      return;
    }
    for (let left = count; left > 0 && !this.isFaulty; left--) this.skip(id, depth + 1);
  }

  /** A number of bits, then as many whole words of the store as hold them. */
  private skipBits(store: number): void {
    const word = this.type(store);
    if (word?.kind !== "fixed" || word.bytes === 0) {
      this.fail("events-type-unknown");
      return;
    }
    const words = (this.reader.compact() + BigInt(8 * word.bytes) - 1n) / BigInt(8 * word.bytes);
    if (words * BigInt(word.bytes) > BigInt(this.reader.remaining)) this.reader.fail("scale-truncated");
    else this.reader.take(Number(words) * word.bytes);
  }

  variant<Variant>(variants: ReadonlyMap<number, Variant>): Variant | undefined {
    const variant = variants.get(this.reader.u8());
    if (variant === undefined) this.reader.fail("scale-variant-unknown");
    return variant;
  }

  /** The variant of an enum that a type is, with its fields cut out. */
  cut(id: number): { readonly name: string; readonly fields: readonly EventField[] } | undefined {
    const type = this.type(id);
    if (type?.kind !== "variant") {
      this.fail("events-record-unknown");
      return undefined;
    }
    const variant = this.variant(type.variants);
    if (variant === undefined) return undefined;
    const fields = variant.fields.map(({ name, type: of }) => {
      const start = this.reader.at;
      this.skip(of, 0);
      return { name, bytes: this.reader.bytes.subarray(start, this.reader.at) };
    });
    return { name: variant.name, fields };
  }

  /** The extrinsic of a phase; undefined before the first and after the last. */
  extrinsic(id: number): number | undefined {
    const phase = this.cut(id);
    const [first] = phase?.fields ?? [];
    return phase?.name === "ApplyExtrinsic" && first !== undefined
      ? new ScaleReader(first.bytes).u32()
      : undefined;
  }

  /** The pallet's event inside the runtime's. */
  event(id: number): Omit<RuntimeEvent, "index" | "extrinsic"> | undefined {
    const type = this.type(id);
    if (type?.kind !== "variant") {
      this.fail("events-record-unknown");
      return undefined;
    }
    const pallet = this.variant(type.variants);
    if (pallet === undefined) return undefined;
    const [inner] = pallet.fields;
    if (inner === undefined) {
      this.fail("events-record-unknown");
      return undefined;
    }
    const event = this.cut(inner.type);
    return event && { pallet: pallet.name, ...event };
  }
}

/** Ids of the fields of an event record, by their names. */
function recordFields(types: readonly TypeDefinition[], eventRecords: number) {
  const list = types[eventRecords];
  const record = list?.kind === "sequence" ? types[list.of] : undefined;
  if (record?.kind !== "composite") return undefined;
  const [phase, event, topics] = ["phase", "event", "topics"].map((wanted, place) => {
    const field = record.fields[place];
    return field?.name === wanted ? field.type : undefined;
  });
  if (phase === undefined || event === undefined || topics === undefined || record.fields.length !== 3) {
    return undefined;
  }
  return { phase, event, topics };
}

/** All events of a block from the value of `System.Events`. Never throws. */
export function decodeEvents(bytes: Uint8Array, { types, eventRecords }: RuntimeMetadata): EventsDecoding {
  const fields = recordFields(types, eventRecords);
  if (fields === undefined) return { kind: "invalid", reason: "events-record-unknown" };
  const source = new EventReader(bytes, types);
  const events: RuntimeEvent[] = [];
  const count = source.reader.length();
  for (let index = 0; index < count && !source.isFaulty; index++) {
    const extrinsic = source.extrinsic(fields.phase);
    const event = source.event(fields.event);
    source.skip(fields.topics, 0);
    if (event !== undefined) events.push({ index, extrinsic, ...event });
  }
  if (source.fault !== undefined) return { kind: "invalid", reason: source.fault };
  const whole = source.reader.finish(undefined);
  return whole.kind === "invalid" ? whole : { kind: "ok", events };
}
