/** What a JSON text consists of; commas and colons are checked for nothing and left out. */
export type JsonSink = {
  readonly open: (bracket: "{" | "[") => void;
  readonly close: (bracket: "}" | "]") => void;
  readonly string: (text: string) => void;
  /** Numbers, true, false and null, as they are written. */
  readonly scalar: (text: string) => void;
};

/** No string of a state dump is longer: values are runtimes at most, and those are a few megabytes. */
const MAX_TOKEN_BYTES = 1 << 28;

const QUOTE = 34;
const BACKSLASH = 92;
const BRACKETS: ReadonlyMap<number, "[" | "]" | "{" | "}"> = new Map([
  [91, "["],
  [93, "]"],
  [123, "{"],
  [125, "}"],
] as const);
/** Space, tab, line ends, comma, colon. */
const SKIPPED: ReadonlySet<number> = new Set([32, 9, 10, 13, 44, 58]);
const SCALAR = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/**
 * Takes a JSON text apart piece by piece, of any size and any number of values one after another, so that a dump of
 * gigabytes is read in the memory of its longest value. A class because it lives as long as the text comes in.
 */
export class JsonTokens {
  private readonly sink: JsonSink;
  private rest: Buffer = Buffer.alloc(0);
  fault: string | undefined;

  constructor(sink: JsonSink) {
    this.sink = sink;
  }

  /** Takes the next piece of text. */
  push(piece: Uint8Array): void {
    if (this.fault !== undefined) return;
    const bytes =
      this.rest.length === 0
        ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
        : Buffer.concat([this.rest, piece]);
    const at = this.take(bytes, false);
    this.rest = Buffer.from(bytes.subarray(at));
    if (this.rest.length > MAX_TOKEN_BYTES) this.fault ??= "a value is too long";
  }

  /** The text is at its end. */
  end(): void {
    if (this.fault !== undefined) return;
    const at = this.take(this.rest, true);
    if (at < this.rest.length) this.fault ??= "the text ends within a value";
  }

  /** Takes whole tokens; tells where the first incomplete one begins. */
  private take(bytes: Buffer, isEnd: boolean): number {
    let at = 0;
    while (at < bytes.length && this.fault === undefined) {
      if (SKIPPED.has(bytes[at] ?? 0)) at += 1;
      else {
        const end = this.token(bytes, at, isEnd);
        if (end === undefined) return at;
        at = end;
      }
    }
    return at;
  }

  /** Takes the token at a place; tells where it ends, or undefined when it is not all there. */
  private token(bytes: Buffer, at: number, isEnd: boolean): number | undefined {
    const code: number = bytes[at] ?? 0;
    if (code === QUOTE) {
      const end = closingQuote(bytes, at + 1);
      if (end === -1) return undefined;
      this.string(bytes, at, end);
      return end + 1;
    }
    const bracket = BRACKETS.get(code);
    if (bracket === "{" || bracket === "[") this.sink.open(bracket);
    else if (bracket !== undefined) this.sink.close(bracket);
    if (bracket !== undefined) return at + 1;
    const end = endOfScalar(bytes, at);
    if (end === bytes.length && !isEnd) return undefined;
    this.scalar(bytes.toString("latin1", at, end));
    return end;
  }

  private string(bytes: Buffer, at: number, end: number): void {
    const hasEscapes = bytes.subarray(at, end).includes(BACKSLASH);
    if (!hasEscapes) {
      this.sink.string(bytes.toString("utf8", at + 1, end));
      return;
    }
    try {
      this.sink.string(String(JSON.parse(bytes.toString("utf8", at, end + 1))));
    } catch (error) {
      this.fault = error instanceof Error ? error.message : String(error);
    }
  }

  private scalar(text: string): void {
    if (SCALAR.test(text)) this.sink.scalar(text);
    else this.fault = `not JSON: ${JSON.stringify(text.slice(0, 40))}`;
  }
}

/** -1 when it is not there yet. A quote behind an odd number of backslashes is part of the string. */
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at !== -1; at = bytes.indexOf(QUOTE, at + 1)) {
    let first = at;
    while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
    if ((at - first) % 2 === 0) return at;
  }
  return -1;
}

const ENDS_SCALAR: ReadonlySet<number> = new Set([...SKIPPED, 34, 91, 93, 123, 125]);

function endOfScalar(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && !ENDS_SCALAR.has(bytes[at] ?? 0)) at += 1;
  return at === from ? from + 1 : at;
}
