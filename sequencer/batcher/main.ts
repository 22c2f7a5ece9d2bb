import { readRollupFile } from "@phala-l2/node/chain-files";
import { systemClock } from "@phala-l2/node/clock";
import { loadAccount } from "@phala-l2/node/keys/account";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import {
  bigintSetting,
  fileSetting,
  integerSetting,
  type SettingsOf,
  secondsSetting,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { createClient, createPublicClient, http } from "viem";
import { Batcher } from "./batcher.ts";
import type { DataAvailability } from "./data-availability.ts";
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
  dataAvailability: textSetting({ help: "blobs, calldata, or auto for the cheaper", default: "auto" }),
  targetSize: integerSetting({
    help: `compressed bytes after which a channel is posted, up to ${MAX_TARGET_SIZE}`,
    default: "780000",
  }),
  maxChannelDuration: secondsSetting({ help: "seconds after which a channel is posted", default: "60" }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until more is offered", default: "48" }),
  pollInterval: secondsSetting({ help: "seconds between looks for new blocks", default: "2" }),
  feeCeiling: bigintSetting({ help: "wei per gas never exceeded", default: "500000000000" }),
};

function dataAvailabilityOf(text: string): DataAvailability {
  if (text === "auto" || text === "blobs" || text === "calldata") return text;
  throw new RollupError("SETTING_INVALID", `dataAvailability is auto, blobs or calldata, not '${text}'`);
}

function targetSizeOf(bytes: number): number {
  if (bytes >= 1 && bytes <= MAX_TARGET_SIZE) return bytes;
  throw new RollupError("SETTING_INVALID", `targetSize is from 1 to ${MAX_TARGET_SIZE}, not ${bytes}`);
}

function rpcRequest(url: string): RpcRequest {
  const client = createClient({ transport: http(url) });
  return (method, params) => client.transport.request({ method, params });
}

/** Runs the batcher until it is stopped. @throws RollupError SETTING_INVALID, CONFIG_INVALID, KEY_… */
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
      dataAvailability: dataAvailabilityOf(settings.dataAvailability),
      targetSize: targetSizeOf(settings.targetSize),
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
