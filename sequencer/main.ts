import type { NodeCore } from "@phala-l2/node/core";
import { type RunningDrivenNode, startDrivenNode } from "@phala-l2/node/driven-node";
import type { Gossip } from "@phala-l2/node/gossip/gossip";
import { loadAccount, type SigningAccount } from "@phala-l2/node/keys/account";
import {
  type NodeExtension,
  nodeOptions,
  nodeSettings,
  type RunningNode,
  startNode,
} from "@phala-l2/node/main";
import { drivenNodeOptions, modeFaults, modeOfGiven } from "@phala-l2/node/modes";
import {
  bigintSetting,
  booleanSetting,
  fileSetting,
  flagName,
  integerSetting,
  type SettingsOf,
  textSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import type { Block } from "@phala-l2/protocol/wire/block";
import { unsignedUnsafeBlock } from "@phala-l2/protocol/wire/unsafe-block";
import { Production } from "./building/production.ts";
import { drivenExtension } from "./driven.ts";
import { followChain } from "./mempool/follow-chain.ts";
import { headView } from "./mempool/head-view.ts";
import { DEFAULT_LIMITS, type MempoolLimits } from "./mempool/limits.ts";
import { Mempool } from "./mempool/mempool.ts";
import { signHash } from "./signing.ts";

export const sequencerSettings = {
  ...nodeSettings,
  signer: textSetting({
    help: "the unsafe block signer: a keystore file, or dev:INDEX on a development chain; needed unless engineApiPort is given",
    optional: true,
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

/** As `modeFaults`, with what making blocks wants. */
export function sequencerFaults(given: ReadonlySet<string>): readonly string[] {
  const mode = modeOfGiven(given);
  // Nothing else is wrong with another engine's settings: a sequencer takes none of them.
  if (mode === "remote") return ["a sequencer executes its blocks itself: leave out --engine-url"];
  const isSignerMissing = mode === "whole" && !given.has("signer");
  return [
    ...modeFaults(given),
    ...(isSignerMissing ? [`a sequencer signs its blocks: give ${flagName("signer")}`] : []),
  ];
}

type SequencerSettings = SettingsOf<typeof sequencerSettings>;

function mempoolLimits({ poolTransactions, minTip }: SequencerSettings): MempoolLimits {
  return { ...DEFAULT_LIMITS, transactions: poolTransactions, minTip };
}

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
  const mempool = new Mempool(mempoolLimits(settings), headView(core.chain));
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

/**
 * Starts an execution client with a mempool, for a sequencing op-node.
 * @throws RollupError of the node's parts, SETTING_INVALID
 */
export async function startDrivenSequencer(
  settings: SequencerSettings,
  { log }: { readonly log: Log },
): Promise<RunningDrivenNode> {
  return startDrivenNode(await drivenNodeOptions(settings), {
    log,
    extend: async (core) => drivenExtension(core, mempoolLimits(settings), log),
  });
}

/** Starts a node that makes the blocks. @throws RollupError of the node's parts, KEY_… */
export async function startSequencer(
  settings: SequencerSettings,
  { log }: { readonly log: Log },
): Promise<RunningNode> {
  const options = await nodeOptions(settings);
  if (settings.signer === undefined) {
    throw new RollupError("SETTING_INVALID", `a sequencer signs its blocks: give ${flagName("signer")}`);
  }
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
