import { readFile } from "node:fs/promises";
import { isDevelopmentChain } from "@phala-l2/protocol/config/development";
import { RollupError } from "@phala-l2/protocol/errors";
import { Keyring } from "@polkadot/api";
import { cryptoWaitReady } from "@polkadot/util-crypto";

export const SUBSTRATE_KEY_KINDS = ["sr25519", "ed25519", "ecdsa"] as const;
export type SubstrateKeyKind = (typeof SUBSTRATE_KEY_KINDS)[number];

export type SubstrateKey = ReturnType<Keyring["addFromUri"]>;

export type SubstrateKeySource = {
  /** A file that a Polkadot wallet exported (JSON, encrypted), or `//NAME` of the development phrase. */
  readonly signer: string;
  /** Of a development account; a wallet's file tells its own. */
  readonly kind: SubstrateKeyKind;
  /** File whose first line opens the wallet's file. */
  readonly passwordFile: string | undefined;
  /** The L1 that it is about: development accounts are for development chains only. */
  readonly l1ChainId: bigint;
};

/** As Substrate's tools write accounts derived from the well-known phrase: `//Alice`. */
const DEVELOPMENT_ACCOUNT = /^\/\/[A-Za-z0-9]{1,32}(\/\/[A-Za-z0-9]{1,32})*$/;

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RollupError("KEY_UNREADABLE", `the ${what} ${path} can't be read`, { data: { path }, cause });
  }
}

/** The words of a JSON error may quote a key: they are not passed on. */
function addFromFile(keyring: Keyring, path: string, text: string): SubstrateKey {
  try {
    return keyring.addFromJson(JSON.parse(text));
  } catch {
    const message = `${path} is not an account that a Polkadot wallet exported`;
    throw new RollupError("KEY_UNREADABLE", message, { data: { path } });
  }
}

/**
 * The key of a parachain's account.
 * @throws RollupError KEY_IS_PUBLIC, KEY_UNREADABLE, KEY_PASSWORD_WRONG
 */
export async function loadSubstrateKey(source: SubstrateKeySource): Promise<SubstrateKey> {
  const { signer, kind, passwordFile, l1ChainId } = source;
  await cryptoWaitReady();
  const keyring = new Keyring({ type: kind });
  if (DEVELOPMENT_ACCOUNT.test(signer)) {
    if (isDevelopmentChain(l1ChainId)) return keyring.addFromUri(signer);
    const message = `everybody has ${signer}'s key; on L1 chain ${l1ChainId} give a wallet's file`;
    throw new RollupError("KEY_IS_PUBLIC", message, { data: { l1ChainId: l1ChainId.toString() } });
  }
  const pair = addFromFile(keyring, signer, await readText(signer, "account file"));
  if (passwordFile === undefined) {
    throw new RollupError("KEY_UNREADABLE", `${signer} needs a password file`, { data: { path: signer } });
  }
  const [password = ""] = (await readText(passwordFile, "password file")).split(/\r?\n/);
  try {
    pair.unlock(password);
  } catch (cause) {
    throw new RollupError("KEY_PASSWORD_WRONG", `the password does not open ${signer}`, {
      data: { path: signer },
      cause,
    });
  }
  return pair;
}
