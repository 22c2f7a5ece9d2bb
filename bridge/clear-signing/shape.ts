import { isRecord } from "@phala-l2/protocol/json-record";

/** What is wrong with a JSON document: where, and what was wanted there. */
export type Fault = { readonly at: string; readonly wanted: string };

/** Judges a JSON value at a place; no faults: it has the shape. */
export type Shape = (value: unknown, at: string) => readonly Fault[];

const fault = (at: string, wanted: string): readonly Fault[] => [{ at, wanted }];

export const text: Shape = (value, at) =>
  typeof value === "string" && value.length > 0 ? [] : fault(at, "a text");

export const integer: Shape = (value, at) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? [] : fault(at, "a whole number");

export const scalar: Shape = (value, at) =>
  value === null || ["string", "number", "boolean"].includes(typeof value)
    ? []
    : fault(at, "a text, number, boolean or null");

export function matching(pattern: RegExp, wanted: string): Shape {
  return (value, at) => (typeof value === "string" && pattern.test(value) ? [] : fault(at, wanted));
}

export function oneOf(...choices: readonly string[]): Shape {
  return (value, at) =>
    typeof value === "string" && choices.includes(value) ? [] : fault(at, `one of ${choices.join(", ")}`);
}

export function listOf(shape: Shape): Shape {
  return (value, at) =>
    Array.isArray(value)
      ? value.flatMap((each, index) => shape(each, `${at}[${index}]`))
      : fault(at, "a list");
}

/** An object with any names, and values of one shape. */
export function mapOf(shape: Shape, name: Shape = text): Shape {
  return (value, at) =>
    isRecord(value)
      ? Object.entries(value).flatMap(([key, each]) => [
          ...name(key, `${at} key ${key}`),
          ...shape(each, `${at}.${key}`),
        ])
      : fault(at, "an object");
}

/** An object with these names and no others. */
export function record(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const known: Readonly<Record<string, Shape>> = { ...required, ...optional };
  return (value, at) => {
    if (!isRecord(value)) return fault(at, "an object");
    const missing = Object.keys(required).filter((name) => !Object.hasOwn(value, name));
    return [
      ...missing.flatMap((name) => fault(`${at}.${name}`, "to be there")),
      ...Object.entries(value).flatMap(([name, each]) => {
        const shape = Object.hasOwn(known, name) ? known[name] : undefined;
        return shape === undefined ? fault(`${at}.${name}`, "no such name") : shape(each, `${at}.${name}`);
      }),
    ];
  };
}

/** Those that the first fitting choice finds; which choice it is, the value's own names tell. */
export function whichever(
  choices: readonly (readonly [names: readonly string[], shape: Shape])[],
  otherwise: Shape,
): Shape {
  return (value, at) => {
    const names = isRecord(value) ? Object.keys(value) : [];
    const [, shape] = choices.find(([wanted]) => wanted.some((name) => names.includes(name))) ?? [];
    return (shape ?? otherwise)(value, at);
  };
}
