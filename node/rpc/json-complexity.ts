import type { RpcLimits } from "./limits.ts";

type ComplexityLimits = Pick<RpcLimits, "jsonDepth" | "jsonValues">;

/** Index of the quote that ends the JSON text which starts at `start`; the end where none does. */
function endOfText(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}

/**
 * Whether a JSON text has more values, or deeper in one another, than a request may. One pass, linear for any text (a
 * pattern that backtracks would not be), so that neither anything recursive sees hostile nesting, nor the parser
 * five megabytes of `[],`, which take it half a second and become fourteen times as much memory.
 */
export function isTooComplex(json: string, { jsonDepth, jsonValues }: ComplexityLimits): boolean {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (char === '"') at = endOfText(json, at);
    else if (char === "]" || char === "}") depth--;
    else if (char === "," || char === "[" || char === "{") {
      if (++values > jsonValues) return true;
      if (char !== "," && ++depth > jsonDepth) return true;
    }
  }
  return false;
}
