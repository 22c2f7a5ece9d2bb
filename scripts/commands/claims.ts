import { existsSync, readFileSync, statSync } from "node:fs";
import { type AccountReading, readAccount } from "@phala-l2/bridge/snapshot/account-text";
import { claimsFile, documentFile, findClaims, writeClaims } from "@phala-l2/bridge/snapshot/claims-folder";
import { readHeader } from "@phala-l2/bridge/snapshot/frozen-header";
import { createProgress } from "@phala-l2/bridge/snapshot/progress";
import { judgeSignature, KEY_KINDS } from "@phala-l2/bridge/snapshot/signature";
import { refusalDocument, snapshotDocument, takeSnapshot } from "@phala-l2/bridge/snapshot/take-snapshot";
import { bytesEqual, fromHex, type Hash, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
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
import { BALANCE, isProven, leafHash, PROXY, RECEIVER } from "@phala-l2/sunset/claims-tree";
import {
  CLAIM_FORMS,
  CLAIM_ROLES,
  type ClaimForm,
  type ClaimRole,
  claimMessage,
  MAX_DEADLINE,
  phaOfPlanck,
  signedBytes,
} from "@phala-l2/sunset/message";
import {
  type CommandContext,
  DOES_NOT_HOLD,
  defineCommand,
  type ExitStatus,
  HOLDS,
  needed,
} from "./command.ts";
import { registrationsIn } from "./registrations.ts";

type Account = Extract<AccountReading, { kind: "ok" }>;

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

const settings = {
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
  receiver: addressSetting({ help: "who gets the PHA", optional: true, neededBy: "sign" }),
  form: formSetting({ help: "as what the receiver gets it", default: "ethereum" }),
  role: choiceOf(...CLAIM_ROLES)({ help: "what the signer is to the account", default: "owner" }),
  planck: bigintSetting({ help: "what the account is owed; from the claims without", optional: true }),
  deadline: bigintWithin(
    0n,
    MAX_DEADLINE,
  )({
    help: "last Unix second at which the message holds",
    optional: true,
    neededBy: "sign",
  }),
  chainId: bigintSetting({ help: "chain id of the Ethereum chain", optional: true, neededBy: "sign" }),
  contract: addressSetting({ help: "SunsetClaims on it", optional: true, neededBy: "sign" }),
  message: textSetting({ help: "text that was signed; without, what sign would print", optional: true }),
  messageFile: fileSetting({ help: "file with the text that was signed, byte by byte", optional: true }),
  signature: hexSetting({ help: "signature to check", optional: true, neededBy: "verify" }),
  signer: accountSetting({ help: "whose key signed, where it is not the account's", optional: true }),
  kind: choiceOf("any", ...KEY_KINDS)({ help: "kind of the key", default: "any" }),
};

type ClaimSettings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  readonly act: (given: ClaimSettings, context: CommandContext) => Promise<ExitStatus>;
};

/** @throws RollupError SETTING_INVALID when it is not there */
function readGiven(path: string, name: Name): Uint8Array {
  if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `${flagName(name)}: there is no ${path}`);
  return new Uint8Array(readFileSync(path));
}

/** Before the state is counted, which may take minutes. @throws RollupError SETTING_INVALID */
function requireFolderOrNothing(out: string | undefined): void {
  if (out === undefined || !existsSync(out) || statSync(out).isDirectory()) return;
  throw new RollupError("SETTING_INVALID", `--out: ${out} is no folder`);
}

async function snapshot(given: ClaimSettings, { print, log }: CommandContext): Promise<ExitStatus> {
  const state = needed(given.state, "state");
  if (!existsSync(state)) throw new RollupError("SETTING_INVALID", `--state: there is no ${state}`);
  requireFolderOrNothing(given.out);
  const header = given.header === undefined ? undefined : readHeader(readGiven(given.header, "header"));
  if (header?.kind === "invalid") {
    print(refusalDocument({ code: "header-invalid", reason: header.reason }));
    return DOES_NOT_HOLD;
  }
  const registrations = await registrationsIn(given, header?.header);
  if (registrations.kind === "invalid") {
    print(refusalDocument(registrations.reason));
    return DOES_NOT_HOLD;
  }
  const { receivers } = registrations;
  const { stateRoot, blockHash, height, genesisHash, stateVersion, out, ss58Prefix } = given;
  const progress = createProgress(process.stderr, () => performance.now());
  const layout = stateVersion === "auto" ? "either" : stateVersion === "1" ? 1 : 0;
  const block = { header: header?.header, stateRoot, blockHash, height, genesisHash };
  const taking = await takeSnapshot({ state, block, layout, receivers }, progress);
  if (taking.kind === "refused") {
    log.error({ code: taking.reason.code }, "no snapshot: the state is refused");
    print(refusalDocument(taking.reason));
    return DOES_NOT_HOLD;
  }
  const { taken } = taking;
  if (taken.unknown.size > 0)
    log.warn({ unknown: [...taken.unknown] }, "nobody told these facts of the block");
  const document = snapshotDocument(taken, ss58Prefix);
  if (out !== undefined) writeClaims(out, taken.snapshot, document, ss58Prefix);
  print(document);
  return HOLDS;
}

const KIND_NAMES: Readonly<Record<number, string>> = {
  [BALANCE]: "balance",
  [PROXY]: "proxy",
  [RECEIVER]: "receiver",
};

/** The account as every answer names it; an address of another chain is the same account, and said so. */
function accountFacts({ account, prefix }: Account, ss58Prefix: number, log: CommandContext["log"]): object {
  const isForeign = prefix !== undefined && prefix !== ss58Prefix;
  if (isForeign) log.warn({ prefix, wanted: ss58Prefix }, "the address is written for another chain");
  return {
    account: toHex(account),
    ss58: encodeSs58(account, ss58Prefix),
    ...(prefix === undefined ? {} : { givenPrefix: prefix, prefixMatches: !isForeign }),
  };
}

function claimsOf(given: ClaimSettings): string {
  const path = needed(given.claims ?? given.out, "claims");
  if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `--claims: there is no ${path}`);
  return path;
}

async function prove(given: ClaimSettings, { print, log }: CommandContext): Promise<ExitStatus> {
  const account = needed(given.account, "account");
  const found = await findClaims(claimsFile(claimsOf(given)), toHex(account.account));
  const root = hashFromHex(found.root);
  const leaves = found.leaves.map(({ leaf, treeIndex, proof }) => ({
    kind: KIND_NAMES[leaf.kind] ?? String(leaf.kind),
    leaf: [String(leaf.kind), leaf.account, leaf.subject, String(leaf.value)],
    leafHash: toHex(leafHash(leaf)),
    treeIndex,
    proof,
    valid: isProven(root, leaf, proof),
  }));
  const balance = found.leaves.find(({ leaf }) => leaf.kind === BALANCE);
  const first = leaves.find(({ kind }) => kind === KIND_NAMES[BALANCE]);
  const holds = balance !== undefined && leaves.every(({ valid }) => valid);
  print({
    ...accountFacts(account, given.ss58Prefix, log),
    found: balance !== undefined,
    claimsRoot: found.root,
    ...(balance === undefined
      ? {}
      : { planck: String(balance.leaf.value), pha: phaOfPlanck(balance.leaf.value) }),
    ...(first === undefined ? {} : { leaf: first.leaf, proof: first.proof }),
    leaves,
  });
  return holds ? HOLDS : DOES_NOT_HOLD;
}

type Written = { readonly genesisHash?: Hash; readonly height?: bigint };

/** What snapshot wrote of the frozen block. */
function writtenBlock(path: string | undefined): Written {
  if (path === undefined || !existsSync(path) || !existsSync(documentFile(path))) return {};
  const document: unknown = JSON.parse(readFileSync(documentFile(path), "utf8"));
  if (typeof document !== "object" || document === null) return {};
  const { genesisHash, height }: { genesisHash?: unknown; height?: unknown } = document;
  return {
    ...(typeof genesisHash === "string" ? { genesisHash: hashFromHex(genesisHash) } : {}),
    ...(typeof height === "string" ? { height: BigInt(height) } : {}),
  };
}

async function owedTo(account: Hex, given: ClaimSettings): Promise<bigint> {
  if (given.planck !== undefined) return given.planck;
  if (given.claims === undefined && given.out === undefined) needed(undefined, "planck");
  const { leaves } = await findClaims(claimsFile(claimsOf(given)), account);
  const balance = leaves.find(({ leaf }) => leaf.kind === BALANCE);
  if (balance !== undefined) return balance.leaf.value;
  throw new RollupError("SETTING_INVALID", `--account: nothing is owed to ${account}`);
}

/** The text that sign prints and verify checks. */
async function textOf(given: ClaimSettings): Promise<{ text: string; planck: bigint; role: ClaimRole }> {
  const { account } = needed(given.account, "account");
  const written = writtenBlock(given.claims ?? given.out);
  const origin = {
    chainId: needed(given.chainId, "chainId"),
    contract: needed(given.contract, "contract"),
    genesisHash: needed(given.genesisHash ?? written.genesisHash, "genesisHash"),
    height: needed(given.height ?? written.height, "height"),
  };
  const receiver = needed(given.receiver, "receiver");
  const deadline = needed(given.deadline, "deadline");
  const planck = await owedTo(toHex(account), given);
  const { form, role } = given;
  return { text: claimMessage(origin, { account, planck, receiver, form, deadline }, role), planck, role };
}

async function sign(given: ClaimSettings, { print, log }: CommandContext): Promise<ExitStatus> {
  const { text, planck, role } = await textOf(given);
  const raw = toHex(signedBytes(text, false));
  const account = accountFacts(needed(given.account, "account"), given.ss58Prefix, log);
  const forms = { message: text, raw, wrapped: toHex(signedBytes(text, true)) };
  print({ ...account, planck: String(planck), pha: phaOfPlanck(planck), role, ...forms });
  return HOLDS;
}

const HEX_MESSAGE = /^0x(?:[0-9a-f]{2})*$/i;

/** The message as it was given; undefined when it is to be made of the claim's parts. */
function givenMessage({ message, messageFile }: ClaimSettings): Uint8Array | undefined {
  if (message !== undefined)
    return HEX_MESSAGE.test(message) ? fromHex(message) : new TextEncoder().encode(message);
  return messageFile === undefined ? undefined : readGiven(messageFile, "messageFile");
}

/** With the claim's parts beside it, a message must be the one that they make. */
async function messageOf(given: ClaimSettings): Promise<{ message: Uint8Array; isBound: boolean }> {
  const message = givenMessage(given);
  const parts = [given.account, given.receiver, given.deadline, given.chainId, given.contract];
  if (message !== undefined && parts.includes(undefined)) return { message, isBound: true };
  const { text } = await textOf(given);
  const forms = [signedBytes(text, false), signedBytes(text, true)];
  const isBound = message === undefined || forms.some((form) => bytesEqual(form, message));
  return { message: message ?? signedBytes(text, false), isBound };
}

async function verify(given: ClaimSettings, { print, log }: CommandContext): Promise<ExitStatus> {
  const signer = needed(given.signer ?? given.account, "account");
  const signature = needed(given.signature, "signature");
  const { message, isBound } = await messageOf(given);
  const kind = given.kind === "any" ? undefined : given.kind;
  const reason = "the message is not this claim's";
  const verdict = isBound
    ? await judgeSignature(message, signature, signer.account, kind)
    : { valid: false, reason };
  print({
    ...verdict,
    ...accountFacts(signer, given.ss58Prefix, log),
    message: new TextDecoder().decode(message),
  });
  return verdict.valid ? HOLDS : DOES_NOT_HOLD;
}

const actions: Readonly<Record<string, Action>> = {
  snapshot: { needs: ["state"], act: snapshot },
  prove: { needs: ["account"], act: prove },
  sign: { needs: ["account", "receiver", "deadline", "chainId", "contract"], act: sign },
  verify: { needs: ["signature"], act: verify },
};
const ACTIONS = Object.keys(actions).join(", ");

function actionOf(words: readonly string[]): Action | undefined {
  const [name = ""] = words;
  return words.length === 1 && Object.hasOwn(actions, name) ? actions[name] : undefined;
}

export const claimsCommand = defineCommand({
  name: "claims",
  summary:
    "counts a frozen parachain's state into claims, proves one, writes the message to sign, checks a signature",
  words: {
    name: "action",
    help: ACTIONS,
    fault: (words) => (actionOf(words) === undefined ? `one action is wanted: ${ACTIONS}` : undefined),
  },
  settings,
  faults: (given, words) => {
    const missing = (actionOf(words)?.needs ?? []).filter((name) => !given.has(name));
    return missing.length === 0 ? [] : [`${words[0]} needs ${missing.map(flagName).join(", ")}`];
  },
  run: async (given, context) => {
    const action = actionOf(context.words);
    if (action === undefined) throw new RollupError("SETTING_INVALID", `one action is wanted: ${ACTIONS}`);
    return action.act(given, context);
  },
});
