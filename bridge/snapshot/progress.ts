/** Where a bar is drawn: a terminal's line again and again, or a line now and then. */
export type ProgressOutput = { readonly isTTY?: boolean; readonly write: (text: string) => unknown };
export type Progress = {
  /** @param fraction 0 … 1 of the step that is named */
  readonly show: (step: string, fraction: number) => void;
  /** Ends the bar's line. */
  readonly end: () => void;
};

const WIDTH = 30;
/** Between two drawings on a terminal, and between two lines elsewhere. */
const DRAW_MS = 100;
const LINE_MS = 5_000;

/** @param now milliseconds that only grow */
export function createProgress(output: ProgressOutput, now: () => number): Progress {
  const interval = output.isTTY === true ? DRAW_MS : LINE_MS;
  let last = -Infinity;
  let lastStep = "";
  let isOpen = false;
  return {
    show: (step, fraction) => {
      const isWhole = fraction >= 1;
      if (step === lastStep && !isWhole && now() - last < interval) return;
      if (step === lastStep && isWhole && last === Infinity) return;
      last = isWhole ? Infinity : now();
      lastStep = step;
      const filled = Math.round(WIDTH * Math.min(1, fraction));
      const bar = `${"#".repeat(filled)}${".".repeat(WIDTH - filled)}`;
      const line = `[${bar}] ${String(Math.floor(100 * Math.min(1, fraction))).padStart(3)} % ${step}`;
      output.write(output.isTTY === true ? `\r${line.padEnd(70)}` : `${line}\n`);
      isOpen = output.isTTY === true;
    },
    end: () => {
      if (isOpen) output.write("\n");
      isOpen = false;
    },
  };
}
