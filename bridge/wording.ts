/** Amounts, times and durations as people read them. All of them beside the exact number, never in its place. */

const PHA_DECIMALS = 18;
/** Shares and votes of vPHA. */
const VOTE_DECIMALS = 24;
/** Fractions of votes and shares that are shown: those below are rounding. */
const VOTE_FRACTION = 6;

const MINUTE = 60n;
const HOUR = 3_600n;
const DAY = 86_400n;

function decimalText(value: bigint, decimals: number): string {
  const digits = value.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals).replaceAll(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** Wei as whole units with all decimals that are not zero, thousands apart: `1,234.5`. */
export function weiText(wei: bigint): string {
  return decimalText(wei, PHA_DECIMALS);
}

/** Wei of PHA: `1,234.5 PHA (1234500000000000000000 wei)`. */
export function phaText(wei: bigint): string {
  return `${weiText(wei)} PHA (${wei} wei)`;
}

/** Votes or shares of vPHA, to six decimals. */
export function votesText(units: bigint): string {
  const least = 10n ** BigInt(VOTE_DECIMALS - VOTE_FRACTION);
  const rounded = units / least;
  const isLess = rounded * least !== units;
  return `${isLess ? "about " : ""}${decimalText(rounded, VOTE_FRACTION)}`;
}

/** Seconds in at most two parts: `20 d 3 h`, `5 min 2 s`, `40 s`. */
export function durationText(seconds: bigint): string {
  const parts: readonly (readonly [bigint, string])[] = [
    [seconds / DAY, "d"],
    [(seconds % DAY) / HOUR, "h"],
    [(seconds % HOUR) / MINUTE, "min"],
    [seconds % MINUTE, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0n);
  if (first < 0) return "0 s";
  const told = parts.slice(first, first + 2).filter(([count]) => count > 0n);
  return told.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** The last second that a date can tell; contracts' times may be beyond. */
const LAST_DATE = 253_402_300_799n;

/** Unix seconds: `2026-12-12 15:58:32 UTC`. */
export function timeText(time: bigint): string {
  if (time > LAST_DATE) return `Unix second ${time}`;
  const [date = "", clock = ""] = new Date(Number(time) * 1000).toISOString().split("T");
  return `${date} ${clock.slice(0, 8)} UTC`;
}

/** A time and how far it is away: `2026-12-12 15:58:32 UTC, in 20 d 3 h` or `…, 5 min ago`. */
export function whenText(time: bigint, now: bigint): string {
  if (time === now) return `${timeText(time)}, now`;
  const away = time > now ? `in ${durationText(time - now)}` : `${durationText(now - time)} ago`;
  return `${timeText(time)}, ${away}`;
}

/** This machine's clock, Unix seconds. */
export function clockNow(): bigint {
  return BigInt(Math.floor(Date.now() / 1000));
}
