import { fromHex } from "@phala-l2/protocol/bytes";
import type { JsonSink } from "./json-tokens.ts";

/** Facts that some dumps tell beside the entries; names as people write them. */
export type DumpFacts = {
  stateRoot?: string;
  blockHash?: string;
  genesisHash?: string;
  number?: string;
  stateVersion?: string;
  /** SCALE as hex. */
  headerHex?: string;
  /** Fields of a header as `chain_getHeader` answers it. */
  header?: {
    parentHash?: string;
    number?: string;
    stateRoot?: string;
    extrinsicsRoot?: string;
    logs: string[];
  };
};

export type DumpSink = {
  readonly entry: (key: Uint8Array, value: Uint8Array) => void;
  /** An entry of a child trie, by the child's key without the prefix. */
  readonly childEntry: (child: string, key: Uint8Array, value: Uint8Array) => void;
};

type Frame = {
  readonly bracket: "{" | "[";
  /** The key that the container stands under. */
  readonly name: string;
  /** Of an object: the key whose value comes next. */
  key: string | undefined;
  /** Of an array: its first elements, where they are strings or null. */
  readonly elements: (string | null)[];
  count: number;
  /** Of an object in the form of one entry. */
  entryKey: string | undefined;
  entryValue: string | undefined;
};

/** What stands under these keys are no entries, whatever it looks like. */
const NO_ENTRIES: ReadonlySet<string> = new Set([
  "header",
  "digest",
  "logs",
  "extrinsics",
  "badBlocks",
  "bootNodes",
  "codeSubstitutes",
  "forkBlocks",
  "properties",
  "telemetryEndpoints",
  "lightSyncState",
]);
const CHILDREN: ReadonlySet<string> = new Set(["childrenDefault", "children_default"]);
const FACT_NAMES: Readonly<Record<string, Exclude<keyof DumpFacts, "header">>> = {
  stateRoot: "stateRoot",
  state_root: "stateRoot",
  blockHash: "blockHash",
  block_hash: "blockHash",
  genesisHash: "genesisHash",
  genesis_hash: "genesisHash",
  blockNumber: "number",
  block_number: "number",
  height: "number",
  number: "number",
  stateVersion: "stateVersion",
  state_version: "stateVersion",
  version: "stateVersion",
  header: "headerHex",
};
const HEX = /^0x(?:[0-9a-f]{2})*$/i;
/** Without a prefix only what is as long as a pallet's item is taken for a storage key. */
const BARE_KEY = /^(?:[0-9a-f]{2}){32,}$/i;
const BARE_HEX = /^(?:[0-9a-f]{2})*$/i;

const isKey = (text: string): boolean => HEX.test(text) || BARE_KEY.test(text);
const isValue = (text: string): boolean => HEX.test(text) || BARE_HEX.test(text);
const isHeaderField = (name: string): name is "parentHash" | "number" | "stateRoot" | "extrinsicsRoot" =>
  ["parentHash", "number", "stateRoot", "extrinsicsRoot"].includes(name);

/**
 * Finds a state's entries in JSON of any of the usual shapes: pairs `[key, value]` (a line each, or in an array at
 * any depth, as `state_getPairs` answers), objects `{ key, value }`, and objects from key to value (a chain
 * specification's `genesis.raw.top`). A class because it follows the text as it comes in.
 */
export class DumpEntries implements JsonSink {
  readonly facts: DumpFacts = {};
  fault: string | undefined;
  found = 0;
  private readonly sink: DumpSink;
  private readonly frames: Frame[] = [];
  /** How many open containers stand under a key of `NO_ENTRIES`. */
  private ignored = 0;

  constructor(sink: DumpSink) {
    this.sink = sink;
  }

  get isOpen(): boolean {
    return this.frames.length > 0;
  }

  open(bracket: "{" | "["): void {
    const parent = this.frames.at(-1);
    const name = parent?.key ?? "";
    if (NO_ENTRIES.has(name)) this.ignored += 1;
    if (name === "header" && bracket === "{") this.facts.header = { logs: [] };
    const values = { key: undefined, elements: [], count: 0, entryKey: undefined, entryValue: undefined };
    this.frames.push({ bracket, name, ...values });
  }

  close(bracket: "}" | "]"): void {
    const frame = this.frames.pop();
    if (frame === undefined || (frame.bracket === "{") !== (bracket === "}") || frame.key !== undefined) {
      this.fault ??= "brackets do not match";
      return;
    }
    this.finish(frame);
    if (NO_ENTRIES.has(frame.name)) this.ignored -= 1;
    const parent = this.frames.at(-1);
    if (parent === undefined) return;
    parent.count += 1;
    parent.key = undefined;
  }

  private finish(frame: Frame): void {
    const [first, second] = frame.elements;
    const isPair = frame.bracket === "[" && frame.count === 2 && frame.elements.length === 2;
    if (isPair && typeof first === "string" && second !== undefined) this.entry(first, second);
    if (frame.entryKey !== undefined && frame.entryValue !== undefined) {
      this.entry(frame.entryKey, frame.entryValue);
    }
  }

  string(text: string): void {
    const frame = this.frames.at(-1);
    if (frame === undefined) this.fault ??= "an entry is no string alone";
    else if (frame.bracket === "[") this.element(frame, text);
    else if (frame.key === undefined) frame.key = text;
    else this.field(frame, frame.key, text);
  }

  scalar(text: string): void {
    const frame = this.frames.at(-1);
    if (frame === undefined) this.fault ??= "an entry is no number alone";
    else if (frame.bracket === "[") {
      if (text === "null") frame.elements.push(null);
      frame.count += 1;
    } else if (frame.key === undefined) this.fault ??= "an object's key is a string";
    else if (text === "null") frame.key = undefined;
    else this.field(frame, frame.key, text);
  }

  private element(frame: Frame, text: string): void {
    frame.count += 1;
    if (frame.elements.length < 2) frame.elements.push(text);
    const { header } = this.facts;
    if (frame.name === "logs" && this.ignored > 0 && header !== undefined) header.logs.push(text);
  }

  private field(frame: Frame, name: string, text: string): void {
    frame.key = undefined;
    const { header } = this.facts;
    if (frame.name === "header" && header !== undefined) {
      if (isHeaderField(name)) header[name] = text;
    } else if (this.ignored > 0) return;
    else if (name === "key" || name === "k") frame.entryKey = text;
    else if (name === "value" || name === "v") frame.entryValue = text;
    else if (isKey(name) && isValue(text)) this.entry(name, text);
    else {
      const fact = Object.hasOwn(FACT_NAMES, name) ? FACT_NAMES[name] : undefined;
      if (fact !== undefined) this.facts[fact] ??= text;
    }
  }

  private entry(key: string, value: string | null): void {
    // What has no value is not in the state.
    if (this.ignored > 0 || value === null) return;
    if (!isKey(key) && !BARE_HEX.test(key)) return;
    if (!isValue(value)) {
      this.fault ??= `a value is not hex: ${value.slice(0, 40)}`;
      return;
    }
    this.found += 1;
    const child = this.frames.findIndex(({ name }) => CHILDREN.has(name));
    if (child === -1) this.sink.entry(fromHex(key), fromHex(value));
    else this.sink.childEntry(this.frames[child + 1]?.name ?? "", fromHex(key), fromHex(value));
  }
}
