import { existsSync, readFileSync } from "node:fs";
import { type AccountReading, readAccount } from "@phala-l2/bridge/snapshot/account-text";
import { claimsFile } from "@phala-l2/bridge/snapshot/claims-folder";
import { KEY_KINDS } from "@phala-l2/bridge/snapshot/signature";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  bigintSetting,
  bigintWithin,
  choiceOf,
  fileSetting,
  flagName,
  folderSetting,
  hashSetting,
  hexSetting,
  integerWithin,
  type SettingsOf,
  settingKind,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeSs58, MAX_SS58_PREFIX, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { CLAIM_FORMS, CLAIM_ROLES, type ClaimForm, MAX_DEADLINE } from "@phala-l2/sunset/message";
import { amountOf, PHA_OF_PARACHAIN } from "./amount.ts";
import { type CommandContext, type ExitStatus, needed } from "./command.ts";

export type Account = Extract<AccountReading, { kind: "ok" }>;

const accountSetting = settingKind<Account>("ADDRESS", (text) => {
  const reading = readAccount(text);
  if (reading.kind === "ok") return reading;
  throw new RollupError(
    "SETTING_INVALID",
    `an SS58 address or 32 bytes of hex are wanted; ${reading.reason}`,
  );
});

/** Words for the forms, the contract's numbers among them. */
const FORM_WORDS: Readonly<Record<string, ClaimForm>> = {
  ethereum: "ethereum",
  l1: "ethereum",
  "0": "ethereum",
  l2: "l2",
  "1": "l2",
  staked: "staked",
  stake: "staked",
  vpha: "staked",
  "2": "staked",
};

const formSetting = settingKind<ClaimForm>(CLAIM_FORMS.join("|"), (text) => {
  const form = Object.hasOwn(FORM_WORDS, text.toLowerCase()) ? FORM_WORDS[text.toLowerCase()] : undefined;
  if (form !== undefined) return form;
  throw new RollupError("SETTING_INVALID", `one of ${CLAIM_FORMS.join(", ")} is wanted, not '${text}'`);
});

/** What signs or checks the message of a claim; a message that is given whole needs none of it. */
const OF_MESSAGE = "sign, and by verify without --message";

export const claimsSettings = {
  state: fileSetting({
    help: "the frozen block's whole state: JSON pairs of key and value, or a raw chain specification; .gz too",
    optional: true,
    neededBy: "snapshot",
  }),
  header: fileSetting({
    help: "the frozen block's header: JSON of chain_getHeader, or SCALE",
    optional: true,
  }),
  stateRoot: hashSetting({ help: "the frozen block's state root, where there is no header", optional: true }),
  blockHash: hashSetting({ help: "the frozen block's hash, checked against the header", optional: true }),
  height: bigintSetting({ help: "the frozen block's number, checked against the header", optional: true }),
  genesisHash: hashSetting({
    help: "the parachain's genesis block, checked against the state",
    optional: true,
  }),
  stateVersion: choiceOf("auto", "0", "1")({ help: "layout of the state's trie", default: "auto" }),
  blocks: fileSetting({
    help: "blocks back from the frozen one, of l2 pack-blocks or JSON, for receivers that accounts registered by remarks",
    optional: true,
  }),
  registrationsFrom: bigintSetting({
    help: "height of the first block whose remarks register receivers; --blocks has all from it on. 0: none do",
    default: "0",
  }),
  out: folderSetting({ help: "where snapshot writes the claims", optional: true }),
  claims: folderSetting({
    help: "what snapshot wrote: the folder, or its claims.json",
    optional: true,
    neededBy: "prove",
  }),
  ss58Prefix: integerWithin(
    0,
    MAX_SS58_PREFIX,
  )({
    help: "SS58 prefix that addresses are written with",
    default: String(PHALA_SS58_PREFIX),
  }),
  account: accountSetting({
    help: "account on the parachain: SS58 of any prefix, or hex",
    optional: true,
    neededBy: "prove, sign and verify",
  }),
  receiver: addressSetting({ help: "who gets the PHA", optional: true, neededBy: OF_MESSAGE }),
  form: formSetting({ help: "as what the receiver gets it", default: "ethereum" }),
  role: choiceOf(...CLAIM_ROLES)({ help: "what the signer is to the account", default: "owner" }),
  planck: amountOf(PHA_OF_PARACHAIN)({
    help: "what the account is owed: 1.5PHA, or planck (12 decimals); from the claims without",
    optional: true,
  }),
  deadline: bigintWithin(
    0n,
    MAX_DEADLINE,
  )({
    help: "last Unix second at which the message holds",
    optional: true,
    neededBy: OF_MESSAGE,
  }),
  chainId: bigintSetting({ help: "chain id of the Ethereum chain", optional: true, neededBy: OF_MESSAGE }),
  contract: addressSetting({ help: "SunsetClaims on it", optional: true, neededBy: OF_MESSAGE }),
  message: textSetting({ help: "text that was signed; without, what sign would print", optional: true }),
  messageFile: fileSetting({ help: "file with the text that was signed, byte by byte", optional: true }),
  signature: hexSetting({ help: "signature to check", optional: true, neededBy: "verify" }),
  signer: accountSetting({ help: "whose key signed, where it is not the account's", optional: true }),
  kind: choiceOf("any", ...KEY_KINDS)({ help: "kind of the key", default: "any" }),
};

export type ClaimSettings = SettingsOf<typeof claimsSettings>;
export type Name = keyof typeof claimsSettings;
export type Action = {
  readonly needs: readonly Name[];
  readonly act: (given: ClaimSettings, context: CommandContext) => Promise<ExitStatus>;
};

/** @throws RollupError SETTING_INVALID when it is not there */
export function readGiven(path: string, name: Name): Uint8Array {
  if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `${flagName(name)}: there is no ${path}`);
  return new Uint8Array(readFileSync(path));
}

/** The account as every answer names it; an address of another chain is the same account, and said so. */
export function accountFacts(
  { account, prefix }: Account,
  ss58Prefix: number,
  tell: CommandContext["tell"],
): object {
  const isForeign = prefix !== undefined && prefix !== ss58Prefix;
  if (isForeign) {
    tell(
      `Note: the address is written for another chain (prefix ${prefix}, not ${ss58Prefix}); it is the same account.`,
    );
  }
  return {
    account: toHex(account),
    ss58: encodeSs58(account, ss58Prefix),
    ...(prefix === undefined ? {} : { givenPrefix: prefix, prefixMatches: !isForeign }),
  };
}

/** The file of claims. @throws RollupError SETTING_INVALID */
export function claimsOf(given: ClaimSettings): string {
  return claimsFile(needed(given.claims ?? given.out, "claims"));
}
