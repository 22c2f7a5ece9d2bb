import { writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import {
  anchorOf,
  chainOf,
  readFinalityFile,
  withHandOver,
  withSource,
  writeFinalityFile,
} from "@phala-l2/bridge/finality/finality-file";
import { followedTo, handOversSince } from "@phala-l2/bridge/finality/follow";
import { blockNamed, proveFinality } from "@phala-l2/bridge/finality/prove";
import { readFinalitySource } from "@phala-l2/bridge/finality/source";
import { jsonRpc } from "@phala-l2/bridge/json-rpc";
import { type ChainRole, createSubstrateNode } from "@phala-l2/bridge/substrate/node";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  bigintSetting,
  booleanSetting,
  fileSetting,
  hashSetting,
  integerWithin,
  type SettingsOf,
  secondsSetting,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { actionsOf } from "./action.ts";
import { type CommandContext, defineCommand, HOLDS, needed } from "./command.ts";

const settings = {
  relayChainUrl: urlSetting({
    help: "JSON-RPC over HTTP of a node of the relay chain; of the chain itself where it votes on its own blocks",
  }),
  finality: fileSetting({ help: "the file, as provers read it: made by source, appended to by follow" }),
  paraId: integerWithin(
    0,
    2 ** 32 - 1,
  )({ help: "source: the parachain's number; without, the chain itself is meant", optional: true }),
  at: bigintSetting({
    help: "source: height on the relay chain to start above; without, the newest",
    optional: true,
  }),
  anchor: hashSetting({ help: "which of the file's chains, where it has several", optional: true }),
  once: booleanSetting({ help: "follow: end when nothing is left to append", default: "false" }),
  pollInterval: secondsSetting({ help: "follow: seconds between looks", default: "60" }),
  parachainUrl: urlSetting({
    help: "JSON-RPC over HTTP of a node of the parachain",
    optional: true,
    neededBy: "prove of a parachain's block",
  }),
  block: textSetting({ help: "its height or hash", optional: true, neededBy: "prove" }),
  out: fileSetting({ help: "prove: file that gets the proof in hex, as sunset.json has it", optional: true }),
};

type FinalitySettings = SettingsOf<typeof settings>;
type Act = (given: FinalitySettings, context: CommandContext) => Promise<void>;

/** Answers have up to some megabytes of headers. */
const TIMEOUT_MS = 60_000;

const nodeOf = (url: string, role: ChainRole) => createSubstrateNode(jsonRpc(url, TIMEOUT_MS), role);

const source: Act = async ({ relayChainUrl, finality: file, paraId, at }, { print }) => {
  const start = await readFinalitySource(nodeOf(relayChainUrl, "relay-chain"), { at, paraId });
  const before = readFinalityFile(file);
  const chains = withSource(before, start);
  if (chains !== before) writeFinalityFile(file, chains);
  const { set } = start.source;
  print({
    anchor: anchorOf(start),
    setId: set.id.toString(),
    authorities: set.authorities.length,
    paraId,
    from: start.from?.toString(),
    written: chains !== before,
    file,
  });
};

/** Appends all hand-overs that there are now. @returns how many */
async function append(given: FinalitySettings, { log, stop }: CommandContext): Promise<number> {
  const { relayChainUrl, finality: file } = given;
  const chain = chainOf(readFinalityFile(file), given.anchor);
  const anchor = anchorOf(chain);
  const { set, after } = followedTo(chain);
  if (after === undefined) {
    const message = `--finality: the chain ${anchor} in ${file} does not say from which block it starts ('from')`;
    throw new RollupError("SETTING_INVALID", message);
  }
  let count = 0;
  for await (const found of handOversSince(nodeOf(relayChainUrl, "relay-chain"), { set, after })) {
    writeFinalityFile(file, withHandOver(readFinalityFile(file), anchor, found.handOver));
    count += 1;
    log.info({ anchor, setId: found.set.id, height: found.height }, "a set of authorities has handed over");
    if (stop.aborted) break;
  }
  return count;
}

/** What a node does wrong is told and tried again; what provers would refuse ends it, and the file stays as it was. */
const follow: Act = async (given, context) => {
  const { log, stop, print } = context;
  let added = 0;
  do {
    try {
      added += await append(given, context);
    } catch (error) {
      const isPassing = isRollupError(error, "RPC_UNREACHABLE") || isRollupError(error, "RPC_REFUSED");
      if (given.once || !isPassing) throw error;
      log.warn({ error: error.message }, "the relay chain's node is asked again");
    }
    if (given.once || stop.aborted) break;
    await setTimeout(given.pollInterval * 1000, undefined, { signal: stop }).catch(() => {});
  } while (!stop.aborted);
  const chain = chainOf(readFinalityFile(given.finality), given.anchor);
  const { set, after } = followedTo(chain);
  print({
    anchor: anchorOf(chain),
    setId: set.id.toString(),
    after: after?.toString(),
    handOvers: chain.handOvers.length,
    added,
  });
};

const prove: Act = async (given, { print }) => {
  const chain = chainOf(readFinalityFile(given.finality), given.anchor);
  const relay = nodeOf(given.relayChainUrl, "relay-chain");
  const parachain =
    chain.source.paraId === undefined
      ? relay
      : nodeOf(needed(given.parachainUrl, "parachainUrl"), "parachain");
  const block = await blockNamed(parachain, needed(given.block, "block"));
  const { witness, setId, by } = await proveFinality(chain, { relay, parachain }, block);
  const proof = toHex(witness);
  if (given.out !== undefined) writeFileSync(given.out, `${proof}\n`);
  print({
    anchor: anchorOf(chain),
    height: block.height.toString(),
    blockHash: toHex(block.hash),
    setId: setId.toString(),
    by: { height: by.height.toString(), hash: toHex(by.hash) },
    bytes: witness.length,
    ...(given.out === undefined ? { proof } : { out: given.out }),
  });
};

const actions: Readonly<Record<string, Act>> = { source, follow, prove };
const choice = actionsOf(actions);

export const finalityCommand = defineCommand({
  name: "finality",
  summary:
    "collects what shows that a parachain's blocks are final: where it starts, hand-overs since, proofs",
  words: choice.words,
  settings,
  run: async (given, context) => {
    const act = choice.chosen(context.words);
    await act(given, context);
    return HOLDS;
  },
});
