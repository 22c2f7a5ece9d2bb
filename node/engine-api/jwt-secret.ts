import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { fromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";

/** Source: execution-apis src/engine/authentication.md "Key distribution": 256 bits, as hex text. */
const SECRET = /^(?:0x)?[0-9a-fA-F]{64}$/;
const SECRET_LENGTH = 32;
/** Only this user reads it: who knows it writes the chain. */
const OWNER_ONLY = 0o600;

/** Reads the secret of both sides. @throws RollupError JWT_SECRET_INVALID */
export async function readJwtSecret(path: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = (await readFile(path, "utf8")).trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalidSecret(path, `it can not be read: ${why}`, cause);
  }
  if (SECRET.test(text)) return fromHex(text.toLowerCase());
  throw invalidSecret(path, "it does not hold 32 bytes as 64 hex digits");
}

function invalidSecret(path: string, why: string, cause?: unknown): RollupError<"JWT_SECRET_INVALID"> {
  const message = `the file '${path}' is no JWT secret: ${why}`;
  return new RollupError("JWT_SECRET_INVALID", message, { data: { path }, cause });
}

/** Reads the secret, or makes one when the file is not there. @throws RollupError JWT_SECRET_INVALID */
export async function loadOrMakeJwtSecret(path: string): Promise<Uint8Array> {
  try {
    const secret = randomBytes(SECRET_LENGTH).toString("hex");
    await writeFile(path, `0x${secret}\n`, { flag: "wx", mode: OWNER_ONLY });
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    if (!exists) throw invalidSecret(path, `it can not be made: ${String(cause)}`, cause);
  }
  return readJwtSecret(path);
}
