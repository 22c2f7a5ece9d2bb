import { settingKind } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";

/** What an amount is counted in. */
export type Currency = {
  /** Names of the whole unit, and its decimals: `PHA`. */
  readonly units: Readonly<Record<string, number>>;
  /** Name of the least unit, which a bare number counts: `wei`. */
  readonly least: string;
  /** Bare numbers below it are taken for a mistake: who writes 500 means 500 units. Zero: none are. */
  readonly leastBare: bigint;
};

const ETHER_DECIMALS = 18;

/** A millionth of a PHA, 10^12 wei: nobody moves less by intent. */
export const PHA: Currency = { units: { PHA: ETHER_DECIMALS }, least: "wei", leastBare: 10n ** 12n };
/** On the parachain. */
export const PHA_OF_PARACHAIN: Currency = { units: { PHA: 12 }, least: "planck", leastBare: 0n };
/** Of ether, or of a token, whose decimals nobody knows here: a bare number is as good as any. */
export const ETHER_OR_TOKEN: Currency = {
  units: { ETH: ETHER_DECIMALS, PHA: ETHER_DECIMALS },
  least: "wei",
  leastBare: 0n,
};

const AMOUNT = /^(\d+)(?:\.(\d+))? ?([A-Za-z]*)$/;

function invalid(message: string): RollupError<"SETTING_INVALID"> {
  return new RollupError("SETTING_INVALID", message);
}

/**
 * Reads an amount: `500PHA`, `0.5PHA` and `"500 PHA"` are whole units, `500wei` and a bare `500` least ones.
 * @throws RollupError SETTING_INVALID
 */
export function readAmount(text: string, { units, least, leastBare }: Currency): bigint {
  const names = Object.keys(units);
  const [first = ""] = names;
  const wanted = `an amount is wanted: 1.5${first}, or a whole number of ${least}`;
  const [matched, whole = "", fraction = "", name = ""] = AMOUNT.exec(text.trim()) ?? [];
  if (matched === undefined) throw invalid(`${wanted}, not '${text}'`);
  if (name === "" || name.toLowerCase() === least) {
    if (fraction !== "") throw invalid(`${text} of what? ${wanted}`);
    const value = BigInt(whole);
    if (name === "" && value > 0n && value < leastBare) {
      throw invalid(
        `${text} alone is ${text} ${least}, next to nothing: write ${text}${first}, or ${text}${least}`,
      );
    }
    return value;
  }
  const unit = names.find((each) => each.toLowerCase() === name.toLowerCase());
  const decimals = unit === undefined ? undefined : units[unit];
  if (decimals === undefined) throw invalid(`${wanted}, not '${text}'`);
  if (fraction.length > decimals)
    throw invalid(`${unit} has ${decimals} decimals at most, '${text}' has more`);
  return BigInt(whole + fraction.padEnd(decimals, "0"));
}

/** Setting that is an amount; its value counts least units. */
export const amountOf = (currency: Currency) =>
  settingKind(`${Object.keys(currency.units).join("|")}|${currency.least}`, (text) =>
    readAmount(text, currency),
  );
