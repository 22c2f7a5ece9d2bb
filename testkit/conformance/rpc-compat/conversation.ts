import { RollupError } from "@phala-l2/protocol/errors";

/** One request and the answer that a reference client gave. */
export type Exchange = { readonly request: string; readonly response: unknown };

/** A recorded conversation of ethereum/execution-apis. */
export type Conversation = {
  /** Folder and file, such as `eth_call/call-contract.io`. */
  readonly name: string;
  /** Only the answer's shape is the specification's; its values are the client's own. */
  readonly isSpecOnly: boolean;
  readonly exchanges: readonly Exchange[];
};

/**
 * Reads an `.io` file: `//` comments, `>> ` requests, `<< ` answers.
 * Source: ethereum/execution-apis, tests/README.
 * @throws RollupError FIXTURE_MALFORMED
 */
export function parseConversation(name: string, text: string): Conversation {
  const exchanges: Exchange[] = [];
  let isSpecOnly = false;
  let request: string | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    if (line.startsWith("//")) {
      isSpecOnly ||= line.slice(2).trim().startsWith("speconly:");
    } else if (line.startsWith(">> ") && request === undefined) {
      request = line.slice(3);
    } else if (line.startsWith("<< ") && request !== undefined) {
      exchanges.push({ request, response: parseJson(name, index, line.slice(3)) });
      request = undefined;
    } else {
      throw malformed(name, index, "not a comment, a request or its answer");
    }
  }
  if (request !== undefined || exchanges.length === 0) throw malformed(name, 0, "no request with its answer");
  return { name, isSpecOnly, exchanges };
}

function parseJson(name: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(name, line, "not JSON", cause);
  }
}

function malformed(name: string, line: number, problem: string, cause?: unknown): RollupError {
  return new RollupError("FIXTURE_MALFORMED", `${name}, line ${line + 1}: ${problem}`, {
    data: { name, line: line + 1 },
    cause,
  });
}
