import { readRollupFile } from "@phala-l2/node/chain-files";
import { systemClock } from "@phala-l2/node/clock";
import { loadAccount } from "@phala-l2/node/keys/account";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import {
  bigintSetting,
  choiceOf,
  fileSetting,
  integerWithin,
  type SettingsOf,
  secondsSetting,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import { createClient, createPublicClient, http } from "viem";
import { Batcher } from "./batcher.ts";
import { createL1Sender } from "./l1-sender.ts";
import type { RpcRequest } from "./l2-block.ts";

/** Several full transactions of blobs; what a channel holds is in memory, and lost when it times out. */
const MAX_TARGET_SIZE = 8_000_000;

export const batcherSettings = {
  rollup: fileSetting({ help: "rollup.json of the chain" }),
  l1RpcUrl: urlSetting({ help: "JSON-RPC of L1" }),
  sequencerUrl: urlSetting({ help: "JSON-RPC of the sequencer" }),
  account: textSetting({
    help: "the batcher's account: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  dataAvailability: choiceOf(
    "auto",
    "blobs",
    "calldata",
  )({ help: "where batches go; auto is the cheaper", default: "auto" }),
  targetSize: integerWithin(
    1,
    MAX_TARGET_SIZE,
  )({
    help: `compressed bytes after which a channel is posted, up to ${MAX_TARGET_SIZE}`,
    default: "780000",
  }),
  maxChannelDuration: secondsSetting({ help: "seconds after which a channel is posted", default: "60" }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until more is offered", default: "48" }),
  pollInterval: secondsSetting({ help: "seconds between looks for new blocks", default: "2" }),
  feeCeiling: bigintSetting({ help: "wei per gas never exceeded", default: "500000000000" }),
};

function rpcRequest(url: string): RpcRequest {
  const client = createClient({ transport: http(url) });
  return (method, params) => client.transport.request({ method, params });
}

/** Runs the batcher until it is stopped. @throws RollupError CONFIG_INVALID, KEY_… */
export async function startBatcher(
  settings: SettingsOf<typeof batcherSettings>,
  { log }: { readonly log: Log },
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const config = await readRollupFile(settings.rollup);
  const account = await loadAccount({ ...settings, l1ChainId: config.l1ChainId });
  const abort = new AbortController();
  const shared = { clock: systemClock, log, signal: abort.signal };
  const pollIntervalMs = settings.pollInterval * 1000;
  const sender = createL1Sender(
    {
      chainId: config.l1ChainId,
      inbox: config.batchInboxAddress,
      resubmitAfterMs: settings.resubmitAfter * 1000,
      pollIntervalMs,
      feeCeiling: settings.feeCeiling,
    },
    { ...shared, l1: createPublicClient({ transport: http(settings.l1RpcUrl) }), account, kzg: nativeKzg },
  );
  const batcher = new Batcher(
    {
      dataAvailability: settings.dataAvailability,
      targetSize: settings.targetSize,
      maxChannelDurationMs: settings.maxChannelDuration * 1000,
      pollIntervalMs,
    },
    { ...shared, config, sequencer: rpcRequest(settings.sequencerUrl), sender },
  );
  const running = batcher.run();
  return {
    address: account.address,
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}
