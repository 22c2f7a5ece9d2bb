import { existsSync } from "node:fs";
import { join } from "node:path";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { readSwapFile } from "@phala-l2/bridge/relayer/swap-file";
import { type StatusQuestion, swapStatusIn } from "@phala-l2/bridge/relayer/status";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  fileSetting,
  flagName,
  folderSetting,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { decodeSs58, encodeSs58, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { swapSettingsHash } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "@phala-l2/swap/account";
import { formatRemark } from "@phala-l2/swap/remark";
import { requireKnownRuntime } from "@phala-l2/swap/runtime-check";
import { defineCommand, HOLDS, needed } from "./command.ts";

/** Metadata are hundreds of kilobytes. */
const PARACHAIN_TIMEOUT_MS = 30_000;

const settings = {
  relayerUrl: urlSetting({ help: "where a running relayer answers /status", optional: true }),
  dataDir: folderSetting({ help: "a resting relayer's folder", optional: true }),
  swap: fileSetting({ help: "the swap's file", optional: true, neededBy: "instructions" }),
  sender: textSetting({ help: "account on the parachain, SS58 or 0x hex", optional: true }),
  parachainUrl: urlSetting({
    help: "node of the parachain: whether the swap can read its runtime",
    optional: true,
    neededBy: "instructions",
  }),
  receiver: addressSetting({ help: "address on L1", optional: true, neededBy: "instructions" }),
  deposit: textSetting({ help: "HEIGHT-EVENT on the parachain, or the deposit's id", optional: true }),
};

const ACTIONS = ["status", "instructions"];

/** An account in hex, however it was written. @throws RollupError SETTING_INVALID */
function accountHex(text: string): string {
  if (text.startsWith("0x")) return text;
  const decoded = decodeSs58(text);
  if (decoded.kind === "ok") return toHex(decoded.account);
  throw new RollupError(
    "SETTING_INVALID",
    `${flagName("sender")}: no account in SS58 or hex (${decoded.reason})`,
  );
}

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

/** Where a relayer's journal is: a look must not make one. @throws RollupError SETTING_INVALID */
function journalOf(dataDir: string): string {
  const folder = join(dataDir, "journal");
  if (existsSync(folder)) return folder;
  throw new RollupError("SETTING_INVALID", `--data-dir: no relayer has kept a journal in ${dataDir}`);
}

export const swapCommand = defineCommand({
  name: "swap",
  summary: "the live swap from the parachain: what became of deposits, and how to make one",
  words: {
    name: "action",
    help: ACTIONS.join(", "),
    fault: (words) =>
      words.length === 1 && ACTIONS.includes(words[0] ?? "")
        ? undefined
        : `one action is wanted, ${ACTIONS.join(", ")}`,
  },
  settings,
  run: async (given, { words, print }) => {
    if (words[0] === "instructions") {
      const { settings: swap, domain } = await readSwapFile(needed(given.swap, "swap"));
      const receiver = needed(given.receiver, "receiver");
      const ask = jsonRpc(needed(given.parachainUrl, "parachainUrl"), PARACHAIN_TIMEOUT_MS);
      const { specVersion } = await requireKnownRuntime(ask, swap);
      const account = swapAccount(domain.contract);
      print({
        payTo: encodeSs58(account, PHALA_SS58_PREFIX),
        payToHex: toHex(account),
        remark: formatRemark({ chainId: domain.chainId, receiver, repairs: [] }),
        call: "utility.batchAll([balances.transferKeepAlive(payTo, planck), system.remarkWithEvent(remark)])",
        specVersion,
        minimumPlanck: swap.minimum.toString(),
        heights: [swap.firstHeight.toString(), swap.lastHeight.toString()],
        contract: toHex(domain.contract),
        settingsHash: toHex(swapSettingsHash(swap)),
      });
      return HOLDS;
    }
    const { sender, receiver, deposit, relayerUrl, dataDir } = given;
    const question: StatusQuestion = {
      ...(sender !== undefined && { sender: accountHex(sender) }),
      ...(receiver !== undefined && { receiver: toHex(receiver) }),
      ...(deposit !== undefined && { deposit }),
    };
    print(
      relayerUrl === undefined
        ? await swapStatusIn(journalOf(needed(dataDir, "relayerUrl")), question)
        : await statusFrom(relayerUrl, question),
    );
    return HOLDS;
  },
});
