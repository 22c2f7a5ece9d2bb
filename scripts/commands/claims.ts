import { existsSync } from "node:fs";
import { findClaims, makeClaimsFolder, writeClaims } from "@phala-l2/bridge/snapshot/claims-folder";
import { readHeader } from "@phala-l2/bridge/snapshot/frozen-header";
import { createProgress } from "@phala-l2/bridge/snapshot/progress";
import { refusalWords } from "@phala-l2/bridge/snapshot/refusal-words";
import {
  refusalDocument,
  snapshotDocument,
  type TakingFault,
  takeSnapshot,
} from "@phala-l2/bridge/snapshot/take-snapshot";
import { hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { BALANCE, isProven, leafHash, PROXY, RECEIVER } from "@phala-l2/sunset/claims-tree";
import { phaOfPlanck } from "@phala-l2/sunset/message";
import { actionsOf } from "./action.ts";
import { sign, verify } from "./claims-message.ts";
import { register } from "./claims-register.ts";
import {
  type Action,
  accountFacts,
  type ClaimSettings,
  claimsOf,
  claimsSettings,
  readGiven,
} from "./claims-settings.ts";
import {
  type CommandContext,
  DOES_NOT_HOLD,
  defineCommand,
  type ExitStatus,
  HOLDS,
  needed,
} from "./command.ts";
import { registrationsReader } from "./registrations.ts";

/** Before the state is counted, which may take minutes. @throws RollupError SETTING_INVALID */
function makeFolder(out: string | undefined): void {
  if (out === undefined) return;
  try {
    makeClaimsFolder(out);
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
    throw new RollupError(
      "SETTING_INVALID",
      `--out: ${out} cannot be made or written to${why}: give another folder`,
      {
        cause,
      },
    );
  }
}

/** No snapshot, why, and what to do. */
function refuse(reason: TakingFault, { print, tell }: CommandContext): ExitStatus {
  const document = refusalDocument(reason);
  const { refused, help } = refusalWords(document) ?? { refused: reason.code, help: "" };
  print(document);
  tell(`l2: ${refused}`);
  tell(`    ${help}`);
  return DOES_NOT_HOLD;
}

async function snapshot(given: ClaimSettings, context: CommandContext): Promise<ExitStatus> {
  const { print, tell } = context;
  const state = needed(given.state, "state");
  if (!existsSync(state)) throw new RollupError("SETTING_INVALID", `--state: there is no ${state}`);
  makeFolder(given.out);
  const header = given.header === undefined ? undefined : readHeader(readGiven(given.header, "header"));
  if (header?.kind === "invalid") {
    return refuse({ code: "header-invalid", reason: header.reason }, context);
  }
  const reading = registrationsReader(given, header?.header);
  if (reading.kind === "invalid") return refuse(reading.reason, context);
  const { registrations } = reading;
  const { stateRoot, blockHash, height, genesisHash, stateVersion, out, ss58Prefix } = given;
  const progress = createProgress(process.stderr, () => performance.now());
  const layout = stateVersion === "auto" ? "either" : stateVersion === "1" ? 1 : 0;
  const block = { header: header?.header, stateRoot, blockHash, height, genesisHash };
  const taking = await takeSnapshot({ state, block, layout, registrations }, progress);
  if (taking.kind === "refused") return refuse(taking.reason, context);
  const { taken } = taking;
  if (taken.unknown.size > 0) {
    tell(
      `Warning: nobody told the block's ${[...taken.unknown].join(", ")}: null in the document. Give --header.`,
    );
  }
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

async function prove(given: ClaimSettings, { print, tell }: CommandContext): Promise<ExitStatus> {
  const account = needed(given.account, "account");
  const found = await findClaims(claimsOf(given), toHex(account.account));
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
    ...accountFacts(account, given.ss58Prefix, tell),
    found: balance !== undefined,
    claimsRoot: found.root,
    ...(balance === undefined
      ? {}
      : { planck: String(balance.leaf.value), pha: phaOfPlanck(balance.leaf.value) }),
    ...(first === undefined ? {} : { leaf: first.leaf, proof: first.proof }),
    leaves,
  });
  if (balance === undefined) {
    tell("l2: these claims owe nothing to that account");
    tell(
      "    Name the account that owned the PHA on the parachain; of a multisig or a pure proxy its own address.",
    );
  }
  return holds ? HOLDS : DOES_NOT_HOLD;
}

const actions = {
  snapshot: { needs: ["state"], act: snapshot },
  register: { needs: ["receiver", "chainId"], act: register },
  prove: { needs: ["account"], act: prove },
  sign: { needs: ["account", "receiver", "deadline", "chainId", "contract"], act: sign },
  verify: { needs: ["signature"], act: verify },
} as const satisfies Readonly<Record<string, Action>>;
const choice = actionsOf(actions);

export const claimsCommand = defineCommand({
  name: "claims",
  summary:
    "counts a frozen parachain's state into claims, proves one, writes what to sign or to remark, checks a signature",
  words: choice.words,
  settings: claimsSettings,
  answers: true,
  faults: (given, words) => {
    const isWhole = given.has("message") || given.has("messageFile");
    const needs = [
      ...(choice.named(words)?.needs ?? []),
      ...(words[0] === "verify" && !isWhole ? actions.sign.needs : []),
      ...(words[0] === "verify" && isWhole && !given.has("signer") ? (["account"] as const) : []),
    ];
    return choice.lacking(words, needs, given);
  },
  run: async (given, context) => {
    const action = choice.chosen(context.words);
    return action.act(given, context);
  },
});
