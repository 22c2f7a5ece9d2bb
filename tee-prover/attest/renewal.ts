import type { Address } from "@phala-l2/protocol/bytes";
import type { Expiry } from "./expiry.ts";

/** A key's standing in the registry: whether it was ever admitted and whether it counts now are two questions. */
export type Standing = {
  readonly isRegistered: boolean;
  readonly isValid: boolean;
  /** Unix seconds; undefined when the key is not registered. */
  readonly expiresAt: bigint | undefined;
};

export type RenewalInput = {
  readonly key: Address;
  /** What expires in the evidence. */
  readonly expiries: readonly Expiry[];
  readonly standing: Standing;
  /** Of the registry's policy: which the evidence is for, and the least that counts now. */
  readonly policyVersion: { readonly evidence: bigint; readonly least: bigint };
  /** Unix seconds. */
  readonly now: bigint;
  /** Seconds before an end in which a new key is taken: time for people to mend what stands in the way. */
  readonly lead: bigint;
  /** Seconds over which provers spread, so that they do not renew all at once. */
  readonly spread: bigint;
};

export type Renewal =
  /** Nothing is in the way of this key's first registration. */
  | { readonly kind: "register" }
  | { readonly kind: "now"; readonly reason: string }
  | { readonly kind: "later"; readonly at: bigint; readonly reason: string };

/** A share of the spread that is the key's own: its first two bytes of 65,536. */
function ownShare(key: Address, spread: bigint): bigint {
  const first = BigInt((key[0] ?? 0) * 256 + (key[1] ?? 0));
  return (spread * first) / 65_536n;
}

/** The earliest of what ends; undefined when nothing does. */
function earliestOf(ends: readonly Expiry[]): Expiry | undefined {
  return ends.reduce<Expiry | undefined>(
    (best, end) => (best === undefined || end.at < best.at ? end : best),
    undefined,
  );
}

/**
 * When a prover has to take a new key with new evidence: ahead of the first thing that expires, and at once when its key
 * no longer counts or the policy no longer counts its evidence. A key that was never admitted is not renewed for it: its
 * registration may still be on the way.
 */
export function renewalOf(input: RenewalInput): Renewal {
  const { key, expiries, standing, policyVersion, now, lead, spread } = input;
  if (policyVersion.evidence < policyVersion.least) {
    const reason = `the policy counts evidence from version ${policyVersion.least} on, this is for ${policyVersion.evidence}`;
    return { kind: "now", reason };
  }
  if (standing.isRegistered && !standing.isValid) {
    return { kind: "now", reason: "the registry does not count the key any more" };
  }
  const registration: readonly Expiry[] =
    standing.expiresAt === undefined ? [] : [{ what: "the registration", at: standing.expiresAt }];
  const first = earliestOf([...expiries, ...registration]);
  const at = first === undefined ? undefined : first.at - lead - ownShare(key, spread);
  if (first !== undefined && at !== undefined && at <= now) {
    return { kind: "now", reason: `${first.what} ends at ${first.at}` };
  }
  if (!standing.isRegistered) return { kind: "register" };
  return first === undefined || at === undefined
    ? { kind: "later", at: now + lead, reason: "nothing expires; look again" }
    : { kind: "later", at, reason: `${first.what} ends at ${first.at}` };
}
