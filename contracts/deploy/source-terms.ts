import type { Hash } from "@phala-l2/protocol/bytes";
import { bytesEqual, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { mayHoldValue } from "@phala-l2/protocol/config/development";
import { RollupError } from "@phala-l2/protocol/errors";
import type { SunsetSettings } from "@phala-l2/protocol/sunset-statement";
import { areRuntimesSound, type SwapSettings } from "@phala-l2/protocol/swap-release";
import type { Hex } from "viem";
import type { AddressBook } from "./address-book.ts";
import type { DeployConfig } from "./config.ts";

/** What is owed of a frozen parachain; see ISunsetRegistry and ISunsetClaims. Times in seconds. */
export type SunsetTerms = {
  readonly settings: SunsetSettings;
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

function requireTerm(isSound: boolean, message: string, data: Readonly<Record<string, unknown>>): void {
  if (!isSound) throw new RollupError("DEPLOY_CONFIG_INVALID", message, { data });
}

/** Without one, whoever shows an enclave any block gets its signature: what is final would be the word of hosts' own nodes. */
function requireAnchor(what: string, anchor: Hash, l1ChainId: number): void {
  requireTerm(
    !bytesEqual(anchor, ZERO_HASH),
    `chain ${l1ChainId} may hold value: ${what}.settings.finalityAnchor must not be zero`,
    { l1ChainId },
  );
}

function requireSunset({ height, settings }: SunsetTerms): void {
  const { registrationsFrom } = settings;
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

/**
 * What the contracts cannot refuse, or would refuse only when some of them stand.
 * @throws RollupError DEPLOY_CONFIG_INVALID
 */
export function requireSafeTerms(
  { l1ChainId }: DeployConfig,
  { addresses }: AddressBook,
  { genesisHash, sunset, swap }: SourceTerms,
): void {
  if (sunset !== undefined) requireSunset(sunset);
  if (swap !== undefined) requireSwap(genesisHash, addresses.Pha, swap);
  if (sunset !== undefined && swap !== undefined) {
    const [{ lastHeight }, { height }] = [swap.settings, sunset];
    requireTerm(
      lastHeight <= height,
      "deposits after the snapshot would be owed twice: swap.settings.lastHeight must be at most sunset.height",
      { lastHeight, height },
    );
  }
  if (!mayHoldValue(BigInt(l1ChainId))) return;
  if (sunset !== undefined) {
    const { challengePeriod, settings } = sunset;
    requireTerm(
      challengePeriod >= LEAST_CHALLENGE_PERIOD,
      `chain ${l1ChainId} may hold value: sunset.challengePeriod must be at least ${LEAST_CHALLENGE_PERIOD}`,
      { challengePeriod },
    );
    requireAnchor("sunset", settings.finalityAnchor, l1ChainId);
  }
  if (swap !== undefined) requireAnchor("swap", swap.settings.finalityAnchor, l1ChainId);
}
