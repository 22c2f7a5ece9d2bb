import { toHex } from "@phala-l2/protocol/bytes";
import { configInvalid, JsonObject } from "@phala-l2/protocol/config/json-reader";

/** A field that nobody reads would be a rule that nobody keeps. */
export function onlyKnown(json: JsonObject, known: readonly string[]): JsonObject {
  const unknown = json.names().find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw configInvalid(json.pathOf(unknown), `not a field; known are ${known.join(", ")}`);
  return json;
}

/** A section of the file, with only fields that are known; undefined when it is absent. */
export function section(json: JsonObject, name: string, known: readonly string[]): JsonObject | undefined {
  return json.has(name) ? onlyKnown(json.object(name), known) : undefined;
}

/** A list of values of `length` bytes in hex; undefined when it is absent. An empty list accepts nothing. */
export function hexList(
  json: JsonObject | undefined,
  name: string,
  length: number,
): readonly string[] | undefined {
  if (json === undefined || !json.has(name)) return undefined;
  return json.texts(name).map((text, i) => {
    const entry = new JsonObject({ [`${i}`]: text }, json.pathOf(name));
    return toHex(entry.bytes(`${i}`, length)).slice(2);
  });
}

export function number(json: JsonObject | undefined, name: string, max: bigint): number | undefined {
  return json?.has(name) === true ? Number(json.integer(name, max)) : undefined;
}
