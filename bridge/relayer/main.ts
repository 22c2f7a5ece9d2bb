import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { bytesEqual, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import {
  bigintSetting,
  fileSetting,
  folderSetting,
  portSetting,
  type SettingsOf,
  secondsSetting,
  textSetting,
  urlSetting,
  urlsSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { SwapDescription } from "@phala-l2/swap/settings-json";
import { createPublicClient, http, type LocalAccount } from "viem";
import { readParaId } from "../finality/para-id.ts";
import { type Ask, jsonRpc } from "../json-rpc.ts";
import { createSubstrateNode } from "../substrate/node.ts";
import { FinalityCollector, type FinalityNodes } from "./finality.ts";
import { type Health, serveHealth } from "./health.ts";
import { Journal } from "./journal.ts";
import { L1Outbox } from "./l1-outbox.ts";
import { createParachain } from "./parachain.ts";
import { proverEndpoints } from "./provers.ts";
import { Relayer } from "./relayer.ts";
import { Releaser } from "./releaser.ts";
import { type StatusQuestion, swapStatus } from "./status.ts";
import { createSwapContract } from "./swap-contract.ts";
import { readSwapFile, SwapFile } from "./swap-file.ts";
import { Watcher } from "./watcher.ts";

export const relayerSettings = {
  swap: fileSetting({
    help: "JSON file that describes the swap: its contract, its parachain, what a deposit is",
  }),
  parachainUrl: urlSetting({ help: "JSON-RPC over HTTP of a parachain node that keeps old states" }),
  relayChainUrl: urlSetting({
    help: "JSON-RPC over HTTP of a full node of the relay chain; needed where the swap's settings have a finality anchor",
    optional: true,
  }),
  l1RpcUrl: urlSetting({ help: "JSON-RPC of L1" }),
  proverUrls: urlsSetting({ help: "JSON-RPC of provers, of as many host vendors as a release needs" }),
  account: textSetting({
    help: "who pays for L1 transactions: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  dataDir: folderSetting({ help: "folder of the journal" }),
  healthPort: portSetting({
    help: "port of /healthz and /readyz on this machine; 0 takes any",
    default: "0",
  }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until more is offered", default: "48" }),
  pollInterval: secondsSetting({ help: "seconds between looks at the chains", default: "6" }),
  feeCeiling: bigintSetting({ help: "wei per gas never exceeded", default: "200000000000" }),
};

/** A node that proves an old block's events may take its time. */
const NODE_TIMEOUT_MS = 30_000;
/** Looks at the chains until provers are asked again that have not signed: half a minute, as it is by default. */
const ASK_AGAIN_POLLS = 5;

export type RunningRelayer = {
  readonly address: string;
  readonly healthPort: number;
  /** Rejects when the program itself is at fault; else it resolves when the relayer was stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
};

export type RelayerSettings = SettingsOf<typeof relayerSettings>;

/**
 * Whom proofs are taken from that deposits are final; undefined where the swap's settings have no finality anchor.
 * @throws RollupError RELAYER_SETTINGS when they have one, and no relay chain is given
 */
async function finalityNodes(
  { relayChainUrl }: RelayerSettings,
  { settings: { finalityAnchor } }: SwapDescription,
  askParachain: Ask,
): Promise<FinalityNodes | undefined> {
  if (bytesEqual(finalityAnchor, ZERO_HASH)) return undefined;
  if (relayChainUrl === undefined) {
    const message =
      "the swap's settings have a finality anchor: provers want proofs, which --relay-chain-url is needed for";
    throw new RollupError("RELAYER_SETTINGS", message, { data: { finalityAnchor: toHex(finalityAnchor) } });
  }
  const parachain = createSubstrateNode(askParachain, "parachain");
  const relay = createSubstrateNode(jsonRpc(relayChainUrl, NODE_TIMEOUT_MS), "relay-chain");
  return { relay, parachain, paraId: await readParaId(parachain) };
}

/**
 * Runs the relayer until it is stopped.
 * @throws RollupError CONFIG_INVALID, RELAYER_SETTINGS, STORE_…, PORT_UNAVAILABLE
 */
export async function startRelayer(
  settings: RelayerSettings,
  { account, log }: { readonly account: LocalAccount; readonly log: Log },
): Promise<RunningRelayer> {
  const description = await readSwapFile(settings.swap);
  const l1 = createPublicClient({ transport: http(settings.l1RpcUrl, { batch: true }), cacheTime: 0 });
  const contract = await createSwapContract(l1, description);
  const swapFile = new SwapFile({ path: settings.swap, description }, { contract, log });
  const judge = () => swapFile.judge();
  const askParachain = jsonRpc(settings.parachainUrl, NODE_TIMEOUT_MS);
  const parachain = createParachain(askParachain);
  if (!bytesEqual(await parachain.genesisHash(), description.settings.genesisHash)) {
    throw new RollupError(
      "RELAYER_SETTINGS",
      "the parachain's node is of another chain than the swap's file",
    );
  }
  const nodes = await finalityNodes(settings, description, askParachain);
  const journal = await Journal.open(join(settings.dataDir, "journal"));
  const abort = new AbortController();
  const { signal } = abort;
  const sleep = (milliseconds: number) => setTimeout(milliseconds, undefined, { signal }).catch(() => {});
  const pollIntervalMs = settings.pollInterval * 1000;
  const outbox = new L1Outbox(
    {
      chainId: Number(description.domain.chainId),
      resubmitAfterMs: settings.resubmitAfter * 1000,
      pollIntervalMs,
      feeCeiling: settings.feeCeiling,
    },
    { l1, account, journal, log, signal, sleep },
  );
  const provers = proverEndpoints(settings.proverUrls);
  const sender = account.address;
  const finality = nodes && new FinalityCollector({ nodes, journal, log });
  const releaser = new Releaser({
    journal,
    judge,
    contract,
    outbox,
    provers,
    finality,
    askAgainAfter: ASK_AGAIN_POLLS * settings.pollInterval,
    sender,
    log,
    signal,
  });
  const watcher = new Watcher({ parachain, journal, judge, log });
  const relayer = new Relayer({ pollIntervalMs }, { swapFile, watcher, releaser, log, signal, sleep });
  let health: Health;
  try {
    health = await serveHealth(settings.healthPort, {
      progress: () => relayer.progress(),
      status: (question: StatusQuestion) => swapStatus(journal, question),
    });
  } catch (error) {
    await journal.close();
    throw error;
  }
  const running = relayer.run();
  return {
    address: account.address,
    healthPort: health.port,
    ended: running,
    stop: async () => {
      abort.abort();
      await Promise.allSettled([running]);
      await health.stop();
      await journal.close();
    },
  };
}
