import { bytesEqual, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import { RollupError } from "@phala-l2/protocol/errors";
import { hasDevelopmentVoter } from "@phala-l2/protocol/substrate/development-voters";
import { type FinalitySource, finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { type AuthoritySet, MAX_AUTHORITIES } from "@phala-l2/protocol/substrate/grandpa";
import { SNAPSHOT_RULES, type SunsetSettings } from "@phala-l2/protocol/sunset-statement";
import { areRuntimesSound, type SwapSettings } from "@phala-l2/protocol/swap-release";
import type { Hex } from "viem";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";

/** What is owed of a frozen parachain; see ISunsetRegistry and ISunsetClaims. Times in seconds. */
export type SunsetTerms = {
  readonly settings: SunsetSettings;
  /** What `settings.finalityAnchor` is the hash of; where value may be held it must be shown. */
  readonly finality?: FinalitySource;
  /** Its last block that counts. */
  readonly height: bigint;
  readonly challengePeriod: bigint;
  readonly secondsPerBlock: number;
  /** Unix seconds; two years ahead at least. */
  readonly closesAt: bigint;
};

/** What is swapped while the parachain lives; see IParachainSwap. */
export type SwapTerms = {
  readonly settings: SwapSettings;
  /** What `settings.finalityAnchor` is the hash of; where value may be held it must be shown. */
  readonly finality?: FinalitySource;
  /** Wei of PHA. */
  readonly perDay: bigint;
  /** Unix seconds; a year ahead at least. */
  readonly closesAt: bigint;
};

/** One parachain that PHA comes from. Its heights are decided long after L1 was deployed, and for ever. */
export type SourceTerms = {
  readonly genesisHash: Hex;
  readonly sunset?: SunsetTerms;
  readonly swap?: SwapTerms;
};

/** Where value may be held, provers and holders need time to contradict a snapshot. */
const LEAST_CHALLENGE_PERIOD = 3n * 86_400n;

/** Of ed25519; the anchor is a hash of keys one after another, and of another length two lists could have the same. */
const KEY_LENGTH = 32;

/** @throws RollupError DEPLOY_CONFIG_INVALID */
export function requireTerm(
  isSound: boolean,
  message: string,
  data: Readonly<Record<string, unknown>>,
): asserts isSound {
  if (!isSound) throw new RollupError("DEPLOY_CONFIG_INVALID", message, { data });
}

function isSetOfVoters({ authorities }: AuthoritySet): boolean {
  const { length } = authorities;
  return length > 0 && length <= MAX_AUTHORITIES && authorities.every(({ key }) => key.length === KEY_LENGTH);
}

/**
 * Without an anchor, whoever shows an enclave any block gets its signature: what is final would be the word of hosts' own nodes.
 * With an anchor of voters whose keys everybody has, it is anybody's word.
 */
function requireFinality(
  what: string,
  { settings, finality }: Pick<SunsetTerms | SwapTerms, "settings" | "finality">,
  l1ChainId: number,
): void {
  const anchor = settings.finalityAnchor;
  requireTerm(
    finality === undefined || bytesEqual(finalityAnchor(finality), anchor),
    `${what}.settings.finalityAnchor is of other voters than ${what}.finality`,
    { anchor: toHex(anchor) },
  );
  if (!mayHoldValue(BigInt(l1ChainId))) return;
  const where = `chain ${l1ChainId} may hold value: ${what}`;
  requireTerm(!bytesEqual(anchor, ZERO_HASH), `${where}.settings.finalityAnchor must not be zero`, {
    l1ChainId,
  });
  requireTerm(
    finality !== undefined,
    `${where}.finality must show the voters that settings.finalityAnchor is of`,
    { l1ChainId, anchor: toHex(anchor) },
  );
  requireTerm(isSetOfVoters(finality.set), `${where}.finality is no set of voters`, { l1ChainId });
  requireTerm(
    !hasDevelopmentVoter(finality.set),
    `${where}.finality has a voter whose key everybody can derive`,
    { l1ChainId, setId: finality.set.id },
  );
}

function requireSunset({ height, settings }: SunsetTerms): void {
  const { registrationsFrom, rules } = settings;
  requireTerm(
    rules === SNAPSHOT_RULES,
    `sunset.settings.rules must be ${SNAPSHOT_RULES}: provers sign what they count by, and count by no other`,
    { rules },
  );
  requireTerm(
    registrationsFrom <= height,
    "sunset.settings.registrationsFrom must be at most sunset.height",
    { registrationsFrom, height },
  );
}

function requireSwap(genesisHash: Hex, pha: Hex, { settings }: SwapTerms): void {
  const { runtimes, firstHeight, lastHeight } = settings;
  const [token, genesis] = [toHex(settings.token), toHex(settings.genesisHash)];
  requireTerm(genesis === genesisHash.toLowerCase(), "swap.settings are of another parachain", {
    genesisHash,
    found: genesis,
  });
  requireTerm(token === pha.toLowerCase(), "swap.settings.token must be this deployment's PHA", {
    pha,
    found: token,
  });
  requireTerm(firstHeight <= lastHeight, "swap.settings: the last height is before the first", {
    firstHeight,
    lastHeight,
  });
  requireTerm(
    areRuntimesSound(runtimes),
    "swap.settings.runtimes: at least one, each version once and in order",
    {
      versions: runtimes.map(({ specVersion }) => specVersion),
    },
  );
}

/** @throws RollupError DEPLOY_CONFIG_INVALID where a deposit above the snapshot would be paid, and be owed by the snapshot too */
export function requireNothingOwedTwice(lastHeight: bigint, height: bigint): void {
  requireTerm(
    lastHeight <= height,
    "deposits after the snapshot would be owed twice: swap.settings.lastHeight must be at most sunset.height",
    { lastHeight, height },
  );
}

/**
 * What the contracts cannot refuse, or would refuse only when some of them stand.
 * @throws RollupError DEPLOY_CONFIG_INVALID
 */
export function requireSafeTerms(
  { l1ChainId }: Pick<DeployConfig, "l1ChainId">,
  { addresses }: { readonly addresses: Pick<AddressBook["addresses"], "Pha"> },
  { genesisHash, sunset, swap }: SourceTerms,
): void {
  if (sunset !== undefined) {
    requireSunset(sunset);
    requireFinality("sunset", sunset, l1ChainId);
  }
  if (swap !== undefined) {
    requireSwap(genesisHash, addresses.Pha, swap);
    requireFinality("swap", swap, l1ChainId);
  }
  if (sunset !== undefined && swap !== undefined)
    requireNothingOwedTwice(swap.settings.lastHeight, sunset.height);
  if (sunset === undefined || !mayHoldValue(BigInt(l1ChainId))) return;
  const { challengePeriod } = sunset;
  requireTerm(
    challengePeriod >= LEAST_CHALLENGE_PERIOD,
    `chain ${l1ChainId} may hold value: sunset.challengePeriod must be at least ${LEAST_CHALLENGE_PERIOD}`,
    { challengePeriod },
  );
}
