import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { NOW, signRaw } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  levelOf,
  moduleOf,
  qeIdentityOf,
  tcbInfoOf,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import { readQeIdentity, readTcbInfo } from "@phala-l2/tee-prover/verify/intel/tcb-info";
import { ENCLAVE_STATUSES, PLATFORM_STATUSES } from "@phala-l2/tee-prover/verify/intel/tcb-status";
import { stride } from "@phala-l2/tee-prover/verify/testing/mutations";
import fc from "fast-check";
import { checkStatements, withL1 } from "./answers.ts";
import type { IntelOnL1 } from "./intel-on-l1.ts";
import { statementPiece } from "./intel-pieces.ts";
import { qeIdentityOnL1, tcbInfoOnL1 } from "./statements.ts";
import { quoteDrafts } from "./tdx-quotes.ts";

const world = issueWorld();
const input = {
  ...({ tee: "tdx", at: NOW, roots: world.roots } as const),
  collateral: issueCollateral(world, "tdx"),
  quote: issueQuote(world, quoteDrafts.td10),
};

function signed(of: Statement["of"], text: string, l1: IntelOnL1) {
  const signature = signRaw(world.tcbSigner.key, new TextEncoder().encode(text));
  return statementPiece(of, { text, signature }, l1.pieces.signer);
}

function jsonOf(text: string): JsonObject {
  return new JsonObject(JSON.parse(text), "");
}

function hexDigits(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

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
const UNKNOWN = fc.constantFrom("text", 7, [], {}, [{ a: ["b", 0] }]);
const tcbInfoDraft = fc.record({
  tdxModule: fc.record({ mrsigner: hexOf(48), attributes: hexOf(8), attributesMask: hexOf(8) }),
  tdxModuleIdentities: modules,
  tcbLevels: fc.array(level, { maxLength: 5 }),
  unknown: UNKNOWN,
});
const qeIdentityDraft = fc.record({
  miscselect: hexOf(4),
  miscselectMask: hexOf(4),
  attributes: hexOf(16),
  attributesMask: hexOf(16),
  mrsigner: hexOf(32),
  isvprodid: u16,
  tcbLevels: enclaveLevels.map((levels) => moduleOf("TDX_01", levels).tcbLevels),
  unknown: UNKNOWN,
});

/** Pieces of JSON, and of what is almost JSON, that may stand where another stands. */
const TOKENS = [
  ...'{}[],:" \t\n\\'.split(""),
  ...[
    "0",
    "00",
    "-0",
    "-1",
    "+1",
    "1.0",
    "1e0",
    "0x1",
    "255",
    "256",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
  ],
  ...[
    "99999999999999999999",
    "true",
    "null",
    "NaN",
    '""',
    '"0"',
    '"7"',
    '"\\u0054DX"',
    '"TDX"',
    '"SGX"',
    '"\u0000"',
  ],
  ...["{}", "[]", "[[[[[[[[[[]]]]]]]]]]", "//", "/**/", '"00a1b2c3d4e5"', '"00A1B2C3D4E5"', '"0x0000"'],
  ...['"1969-12-31T23:59:59Z"', '"2025-02-29T00:00:00Z"', '"2025-10-01T24:00:00Z"', '"2025-10-01T23:59:60Z"'],
  ...[
    '"2025-10-01T00:00:00+00:00"',
    '"2025-10-01T00:00:00.0Z"',
    '"9999-12-31T23:59:59Z"',
    '"2025-10-01t00:00:00z"',
  ],
  ...['"Revoked"', '"upToDate"', '"UpToDate "', '"TDX_01"', '"tdx_01"', '"TDX_1"', '"TDX_00"', '"TDX_0g"'],
  ...['"advisoryIDs":["A"],', '"tcbType":0,', '"svn":1,', '"isvsvn":9,', '"id":"TDX",', '"\\u0069d":"TDX",'],
] as const;
/** Where one token ends and the next begins. */
const TOKEN = /"[^"]*"|\d+|[{}[\],:]/g;

type Edit = {
  readonly at: number;
  readonly token: string;
  readonly how: "before" | "instead" | "cut" | "twice";
};
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  token: fc.constantFrom(...TOKENS),
  how: fc.constantFrom("before", "instead", "cut", "twice"),
});

/** A token replaced, preceded by another, left out, or written twice. */
function edited(text: string, { at, token, how }: Edit): string {
  const tokens: readonly string[] = text.match(TOKEN) ?? [];
  const place = at % Math.max(tokens.length, 1);
  const old = tokens[place] ?? "";
  const replacement = { before: token + old, instead: token, cut: "", twice: old + old }[how];
  return tokens.with(place, replacement).join("");
}

type Statement = {
  readonly of: "recordTcbInfo" | "recordQeIdentity";
  readonly fields: (changes: Record<string, unknown>) => Record<string, unknown>;
  /** What L1 has to have read of a text. */
  readonly wanted: (text: string) => unknown;
  readonly found: (l1: IntelOnL1, text: string) => Promise<unknown>;
};

const TCB_INFO: Statement = {
  of: "recordTcbInfo",
  fields: (changes) => tcbInfoOf("tdx", changes),
  wanted: (text) => tcbInfoOnL1(readTcbInfo(jsonOf(text))),
  found: (l1, text) => l1.tcbInfo(readTcbInfo(jsonOf(text))),
};
const QE_IDENTITY: Statement = {
  of: "recordQeIdentity",
  fields: (changes) => qeIdentityOf("tdx", changes),
  wanted: (text) => qeIdentityOnL1(readQeIdentity(jsonOf(text))),
  found: (l1) => l1.qeIdentity(),
};

for (const { name, statement, changes } of [
  { name: "TCB information", statement: TCB_INFO, changes: tcbInfoDraft },
  { name: "the quoting enclave's identity", statement: QE_IDENTITY, changes: qeIdentityDraft },
] as const) {
  describe(`${name}, on L1 and off-chain`, () => {
    it("is read alike, in whatever order its fields stand", async () => {
      await withL1(input, async (l1) => {
        await checkStatements(l1, input.collateral);
        let evaluation = 100;
        await fc.assert(
          fc.asyncProperty(changes, fc.infiniteStream(fc.nat()), async (draft, order) => {
            const tcbEvaluationDataNumber = ++evaluation;
            const fields = Object.entries(statement.fields({ ...draft, tcbEvaluationDataNumber }));
            const ranked = fields.map((field) => ({ field, rank: Number(order.next().value) }));
            const shuffled = ranked.sort((a, b) => a.rank - b.rank).map(({ field }) => field);
            const text = JSON.stringify(Object.fromEntries(shuffled));
            await l1.bring(signed(statement.of, text, l1));
            assert.deepEqual(await statement.found(l1, text), statement.wanted(text));
          }),
          { numRuns: 20, seed: 2026 },
        );
      });
    });

    it("is read alike or refused, however hostile its text is, though Intel's key signed it", async () => {
      const good = JSON.stringify(statement.fields({ tcbEvaluationDataNumber: 20 }));
      const counts = { accepted: 0, refused: 0 };
      await withL1(input, async (l1) => {
        await fc.assert(
          fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
            const text = edits.reduce(edited, good);
            const piece = signed(statement.of, text, l1);
            const answer = await l1.attempt(piece, piece.parts);
            if (answer !== "accepted") {
              assert.match(answer, /^(Json|IntelFields|IntelCollateral|Der)_/, text);
              counts.refused++;
              return;
            }
            counts.accepted++;
            await l1.undone(async () => {
              await l1.bring(piece);
              assert.deepEqual(await statement.found(l1, text), statement.wanted(text), text);
            });
          }),
          { numRuns: 6000 / stride(20), seed: 2026 },
        );
      });
      assert.ok(counts.accepted > 0 && counts.refused > 100, JSON.stringify(counts));
    });
  });
}
