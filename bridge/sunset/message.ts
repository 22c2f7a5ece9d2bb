import { type Address, concatBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";

/**
 * The texts that holders sign on the parachain's side, byte for byte what `SunsetClaims` builds on L1: ASCII, so that a
 * wallet shows them as they are. The layout is docs/spec/pha-claims.md; protocol/vectors/sunset-messages.json pins it for
 * TypeScript and Solidity alike.
 */

/** Where claimed PHA goes; the number is the contract's. */
export const CLAIM_FORMS = ["ethereum", "l2", "staked"] as const;
export type ClaimForm = (typeof CLAIM_FORMS)[number];

/** What whoever signs is to the account; the number is the contract's. */
export const CLAIM_ROLES = ["owner", "signatory", "proxy"] as const;
export type ClaimRole = (typeof CLAIM_ROLES)[number];

/** Which contract a message is for. */
export type ClaimOrigin = {
  /** The L1. */
  readonly chainId: bigint;
  /** `SunsetClaims`. */
  readonly contract: Address;
  /** The parachain, and its last block. */
  readonly genesisHash: Hash;
  readonly height: bigint;
};

export type ClaimOrder = {
  /** AccountId on the parachain. */
  readonly account: Hash;
  /** All that the account is owed; 12 decimals. */
  readonly planck: bigint;
  readonly receiver: Address;
  readonly form: ClaimForm;
  /** Unix seconds, the last at which the contract takes the message; before the year 10000. */
  readonly deadline: bigint;
};

export type VetoOrder = {
  readonly account: Hash;
  /** The proxy that is shut out. */
  readonly delegate: Hash;
  readonly deadline: bigint;
};

const DECIMALS = 12;
const SECONDS_PER_DAY = 86_400n;
/** 9999-12-31 23:59:59 UTC. */
export const MAX_DEADLINE = 253_402_300_799n;

const FORM_NAMES: Readonly<Record<ClaimForm, string>> = {
  ethereum: "PHA on Ethereum",
  l2: "PHA on the Phala L2",
  staked: "staked PHA (vPHA) on the Phala L2",
};

const ROLE_NAMES: Readonly<Record<ClaimRole, string>> = {
  owner: "owner of the account",
  signatory: "signatory of the account, a multisig",
  proxy: "proxy of the account",
};

/** PHA with all its twelve decimals. */
export function phaOfPlanck(planck: bigint): string {
  const digits = planck.toString().padStart(DECIMALS + 1, "0");
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

function padded(value: bigint, length: number): string {
  return value.toString().padStart(length, "0");
}

/**
 * Time as people read it, and as it is. Calendar arithmetic rather than `Date`: the contract's, for the same times
 * (Hinnant's `civil_from_days`; years begin in March, so that the leap day is the last).
 */
function timeText(time: bigint): string {
  const shifted = time / SECONDS_PER_DAY + 719_468n;
  const ofEra = shifted % 146_097n;
  const yearOfEra = (ofEra - ofEra / 1460n + ofEra / 36_524n - ofEra / 146_096n) / 365n;
  const ofYear = ofEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const fromMarch = (5n * ofYear + 2n) / 153n;
  const day = ofYear - (153n * fromMarch + 2n) / 5n + 1n;
  const month = fromMarch < 10n ? fromMarch + 3n : fromMarch - 9n;
  const year = yearOfEra + 400n * (shifted / 146_097n) + (month <= 2n ? 1n : 0n);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  const clock = [(time / 3600n) % 24n, (time / 60n) % 60n, time % 60n]
    .map((part) => padded(part, 2))
    .join(":");
  return `${date} ${clock} UTC (${time})`;
}

function tail({ chainId, contract, genesisHash, height }: ClaimOrigin, deadline: bigint): string {
  return [
    "",
    `Deadline: ${timeText(deadline)}`,
    `Parachain genesis: ${toHex(genesisHash)}`,
    `Parachain height: ${height}`,
    `Ethereum chain id: ${chainId}`,
    `Contract: ${toHex(contract)}`,
  ].join("\n");
}

/** The text of a claim, signed by its owner, a signatory of its multisig or its proxy. */
export function claimMessage(origin: ClaimOrigin, order: ClaimOrder, role: ClaimRole): string {
  const { account, planck, receiver, form, deadline } = order;
  const what = [
    "Claim of PHA from a parachain that has ended",
    "",
    `Amount: ${phaOfPlanck(planck)} PHA`,
    `Receiver: ${toHex(receiver)}`,
    `Form: ${FORM_NAMES[form]}`,
    `Account: ${toHex(account)}`,
    `Signed as: ${ROLE_NAMES[role]}`,
  ].join("\n");
  return what + tail(origin, deadline);
}

/** The text by which an account shuts out a proxy of its own. */
export function vetoMessage(origin: ClaimOrigin, { account, delegate, deadline }: VetoOrder): string {
  const what = [
    "Veto of a proxy's claims of PHA from a parachain that has ended",
    "",
    `Proxy: ${toHex(delegate)}`,
    `Account: ${toHex(account)}`,
  ].join("\n");
  return what + tail(origin, deadline);
}

const encoder = new TextEncoder();

/** The bytes that a key signs: the text, or what Polkadot wallets make of it when they are asked to sign a message. */
export function signedBytes(text: string, wrapped: boolean): Uint8Array {
  const bytes = encoder.encode(text);
  return wrapped ? concatBytes(encoder.encode("<Bytes>"), bytes, encoder.encode("</Bytes>")) : bytes;
}

/** The contract's number of a form. */
export function formNumber(form: ClaimForm): number {
  return CLAIM_FORMS.indexOf(form);
}

/** The contract's number of a role. */
export function roleNumber(role: ClaimRole): number {
  return CLAIM_ROLES.indexOf(role);
}
