import { readFileSync } from "node:fs";
import { parseCalls } from "@phala-l2/bridge/actions/governance/calls-file";
import {
  delegateBySignature,
  delegateVotes,
  signDelegation,
} from "@phala-l2/bridge/actions/governance/delegate";
import { executeOnL1, executeProposal, queueProposal } from "@phala-l2/bridge/actions/governance/execute";
import type { Governance } from "@phala-l2/bridge/actions/governance/places";
import { propose } from "@phala-l2/bridge/actions/governance/propose";
import { parseDelegation, parseVote } from "@phala-l2/bridge/actions/governance/signed";
import { proposalStatus } from "@phala-l2/bridge/actions/governance/status";
import { castVote, SUPPORTS, signVote, voteBySignature } from "@phala-l2/bridge/actions/governance/vote";
import { requireContract } from "@phala-l2/bridge/contract-check";
import type { Bridge } from "@phala-l2/bridge/network";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  bigintSetting,
  choiceOf,
  fileSetting,
  flagName,
  type SettingsOf,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { actionsOf } from "./action.ts";
import { defineCommand, HOLDS, needed } from "./command.ts";
import { holderSettings, openBridge } from "./holder.ts";

const settings = {
  ...holderSettings,
  to: addressSetting({
    help: "who casts all of the account's votes; the account itself takes them back",
    optional: true,
    neededBy: "delegate and sign-delegation",
  }),
  proposal: bigintSetting({
    help: "the proposal's number, in decimal digits, as propose printed it",
    optional: true,
    neededBy: "vote, sign-vote, queue, execute, execute-on-l1 and status",
  }),
  support: choiceOf(...SUPPORTS)({
    help: "what the vote says",
    optional: true,
    neededBy: "vote and sign-vote",
  }),
  reason: textSetting({ help: "why the account votes so, for all to read; of vote only", optional: true }),
  description: textSetting({ help: "what the proposal says", optional: true, neededBy: "propose" }),
  calls: fileSetting({
    help: "JSON: what the proposal does on each layer",
    optional: true,
    neededBy: "propose",
  }),
  expiry: bigintSetting({
    help: "Unix second until which a signed delegation can be brought",
    optional: true,
    neededBy: "sign-delegation",
  }),
  signed: fileSetting({
    help: "JSON that a sign- action printed",
    optional: true,
    neededBy: "submit-delegation and submit-vote",
  }),
};

type Settings = SettingsOf<typeof settings>;
type Name = keyof typeof settings;
type Action = {
  readonly needs: readonly Name[];
  readonly act: (bridge: Bridge, governance: Governance, given: Settings) => Promise<object>;
};

/** @throws RollupError SETTING_INVALID */
function readJson(file: string | undefined, name: Name): unknown {
  const path = needed(file, name);
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new RollupError("SETTING_INVALID", `${flagName(name)}: ${path} is no JSON that can be read`, {
      cause,
    });
  }
}

const numberOf = ({ proposal }: Settings) => ({ proposalId: needed(proposal, "proposal") });

const actions: Readonly<Record<string, Action>> = {
  delegate: {
    needs: ["to"],
    act: (bridge, governance, { to }) => delegateVotes(bridge, governance, { to: toHex(needed(to, "to")) }),
  },
  "sign-delegation": {
    needs: ["to", "expiry"],
    act: (bridge, governance, { to, expiry }) =>
      signDelegation(bridge, governance, {
        to: toHex(needed(to, "to")),
        expiry: needed(expiry, "expiry"),
      }),
  },
  "submit-delegation": {
    needs: ["signed"],
    act: (bridge, governance, { signed }) =>
      delegateBySignature(bridge, governance, parseDelegation(readJson(signed, "signed"))),
  },
  propose: {
    needs: ["calls", "description"],
    act: (bridge, governance, { calls, description }) =>
      propose(bridge, governance, {
        ...parseCalls(readJson(calls, "calls")),
        description: needed(description, "description"),
      }),
  },
  vote: {
    needs: ["proposal", "support"],
    act: (bridge, governance, given) =>
      castVote(bridge, governance, {
        ...numberOf(given),
        support: needed(given.support, "support"),
        ...(given.reason !== undefined && { reason: given.reason }),
      }),
  },
  "sign-vote": {
    needs: ["proposal", "support"],
    act: (bridge, governance, given) =>
      signVote(bridge, governance, {
        ...numberOf(given),
        support: needed(given.support, "support"),
      }),
  },
  "submit-vote": {
    needs: ["signed"],
    act: (bridge, governance, { signed }) =>
      voteBySignature(bridge, governance, parseVote(readJson(signed, "signed"))),
  },
  queue: {
    needs: ["proposal"],
    act: (bridge, governance, given) => queueProposal(bridge, governance, numberOf(given)),
  },
  execute: {
    needs: ["proposal"],
    act: (bridge, governance, given) => executeProposal(bridge, governance, numberOf(given)),
  },
  "execute-on-l1": {
    needs: ["proposal"],
    act: (bridge, governance, given) => executeOnL1(bridge, governance, numberOf(given)),
  },
  status: {
    needs: ["proposal"],
    act: (bridge, governance, given) => proposalStatus(bridge, governance, numberOf(given)),
  },
};

const choice = actionsOf(actions);

export const governanceCommand = defineCommand({
  name: "governance",
  summary: "delegate votes, propose, vote, queue and execute on both layers, tell where a proposal stands",
  words: choice.words,
  settings,
  faults: (given, words) =>
    choice.lacking(words, ["governor", "l1Executor", ...(choice.named(words)?.needs ?? [])], given),
  answers: true,
  run: async (given, { words, print, tell }) => {
    const action = choice.chosen(words);
    const bridge = await openBridge(given, tell);
    const governance = {
      governor: toHex(needed(given.governor, "governor")),
      l1Executor: toHex(needed(given.l1Executor, "l1Executor")),
    };
    const { governor, l1Executor } = governance;
    await requireContract(bridge, { name: "PhaGovernor", flag: "--governor", address: governor });
    await requireContract(bridge, { name: "L1Executor", flag: "--l1-executor", address: l1Executor });
    print(await action.act(bridge, governance, given));
    return HOLDS;
  },
});
