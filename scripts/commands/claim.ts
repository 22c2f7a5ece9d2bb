import { existsSync, readFileSync } from "node:fs";
import type { SunsetPlaces } from "@phala-l2/bridge/actions/claims/contract";
import { fundClaims } from "@phala-l2/bridge/actions/claims/fund";
import { readSignatures } from "@phala-l2/bridge/actions/claims/signatures-file";
import { claimStatus } from "@phala-l2/bridge/actions/claims/status";
import {
  executeAnnounced,
  type Refused,
  submitClaim,
  submitRegistered,
  submitVeto,
  type WalletSignatures,
} from "@phala-l2/bridge/actions/claims/submit";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  bigintWithin,
  choiceOf,
  fileSetting,
  folderSetting,
  hexSetting,
  type SettingsOf,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { CLAIM_FORMS, CLAIM_ROLES, MAX_DEADLINE } from "@phala-l2/sunset/message";
import { actionsOf } from "./action.ts";
import { amountOf, PHA } from "./amount.ts";
import { defineCommand, HOLDS, needed } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";
import { parachainAccount } from "./parachain-account.ts";

const settings = {
  ...holderSettings,
  contract: addressSetting({ help: "SunsetClaims on L1" }),
  claims: folderSetting({
    help: "what 'l2 claims snapshot' wrote: the folder, or its claims.json",
    optional: true,
    neededBy: "submit, registered and execute",
  }),
  holder: parachainAccount({
    help: "account on the parachain: SS58 of any prefix, or hex",
    optional: true,
    neededBy: "all but fund and status",
  }),
  receiver: addressSetting({
    help: "who gets the PHA, as signed",
    optional: true,
    neededBy: "submit and execute",
  }),
  form: choiceOf(...CLAIM_FORMS)({ help: "as what the receiver gets it, as signed", default: "ethereum" }),
  role: choiceOf(...CLAIM_ROLES)({ help: "what the signer is to the account, as signed", default: "owner" }),
  deadline: bigintWithin(
    0n,
    MAX_DEADLINE,
  )({
    help: "last Unix second at which the message holds",
    optional: true,
    neededBy: "submit, execute and veto",
  }),
  signature: hexSetting({ help: "a wallet's signature", optional: true }),
  signer: parachainAccount({ help: "whose key signed; the holder's when absent", optional: true }),
  signatures: fileSetting({
    help: "JSON of several: keys (signer, signature) and multisigs (signatories, threshold), inner ones first",
    optional: true,
  }),
  delegate: parachainAccount({
    help: "the proxy; the signer when absent",
    optional: true,
    neededBy: "execute and veto",
  }),
  amount: amountOf(PHA)({ help: "500PHA, 0.5PHA, or wei", optional: true, neededBy: "fund" }),
};

type ClaimSettings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  readonly act: (bridge: Bridge, places: SunsetPlaces, given: ClaimSettings) => Promise<object>;
};

/** The signatures of the file, or the one that was given. @throws RollupError SETTING_INVALID */
function signaturesOf({ signatures: path, signature, signer, holder }: ClaimSettings): WalletSignatures {
  if (path !== undefined) {
    if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `--signatures: there is no ${path}`);
    const reading = readSignatures(readFileSync(path, "utf8"));
    if (reading.kind === "ok") return reading.signatures;
    throw new RollupError("SETTING_INVALID", `--signatures: ${path}: ${reading.reason}`);
  }
  if (signature === undefined) return { keys: [], multisigs: [] };
  return { keys: [{ signer: needed(signer ?? holder, "signer"), signature }], multisigs: [] };
}

const holderOf = ({ claims, holder }: ClaimSettings) => ({
  claims: needed(claims, "claims"),
  holder: toHex(needed(holder, "holder")),
});

const orderOf = ({ receiver, form, deadline }: ClaimSettings) => ({
  receiver: toHex(needed(receiver, "receiver")),
  form,
  deadline: needed(deadline, "deadline"),
});

function delegateOf({ delegate, signer }: ClaimSettings) {
  const found = delegate ?? signer;
  return found && toHex(found);
}

const actions: Readonly<Record<string, Action>> = {
  submit: {
    needs: ["claims", "holder", "receiver", "deadline"],
    act: (bridge, places, given) =>
      submitClaim(bridge, places, {
        ...holderOf(given),
        order: orderOf(given),
        role: given.role,
        signatures: signaturesOf(given),
        delegate: delegateOf(given),
      }),
  },
  execute: {
    needs: ["claims", "holder", "receiver", "deadline", "delegate"],
    act: (bridge, places, given) => {
      const delegate = toHex(needed(given.delegate, "delegate"));
      return executeAnnounced(bridge, places, { ...holderOf(given), order: orderOf(given), delegate });
    },
  },
  registered: {
    needs: ["claims", "holder"],
    act: (bridge, places, given) => submitRegistered(bridge, places, holderOf(given)),
  },
  veto: {
    needs: ["holder", "delegate", "deadline"],
    act: (bridge, places, given) =>
      submitVeto(bridge, places, {
        holder: toHex(needed(given.holder, "holder")),
        delegate: toHex(needed(given.delegate, "delegate")),
        deadline: needed(given.deadline, "deadline"),
        signatures: signaturesOf(given),
      }),
  },
  fund: {
    needs: ["amount"],
    act: (bridge, places, { amount }) => fundClaims(bridge, places, { amount: needed(amount, "amount") }),
  },
  status: {
    needs: [],
    act: (bridge, places, { holder, receiver }) =>
      claimStatus(bridge, places, {
        ...(holder === undefined ? {} : { account: toHex(holder) }),
        ...(receiver === undefined ? {} : { receiver: toHex(receiver) }),
      }),
  },
};

const isRefused = (result: object): result is Refused => "refused" in result;

/** Nothing was sent: the claims folder or a signature says why. */
function refusedClaim({ refused, help }: Refused): RollupError<"CLAIM_REFUSED"> {
  return new RollupError("CLAIM_REFUSED", refused, { data: { help } });
}

const choice = actionsOf(actions);

export const claimCommand = defineCommand({
  name: "claim",
  summary:
    "takes what the sunset owes an account: sends signed claims, executes announced ones, funds, tells",
  words: choice.words,
  settings,
  answers: true,
  faults: (given, words) => choice.lacking(words, choice.named(words)?.needs ?? [], given),
  run: async (given, { words, print, tell }) => {
    const action = choice.chosen(words);
    const bridge = await openBridge(given, tell);
    const places = { claims: toHex(given.contract) };
    await requireContract(bridge, { name: "SunsetClaims", flag: "--contract", address: places.claims });
    const result = await action.act(bridge, places, given);
    if (isRefused(result)) throw refusedClaim(result);
    print(result);
    return HOLDS;
  },
});
