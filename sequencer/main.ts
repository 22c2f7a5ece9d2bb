import type { NodeCore } from "@phala-l2/node/core";
import type { Gossip } from "@phala-l2/node/gossip/gossip";
import { loadAccount, type SigningAccount } from "@phala-l2/node/keys/account";
import {
  type NodeExtension,
  nodeOptions,
  nodeSettings,
  type RunningNode,
  startNode,
} from "@phala-l2/node/main";
import {
  bigintSetting,
  booleanSetting,
  fileSetting,
  integerSetting,
  type SettingsOf,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { unsignedUnsafeBlock } from "@phala-l2/protocol/wire/unsafe-block";
import { Production } from "./building/production.ts";
import { followChain } from "./mempool/follow-chain.ts";
import { headView } from "./mempool/head-view.ts";
import { DEFAULT_LIMITS } from "./mempool/limits.ts";
import { Mempool } from "./mempool/mempool.ts";
import { signHash } from "./signing.ts";

export const sequencerSettings = {
  ...nodeSettings,
  signer: textSetting({
    help: "the unsafe block signer: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  active: booleanSetting({
    help: "make blocks from the start, without admin_startSequencer",
    default: "true",
  }),
  originConfirmations: bigintSetting({
    help: "L1 blocks that follow an L1 origin before it is used",
    default: "4",
  }),
  poolTransactions: integerSetting({
    help: "transactions held in the mempool",
    default: String(DEFAULT_LIMITS.transactions),
  }),
  minTip: bigintSetting({
    help: "lowest tip in wei per gas that is taken",
    default: String(DEFAULT_LIMITS.minTip),
  }),
};

type SequencerSettings = SettingsOf<typeof sequencerSettings>;

function publisher(core: NodeCore, gossip: Gossip | undefined, account: SigningAccount) {
  return async (block: Block): Promise<void> => {
    if (gossip === undefined) return;
    const { digest, withSignature } = unsignedUnsafeBlock(block, core.config.l2ChainId);
    await gossip.publish(withSignature(await signHash(account, digest)));
  };
}

function extension(
  core: NodeCore,
  gossip: Gossip | undefined,
  account: SigningAccount,
  settings: SequencerSettings,
  log: Log,
): NodeExtension {
  const limits = { ...DEFAULT_LIMITS, transactions: settings.poolTransactions, minTip: settings.minTip };
  const mempool = new Mempool(limits, headView(core.chain));
  const unsubscribe = followChain({ engine: core.engine, mempool, log });
  const production = new Production({
    ...core,
    mempool,
    log,
    confirmations: settings.originConfirmations,
    publish: publisher(core, gossip, account),
  });
  if (settings.active) production.begin();
  return {
    pool: mempool,
    submit: async (submitted) => mempool.submit(submitted),
    control: production,
    stop: async () => {
      await production.stop();
      unsubscribe();
    },
  };
}

/** Starts a node that makes the blocks. @throws RollupError of the node's parts, KEY_… */
export async function startSequencer(
  settings: SequencerSettings,
  { log }: { readonly log: Log },
): Promise<RunningNode> {
  const options = await nodeOptions(settings);
  const account = await loadAccount({
    account: settings.signer,
    passwordFile: settings.passwordFile,
    l1ChainId: options.rollup.l1ChainId,
  });
  return startNode(options, {
    log,
    extend: async (core, { gossip }) => extension(core, gossip, account, settings, log),
  });
}
