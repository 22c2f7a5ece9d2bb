/** One line of a log: the facts as an object, then the sentence; pino's own order. */
type LogLine = (facts: object, message: string) => void;

/** What a part needs of a logger. It is handed in; nothing reaches for a global one. */
export type Log = {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
};

const drop: LogLine = () => {};

/** The default: says nothing. */
export const silentLog: Log = { debug: drop, info: drop, warn: drop, error: drop };
