import { addressFromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { BALANCE, PROXY, RECEIVER } from "@phala-l2/sunset/claims-tree";
import {
  CLAIM_FORMS,
  type ClaimOrigin,
  type ClaimRole,
  claimMessage,
  vetoMessage,
} from "@phala-l2/sunset/message";
import { type Address, type Hex, slice } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { claimsFile, findClaims, type ProvenLeaf } from "../../snapshot/claims-folder.ts";
import { whenText } from "../../wording.ts";
import {
  type Announced,
  announceByProxy,
  type Claimed,
  claim,
  claimAnnounced,
  claimByProxy,
  claimMultisig,
  claimRegistered,
  vetoProxy,
} from "./claim.ts";
import {
  claimsContract,
  type Entitlement,
  type KeySignature,
  type Multisig,
  type ProxyLink,
  type SignedOrder,
  type SunsetPlaces,
} from "./contract.ts";
import { ownersOf, readEvidence } from "./evidence.ts";

/** Signatures as wallets give them, and the multisigs that their keys make up, inner ones first. */
export type WalletSignatures = {
  readonly keys: readonly { readonly signer: Hash; readonly signature: Uint8Array }[];
  readonly multisigs: readonly Multisig[];
};

/** Nothing was sent, why, and what helps. */
export type Refused = { readonly refused: string; readonly help?: string };

export type Holder = {
  /** What `l2 claims snapshot` wrote: the folder, or its claims.json. */
  readonly claims: string;
  /** The account on the parachain. */
  readonly holder: Hex;
};

/** What messages are bound to, as the contract says. @throws RollupError BRIDGE_… of L1 */
export async function claimOrigin({ l1, network }: Bridge, places: SunsetPlaces): Promise<ClaimOrigin> {
  return withFaults(async () => {
    const contract = claimsContract(places);
    const [genesisHash, height] = await Promise.all([
      l1.readContract({ ...contract, functionName: "genesisHash" }),
      l1.readContract({ ...contract, functionName: "height" }),
    ]);
    const bound = { genesisHash: hashFromHex(genesisHash), contract: addressFromHex(places.claims) };
    return { chainId: BigInt(network.l1ChainId), height, ...bound };
  });
}

async function leavesOf({ claims, holder }: Holder): Promise<readonly ProvenLeaf[]> {
  return (await findClaims(claimsFile(claims), holder)).leaves;
}

function entitlementIn(leaves: readonly ProvenLeaf[]): Entitlement | undefined {
  const found = leaves.find(({ leaf }) => leaf.kind === BALANCE);
  return found && { account: found.leaf.account, planck: found.leaf.value, proof: found.proof };
}

const nothingOwed = ({ holder }: Holder): Refused => ({
  refused: `nothing is owed to ${holder}`,
  help: "Name the account that owned the PHA on the parachain; 'l2 claims prove --account' shows what the claims have of it.",
});

/** Each key's signature judged here first: what the contract would refuse is not sent. */
async function evidenceOf(
  text: string,
  { keys }: WalletSignatures,
): Promise<readonly KeySignature[] | Refused> {
  const evidence: KeySignature[] = [];
  for (const [i, { signer, signature }] of keys.entries()) {
    const reading = await readEvidence(text, signature, signer);
    if (reading.kind === "invalid") {
      return {
        refused: `signature ${i + 1}: ${reading.reason}`,
        help: "Receiver, form, role, deadline and contract must be those that were signed: 'l2 claims verify' tells.",
      };
    }
    evidence.push(reading.evidence);
  }
  return evidence;
}

const isRefused = (outcome: readonly KeySignature[] | Refused): outcome is Refused => "refused" in outcome;

/** The link with the least delay. */
function linkIn(leaves: readonly ProvenLeaf[], delegate: Hex): ProxyLink | undefined {
  const links = leaves
    .filter(({ leaf }) => leaf.kind === PROXY && leaf.subject === delegate)
    .map(({ leaf, proof }) => ({ delegate, delay: Number(leaf.value), proof }));
  return links.toSorted((one, other) => one.delay - other.delay)[0];
}

export type Submission = Holder & {
  readonly order: SignedOrder;
  readonly role: ClaimRole;
  readonly signatures: WalletSignatures;
  /** Whose PROXY leaf it is, in that role. */
  readonly delegate: Hex | undefined;
};

/**
 * Sends a signed claim, whoever signed it: an account's key, a multisig's signatories or a proxy; a proxy with a delay
 * announces it only. Anyone may send it.
 * @throws RollupError BRIDGE_… of L1, CLAIMS_FILE_INVALID, CLAIM_NO_EVENT
 */
export async function submitClaim(
  bridge: Bridge,
  places: SunsetPlaces,
  submission: Submission,
): Promise<Claimed | Announced | Refused> {
  const { order, role, signatures, delegate } = submission;
  const late = await lateness(bridge, order.deadline);
  if (late !== undefined) return late;
  const leaves = await leavesOf(submission);
  const entitlement = entitlementIn(leaves);
  if (entitlement === undefined) return nothingOwed(submission);
  const origin = await claimOrigin(bridge, places);
  const { planck } = entitlement;
  const parts = { account: hashFromHex(entitlement.account), receiver: addressFromHex(order.receiver) };
  const text = claimMessage(origin, { ...order, ...parts, planck }, role);
  const evidence = await evidenceOf(text, signatures);
  if (isRefused(evidence)) return evidence;
  const owners = ownersOf(evidence, signatures.multisigs);
  if (role === "signatory") return claimMultisig(bridge, places, { entitlement, order, owners });
  if (role === "owner") {
    const [ownership] = evidence;
    if (ownership === undefined) {
      const help = "Give --signature: 'l2 claims sign' prints the text for the wallet.";
      return { refused: "the owner's signature is missing", help };
    }
    return claim(bridge, places, { entitlement, order, ownership });
  }
  const link = delegate && linkIn(leaves, delegate);
  if (link === undefined) {
    const help =
      "Only a proxy of kind Any, as it stood in the frozen state, can claim: 'l2 claims prove' lists them.";
    return { refused: `${delegate} is no proxy of ${entitlement.account} for everything`, help };
  }
  const byProxy = { entitlement, order, owners, link };
  return link.delay === 0 ? claimByProxy(bridge, places, byProxy) : announceByProxy(bridge, places, byProxy);
}

/** Executes what a proxy announced. Anyone may. @throws RollupError as `submitClaim` */
export async function executeAnnounced(
  bridge: Bridge,
  places: SunsetPlaces,
  { delegate, order, ...holder }: Holder & { readonly delegate: Hex; readonly order: SignedOrder },
): Promise<Claimed | Refused> {
  const entitlement = entitlementIn(await leavesOf(holder));
  if (entitlement === undefined) return nothingOwed(holder);
  const { account, planck } = entitlement;
  return claimAnnounced(bridge, places, { account, planck, order, delegate });
}

/** An address is right-aligned in its leaf's word. */
const ADDRESS_OFFSET = 12;

/** Pays an account where its registration on the parachain says. Anyone may. @throws RollupError as `submitClaim` */
export async function submitRegistered(
  bridge: Bridge,
  places: SunsetPlaces,
  holder: Holder,
): Promise<Claimed | Refused> {
  const leaves = await leavesOf(holder);
  const entitlement = entitlementIn(leaves);
  if (entitlement === undefined) return nothingOwed(holder);
  const found = leaves.find(({ leaf }) => leaf.kind === RECEIVER);
  const form = found && CLAIM_FORMS[Number(found.leaf.value)];
  if (found === undefined || form === undefined) {
    const help = "It can claim by a signature all the same: 'l2 claim submit'.";
    return { refused: `${holder.holder} has registered no receiver`, help };
  }
  const receiver: Address = slice(found.leaf.subject, ADDRESS_OFFSET);
  return claimRegistered(bridge, places, { entitlement, receiver, form, registration: found.proof });
}

export type VetoSubmission = {
  readonly holder: Hex;
  readonly delegate: Hex;
  readonly deadline: bigint;
  readonly signatures: WalletSignatures;
};

/** What is late is not sent, and no wallet is asked to sign it. */
async function lateness({ l1 }: Bridge, deadline: bigint): Promise<Refused | undefined> {
  const { timestamp: now } = await withFaults(() => l1.getBlock());
  if (deadline >= now) return undefined;
  return {
    refused: `the message was good until ${whenText(deadline, now)}`,
    help: "Have it signed again with a later --deadline: 'l2 claims sign' prints the text.",
  };
}

/**
 * Sends an account's veto of one of its proxies; without a signature, the text to sign.
 * @throws RollupError BRIDGE_… of L1
 */
export async function submitVeto(
  bridge: Bridge,
  places: SunsetPlaces,
  { holder, delegate, deadline, signatures }: VetoSubmission,
): Promise<{ readonly l1Hash: Hex } | { readonly message: string } | Refused> {
  const late = await lateness(bridge, deadline);
  if (late !== undefined) return late;
  const origin = await claimOrigin(bridge, places);
  const parts = { account: hashFromHex(holder), delegate: hashFromHex(delegate), deadline };
  const message = vetoMessage(origin, parts);
  if (signatures.keys.length === 0) return { message };
  const evidence = await evidenceOf(message, signatures);
  if (isRefused(evidence)) return evidence;
  const owners = ownersOf(evidence, signatures.multisigs);
  return vetoProxy(bridge, places, { account: holder, delegate, deadline, owners });
}
