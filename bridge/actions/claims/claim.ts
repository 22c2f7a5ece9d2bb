import { sunsetClaimsAbi } from "@phala-l2/contracts/abi/sunset-claims";
import { hashFromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { encodeSs58, PHALA_SS58_PREFIX } from "@phala-l2/protocol/substrate/ss58";
import { type ClaimForm, formNumber, phaOfPlanck } from "@phala-l2/sunset/message";
import { type Address, type Hash, type Hex, parseEventLogs } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { clockNow, whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import {
  claimsContract,
  type Entitlement,
  type KeySignature,
  type Owners,
  type ProxyLink,
  type SignedOrder,
  type SunsetPlaces,
} from "./contract.ts";

export type Claimed = {
  readonly l1Hash: Hash;
  readonly account: Hex;
  readonly receiver: Address;
  readonly planck: bigint;
  /** Wei of PHA. */
  readonly amount: bigint;
};

const orderOf = ({ receiver, form, deadline }: SignedOrder) => ({
  receiver,
  deadline,
  form: formNumber(form),
});

/** Waits for a claim's transaction, and tells what it paid. */
async function claimed(bridge: Bridge, l1Hash: Hash): Promise<Claimed> {
  const { logs } = await confirmed(bridge.l1, l1Hash, "claim");
  const [event] = parseEventLogs({ abi: sunsetClaimsAbi, eventName: "Claimed", logs });
  if (event === undefined) throw new RollupError("CLAIM_NO_EVENT", `${l1Hash} claimed nothing`);
  const { account, receiver, planck, amount } = event.args;
  return { l1Hash, account, receiver, planck, amount };
}

const ARRIVES: Readonly<Record<ClaimForm, string>> = {
  ethereum: "on Ethereum. It is in the receiver's wallet with this transaction.",
  l2: "on the L2. The bridge brings it there, seconds to minutes after this transaction.",
  staked:
    "on the L2, staked: as vPHA, with its votes. It comes seconds to minutes after this transaction; 'l2 stake unlock' asks it back.",
};

type Payment = {
  readonly account: Hex;
  readonly planck: bigint;
  readonly receiver: Address;
  readonly form: ClaimForm;
};

/** What the transaction does, before it is sent. */
function tellPayment({ tell }: Bridge, { account, planck, receiver, form }: Payment): void {
  const ss58 = encodeSs58(hashFromHex(account), PHALA_SS58_PREFIX);
  tell(`Pays all that ${ss58} is owed, ${phaOfPlanck(planck)} PHA, to ${receiver} ${ARRIVES[form]}`);
  tell("An account is paid once; nobody can take it back.");
}

type SignedClaim = { readonly entitlement: Entitlement; readonly order: SignedOrder };

/**
 * Claims for an account by its own key's signature. Whoever sends it pays the gas and can change nothing.
 * @throws RollupError BRIDGE_TRANSACTION_REVERTED, BRIDGE_FUNDS, BRIDGE_… of L1, CLAIM_NO_EVENT
 */
export async function claim(
  bridge: Bridge,
  places: SunsetPlaces,
  { entitlement, order, ownership }: SignedClaim & { readonly ownership: KeySignature },
): Promise<Claimed> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "claim",
      args: [entitlement, orderOf(order), ownership],
    });
    tellPayment(bridge, { ...entitlement, ...order });
    return claimed(bridge, await bridge.l1.writeContract(request));
  });
}

/** Claims for a multisig account by its signatories' signatures. @throws as `claim` */
export async function claimMultisig(
  bridge: Bridge,
  places: SunsetPlaces,
  { entitlement, order, owners }: SignedClaim & { readonly owners: Owners },
): Promise<Claimed> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "claimMultisig",
      args: [entitlement, orderOf(order), owners],
    });
    tellPayment(bridge, { ...entitlement, ...order });
    return claimed(bridge, await bridge.l1.writeContract(request));
  });
}

type ProxyClaim = SignedClaim & { readonly link: ProxyLink; readonly owners: Owners };

/** Claims for an account by the signature of its proxy without delay. @throws as `claim` */
export async function claimByProxy(
  bridge: Bridge,
  places: SunsetPlaces,
  { entitlement, order, link, owners }: ProxyClaim,
): Promise<Claimed> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "claimByProxy",
      args: [entitlement, orderOf(order), link, owners],
    });
    tellPayment(bridge, { ...entitlement, ...order });
    return claimed(bridge, await bridge.l1.writeContract(request));
  });
}

export type Announced = {
  readonly l1Hash: Hash;
  /** Unix seconds from which on `claimAnnounced` passes. */
  readonly opensAt: bigint;
};

/** Announces the claim of a proxy with a delay. @throws as `claim` */
export async function announceByProxy(
  bridge: Bridge,
  places: SunsetPlaces,
  { entitlement, order, link, owners }: ProxyClaim,
): Promise<Announced> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "announceByProxy",
      args: [entitlement, orderOf(order), link, owners],
    });
    bridge.tell(
      `Announces that ${phaOfPlanck(entitlement.planck)} PHA shall be paid to ${order.receiver}; nothing is paid yet, and the account can veto it.`,
    );
    const l1Hash = await bridge.l1.writeContract(request);
    const { logs } = await confirmed(bridge.l1, l1Hash, "announcement");
    const [event] = parseEventLogs({ abi: sunsetClaimsAbi, eventName: "Announced", logs });
    if (event === undefined) throw new RollupError("CLAIM_NO_EVENT", `${l1Hash} announced nothing`);
    const { opensAt } = event.args;
    bridge.tell(`'l2 claim execute' pays it from ${whenText(opensAt, clockNow())}; anyone may.`);
    return { l1Hash, opensAt };
  });
}

type AnnouncedClaim = {
  readonly account: Hex;
  readonly planck: bigint;
  readonly order: SignedOrder;
  readonly delegate: Hex;
};

/** Executes what a proxy announced, once its delay has passed. Anyone may. @throws as `claim` */
export async function claimAnnounced(
  bridge: Bridge,
  places: SunsetPlaces,
  { account, planck, order, delegate }: AnnouncedClaim,
): Promise<Claimed> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "claimAnnounced",
      args: [account, planck, orderOf(order), delegate],
    });
    tellPayment(bridge, { account, planck, ...order });
    return claimed(bridge, await bridge.l1.writeContract(request));
  });
}

type RegisteredClaim = {
  readonly entitlement: Entitlement;
  readonly receiver: Address;
  readonly form: ClaimForm;
  /** Proof of the RECEIVER leaf. */
  readonly registration: readonly Hex[];
};

/** Pays an account to the receiver that it registered on the parachain. Anyone may. @throws as `claim` */
export async function claimRegistered(
  bridge: Bridge,
  places: SunsetPlaces,
  { entitlement, receiver, form, registration }: RegisteredClaim,
): Promise<Claimed> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "claimRegistered",
      args: [entitlement, receiver, formNumber(form), registration],
    });
    tellPayment(bridge, { ...entitlement, receiver, form });
    return claimed(bridge, await bridge.l1.writeContract(request));
  });
}

type Veto = {
  readonly account: Hex;
  readonly delegate: Hex;
  readonly deadline: bigint;
  readonly owners: Owners;
};

/** Shuts a proxy out for ever, by its account's signature. @throws as `claim` */
export async function vetoProxy(
  bridge: Bridge,
  places: SunsetPlaces,
  { account, delegate, deadline, owners }: Veto,
): Promise<{ readonly l1Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "veto",
      args: [account, delegate, deadline, owners],
    });
    bridge.tell(`Shuts the proxy ${delegate} of ${account} out of its claim, for ever.`);
    const l1Hash = await bridge.l1.writeContract(request);
    await confirmed(bridge.l1, l1Hash, "veto");
    return { l1Hash };
  });
}

/** Puts signatures of a multisig's keys on record, where all do not fit into one transaction. @throws as `claim` */
export async function approveClaim(
  bridge: Bridge,
  places: SunsetPlaces,
  { message, keys }: { readonly message: Hex; readonly keys: readonly KeySignature[] },
): Promise<{ readonly l1Hash: Hash }> {
  return withFaults(async () => {
    const { request } = await bridge.l1.simulateContract({
      ...claimsContract(places),
      account: bridge.account,
      functionName: "approve",
      args: [message, keys],
    });
    const l1Hash = await bridge.l1.writeContract(request);
    await confirmed(bridge.l1, l1Hash, "approval");
    return { l1Hash };
  });
}
