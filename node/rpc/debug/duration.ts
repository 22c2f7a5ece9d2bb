import { invalid, ok, type Parse } from "../parameters.ts";

const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
/** The longest honest one has three parts; Go itself has no limit. */
const MAX_LENGTH = 64;

/** Milliseconds of a duration as Go writes it ("1m30s"), in Go's words where it is none (time.ParseDuration). */
export const duration: Parse<number> = (value) => {
  if (typeof value !== "string") {
    return invalid(
      `json: cannot unmarshal ${typeof value} into Go struct field TraceConfig.timeout of type string`,
    );
  }
  const quoted = JSON.stringify(value.slice(0, MAX_LENGTH));
  const sign = value.startsWith("-") ? -1 : 1;
  const text = value.replace(/^[-+]/, "");
  if (text === "0") return ok(0);
  if (text === "" || value.length > MAX_LENGTH) return invalid(`time: invalid duration ${quoted}`);
  let total = 0;
  for (let rest = text; rest !== ""; ) {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return invalid(`time: invalid duration ${quoted}`);
    const unit = /^[^\d.]*/.exec(rest.slice(number.length))?.[0] ?? "";
    if (unit === "") return invalid(`time: missing unit in duration ${quoted}`);
    const milliseconds = Object.hasOwn(MILLISECONDS, unit) ? MILLISECONDS[unit] : undefined;
    if (milliseconds === undefined) {
      return invalid(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    }
    total += Number(number) * milliseconds;
    rest = rest.slice(number.length + unit.length);
  }
  return ok(sign * total);
};
