import assert from "node:assert/strict";
import { join } from "node:path";
import { type DepositMade, depositToSwap } from "@phala-l2/bridge/actions/swap/deposit";
import { writeFinalityFile } from "@phala-l2/bridge/finality/finality-file";
import { relayerSettings, startRelayer } from "@phala-l2/bridge/relayer/main";
import { readSwapFile } from "@phala-l2/bridge/relayer/swap-file";
import { loadSubstrateKey } from "@phala-l2/bridge/substrate-account";
import { addressFromHex } from "@phala-l2/protocol/bytes";
import { resolveSettings } from "@phala-l2/protocol/config/settings";
import { silentLog } from "@phala-l2/protocol/log";
import type { Address } from "viem";
import { devnetAccount, L1_CHAIN_ID, ROLES } from "../devnet/accounts.ts";
import { deployLiveSwap, readParachain } from "../devnet/live-swap.ts";
import { PARACHAIN_HOLDERS, UNIT } from "../parachain/asset-hub-genesis.ts";
import type { DevelopmentParachain } from "../parachain/development-parachain.ts";
import { statementFilesIn } from "../system/part-settings.ts";
import type { System } from "../system/start-system.ts";

type HolderUri = (typeof PARACHAIN_HOLDERS)[number]["uri"];

/** The swap of a parachain, with the relayer that serves it. */
export type Swapper = {
  /** Makes a deposit as a holder does; resolves when it is final on the parachain. */
  deposit(
    signer: HolderUri,
    order: { readonly receiver: Address; readonly pha: bigint },
  ): Promise<DepositMade>;
  stop(): Promise<void>;
};

/** Deploys the parachain's swap, tells the provers of both, and starts a relayer. */
export async function startSwapper(
  system: System,
  { url: parachainUrl, relayChainUrl, finality, anchor }: DevelopmentParachain,
): Promise<Swapper> {
  const { swap: swapFile, finality: finalityFile } = statementFilesIn(system.folder);
  writeFinalityFile(finalityFile, [finality]);
  const facts = { ...(await readParachain(parachainUrl)), finalityAnchor: anchor };
  await deployLiveSwap(system.chain, system.network, facts, swapFile);
  const resolved = resolveSettings(relayerSettings, {
    flags: {},
    environment: {},
    file: {
      swap: swapFile,
      parachainUrl,
      relayChainUrl,
      l1RpcUrl: system.l1Url,
      proverUrls: system.proverUrls,
      account: `dev:${ROLES.relayer}`,
      dataDir: join(system.folder, "relayer"),
      resubmitAfter: 10,
      pollInterval: 0.2,
    },
  });
  assert.ok(resolved.kind === "ok");
  const account = devnetAccount(ROLES.relayer);
  const relayer = await startRelayer(resolved.settings, { account, log: silentLog });
  return {
    deposit: async (uri, { receiver, pha }) => {
      const kind = PARACHAIN_HOLDERS.find((holder) => holder.uri === uri)?.kind;
      assert.ok(kind);
      const source = { signer: uri, kind, passwordFile: undefined, l1ChainId: BigInt(L1_CHAIN_ID) };
      return depositToSwap(parachainUrl, await readSwapFile(swapFile), {
        signer: await loadSubstrateKey(source),
        receiver: addressFromHex(receiver),
        planck: pha * UNIT,
        repairs: [],
      });
    },
    stop: () => relayer.stop(),
  };
}
