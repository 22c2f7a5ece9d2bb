import { isRecord } from "@phala-l2/protocol/json-record";
import { invalid, ok, type Parse } from "./parameters.ts";

type Parsers = Readonly<Record<string, Parse<unknown>>>;
/** What a reader reads. */
export type ValueOf<Parser> = Parser extends Parse<infer Value> ? Value : never;

/** The values of an object's fields. */
export type ObjectOf<Required extends Parsers, Optional extends Parsers> = {
  readonly [Name in keyof Required]: ValueOf<Required[Name]>;
} & { readonly [Name in keyof Optional]?: ValueOf<Optional[Name]> };

/**
 * Reads an object with these fields; null counts as absent, and other fields are ignored, as geth does.
 * @param type the name in geth's words
 */
export function objectWith<Required extends Parsers, Optional extends Parsers>(
  type: string,
  required: Required,
  optional: Optional,
): Parse<ObjectOf<Required, Optional>> {
  return (value) => {
    if (!isRecord(value)) return invalid(`json: cannot unmarshal non-object into Go value of type ${type}`);
    const fields: Record<string, unknown> = {};
    for (const [name, parse] of [...Object.entries(required), ...Object.entries(optional)]) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined || given === null) {
        if (!Object.hasOwn(required, name)) continue;
        return invalid(`missing required field '${name}' for ${type}`);
      }
      const read = parse(given);
      if (read.kind === "invalid") return invalid(`${name}: ${read.words}`);
      fields[name] = read.value;
    }
    return ok(fields as ObjectOf<Required, Optional>);
  };
}
