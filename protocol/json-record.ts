/** An object of JSON as somebody sent it: nothing is known of its fields. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value of JSON is an object, neither a list nor null. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field of whatever somebody sent; undefined where that is no object, or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
