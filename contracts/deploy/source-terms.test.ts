import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asAddress, type Hash, hashFromHex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import {
  SIMULATED_RELAY_CHAIN,
  simulatedVoterName,
  substrateDevelopmentVoters,
} from "@phala-l2/protocol/substrate/development-voters";
import { type FinalitySource, finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { namedVoter, voter } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { SNAPSHOT_RULES } from "@phala-l2/protocol/sunset-statement";
import { keccak256 } from "viem";
import { requireSafeTerms, type SourceTerms, type SunsetTerms, type SwapTerms } from "./source-terms.ts";

const MAINNET = 1;
const DEVNET = 900;
const GENESIS = keccak256("0x01");
const PHA = asAddress(new Uint8Array(20).fill(7));
const SOME_YEAR = 4_000_000_000n;

const sourceOf = (keys: readonly Uint8Array[], id = 5n): FinalitySource => ({
  set: { id, authorities: keys.map((key) => ({ key, weight: 1n })) },
  paraId: 2035,
});
const strangers = [voter().key, voter().key, voter().key, voter().key];
const real = sourceOf(strangers);

type Finality = { readonly anchor: Hash; readonly finality?: FinalitySource };
const of = (finality: FinalitySource): Finality => ({ anchor: finalityAnchor(finality), finality });

function sunsetOf({ anchor, ...given }: Finality, rules = SNAPSHOT_RULES): SunsetTerms {
  return {
    settings: { finalityAnchor: anchor, rules, registrationsFrom: 0n },
    ...given,
    height: 100n,
    challengePeriod: 3n * 86_400n,
    secondsPerBlock: 12,
    closesAt: SOME_YEAR,
  };
}

function swapOf({ anchor, ...given }: Finality): SwapTerms {
  return {
    settings: {
      genesisHash: hashFromHex(GENESIS),
      firstHeight: 1n,
      lastHeight: 100n,
      minimum: 1n,
      runtimes: [{ specVersion: 1, metadataHash: hashFromHex(GENESIS) }],
      token: PHA,
      finalityAnchor: anchor,
    },
    ...given,
    perDay: 1n,
    closesAt: SOME_YEAR,
  };
}

function check(terms: Omit<SourceTerms, "genesisHash">, l1ChainId = MAINNET): void {
  requireSafeTerms({ l1ChainId }, { addresses: { Pha: toHex(PHA) } }, { genesisHash: GENESIS, ...terms });
}

function refuses(terms: Omit<SourceTerms, "genesisHash">, words: RegExp, l1ChainId = MAINNET): void {
  assert.throws(
    () => check(terms, l1ChainId),
    (error) => isRollupError(error, "DEPLOY_CONFIG_INVALID") && words.test(error.message),
  );
}

const simulated = sourceOf(
  [0, 1, 2, 3].map((i) => namedVoter(simulatedVoterName(SIMULATED_RELAY_CHAIN, 0n, i)).key),
  0n,
);
const alice = substrateDevelopmentVoters().get("//Alice") ?? assert.fail("there is //Alice");

/** Who cuts members elsewhere gets the same anchor: //Alice with the one after her, as one key of 72 bytes. */
function cutElsewhere({ set, paraId }: FinalitySource): FinalitySource {
  const [first, second, ...rest] = set.authorities;
  assert.ok(first && second);
  const key = Uint8Array.from([...first.key, 1, 0, 0, 0, 0, 0, 0, 0, ...second.key]);
  return { set: { id: set.id, authorities: [{ key, weight: 1n }, ...rest] }, paraId };
}

describe("where value may be held, what blocks are final by", () => {
  const both = (finality: Finality) =>
    [
      ["sunset", { sunset: sunsetOf(finality) }],
      ["swap", { swap: swapOf(finality) }],
    ] as const;

  it("is taken by an anchor of voters that are shown, each contract's its own", () => {
    check({ sunset: sunsetOf(of(real)), swap: swapOf(of(sourceOf([voter().key], 6n))) });
  });

  for (const [what, wrong, words] of [
    ["no anchor", { anchor: ZERO_HASH }, /settings.finalityAnchor must not be zero/],
    ["an anchor of nobody knows whom", { anchor: finalityAnchor(real) }, /finality must show the voters/],
    ["an anchor of others", { anchor: finalityAnchor(simulated), finality: real }, /of other voters/],
    ["the simulated relay chain", of(simulated), /everybody can derive/],
    ["one voter of public keys", of(sourceOf([...strangers, alice])), /everybody can derive/],
    ["no voters", of(sourceOf([])), /no set of voters/],
    ["keys of another length", of(cutElsewhere(sourceOf([alice, ...strangers]))), /no set of voters/],
  ] as const satisfies readonly (readonly [string, Finality, RegExp])[]) {
    it(`is not ${what}`, () => {
      for (const [contract, terms] of both(wrong)) refuses(terms, new RegExp(`${contract}.*${words.source}`));
    });
  }

  it("may elsewhere be simulated, or a node's word, but never of others than are shown", () => {
    for (const finality of [{ anchor: ZERO_HASH }, { anchor: finalityAnchor(real) }, of(simulated)]) {
      for (const [, terms] of both(finality)) check(terms, DEVNET);
    }
    for (const [, terms] of both({ anchor: ZERO_HASH, finality: simulated })) {
      refuses(terms, /of other voters/, DEVNET);
    }
  });
});

describe("the version of the rules of counting", () => {
  for (const rules of [77, SNAPSHOT_RULES - 1, SNAPSHOT_RULES + 1, 0]) {
    it(`is not ${rules}, by which no prover counts, on any chain`, () => {
      for (const chain of [MAINNET, DEVNET]) {
        refuses({ sunset: sunsetOf(of(real), rules) }, /sunset.settings.rules must be/, chain);
      }
    });
  }
});
