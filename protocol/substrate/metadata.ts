import { type ScaleDecoding, type ScaleFault, ScaleReader } from "./scale.ts";

/**
 * What a runtime tells of its types, so that its events can be read without knowing the runtime: metadata of version 14,
 * which `state_getMetadata` gives. Of it only the registry of types is kept, which of them the list of events is, and which
 * runtime says so. Sources: frame_metadata::v14, scale_info::PortableRegistry; docs.polkadot.com, "Metadata".
 */
export type RuntimeMetadata = {
  readonly types: readonly TypeDefinition[];
  /** Id of the type of `System.Events`: a list of event records. */
  readonly eventRecords: number;
  readonly runtime: RuntimeName;
};

/** What a runtime calls itself: versions are counted apart for each name. */
export type RuntimeName = { readonly specName: string; readonly specVersion: number };

export type TypeField = { readonly name: string | undefined; readonly type: number };
export type TypeVariant = { readonly name: string; readonly fields: readonly TypeField[] };

/** How values of a type are encoded; types name each other by their ids. */
export type TypeDefinition =
  | { readonly kind: "composite"; readonly fields: readonly TypeField[] }
  | { readonly kind: "variant"; readonly variants: ReadonlyMap<number, TypeVariant> }
  | { readonly kind: "sequence"; readonly of: number }
  | { readonly kind: "array"; readonly of: number; readonly length: number }
  | { readonly kind: "fixed"; readonly bytes: number }
  | { readonly kind: "text" }
  | { readonly kind: "compact" }
  | { readonly kind: "bits"; readonly store: number };

export type MetadataFault =
  | ScaleFault
  | "metadata-magic-wrong"
  | "metadata-version-unsupported"
  | "metadata-types-out-of-order"
  | "metadata-primitive-unknown"
  | "metadata-events-absent"
  | "metadata-runtime-version-absent";

export type MetadataDecoding =
  | { readonly kind: "ok"; readonly metadata: RuntimeMetadata }
  | { readonly kind: "invalid"; readonly reason: MetadataFault };

/** "meta", read as a little-endian integer. */
const MAGIC = 0x6174_656d;
const VERSION = 14;
/** Bytes of the primitive types in their order: bool, char, str, u8 … u256, i8 … i256. Text has none. */
const PRIMITIVE_BYTES = [1, 4, 0, 1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 16, 32] as const;
const TEXT = 2;
const decoder = new TextDecoder();

type PalletFacts = { readonly events: number | undefined; readonly version: Uint8Array | undefined };

/** Reads metadata piece after piece; a fault of its own is kept beside the reader's. A class because it has both. */
class MetadataReader {
  readonly reader: ScaleReader;
  fault: MetadataFault | undefined;

  constructor(bytes: Uint8Array) {
    this.reader = new ScaleReader(bytes);
  }

  fail(fault: MetadataFault): void {
    this.fault ??= fault;
  }

  id(): number {
    const value = this.reader.compact();
    if (value > 0xffff_ffffn) this.reader.fail("scale-length-too-large");
    return Number(value & 0xffff_ffffn);
  }

  text(): string {
    return decoder.decode(this.reader.byteString());
  }

  texts(): void {
    this.reader.sequence(() => this.reader.byteString());
  }

  fields(): readonly TypeField[] {
    return this.reader.sequence(() => {
      const name = this.reader.option(() => this.text());
      const type = this.id();
      this.reader.option(() => this.text());
      this.texts();
      return { name, type };
    });
  }

  variants(): ReadonlyMap<number, TypeVariant> {
    const variants = this.reader.sequence(() => {
      const name = this.text();
      const fields = this.fields();
      const index = this.reader.u8();
      this.texts();
      return [index, { name, fields }] as const;
    });
    return new Map(variants);
  }

  primitive(): TypeDefinition {
    const which = this.reader.u8();
    const bytes = PRIMITIVE_BYTES[which];
    if (bytes === undefined) this.fail("metadata-primitive-unknown");
    return which === TEXT ? { kind: "text" } : { kind: "fixed", bytes: bytes ?? 0 };
  }

  /** A tuple is read as a composite without names. */
  tuple(): TypeDefinition {
    const fields = this.reader.sequence(() => ({ name: undefined, type: this.id() }));
    return { kind: "composite", fields };
  }

  bits(): TypeDefinition {
    const store = this.id();
    this.id();
    return { kind: "bits", store };
  }

  definition(): TypeDefinition {
    const kind = this.reader.u8();
    switch (kind) {
      case 0:
        return { kind: "composite", fields: this.fields() };
      case 1:
        return { kind: "variant", variants: this.variants() };
      case 2:
        return { kind: "sequence", of: this.id() };
      case 3: {
        const length = this.reader.u32();
        return { kind: "array", length, of: this.id() };
      }
      case 4:
        return this.tuple();
      case 5:
        return this.primitive();
      case 6:
        this.id();
        return { kind: "compact" };
      case 7:
        return this.bits();
      default:
        this.reader.fail("scale-variant-unknown");
        return { kind: "text" };
    }
  }

  types(): readonly TypeDefinition[] {
    let next = 0;
    return this.reader.sequence(() => {
      // An id is its type's place in the list, by which others name it.
      if (this.id() !== next) this.fail("metadata-types-out-of-order");
      next += 1;
      this.texts();
      this.reader.sequence(() => {
        this.reader.byteString();
        this.reader.option(() => this.id());
      });
      const definition = this.definition();
      this.texts();
      return definition;
    });
  }

  /** An item of a pallet's storage: its name, and its type where it is one value and no map. */
  storageItem(): { readonly name: string; readonly type: number | undefined } {
    const name = this.text();
    this.reader.u8();
    const isMap = this.reader.u8();
    let type: number | undefined;
    if (isMap === 0) type = this.id();
    else if (isMap === 1) {
      this.reader.byteString();
      this.id();
      this.id();
    } else this.reader.fail("scale-variant-unknown");
    this.reader.byteString();
    this.texts();
    return { name, type };
  }

  /** A pallet's constant: its name, and its value as SCALE. */
  constant(): { readonly name: string; readonly value: Uint8Array } {
    const name = this.text();
    this.id();
    const value = this.reader.byteString();
    this.texts();
    return { name, value };
  }

  /** Reads a pallet; of `System`, the type of its value `Events`, and its constant `Version`. */
  pallet(): PalletFacts {
    const isSystem = this.text() === "System";
    const events = this.reader.option(() => {
      const prefix = this.text();
      const items = this.reader.sequence(() => this.storageItem());
      return prefix === "System" ? items.find(({ name }) => name === "Events")?.type : undefined;
    });
    for (const _ of ["calls", "event"]) this.reader.option(() => this.id());
    const constants = this.reader.sequence(() => this.constant());
    this.reader.option(() => this.id());
    this.reader.u8();
    const version = isSystem ? constants.find(({ name }) => name === "Version")?.value : undefined;
    return { events, version };
  }

  /** How extrinsics are made, and the runtime's own type: read over. */
  rest(): void {
    this.id();
    this.reader.u8();
    this.reader.sequence(() => {
      this.text();
      this.id();
      this.id();
    });
    this.id();
  }
}

/**
 * `RuntimeVersion` of sp_version as far as its name and version: what follows differs between Substrate's own versions.
 */
function readRuntimeName(version: Uint8Array): ScaleDecoding<RuntimeName> {
  const reader = new ScaleReader(version);
  const specName = decoder.decode(reader.byteString());
  // The implementation's name, and the version of what authors blocks.
  reader.byteString();
  reader.u32();
  const specVersion = reader.u32();
  reader.take(reader.remaining);
  return reader.finish({ specName, specVersion });
}

/** Reads a runtime's metadata, all of it. Never throws. */
export function decodeMetadata(bytes: Uint8Array): MetadataDecoding {
  const source = new MetadataReader(bytes);
  const { reader } = source;
  if (reader.u32() !== MAGIC) return { kind: "invalid", reason: "metadata-magic-wrong" };
  if (reader.u8() !== VERSION) return { kind: "invalid", reason: "metadata-version-unsupported" };
  const types = source.types();
  const pallets = reader.sequence(() => source.pallet());
  source.rest();
  const whole = reader.finish(undefined);
  if (whole.kind === "invalid") return whole;
  if (source.fault !== undefined) return { kind: "invalid", reason: source.fault };
  const eventRecords = pallets.find(({ events }) => events !== undefined)?.events;
  if (eventRecords === undefined) return { kind: "invalid", reason: "metadata-events-absent" };
  const version = pallets.find((pallet) => pallet.version !== undefined)?.version;
  if (version === undefined) return { kind: "invalid", reason: "metadata-runtime-version-absent" };
  const runtime = readRuntimeName(version);
  if (runtime.kind === "invalid") return runtime;
  return { kind: "ok", metadata: { types, eventRecords, runtime: runtime.value } };
}
