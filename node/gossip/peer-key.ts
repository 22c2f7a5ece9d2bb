import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { bigintFromBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { SECP256K1_ORDER } from "@phala-l2/protocol/secp256k1";

const KEY_BYTES = 32;

function isKey(bytes: Uint8Array): boolean {
  const scalar = bigintFromBytes(bytes);
  return bytes.length === KEY_BYTES && scalar > 0n && scalar < SECP256K1_ORDER;
}

/** A new secp256k1 key for a peer's identity. It signs nothing of value: losing it costs a peer id. */
export function newPeerKey(): Uint8Array {
  for (;;) {
    const key = new Uint8Array(randomBytes(KEY_BYTES));
    if (isKey(key)) return key;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * The peer's key, which keeps its id over restarts: read from the file as hex, or made and written there
 * (mode 0600). @throws RollupError PEER_KEY_INVALID { file }
 */
export async function loadPeerKey(file: string): Promise<Uint8Array> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    const key = newPeerKey();
    await writeFile(file, `${toHex(key).slice(2)}\n`, { mode: 0o600, flag: "wx" });
    return key;
  }
  const digits = text.trim();
  const key = /^(0x)?[0-9a-fA-F]{64}$/.test(digits) ? fromHex(digits) : undefined;
  if (key === undefined || !isKey(key)) {
    throw new RollupError("PEER_KEY_INVALID", `${file} does not hold a secp256k1 key of 64 hex digits`, {
      data: { file },
    });
  }
  return key;
}
