import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { bytesEqual, concatBytes } from "@phala-l2/protocol/bytes";
import { DAY, NOW, newKey } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  type World,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import type { IntelInput } from "@phala-l2/tee-prover/verify/intel/verify";
import { flipBit, splice, stride } from "@phala-l2/tee-prover/verify/testing/mutations";
import { bundleNames, NO_BUNDLES, readBundle, withL1 } from "./answers.ts";
import type { IntelOnL1, OnChainAnswer } from "./intel-on-l1.ts";
import { type Piece, piecesOf } from "./intel-pieces.ts";
import { quoteDrafts } from "./tdx-quotes.ts";

/** What is found on L1 is the contracts' own word, no fault of theirs: a panic or a lack of gas would be one. */
const REFUSED =
  /^(X509|X509Crl|Der|CertificateCache|SignatureScheme|Intel[A-Za-z]+|Json|TdxQuote|TdxQuoteVerifier|Pem)_/;

/** Of enclaves; and of another time, or signed by a certificate of another time. */
const NOT_OF_TDS = /^(IntelFields_Missing|IntelCollateral_QeIdentityMismatch)$/;
const NOT_OF_NOW =
  /^(IntelFields_Missing|IntelCollateral_.*(Expired|NotYetValid|Mismatch)|CertificateCache_InvalidCertificate)$/;

/** Bits that are flipped at least, however short a part is. */
const LEAST_BITS = 10;

type Tally = { refused: number; readonly accepted: string[] };

function newTally(): Tally {
  return { refused: 0, accepted: [] };
}

function count(tally: Tally, what: string, answer: string): void {
  if (answer === "accepted") tally.accepted.push(what);
  else assert.match(answer, REFUSED, what);
  tally.refused += 1;
}

/** Nothing was accepted, and enough was tried. */
function checkTally(context: TestContext, tally: Tally, atLeast: number): void {
  context.diagnostic(`${tally.refused} mutants, ${tally.accepted.length} accepted`);
  assert.deepEqual(tally.accepted, []);
  assert.ok(tally.refused >= atLeast, `${tally.refused}`);
}

/** Bits flipped, ends cut and bytes added, in each part of what a transaction carries. */
async function attackPiece(
  piece: Piece,
  l1: Pick<IntelOnL1, "attempt">,
  tally: Tally,
  steps: { readonly bits: number; readonly cuts: number },
): Promise<void> {
  for (const [name, part] of Object.entries(piece.parts)) {
    const attempt = async (mutant: Uint8Array, what: string) => {
      const answer = await l1.attempt(piece, { ...piece.parts, [name]: mutant });
      count(tally, `${piece.name}, ${name}, ${what}`, answer);
    };
    // A prime step over all bits meets every bit position; short parts are met as well.
    const step = Math.min(stride(steps.bits), Math.ceil((part.length * 8) / LEAST_BITS));
    for (let bit = 0; bit < part.length * 8; bit += step) await attempt(flipBit(part, bit), `bit ${bit}`);
    for (let length = 0; length < part.length; length += stride(steps.cuts)) {
      await attempt(part.subarray(0, length), `${length} bytes`);
      await attempt(part.subarray(part.length - length), `the last ${length} bytes`);
    }
    await attempt(part.subarray(0, part.length - 1), "without the last byte");
    for (const byte of [0, 0x0a, 0x20, 0xff])
      await attempt(concatBytes(part, Uint8Array.of(byte)), `and ${byte}`);
    await attempt(concatBytes(part, part), "twice");
  }
}

/** What stands directly under the root: one of these in the other's place is as good. */
const UNDER_ROOT: readonly string[] = ["PCK CA", "TCB signing certificate"];

/** Each part of a piece, and then all, replaced by what another piece carries under the same name. */
async function swapParts(
  piece: Piece,
  all: readonly Piece[],
  l1: Pick<IntelOnL1, "attempt">,
  tally: Tally,
): Promise<void> {
  for (const other of all) {
    if (UNDER_ROOT.includes(piece.name) && UNDER_ROOT.includes(other.name)) continue;
    const foreign = Object.entries(other.parts).filter(([name, part]) => {
      const own = piece.parts[name];
      return own !== undefined && !bytesEqual(own, part);
    });
    const changes = [...foreign.map((entry) => [entry]), ...(foreign.length > 1 ? [foreign] : [])];
    for (const change of changes) {
      const answer = await l1.attempt(piece, { ...piece.parts, ...Object.fromEntries(change) });
      count(tally, `${piece.name}, ${change.map(([name]) => name).join()} of ${other.name}`, answer);
    }
  }
}

function wordOf(answer: OnChainAnswer): string {
  return answer.kind === "reverted" ? answer.error : "accepted";
}

/** Where the PEM text of a quote begins, and where the first certificate's signed part ends in it. */
function placesOf(quote: Uint8Array, pck: Certificate) {
  const begin = "-----BEGIN CERTIFICATE-----";
  const chain = Buffer.from(quote).indexOf(begin);
  const lines = Buffer.from(quote).toString("latin1", chain + begin.length);
  const signedTo = Buffer.from(pck.der).indexOf(pck.signedPart) + pck.signedPart.length;
  const characters = Math.floor((signedTo * 8) / 6);
  let at = 0;
  for (let seen = 0; seen < characters; at++) if (!/[\r\n]/.test(lines[at] ?? "")) seen++;
  return { chain, signedTo: chain + begin.length + at };
}

/** Bits of a quote: of all that is signed by anyone below the root, and of what follows it. */
async function attackQuote(l1: IntelOnL1, quote: Uint8Array, tally: Tally, step: number): Promise<void> {
  const { signedTo } = placesOf(quote, l1.pieces.pck);
  const report = await l1.verify(quote);
  const attempt = async (mutant: Uint8Array, what: string) =>
    count(tally, what, wordOf(await l1.verify(mutant)));
  /** What is not judged by may change, but it changes nothing. */
  const mayBeTheSame = async (mutant: Uint8Array, what: string) => {
    const answer = await l1.verify(mutant);
    if (answer.kind === "report") assert.deepEqual(answer, report, what);
  };
  for (let bit = 0; bit < signedTo * 8; bit += stride(step)) await attempt(flipBit(quote, bit), `bit ${bit}`);
  for (let bit = signedTo * 8; bit < quote.length * 8; bit += stride(step * 7)) {
    await mayBeTheSame(flipBit(quote, bit), `bit ${bit}`);
  }
  for (let length = 0; length < quote.length; length += stride(step)) {
    const isPadding = quote.subarray(length).every((byte) => byte === 0);
    await (isPadding ? mayBeTheSame : attempt)(quote.subarray(0, length), `${length} bytes`);
  }
  for (const tail of [Uint8Array.of(1), concatBytes(new Uint8Array(33), Uint8Array.of(0x80)), quote]) {
    await attempt(concatBytes(quote, tail), `and ${tail.length} bytes`);
  }
}

/** Places of the parts of a TD 1.0's quote that vouch for one another, in their order. */
const PARTS = {
  body: [48, 632],
  signature: [636, 700],
  "attestation key": [700, 764],
  "QE report": [770, 1154],
  "QE report signature": [1154, 1218],
} as const;
const ALL_PARTS = ["body", "signature", "attestation key", "QE report", "QE report signature"] as const;

/** Each run of parts of another genuine quote in the place of the quote's own. */
async function spliceQuotes(
  l1: IntelOnL1,
  quote: Uint8Array,
  other: Uint8Array,
  tally: Tally,
  parts: readonly (keyof typeof PARTS)[],
): Promise<void> {
  for (const [i, from] of parts.entries()) {
    for (const to of parts.slice(i)) {
      const mutant = splice(quote, other, PARTS[from][0], PARTS[to][1]);
      // The same platform's other quote, as a whole.
      if (bytesEqual(mutant, quote) || bytesEqual(mutant, other)) continue;
      count(tally, `${from} to ${to}`, wordOf(await l1.verify(mutant)));
    }
  }
}

function inputOf(world: World): IntelInput {
  const quote = issueQuote(world, quoteDrafts.td10);
  return { tee: "tdx", quote, collateral: issueCollateral(world, "tdx"), at: NOW, roots: world.roots };
}

describe("no altered evidence of a development platform is accepted on L1", () => {
  const world = issueWorld();

  it("each piece of collateral", async (context) => {
    const tally = newTally();
    await withL1(
      inputOf(world),
      async () => {},
      async (piece, l1) => {
        await attackPiece(piece, l1, tally, { bits: 251, cuts: 241 });
        await swapParts(piece, l1.pieces.list, l1, tally);
      },
    );
    checkTally(context, tally, 250);
  });

  it("quotes", async (context) => {
    const tally = newTally();
    const input = inputOf(world);
    await withL1(input, async (l1) => {
      await attackQuote(l1, input.quote, tally, 211);
      await attackQuote(l1, issueQuote(world, quoteDrafts.td15), tally, 223);
      const td = { tdAttributes: "0000001000000001" };
      for (const [attestationKey, parts] of [
        // Body and signature together are the key's other quote, whichever signature the same QE report bears.
        [world.attestationKey, ["body"]],
        [world.attestationKey, ["signature"]],
        [newKey(), ALL_PARTS],
      ] as const) {
        const other = issueQuote({ ...world, attestationKey }, { format: "td10", td });
        assert.equal(wordOf(await l1.verify(other)), "accepted");
        await spliceQuotes(l1, input.quote, other, tally, parts);
        await spliceQuotes(l1, other, input.quote, tally, parts);
      }
    });
    checkTally(context, tally, 200);
  });
});

describe("no altered real evidence is accepted on L1", { skip: NO_BUNDLES }, () => {
  for (const name of bundleNames("tdx")) {
    it(`${name}`, async (context) => {
      const tally = newTally();
      const input = readBundle(name);
      const attack = async (l1: IntelOnL1) => {
        if (wordOf(await l1.verify(input.quote)) === "accepted")
          await attackQuote(l1, input.quote, tally, 1511);
        for (const other of bundleNames("tdx")) {
          await spliceQuotes(l1, input.quote, readBundle(other).quote, tally, ALL_PARTS);
        }
      };
      await withL1(input, attack, async (piece, l1) => {
        await attackPiece(piece, l1, tally, { bits: 9973, cuts: 4999 });
        await swapParts(piece, l1.pieces.list, l1, tally);
      });
      checkTally(context, tally, 150);
    });
  }

  it("Intel's statements of another time, or about enclaves, are none about TDs now", async () => {
    const now = "tdx-v4-uptodate-phala";
    const input = readBundle(now);
    const names = [...bundleNames("tdx"), ...bundleNames("sgx")].filter((name) => name !== now);
    await withL1(input, async (l1) => {
      const seen = new Set<string>();
      for (const name of names) {
        const { quote, collateral, at } = readBundle(name);
        const sameTime = at - input.at < DAY && input.at - at < DAY;
        for (const piece of piecesOf(quote, collateral).list) {
          if (piece.contract !== "collateral") continue;
          const answer = await l1.attempt(piece, piece.parts);
          assert.match(answer, sameTime ? NOT_OF_TDS : NOT_OF_NOW, name);
          seen.add(answer);
        }
      }
      assert.ok(seen.size >= 4, [...seen].join());
    });
  });
});
