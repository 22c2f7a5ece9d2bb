import { existsSync, readFileSync } from "node:fs";
import { documentFile, findClaims } from "@phala-l2/bridge/snapshot/claims-folder";
import { judgeSignature } from "@phala-l2/bridge/snapshot/signature";
import { clockNow, whenText } from "@phala-l2/bridge/wording";
import { bytesEqual, fromHex, type Hash, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { BALANCE } from "@phala-l2/sunset/claims-tree";
import {
  type ClaimForm,
  type ClaimRole,
  claimMessage,
  phaOfPlanck,
  signedBytes,
} from "@phala-l2/sunset/message";
import { accountFacts, type ClaimSettings, claimsOf, readGiven } from "./claims-settings.ts";
import { type CommandContext, DOES_NOT_HOLD, type ExitStatus, HOLDS, needed } from "./command.ts";

type Written = { readonly genesisHash?: Hash; readonly height?: bigint };

/** @throws RollupError CLAIMS_FILE_INVALID */
function readDocument(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RollupError("CLAIMS_FILE_INVALID", `${file} is no JSON, or a damaged one`, { cause });
  }
}

/** What snapshot wrote of the frozen block. @throws RollupError CLAIMS_FILE_INVALID */
function writtenBlock(path: string | undefined): Written {
  if (path === undefined || !existsSync(path) || !existsSync(documentFile(path))) return {};
  const document = readDocument(documentFile(path));
  if (typeof document !== "object" || document === null) return {};
  const { genesisHash, height }: { genesisHash?: unknown; height?: unknown } = document;
  return {
    ...(typeof genesisHash === "string" ? { genesisHash: hashFromHex(genesisHash) } : {}),
    ...(typeof height === "string" ? { height: BigInt(height) } : {}),
  };
}

/** @throws RollupError CLAIMS_NOTHING_OWED, SETTING_INVALID */
async function owedTo(account: Hex, given: ClaimSettings): Promise<bigint> {
  if (given.planck !== undefined) return given.planck;
  if (given.claims === undefined && given.out === undefined) needed(undefined, "planck");
  const { leaves } = await findClaims(claimsOf(given), account);
  const balance = leaves.find(({ leaf }) => leaf.kind === BALANCE);
  if (balance !== undefined) return balance.leaf.value;
  throw new RollupError("CLAIMS_NOTHING_OWED", `the claims owe nothing to ${account}`, {
    data: {
      account,
      help: "Name the account that owned the PHA on the parachain; of a multisig or a pure proxy its own address, not a signatory's.",
    },
  });
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

const FORM_WORDS_LONG: Readonly<Record<ClaimForm, string>> = {
  ethereum: "as PHA on Ethereum",
  l2: "as PHA on the L2",
  staked: "staked on the L2, as vPHA",
};

/** What a signature over the text does, before anybody makes one. */
function tellOrder(
  { receiver, form, deadline }: ClaimSettings,
  planck: bigint,
  tell: CommandContext["tell"],
): void {
  const now = clockNow();
  const until = needed(deadline, "deadline");
  tell(`This text is for a wallet to sign; nothing is signed or sent by this command.`);
  tell(
    `Signed, it pays ${phaOfPlanck(planck)} PHA to ${toHex(needed(receiver, "receiver"))} ${FORM_WORDS_LONG[form]}, by whoever brings it ('l2 claim submit'), once.`,
  );
  tell(
    until < now
      ? `Warning: its deadline is past: ${whenText(until, now)}. The contract will refuse it; give a later --deadline.`
      : `It holds until ${whenText(until, now)}.`,
  );
}

export async function sign(given: ClaimSettings, { print, tell }: CommandContext): Promise<ExitStatus> {
  const { text, planck, role } = await textOf(given);
  tellOrder(given, planck, tell);
  const raw = toHex(signedBytes(text, false));
  const account = accountFacts(needed(given.account, "account"), given.ss58Prefix, tell);
  const forms = { message: text, raw, wrapped: toHex(signedBytes(text, true)) };
  const expired = needed(given.deadline, "deadline") < clockNow();
  print({ ...account, planck: String(planck), pha: phaOfPlanck(planck), role, ...forms, expired });
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

export async function verify(given: ClaimSettings, { print, tell }: CommandContext): Promise<ExitStatus> {
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
    ...accountFacts(signer, given.ss58Prefix, tell),
    message: new TextDecoder().decode(message),
  });
  if (!verdict.valid) {
    tell(`l2: the signature does not hold: ${verdict.reason}`);
    tell(
      "    Give the flags that 'l2 claims sign' was given, and the key that signed by --signer where it is not the account's.",
    );
  }
  return verdict.valid ? HOLDS : DOES_NOT_HOLD;
}
