import { isRecord } from "@phala-l2/protocol/json-record";

export type Comparison = { readonly isSpecOnly: boolean };

/**
 * The first difference between an answer and the reference client's, as a path with what was wanted and found;
 * undefined when there is none.
 *
 * As the hive simulator `rpc-compat` has it: an error is compared by its code alone, since its words are the client's
 * own; `speconly` conversations by structure; everything else value by value, with no field missing or added.
 */
export function difference(
  expected: unknown,
  found: unknown,
  { isSpecOnly }: Comparison,
): string | undefined {
  if (!isRecord(expected) || !isRecord(found)) return differs("answer", expected, found);
  if ("error" in expected || "error" in found) return errorDifference(expected.error, found.error);
  return isSpecOnly
    ? shapeDifference("result", expected.result, found.result)
    : valueDifference("result", expected.result, found.result);
}

function differs(path: string, expected: unknown, found: unknown): string {
  return `${path}: wanted ${shown(expected)}, found ${shown(found)}`;
}

/** Characters of a value that a report shows. */
const MAX_SHOWN = 200;

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, MAX_SHOWN);
}

function errorDifference(expected: unknown, found: unknown): string | undefined {
  if (!isRecord(expected) || !isRecord(found)) return differs("error", expected, found);
  return expected.code === found.code ? undefined : differs("error.code", expected, found);
}

function valueDifference(path: string, expected: unknown, found: unknown): string | undefined {
  if (Array.isArray(expected) && Array.isArray(found)) {
    if (expected.length !== found.length) return differs(`${path}.length`, expected.length, found.length);
    return first(expected, (value, index) => valueDifference(`${path}[${index}]`, value, found[index]));
  }
  if (isRecord(expected) && isRecord(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return first([...keys], (key) => valueDifference(`${path}.${key}`, expected[key], found[key]));
  }
  return expected === found ? undefined : differs(path, expected, found);
}

/** Equal types, and an object's fields by name; the elements of lists are like the reference's first. */
function shapeDifference(path: string, expected: unknown, found: unknown): string | undefined {
  if (Array.isArray(expected) && Array.isArray(found)) {
    const [pattern] = expected;
    if (pattern === undefined) return undefined;
    return first(found, (value, index) => shapeDifference(`${path}[${index}]`, pattern, value));
  }
  if (isRecord(expected) && isRecord(found)) {
    return first(Object.keys(expected), (key) =>
      shapeDifference(`${path}.${key}`, expected[key], found[key]),
    );
  }
  return typeof expected === typeof found ? undefined : differs(path, expected, found);
}

function first<Item>(
  items: readonly Item[],
  differenceOf: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = differenceOf(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
