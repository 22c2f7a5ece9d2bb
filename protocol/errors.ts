/** Where an error's documentation lives; each code is a heading, whose anchor is its lower case. */
const DOCS = "docs/operate/errors.md";

export type ErrorDetails<Data> = {
  /** Plain facts about this occurrence: wanted and found values, positions, limits. */
  readonly data?: Data;
  /** The error that brought this one about. */
  readonly cause?: unknown;
};

/**
 * The one error root of the project. Faults of the program, its configuration or its surroundings are
 * thrown as this class; hostile input is never an exception but a value with a reason.
 *
 * `code` is stable and machine-readable (`L1_UNREACHABLE`), `data` carries the facts, `docs` names the page
 * that tells the cause and the remedy.
 */
export class RollupError<Code extends string = string, Data = unknown> extends Error {
  override readonly name = "RollupError";
  readonly code: Code;
  readonly data: Data | undefined;

  constructor(code: Code, message: string, details: ErrorDetails<Data> = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.data = details.data;
  }

  get docs(): string {
    return `${DOCS}#${this.code.toLowerCase()}`;
  }
}

/** The enclave's program may be a bundle, which has a copy of this class: its errors are told by their parts. */
function hasParts(error: unknown): error is RollupError {
  return error instanceof Error && error.name === "RollupError" && "code" in error && "docs" in error;
}

/** True for a RollupError, of the given code when one is given. */
export function isRollupError(error: unknown, code?: string): error is RollupError {
  const isOne = error instanceof RollupError || hasParts(error);
  return isOne && (code === undefined || error.code === code);
}
