/** How long the long run is, unless the environment says otherwise. */
const DEFAULTS = { INVARIANT_RUNS: "10000", INVARIANT_DEPTH: "64", INVARIANT_SEED: "0x1234" } as const;

/** Hardhat takes both as 32-bit numbers. */
const MOST = 2 ** 32 - 1;

export type LongRun = {
  readonly kind: "ok";
  /** Sequences of calls for each invariant. */
  readonly runs: number;
  /** Calls in each sequence. */
  readonly depth: number;
  /** Hex; equal seeds give equal calls. */
  readonly seed: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads INVARIANT_RUNS, INVARIANT_DEPTH and INVARIANT_SEED. */
export function readLongRun(
  environment: Environment,
): LongRun | { readonly kind: "invalid"; readonly reason: string } {
  const textOf = (name: keyof typeof DEFAULTS) => environment[name] ?? DEFAULTS[name];
  for (const name of ["INVARIANT_RUNS", "INVARIANT_DEPTH"] as const) {
    const value = Number(textOf(name));
    if (/^\d+$/.test(textOf(name)) && value >= 1 && value <= MOST) continue;
    return {
      kind: "invalid",
      reason: `${name}: a number from 1 to ${MOST} is wanted, not '${textOf(name)}'`,
    };
  }
  const seed = textOf("INVARIANT_SEED");
  if (!/^0x[0-9a-f]{1,64}$/i.test(seed)) {
    return { kind: "invalid", reason: `INVARIANT_SEED: 0x and hex digits are wanted, not '${seed}'` };
  }
  const [runs, depth] = [Number(textOf("INVARIANT_RUNS")), Number(textOf("INVARIANT_DEPTH"))];
  return { kind: "ok", runs, depth, seed };
}

export type InvariantResult = { readonly name: string; readonly ok: boolean; readonly runs: number };

/** ANSI colours, where the terminal has them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what a colour begins with.
const COLOUR = /\u001b\[[0-9;]*m/g;
const PASSED = /^✔ (invariant_\w+)\(\) \(runs: (\d+)/;
const FAILED = /^\d+\) (invariant_\w+)\(\)/;

/** What Hardhat's reporter says of each invariant; one that failed is counted with no runs, for it stopped within one. */
export function invariantResults(lines: readonly string[]): readonly InvariantResult[] {
  const found = new Map<string, InvariantResult>();
  for (const line of lines) {
    const text = line.replaceAll(COLOUR, "").trim();
    const [, passed, runs] = PASSED.exec(text) ?? [];
    const [, failed] = FAILED.exec(text) ?? [];
    if (passed !== undefined) found.set(passed, { name: passed, ok: true, runs: Number(runs) });
    if (failed !== undefined) found.set(failed, { name: failed, ok: false, runs: 0 });
  }
  return [...found.values()];
}
