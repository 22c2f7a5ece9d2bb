import { setTimeout as sleep } from "node:timers/promises";
import { type Address, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { fieldOf } from "@phala-l2/protocol/json-record";
import { phaOfPlanck } from "@phala-l2/sunset/message";
import { swapAccount } from "@phala-l2/swap/account";
import { canReceive, type DepositRule } from "@phala-l2/swap/deposit";
import { type DepositPlace, formatRemark } from "@phala-l2/swap/remark";
import { requireKnownRuntime } from "@phala-l2/swap/runtime-check";
import { ApiPromise, HttpProvider } from "@polkadot/api";
import { jsonRpc } from "../../json-rpc.ts";
import type { SubstrateKey } from "../../substrate-account.ts";

export type SwapDeposit = {
  /** Who pays on the parachain, by its key. */
  readonly signer: SubstrateKey;
  /** Who is paid on L1. */
  readonly receiver: Address;
  readonly planck: bigint;
  /** Refused deposits of the same account that this one sends along. */
  readonly repairs: readonly DepositPlace[];
};

export type DepositMade = {
  readonly extrinsicHash: Hex;
  /** Where it stands, as `l2 swap status --deposit` takes it. */
  readonly deposit: string;
};

/** Metadata are hundreds of kilobytes. */
const TIMEOUT_MS = 30_000;
/** Blocks in which it may be included: an upgrade of the runtime may come, and a deposit after it is lost. */
const ERA = 16;
/** Milliseconds between looks, and until a block with it should be final; a relay chain takes half a minute or so. */
const POLL_MS = 500;
const FINAL_WITHIN_MS = 300_000;

/** The library's own types differ in this one place. */
class HttpNode extends HttpProvider {
  readonly #url: string;

  constructor(url: string) {
    super(url);
    this.#url = url;
  }

  override clone(): HttpNode {
    return new HttpNode(this.#url);
  }

  override get ttl(): number | null {
    return super.ttl ?? null;
  }
}

/** The calls of one deposit. @throws RollupError SWAP_RUNTIME where the runtime has other ones */
function callOf(api: ApiPromise, { domain }: DepositRule, { receiver, planck, repairs }: SwapDeposit) {
  const { balances, system, utility } = api.tx;
  if (!balances?.transferKeepAlive || !system?.remarkWithEvent || !utility?.batchAll)
    throw new RollupError("SWAP_RUNTIME", "make no deposit now: the runtime lacks a call that it takes");
  return utility.batchAll([
    balances.transferKeepAlive(toHex(swapAccount(domain.contract)), planck),
    system.remarkWithEvent(formatRemark({ chainId: domain.chainId, receiver, repairs })),
  ]);
}

/** Refuses what the contract would never pay to. @throws RollupError SWAP_RECEIVER */
export function requireReceiver(receiver: Address, rule: DepositRule): void {
  if (canReceive(receiver, rule)) return;
  const message = `${toHex(receiver)} is nobody's address, the swap's or the token's own: nothing is paid to it`;
  throw new RollupError("SWAP_RECEIVER", message, { data: { receiver: toHex(receiver) } });
}

/** @throws RollupError SWAP_RECEIVER, SWAP_AMOUNT */
function requireSound(rule: DepositRule, { receiver, planck }: SwapDeposit): void {
  requireReceiver(receiver, rule);
  const { minimum } = rule.settings;
  if (planck >= minimum) return;
  const message = `the swap takes ${phaOfPlanck(minimum)} PHA at least, not ${phaOfPlanck(planck)}: write 500PHA for PHA, a bare number is planck`;
  throw new RollupError("SWAP_AMOUNT", message, { data: { minimum: minimum.toString() } });
}

/** A transfer that fails costs its fee. @throws RollupError SWAP_FUNDS */
async function requireFunds(api: ApiPromise, { signer, planck }: SwapDeposit): Promise<void> {
  const account = (await api.query.system?.account?.(signer.address))?.toJSON();
  const [free, frozen] = ["free", "frozen"].map((name) => balanceIn(fieldOf(account, "data"), name));
  if (free === undefined || free - (frozen ?? 0n) > planck) return;
  const message = `the account has ${phaOfPlanck(free - (frozen ?? 0n))} PHA that it may move, and pays the fee of it too: deposit less`;
  throw new RollupError("SWAP_FUNDS", message, { data: { free: free.toString() } });
}

/** A number of JSON, or hex where it is a large one; undefined where there is none. */
function balanceIn(data: unknown, name: string): bigint | undefined {
  const value = fieldOf(data, name);
  return typeof value === "number" || typeof value === "string" ? BigInt(value) : undefined;
}

/** Waits for the final block that has the extrinsic. @throws RollupError SWAP_DEPOSIT_NOT_SEEN */
async function finalPlace(api: ApiPromise, extrinsicHash: Hex, from: number) {
  const deadline = Date.now() + FINAL_WITHIN_MS;
  for (let height = from; ; ) {
    const head = await api.rpc.chain.getHeader(await api.rpc.chain.getFinalizedHead());
    for (; height <= head.number.toNumber(); height++) {
      const blockHash = await api.rpc.chain.getBlockHash(height);
      const { block } = await api.rpc.chain.getBlock(blockHash);
      const index = block.extrinsics.findIndex(({ hash }) => hash.toHex() === extrinsicHash);
      if (index >= 0) return { height, index, blockHash };
    }
    if (Date.now() > deadline) {
      const message = `no final block has ${extrinsicHash} yet: look it up before you deposit again`;
      throw new RollupError("SWAP_DEPOSIT_NOT_SEEN", message, { data: { extrinsicHash } });
    }
    await sleep(POLL_MS);
  }
}

/** Place of the transfer among its block's events. @throws RollupError SWAP_DEPOSIT_FAILED */
async function transferEvent(
  api: ApiPromise,
  place: Awaited<ReturnType<typeof finalPlace>>,
  extrinsicHash: Hex,
): Promise<number> {
  const { events } = (await api.at(place.blockHash)).query.system ?? {};
  const records = await events?.();
  const list: readonly EventRecord[] = Array.isArray(records) ? records : [];
  const own = (record: EventRecord) =>
    record.phase.isApplyExtrinsic && record.phase.asApplyExtrinsic.toNumber() === place.index;
  const found = list.findIndex(
    (record) => own(record) && record.event.section === "balances" && record.event.method === "Transfer",
  );
  const failed = list.some(
    (record) => own(record) && record.event.section === "system" && record.event.method === "ExtrinsicFailed",
  );
  if (found >= 0 && !failed) return found;
  const message = `${extrinsicHash} failed in block ${place.height}: nothing was deposited`;
  throw new RollupError("SWAP_DEPOSIT_FAILED", message, { data: { extrinsicHash } });
}

type EventRecord = {
  readonly phase: { readonly isApplyExtrinsic: boolean; readonly asApplyExtrinsic: { toNumber(): number } };
  readonly event: { readonly section: string; readonly method: string };
};

/**
 * Makes a deposit on the parachain, once it is sure that the swap can read its runtime, and waits until it is final there.
 * @param parachainUrl JSON-RPC over HTTP.
 * @throws RollupError SWAP_…, RPC_…
 */
export async function depositToSwap(
  parachainUrl: string,
  swap: DepositRule,
  deposit: SwapDeposit,
): Promise<DepositMade> {
  requireSound(swap, deposit);
  await requireKnownRuntime(jsonRpc(parachainUrl, TIMEOUT_MS), swap.settings);
  const provider = new HttpNode(parachainUrl);
  const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true });
  try {
    const from = (await api.rpc.chain.getHeader()).number.toNumber() + 1;
    const { lastHeight } = swap.settings;
    if (BigInt(from + ERA) > lastHeight) {
      const message = `the swap ends with block ${lastHeight}: what comes later is lost`;
      throw new RollupError("SWAP_ENDED", message, { data: { lastHeight: lastHeight.toString() } });
    }
    await requireFunds(api, deposit);
    const signed = await callOf(api, swap, deposit).signAsync(deposit.signer, { era: ERA });
    const extrinsicHash = signed.hash.toHex();
    await api.rpc.author.submitExtrinsic(signed).catch((cause: unknown) => {
      throw new RollupError("SWAP_DEPOSIT_FAILED", "the parachain's node refuses the deposit", { cause });
    });
    const place = await finalPlace(api, extrinsicHash, from);
    return { extrinsicHash, deposit: `${place.height}-${await transferEvent(api, place, extrinsicHash)}` };
  } finally {
    await api.disconnect();
  }
}
