import { type DerReader, TAG } from "./der.ts";

const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const ISO_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})Z$/;

/** Unix seconds of a calendar time; undefined for a 30th of February and the like. */
function secondsOf(parts: readonly number[]): bigint | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(milliseconds);
  const same =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    back.getUTCHours() === hour &&
    back.getUTCMinutes() === minute &&
    back.getUTCSeconds() === second;
  return same ? BigInt(milliseconds / 1000) : undefined;
}

function partsOf(text: string, form: RegExp): readonly number[] {
  return (form.exec(text) ?? []).slice(1).map(Number);
}

/**
 * A time of a certificate, in Unix seconds: UTCTime up to 2049 or GeneralizedTime, in UTC with seconds
 * (RFC 5280, section 4.1.2.5).
 */
export function readTime(reader: DerReader, name: string): bigint {
  const { tag, content } = reader.any(name);
  const text = String.fromCharCode(...content.subarray(0, 16));
  const isUtcTime = tag === TAG.utcTime;
  const [year = 0, ...rest] = partsOf(text, isUtcTime ? UTC_TIME : GENERALIZED_TIME);
  const fullYear = isUtcTime ? year + (year < 50 ? 2000 : 1900) : year;
  const known = isUtcTime || tag === TAG.generalizedTime;
  const seconds = known && rest.length === 5 ? secondsOf([fullYear, ...rest]) : undefined;
  if (seconds === undefined) reader.fail(`${name}: no time in UTC`);
  return seconds ?? 0n;
}

/** Unix seconds of `2026-01-31T12:00:00Z`; undefined for any other form. */
export function parseIsoTime(text: string): bigint | undefined {
  const parts = partsOf(text, ISO_TIME);
  return parts.length === 6 ? secondsOf(parts) : undefined;
}

/** Unix seconds for people; what Date cannot show stays a number. */
export function timeText(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? seconds.toString() : date.toISOString().replace(".000Z", "Z");
}
