import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { NOW, signRaw } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  levelOf,
  moduleOf,
  tcbInfoOf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import { tdxImage } from "@phala-l2/tee-prover/attest/measurement";
import { parseCollateral } from "@phala-l2/tee-prover/verify/intel/collateral";
import { isDebugTd } from "@phala-l2/tee-prover/verify/intel/reports";
import { readQeIdentity, readTcbInfo } from "@phala-l2/tee-prover/verify/intel/tcb-info";
import {
  ENCLAVE_STATUSES,
  PLATFORM_STATUSES,
  TCB_STATUSES,
} from "@phala-l2/tee-prover/verify/intel/tcb-status";
import { INTEL_ROOT, type IntelInput, verifyIntelQuote } from "@phala-l2/tee-prover/verify/intel/verify";
import fc from "fast-check";
import { startAnvil } from "../l1/anvil.ts";
import { type IntelOnL1, intelOnL1, type OnChainReport } from "./intel-on-l1.ts";
import { qeIdentityOnL1, tcbInfoOnL1 } from "./statements.ts";
import { quoteDrafts } from "./tdx-quotes.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/vectors/tee/bundles");
const SKIP = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;

/** What a key's registration may cost on top of the verification is little; no step may come near EIP-7825's limit. */
const GAS_OF_VERIFICATION = 2_500_000n;
const GAS_OF_ANY_STEP = 12_000_000n;
/** Room for the transactions that bring collateral, within the window in which it holds. */
const SECONDS_OF_SETUP = 600n;
/** Where the chain of PEM certificates begins is past all that is signed. */
const PEM_BEGINS = "-----BEGIN";

/** What both sides say: a code, or a status with what the quote says. */
type Answer = { readonly code: string; readonly facts: Omit<OnChainReport, "tcbStatus"> | undefined };

function offChain(input: IntelInput): Answer {
  const evidence = verifyIntelQuote(input);
  if (evidence.kind === "refused") {
    // The precompile does not tell a key that is none from a signature that is none.
    const code = evidence.code === "ATTESTATION_KEY_INVALID" ? "QUOTE_SIGNATURE_INVALID" : evidence.code;
    return { code, facts: undefined };
  }
  const { quote, pck, tcb, tcbEvaluationDataNumber: tcbEvaluation } = evidence;
  const { body } = quote;
  assert.ok(body.type !== "sgx");
  if (isDebugTd(body)) return { code: "DEBUG_ENABLED", facts: undefined };
  if (tcb.status === undefined) return { code: "TCB_LEVEL_NOT_FOUND", facts: undefined };
  if (tcb.status === "Revoked") return { code: "TCB_REVOKED", facts: undefined };
  const facts = {
    tcbEvaluation,
    measurement: toHex(tdxImage(body)),
    platformId: toHex(keccak256(fromHex(pck.ppid))),
    reportData: toHex(body.reportData),
  };
  return { code: tcb.status, facts };
}

/** `TdxQuote_TooLarge` is QUOTE_TOO_LARGE, `TdxQuoteVerifier_DebugEnabled` is DEBUG_ENABLED. */
function codeOf(error: string): string {
  const [contract = "", name = ""] = error.split("_");
  const words = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  return contract === "TdxQuote" ? `QUOTE_${words}` : words;
}

async function onChain(l1: IntelOnL1, quote: Uint8Array): Promise<Answer> {
  const answer = await l1.verify(quote);
  if (answer.kind === "reverted") return { code: codeOf(answer.error), facts: undefined };
  const { tcbStatus, tcbEvaluation, measurement, platformId, reportData } = answer.report;
  const facts = { tcbEvaluation, measurement, platformId, reportData };
  return { code: TCB_STATUSES[tcbStatus] ?? `${tcbStatus}`, facts };
}

async function withL1(input: IntelInput, run: (l1: IntelOnL1) => Promise<void>): Promise<void> {
  const anvil = await startAnvil({ port: 0, chainId: 900, timestamp: input.at });
  try {
    await run(await intelOnL1(anvil.url, input.quote, input.collateral));
  } finally {
    await anvil.stop();
  }
}

/** The statements in a collateral file, read by both sides. */
async function checkStatements(l1: IntelOnL1, collateral: string): Promise<void> {
  const parsed = parseCollateral(collateral);
  assert.ok(parsed.kind === "read");
  const json = (text: string) => new JsonObject(JSON.parse(text), "");
  const tcbInfo = readTcbInfo(json(parsed.value.tcbInfo.text));
  assert.deepEqual(await l1.tcbInfo(tcbInfo), tcbInfoOnL1(tcbInfo));
  const qeIdentity = readQeIdentity(json(parsed.value.qeIdentity.text));
  assert.deepEqual(await l1.qeIdentity(), qeIdentityOnL1(qeIdentity));
}

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

function hexDigits(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** Bits of what stands before the PEM text, at equal distances. */
function bitsOf(quote: Uint8Array, count: number): readonly number[] {
  const bits = 8 * Buffer.from(quote).indexOf(PEM_BEGINS);
  return Array.from({ length: count }, (_, i) => Math.floor((i * bits) / count));
}

describe("quotes of a development platform, on L1 and off-chain", () => {
  const world = issueWorld();
  const draft = {
    tcbInfo: {
      tcbLevels: [
        levelOf("tdx"),
        levelOf("tdx", { tdxComponents: Array<number>(16).fill(0), status: "ConfigurationNeeded" }),
      ],
    },
  };
  const collateral = issueCollateral(world, "tdx", draft);
  const common = { tee: "tdx", collateral, at: NOW, roots: world.roots } as const;
  const input = { ...common, quote: issueQuote(world, quoteDrafts.td10) };

  it("are answered alike, whatever is wrong with them", async () => {
    await withL1(input, async (l1) => {
      const seen = new Set<string>();
      for (const [name, quoteDraft] of Object.entries(quoteDrafts)) {
        const quote = issueQuote(world, quoteDraft);
        const wanted = offChain({ ...common, quote });
        assert.deepEqual(await onChain(l1, quote), wanted, name);
        seen.add(wanted.code);
      }
      assert.ok(seen.size >= 20, [...seen].join());
      for (const bit of bitsOf(input.quote, 150)) {
        const quote = flipped(input.quote, bit);
        const wanted = offChain({ ...common, quote });
        assert.deepEqual(await onChain(l1, quote), wanted, `bit ${bit}`);
        assert.equal(wanted.facts, undefined, `bit ${bit}`);
      }
      for (let length = 0; length < input.quote.length; length += 61) {
        const quote = input.quote.subarray(0, length);
        assert.deepEqual(await onChain(l1, quote), offChain({ ...common, quote }), `${length} bytes`);
      }
    });
  });
});

describe("TCB information, on L1 and off-chain", () => {
  const byte = fc.integer({ min: 0, max: 255 });
  const svns = fc.array(byte, { minLength: 16, maxLength: 16 });
  const u16 = fc.integer({ min: 0, max: 65_535 });
  const hexOf = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(hexDigits);
  const advisoryIds = fc.option(fc.array(fc.stringMatching(/^INTEL-SA-[0-9]{5}$/), { maxLength: 3 }), {
    nil: undefined,
  });
  const level = fc
    .record({
      components: svns,
      tdxComponents: svns,
      pceSvn: u16,
      status: fc.constantFrom(...PLATFORM_STATUSES),
    })
    .chain((draft) =>
      advisoryIds.map((ids) => levelOf("tdx", ids === undefined ? draft : { ...draft, advisoryIds: ids })),
    );
  const enclaveLevels = fc.array(fc.tuple(u16, fc.constantFrom(...ENCLAVE_STATUSES)), { maxLength: 4 });
  const modules = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 255 }), enclaveLevels)
      .map(([version, levels]) => moduleOf(`TDX_${hexDigits(Uint8Array.of(version))}`, levels)),
    { maxLength: 3 },
  );
  const drafts = fc.record({
    tdxModule: fc.record({ mrsigner: hexOf(48), attributes: hexOf(8), attributesMask: hexOf(8) }),
    tdxModuleIdentities: modules,
    tcbLevels: fc.array(level, { maxLength: 5 }),
    unknown: fc.constantFrom("text", 7, [], {}, [{ a: ["b", 0] }]),
  });

  it("is read alike, in whatever order its fields stand", async () => {
    const world = issueWorld();
    const { quote, ...common } = {
      ...({ tee: "tdx", at: NOW, roots: world.roots } as const),
      collateral: issueCollateral(world, "tdx"),
      quote: issueQuote(world, quoteDrafts.td10),
    };
    await withL1({ ...common, quote }, async (l1) => {
      await checkStatements(l1, common.collateral);
      let evaluation = 100;
      await fc.assert(
        fc.asyncProperty(drafts, fc.infiniteStream(fc.nat()), async (draft, order) => {
          const fields = Object.entries(
            tcbInfoOf("tdx", { ...draft, tcbEvaluationDataNumber: ++evaluation }),
          );
          const ranked = fields.map((field) => ({ field, rank: Number(order.next().value) }));
          const shuffled = ranked.sort((a, b) => a.rank - b.rank).map(({ field }) => field);
          const text = JSON.stringify(Object.fromEntries(shuffled));
          const bytes = new TextEncoder().encode(text);
          const wanted = readTcbInfo(new JsonObject(JSON.parse(text), ""));
          const found = await l1.readTcbInfo(bytes, signRaw(world.tcbSigner.key, bytes), wanted);
          assert.deepEqual(found, tcbInfoOnL1(wanted));
        }),
        { numRuns: 25, seed: 2026 },
      );
    });
  });
});

function readBundle(name: string): IntelInput {
  const file = (part: string) => readFileSync(join(FOLDER, name, part));
  const expected = new JsonObject(JSON.parse(file("expected.json").toString()), name);
  return {
    tee: "tdx",
    quote: file("quote.bin"),
    collateral: file("collateral.json").toString(),
    at: expected.integer("verify_at_unix"),
    roots: [INTEL_ROOT],
  };
}

describe("real quotes, on L1 and off-chain", { skip: SKIP }, () => {
  const names = SKIP
    ? []
    : readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of names.filter((entry) => entry.name.includes("tdx"))) {
    it(`${name}: answered alike`, async (context) => {
      const input = readBundle(name);
      assert.equal(offChain({ ...input, at: input.at + SECONDS_OF_SETUP }).code, offChain(input).code);
      await withL1(input, async (l1) => {
        const wanted = offChain(input);
        context.diagnostic(`${wanted.code}`);
        assert.deepEqual(await onChain(l1, input.quote), wanted);
        await checkStatements(l1, input.collateral);
        await checkGas(context, l1, wanted.facts === undefined ? undefined : input.quote);
        for (const bit of bitsOf(input.quote, 40)) {
          const quote = flipped(input.quote, bit);
          assert.deepEqual(await onChain(l1, quote), offChain({ ...input, quote }), `bit ${bit}`);
        }
      });
    });
  }

  it("are of TDs: those of enclaves are refused alike", async () => {
    const [td] = names.filter((entry) => entry.name.includes("tdx"));
    assert.ok(td !== undefined);
    await withL1(readBundle(td.name), async (l1) => {
      for (const { name } of names.filter((entry) => entry.name.includes("sgx"))) {
        const input = readBundle(name);
        assert.deepEqual(await onChain(l1, input.quote), offChain(input), name);
      }
    });
  });
});
