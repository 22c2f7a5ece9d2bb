import { type Address, asHash, bytesEqual, type Hash, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import type { RuntimeEvent } from "@phala-l2/protocol/substrate/events";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import type { SwapDomain, SwapSettings } from "@phala-l2/protocol/swap-release";
import { swapAccount } from "./account.ts";
import { type DepositPlace, type RemarkFault, readRemark } from "./remark.ts";

/**
 * What a deposit is, by a block's events alone, so that it is the same however the call was made: by a key, a multisig, a
 * proxy, in any batch.
 *
 * - A deposit is one `Balances.Transfer` to the swap account.
 * - It is valid if, in the same extrinsic, its sender made exactly one remark with an event (`System.Remarked`, which tells the
 *   sender and the BLAKE2b-256 of the text), and the text names this L1 and a receiver; and if it is not below the minimum.
 * - Any other is refused. It is listed, it stays its sender's, and a later valid deposit of the same sender that names its
 *   place sends it along. A remark alone does not: somebody may be a sender's proxy for remarks and not for transfers.
 *
 * A block's list of events has only what took place: what a failed call did, it has not. So the rule asks for no success.
 */
export type Deposit = DepositPlace & {
  /** In its block; undefined where the runtime itself, and no extrinsic, made the transfer. */
  readonly extrinsicIndex: number | undefined;
  /** AccountId. */
  readonly sender: Hash;
  readonly planck: bigint;
  readonly verdict: Verdict;
};

export type Verdict =
  | { readonly kind: "valid"; readonly receiver: Address; readonly repairs: readonly DepositPlace[] }
  | { readonly kind: "refused"; readonly reason: Refusal }
  /** The text of a remark is not there: whoever shows the block leaves out what it takes to judge. */
  | { readonly kind: "undecided"; readonly remarkHash: Hash };

/** Why a deposit is not released by itself. */
export type Refusal =
  | RemarkFault
  | "height-out-of-range"
  | "outside-extrinsics"
  | "no-remark"
  | "several-remarks"
  | "other-chain"
  | "receiver-impossible"
  | "below-minimum"
  | "nothing";

/** By what deposits are judged. */
export type DepositRule = { readonly settings: SwapSettings; readonly domain: SwapDomain };

/** A block's events, and texts of remarks that are in it. */
export type BlockFacts = {
  readonly height: bigint;
  readonly events: readonly RuntimeEvent[];
  readonly remarks: readonly Uint8Array[];
};

type Transfer = { readonly sender: Hash; readonly to: Uint8Array; readonly planck: bigint };
type Remarked = { readonly sender: Hash; readonly hash: Hash };

const ACCOUNT_LENGTH = 32;
const BALANCE_LENGTH = 16;

/** The fields' bytes if they have these lengths; another runtime's event of the same name is none of ours. */
function fieldsOf(
  { pallet, name, fields }: RuntimeEvent,
  wanted: string,
  lengths: readonly number[],
): readonly Uint8Array[] | undefined {
  const isIt = `${pallet}.${name}` === wanted && fields.length === lengths.length;
  return isIt && fields.every(({ bytes }, i) => bytes.length === lengths[i])
    ? fields.map(({ bytes }) => bytes)
    : undefined;
}

function transferOf(event: RuntimeEvent): Transfer | undefined {
  const fields = fieldsOf(event, "Balances.Transfer", [ACCOUNT_LENGTH, ACCOUNT_LENGTH, BALANCE_LENGTH]);
  const [from, to, amount] = fields ?? [];
  if (from === undefined || to === undefined || amount === undefined) return undefined;
  return { sender: asHash(from), to, planck: new ScaleReader(amount).u128() };
}

function remarkedOf(event: RuntimeEvent): Remarked | undefined {
  const [sender, hash] = fieldsOf(event, "System.Remarked", [ACCOUNT_LENGTH, ACCOUNT_LENGTH]) ?? [];
  return sender && hash && { sender: asHash(sender), hash: asHash(hash) };
}

function refused(reason: Refusal): Verdict {
  return { kind: "refused", reason };
}

/** Whether the contract would pay to an address: what it, the token or nobody's address holds is lost. */
export function canReceive(receiver: Address, { settings, domain }: DepositRule): boolean {
  return ![domain.contract, settings.token, ZERO_ADDRESS].some((none) => bytesEqual(receiver, none));
}

/** Judges what the remark of a deposit says. */
function judgeRemark(text: Uint8Array, { settings, domain }: DepositRule): Verdict {
  const reading = readRemark(text);
  if (reading.kind === "invalid") return refused(reading.reason);
  const { chainId, receiver, repairs } = reading.remark;
  if (chainId !== domain.chainId) return refused("other-chain");
  if (!canReceive(receiver, { settings, domain })) return refused("receiver-impossible");
  return { kind: "valid", receiver, repairs };
}

/** What concerns the deposit beside its remark. */
function judgeTransfer(
  { planck }: Transfer,
  height: bigint,
  { firstHeight, lastHeight, minimum }: SwapSettings,
): Verdict | undefined {
  if (height < firstHeight || height > lastHeight) return refused("height-out-of-range");
  if (planck === 0n) return refused("nothing");
  return planck < minimum ? refused("below-minimum") : undefined;
}

/** All deposits of a block, in the order of their events. */
export function depositsOf({ height, events, remarks }: BlockFacts, rule: DepositRule): readonly Deposit[] {
  const account = swapAccount(rule.domain.contract);
  const texts = new Map(remarks.map((text) => [toHex(blake2b256(text)), text]));
  const remarked = events.flatMap((event) => {
    const found = remarkedOf(event);
    return found === undefined ? [] : [{ ...found, extrinsic: event.extrinsic }];
  });
  const judge = (transfer: Transfer, extrinsic: number | undefined): Verdict => {
    const beside = judgeTransfer(transfer, height, rule.settings);
    if (beside !== undefined) return beside;
    if (extrinsic === undefined) return refused("outside-extrinsics");
    const own = remarked.filter(
      (remark) => remark.extrinsic === extrinsic && bytesEqual(remark.sender, transfer.sender),
    );
    const [remark] = own;
    if (remark === undefined) return refused("no-remark");
    if (own.length > 1) return refused("several-remarks");
    const text = texts.get(toHex(remark.hash));
    return text === undefined ? { kind: "undecided", remarkHash: remark.hash } : judgeRemark(text, rule);
  };
  return events.flatMap((event) => {
    const transfer = transferOf(event);
    if (transfer === undefined || !bytesEqual(transfer.to, account)) return [];
    const { sender, planck } = transfer;
    const verdict = judge(transfer, event.extrinsic);
    return [{ height, eventIndex: event.index, extrinsicIndex: event.extrinsic, sender, planck, verdict }];
  });
}

/** Why a later deposit cannot repair an earlier one; undefined when it does. */
export type RepairFault =
  | "repair-not-named"
  | "repair-not-needed"
  | "repair-of-another"
  | "repair-impossible";

/**
 * Whether a refused deposit is owed to the receiver of a later one: that one is valid, of the same sender, names this
 * one's place, and stands behind it.
 */
export function repairFault(earlier: Deposit, later: Deposit): RepairFault | undefined {
  if (later.verdict.kind !== "valid") return "repair-impossible";
  const { height, eventIndex } = earlier;
  const isNamed = later.verdict.repairs.some(
    (place) => place.height === height && place.eventIndex === eventIndex,
  );
  if (!isNamed) return "repair-not-named";
  if (earlier.verdict.kind !== "refused") return "repair-not-needed";
  const { reason } = earlier.verdict;
  if (reason === "height-out-of-range" || reason === "nothing") return "repair-impossible";
  if (!bytesEqual(earlier.sender, later.sender)) return "repair-of-another";
  const isLater = later.height > height || (later.height === height && later.eventIndex > eventIndex);
  return isLater ? undefined : "repair-impossible";
}
