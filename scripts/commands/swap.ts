import { existsSync } from "node:fs";
import { join } from "node:path";
import { depositToSwap, requireReceiver } from "@phala-l2/bridge/actions/swap/deposit";
import { bridgeFault } from "@phala-l2/bridge/faults";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { type StatusQuestion, swapStatusIn } from "@phala-l2/bridge/relayer/status";
import { requireSwapAt } from "@phala-l2/bridge/relayer/swap-contract";
import { judgeOf, readSwapFile } from "@phala-l2/bridge/relayer/swap-file";
import { loadSubstrateKey, SUBSTRATE_KEY_KINDS } from "@phala-l2/bridge/substrate-account";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  choiceOf,
  fileSetting,
  folderSetting,
  type SettingsOf,
  settingKind,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { encodeSs58, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { phaOfPlanck } from "@phala-l2/sunset/message";
import { swapAccount } from "@phala-l2/swap/account";
import { type DepositPlace, formatRemark } from "@phala-l2/swap/remark";
import { requireKnownRuntime } from "@phala-l2/swap/runtime-check";
import type { SwapDescription } from "@phala-l2/swap/settings-json";
import { createPublicClient, http } from "viem";
import { actionsOf } from "./action.ts";
import { amountOf, PHA_OF_PARACHAIN } from "./amount.ts";
import { type CommandContext, defineCommand, HOLDS, needed } from "./command.ts";
import { parachainAccount } from "./parachain-account.ts";

/** Metadata are hundreds of kilobytes. */
const PARACHAIN_TIMEOUT_MS = 30_000;

const DEPOSIT = /^(\d+-\d+|0x[0-9a-f]{64})$/i;

const depositSetting = settingKind("HEIGHT-EVENT", (text) => {
  if (DEPOSIT.test(text)) return text;
  throw new RollupError("SETTING_INVALID", `HEIGHT-EVENT or 32 bytes of hex are wanted, not '${text}'`);
});

const PLACES = /^\d{1,19}-\d{1,10}(,\d{1,19}-\d{1,10}){0,15}$/;

const placesSetting = settingKind("HEIGHT-EVENT,…", (text): readonly DepositPlace[] => {
  if (!PLACES.test(text))
    throw new RollupError("SETTING_INVALID", `one to 16 HEIGHT-EVENT are wanted, not '${text}'`);
  return text.split(",").map((place) => {
    const [height = "", event = ""] = place.split("-");
    return { height: BigInt(height), eventIndex: Number(event) };
  });
});

const settings = {
  relayerUrl: urlSetting({
    help: "where a running relayer answers /status",
    optional: true,
    neededBy: "status, but for --data-dir",
  }),
  dataDir: folderSetting({ help: "a resting relayer's folder", optional: true }),
  swap: fileSetting({ help: "the swap's file", optional: true, neededBy: "instructions and deposit" }),
  sender: parachainAccount({ help: "account on the parachain: SS58 of any prefix, or hex", optional: true }),
  parachainUrl: urlSetting({
    help: "node of the parachain: whether the swap can read its runtime",
    optional: true,
    neededBy: "instructions and deposit",
  }),
  l1RpcUrl: urlSetting({
    help: "JSON-RPC of L1: instructions and deposit then ask the contract whether the file is its own and its runtimes are named",
    optional: true,
  }),
  receiver: addressSetting({ help: "address on L1", optional: true, neededBy: "instructions and deposit" }),
  amount: amountOf(PHA_OF_PARACHAIN)({
    help: "500PHA, 0.5PHA, or planck",
    optional: true,
    neededBy: "deposit",
  }),
  signer: textSetting({
    help: "who pays on the parachain: an account file that a Polkadot wallet exported, or //Alice … on a development chain",
    optional: true,
    neededBy: "deposit",
  }),
  kind: choiceOf(...SUBSTRATE_KEY_KINDS)({ help: "key of a development account", default: "sr25519" }),
  passwordFile: fileSetting({ help: "file whose first line opens the account file", optional: true }),
  repairs: placesSetting({
    help: "refused deposits of the same account that this one sends along",
    optional: true,
  }),
  deposit: depositSetting({ help: "HEIGHT-EVENT on the parachain, or the deposit's id", optional: true }),
};

type SwapCommandSettings = SettingsOf<typeof settings>;
type Act = (given: SwapCommandSettings, tell: CommandContext["tell"]) => Promise<unknown>;

async function statusFrom(url: string, question: StatusQuestion): Promise<unknown> {
  const asked = new URL("/status", url);
  for (const [name, value] of Object.entries(question)) asked.searchParams.set(name, value);
  try {
    const response = await fetch(asked);
    return await response.json();
  } catch (cause) {
    throw new RollupError("RPC_UNREACHABLE", "the relayer does not answer /status", { cause });
  }
}

/**
 * The published file, by which provers can judge; another is a mistake of the command line. L1 is asked about it where it is given.
 * @throws RollupError SETTING_INVALID, BRIDGE_…, RELAYER_SETTINGS when it is not the contract's
 */
async function swapOf({ swap, l1RpcUrl }: SwapCommandSettings): Promise<SwapDescription> {
  const description = await judgeableSwap(needed(swap, "swap"));
  if (l1RpcUrl !== undefined) {
    const l1 = createPublicClient({ transport: http(l1RpcUrl, { batch: true }) });
    await requireSwapAt(l1, toHex(description.domain.contract), description).catch((error) => {
      throw bridgeFault(error);
    });
  }
  return description;
}

async function judgeableSwap(path: string): Promise<SwapDescription> {
  try {
    const description = await readSwapFile(path);
    judgeOf(description);
    return description;
  } catch (cause) {
    if (!isRollupError(cause, "CONFIG_INVALID")) throw cause;
    const mend = "give the file that was published with the contract, unchanged";
    throw new RollupError("SETTING_INVALID", `--swap: ${cause.message}: ${mend}`, { cause });
  }
}

/** Where a relayer's journal is: a look must not make one. @throws RollupError SETTING_INVALID */
function journalOf(dataDir: string): string {
  const folder = join(dataDir, "journal");
  if (existsSync(folder)) return folder;
  throw new RollupError("SETTING_INVALID", `--data-dir: no relayer has kept a journal in ${dataDir}`);
}

const LOST =
  "A transfer without the remark or below the minimum is refused until --repairs of a later one names it; one after the last block is lost.";

async function instructions(given: SwapCommandSettings, tell: CommandContext["tell"]): Promise<object> {
  const { settings: swap, domain } = await swapOf(given);
  const [receiver, repairs] = [needed(given.receiver, "receiver"), given.repairs ?? []];
  requireReceiver(receiver, { settings: swap, domain });
  const ask = jsonRpc(needed(given.parachainUrl, "parachainUrl"), PARACHAIN_TIMEOUT_MS);
  const { specVersion } = await requireKnownRuntime(ask, swap);
  const account = swapAccount(domain.contract);
  tell(
    `One transaction on the parachain pays ${phaOfPlanck(swap.minimum)} PHA or more to the account and says the remark (batchAll); ${toHex(receiver)} gets as much on L1.`,
  );
  tell(`${LOST} The last is ${swap.lastHeight}.`);
  return {
    payTo: encodeSs58(account, PHALA_SS58_PREFIX),
    payToHex: toHex(account),
    remark: formatRemark({ chainId: domain.chainId, receiver, repairs }),
    call: "utility.batchAll([balances.transferKeepAlive(payTo, planck), system.remarkWithEvent(remark)])",
    specVersion,
    minimumPlanck: swap.minimum.toString(),
    heights: [swap.firstHeight.toString(), swap.lastHeight.toString()],
    contract: toHex(domain.contract),
    settingsHash: toHex(swapSettingsHash(swap)),
  };
}

async function deposit(given: SwapCommandSettings, tell: CommandContext["tell"]): Promise<object> {
  const swap = await swapOf(given);
  const { kind, passwordFile } = given;
  const [receiver, planck] = [needed(given.receiver, "receiver"), needed(given.amount, "amount")];
  tell(
    `Pays ${phaOfPlanck(planck)} PHA of ${given.signer} on the parachain to the swap; ${toHex(receiver)} gets as much on L1, once provers have seen it final. It does not come back.`,
  );
  const source = { signer: needed(given.signer, "signer"), kind, passwordFile };
  return depositToSwap(needed(given.parachainUrl, "parachainUrl"), swap, {
    signer: await loadSubstrateKey({ ...source, l1ChainId: swap.domain.chainId }),
    receiver,
    planck,
    repairs: given.repairs ?? [],
  });
}

async function status({ sender, receiver, deposit, relayerUrl, dataDir }: SwapCommandSettings) {
  const question: StatusQuestion = {
    ...(sender !== undefined && { sender: toHex(sender) }),
    ...(receiver !== undefined && { receiver: toHex(receiver) }),
    ...(deposit !== undefined && { deposit }),
  };
  return relayerUrl === undefined
    ? swapStatusIn(journalOf(needed(dataDir, "relayerUrl")), question)
    : statusFrom(relayerUrl, question);
}

type Action = { readonly act: Act; readonly needs: readonly (keyof typeof settings)[] };

const actions = actionsOf<Action>({
  status: { act: status, needs: [] },
  instructions: { act: instructions, needs: ["swap", "receiver", "parachainUrl"] },
  deposit: { act: deposit, needs: ["swap", "receiver", "parachainUrl", "amount", "signer"] },
});

function faults(given: ReadonlySet<string>, words: readonly string[]): readonly string[] {
  const action = actions.named(words);
  const missing = actions.lacking(words, action?.needs ?? [], given);
  if (missing.length > 0 || action?.act !== status) return missing;
  const hasPlace = given.has("relayerUrl") || given.has("dataDir");
  return hasPlace ? [] : ["status needs --relayer-url, or --data-dir of a relayer that rests"];
}

export const swapCommand = defineCommand({
  name: "swap",
  summary: "the live swap from the parachain: what became of deposits, and how to make one, or making it",
  words: actions.words,
  settings,
  answers: true,
  faults,
  run: async (given, { words, print, tell }) => {
    print(await actions.chosen(words).act(given, tell));
    return HOLDS;
  },
});
