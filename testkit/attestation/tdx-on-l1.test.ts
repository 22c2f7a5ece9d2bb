import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { DAY, NOW, signRaw } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  levelOf,
  type QuoteDraft,
  tcbInfoOf,
  type World,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import { PLATFORM_STATUSES, TCB_STATUSES } from "@phala-l2/tee-prover/verify/intel/tcb-status";
import { flipBit, stride } from "@phala-l2/tee-prover/verify/testing/mutations";
import fc from "fast-check";
import {
  bundleNames,
  checkStatements,
  NO_BUNDLES,
  offChain,
  onChain,
  readBundle,
  withL1,
} from "./answers.ts";
import type { IntelOnL1 } from "./intel-on-l1.ts";
import { statementPiece } from "./intel-pieces.ts";
import { quoteDrafts } from "./tdx-quotes.ts";

/** What a key's registration may cost on top of the verification is little; no step may come near EIP-7825's limit. */
const GAS_OF_VERIFICATION = 1_500_000n;
const GAS_OF_ANY_STEP = 12_000_000n;
/** Room for the transactions that bring collateral, within the window in which it holds. */
const SECONDS_OF_SETUP = 600n;

/** No step is too dear; the figures are those of docs/spec/attestation-gas.md. */
async function checkGas(context: TestContext, l1: IntelOnL1, quote: Uint8Array | undefined): Promise<void> {
  for (const [what, gas] of Object.entries(l1.recorded)) {
    context.diagnostic(`${what}: ${gas} gas`);
    assert.ok(gas < GAS_OF_ANY_STEP, what);
  }
  if (quote === undefined) return;
  const gas = await l1.gasOf(quote);
  context.diagnostic(`verification: ${gas} gas`);
  assert.ok(gas < GAS_OF_VERIFICATION, `${gas}`);
}

const svns = (...first: readonly number[]) => [...first, ...Array<number>(16 - first.length).fill(0)];

/** All that the verifier off-chain needs for a quote of a development platform. */
function commonOf(world: World, tcbInfo: Record<string, unknown> = {}) {
  const collateral = issueCollateral(world, "tdx", { tcbInfo });
  return { tee: "tdx", collateral, at: NOW, roots: world.roots } as const;
}

/** TCB information of a development platform, signed, for an L1 that knows the platform. */
function tcbInfoPiece(world: World, l1: IntelOnL1, tcbInfo: Record<string, unknown>) {
  const text = JSON.stringify(tcbInfoOf("tdx", tcbInfo));
  const signature = signRaw(world.tcbSigner.key, new TextEncoder().encode(text));
  return statementPiece("recordTcbInfo", { text, signature }, l1.pieces.signer);
}

describe("quotes of a development platform, on L1 and off-chain", () => {
  const world = issueWorld();

  it("are answered alike, whatever is wrong with them", async () => {
    const zeros = levelOf("tdx", { tdxComponents: svns(), status: "ConfigurationNeeded" });
    const common = commonOf(world, { tcbLevels: [levelOf("tdx"), zeros] });
    const quote = issueQuote(world, quoteDrafts.td10);
    await withL1({ ...common, quote }, async (l1) => {
      const seen = new Set<string>();
      for (const [name, draft] of Object.entries(quoteDrafts)) {
        const changed = issueQuote(world, draft);
        const wanted = offChain({ ...common, quote: changed });
        assert.deepEqual(await onChain(l1, changed), wanted, name);
        seen.add(wanted.code);
      }
      assert.ok(seen.size >= 20, [...seen].join());
      const bits = 8 * Buffer.from(quote).indexOf("-----BEGIN");
      for (let bit = 0; bit < bits; bit += stride(127)) {
        const altered = flipBit(quote, bit);
        const wanted = offChain({ ...common, quote: altered });
        assert.deepEqual(await onChain(l1, altered), wanted, `bit ${bit}`);
        assert.equal(wanted.facts, undefined, `bit ${bit}`);
      }
      for (let length = 0; length < quote.length; length += stride(61)) {
        const cut = quote.subarray(0, length);
        assert.deepEqual(await onChain(l1, cut), offChain({ ...common, quote: cut }), `${length} bytes`);
      }
    });
  });

  it("have the same status, whichever it is", async () => {
    const quotes = [
      quoteDrafts.td10,
      quoteDrafts.td15,
      quoteDrafts.qeOutOfDate,
      quoteDrafts.qeRevoked,
      { format: "td10", td: { teeTcbSvn: svns(4, 1, 7) } },
      { format: "td10", td: { teeTcbSvn: svns(2, 1, 7) } },
      // Started on an old module; the newest one runs now, or another old one.
      { format: "td15", td: { teeTcbSvn: svns(4, 1, 7), teeTcbSvn2: svns(5, 1, 9) } },
      { format: "td15", td: { teeTcbSvn: svns(4, 1, 7), teeTcbSvn2: svns(4, 1, 9) } },
    ] as const satisfies readonly QuoteDraft[];
    const bytes = quotes.map((draft) => issueQuote(world, draft));
    const [quote] = bytes;
    assert.ok(quote !== undefined);
    const common = commonOf(world);
    await withL1({ ...common, quote }, async (l1) => {
      const seen = new Set<string>();
      const advisoryIds = ["INTEL-SA-00615", "INTEL-SA-00837"];
      for (const [i, status] of PLATFORM_STATUSES.entries()) {
        const unreached = PLATFORM_STATUSES[(i * 3 + 1) % PLATFORM_STATUSES.length];
        const tcbInfo = {
          tcbEvaluationDataNumber: 20 + i,
          tcbLevels: [
            levelOf("tdx", { tdxComponents: svns(0, 1, 9), status: unreached ?? status }),
            levelOf("tdx", { tdxComponents: svns(), status, ...(i % 2 === 0 ? {} : { advisoryIds }) }),
          ],
        };
        await l1.bring(tcbInfoPiece(world, l1, tcbInfo));
        const { collateral } = commonOf(world, tcbInfo);
        for (const [at, each] of bytes.entries()) {
          const wanted = offChain({ ...common, collateral, quote: each });
          assert.deepEqual(await onChain(l1, each), wanted, `${status}, quote ${at}`);
          seen.add(wanted.code === "TCB_REVOKED" ? "Revoked" : wanted.code);
        }
      }
      assert.deepEqual([...seen].toSorted(), [...TCB_STATUSES].toSorted());
    });
  });

  it("are judged alike by every version of what is under the TD", async () => {
    const small = fc.integer({ min: 0, max: 6 });
    const version = fc.constantFrom(0, 1, 1, 2, 3);
    const teeTcbSvn = fc
      .tuple(small, version, small, fc.integer({ min: 0, max: 1 }))
      .map((list) => svns(...list));
    const td = fc.record({ teeTcbSvn, teeTcbSvn2: teeTcbSvn });
    const draft = fc.record({
      format: fc.constantFrom("td10" as const, "td15" as const),
      td,
      qe: fc.record({ isvSvn: fc.integer({ min: 3, max: 9 }) }),
    });
    const level = (third: number, status: string) =>
      levelOf("tdx", { tdxComponents: svns(third, 0, third), status });
    const tcbLevels = [level(5, "UpToDate"), level(3, "SWHardeningNeeded"), level(1, "OutOfDate")];
    const common = commonOf(world, { tcbLevels });
    await withL1({ ...common, quote: issueQuote(world, quoteDrafts.td10) }, async (l1) => {
      await fc.assert(
        fc.asyncProperty(draft, async (each) => {
          const quote = issueQuote(world, each);
          assert.deepEqual(await onChain(l1, quote), offChain({ ...common, quote }));
        }),
        { numRuns: 120, seed: 2026 },
      );
    });
  });

  it("are refused alike once what they lean on has expired, and not a second before", async () => {
    const lasts = 29n * DAY;
    const common = commonOf(world);
    const quote = issueQuote(world, quoteDrafts.td10);
    await withL1({ ...common, quote }, async (l1) => {
      for (const [at, code] of [
        [NOW + lasts, "UpToDate"],
        [NOW + lasts + 1n, "TCB_INFO_EXPIRED"],
        [NOW + 30n * DAY + 1n, "CRL_EXPIRED"],
      ] as const) {
        await l1.waitUntil(at);
        const wanted = offChain({ ...common, quote, at });
        assert.equal(wanted.code, code);
        assert.deepEqual(await onChain(l1, quote), wanted, code);
      }
    });
  });
});

describe("real quotes, on L1 and off-chain", { skip: NO_BUNDLES }, () => {
  for (const name of bundleNames("tdx")) {
    it(`${name}: answered alike`, async (context) => {
      const input = readBundle(name);
      assert.equal(offChain({ ...input, at: input.at + SECONDS_OF_SETUP }).code, offChain(input).code);
      await withL1(input, async (l1) => {
        const wanted = offChain(input);
        context.diagnostic(`${wanted.code}`);
        assert.deepEqual(await onChain(l1, input.quote), wanted);
        await checkStatements(l1, input.collateral);
        await checkGas(context, l1, wanted.facts === undefined ? undefined : input.quote);
        for (const other of bundleNames("tdx").filter((each) => each !== name)) {
          const { quote } = readBundle(other);
          const answer = await onChain(l1, quote);
          // Another machine's PCK certificate is not in this L1's cache, though Intel signed it.
          assert.equal(answer.code, "INVALID_CERTIFICATE", other);
        }
      });
    });
  }

  it("are of TDs: those of enclaves are refused alike", async () => {
    const [td] = bundleNames("tdx");
    assert.ok(td !== undefined);
    await withL1(readBundle(td), async (l1) => {
      for (const name of bundleNames("sgx")) {
        const input = readBundle(name);
        assert.deepEqual(await onChain(l1, input.quote), offChain(input), name);
      }
    });
  });
});
