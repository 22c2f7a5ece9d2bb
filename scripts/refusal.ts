import type { RollupError } from "@phala-l2/protocol/errors";

/** What helps, where the error says it. */
function helpOf({ data }: RollupError): string | undefined {
  if (typeof data !== "object" || data === null || !("help" in data)) return undefined;
  return typeof data.help === "string" ? data.help : undefined;
}

/**
 * What stopped a command, as it prints it on stdout: `refused` says it in words, `help` what to do. `data` has the facts, among
 * them a contract's error by name with its inputs.
 */
export function refusalDocument(error: RollupError): object {
  const { code, message, data, docs } = error;
  const help = helpOf(error);
  const isFacts = typeof data === "object" && data !== null;
  const facts = isFacts ? Object.fromEntries(Object.entries(data).filter(([name]) => name !== "help")) : {};
  return {
    ok: false,
    code,
    refused: message,
    ...(help !== undefined && { help }),
    ...(Object.keys(facts).length > 0 && { data: facts }),
    docs,
  };
}

/** The same for a person, on stderr: what is the case, what to do, where to read on. */
export function refusalLines(error: RollupError): readonly string[] {
  const help = helpOf(error);
  return [`l2: ${error.message}`, ...(help === undefined ? [] : [`    ${help}`]), `    More: ${error.docs}`];
}
