import { readFile } from "node:fs/promises";
import {
  DEVELOPMENT_ACCOUNTS,
  DEVELOPMENT_MNEMONIC,
  isDevelopmentChain,
} from "@phala-l2/protocol/config/development";
import { RollupError } from "@phala-l2/protocol/errors";
import { decryptKeystoreJson, isKeystoreJson } from "ethers";
import {
  type HDAccount,
  mnemonicToAccount,
  type PrivateKeyAccount,
  privateKeyToAccount,
} from "viem/accounts";

/** An account whose key is in this process's memory. */
export type SigningAccount = PrivateKeyAccount | HDAccount;

export type AccountSource = {
  /** `FILE` of an encrypted keystore (Web3 Secret Storage v3), or `dev:INDEX` of the test mnemonic. */
  readonly account: string;
  /** File whose first line opens the keystore. */
  readonly passwordFile: string | undefined;
  /** The L1 chain that the account acts on; the test mnemonic is for development chains only. */
  readonly l1ChainId: bigint;
};

const DEV_ACCOUNT = /^dev:(\d{1,4})$/;

/**
 * The account of that index in the well-known test mnemonic. Anybody can spend from it, so any other chain
 * than a development chain is refused.
 * @throws RollupError KEY_IS_PUBLIC
 */
export function dangerouslyDevelopmentAccount(index: number, l1ChainId: bigint): HDAccount {
  if (!isDevelopmentChain(l1ChainId)) {
    throw new RollupError(
      "KEY_IS_PUBLIC",
      `the test mnemonic's keys are known to everybody; on L1 chain ${l1ChainId} give a keystore file`,
      { data: { l1ChainId: l1ChainId.toString(), index } },
    );
  }
  return mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex: index });
}

/** True for the address of one of the first accounts of the test mnemonic, however its key was given. */
function isPublicAddress(address: string): boolean {
  return Array.from({ length: DEVELOPMENT_ACCOUNTS }, (_, addressIndex) =>
    mnemonicToAccount(DEVELOPMENT_MNEMONIC, { addressIndex }),
  ).some((known) => known.address === address);
}

async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RollupError("KEY_UNREADABLE", `the ${what} ${path} can't be read`, { data: { path }, cause });
  }
}

async function openKeystore(path: string, passwordFile: string | undefined): Promise<PrivateKeyAccount> {
  const json = await readText(path, "keystore");
  if (!isKeystoreJson(json)) {
    throw new RollupError("KEY_UNREADABLE", `${path} is not an encrypted keystore (version 3)`, {
      data: { path },
    });
  }
  if (passwordFile === undefined) {
    throw new RollupError("KEY_UNREADABLE", `the keystore ${path} needs a password file`, { data: { path } });
  }
  const [password = ""] = (await readText(passwordFile, "password file")).split(/\r?\n/);
  try {
    const { privateKey } = await decryptKeystoreJson(json, password);
    return privateKeyToAccount(privateKey as `0x${string}`);
  } catch (cause) {
    throw new RollupError("KEY_PASSWORD_WRONG", `the password does not open ${path}`, {
      data: { path },
      cause,
    });
  }
}

/**
 * Loads the account that a setting names.
 * @throws RollupError KEY_IS_PUBLIC, KEY_UNREADABLE, KEY_PASSWORD_WRONG
 */
export async function loadAccount({
  account,
  passwordFile,
  l1ChainId,
}: AccountSource): Promise<SigningAccount> {
  const index = DEV_ACCOUNT.exec(account)?.[1];
  if (index !== undefined) return dangerouslyDevelopmentAccount(Number(index), l1ChainId);
  const opened = await openKeystore(account, passwordFile);
  if (isPublicAddress(opened.address) && !isDevelopmentChain(l1ChainId)) {
    throw new RollupError("KEY_IS_PUBLIC", `${account} holds a key of the test mnemonic`, {
      data: { account },
    });
  }
  return opened;
}
