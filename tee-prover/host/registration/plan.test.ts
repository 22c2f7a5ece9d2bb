import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { asAddress, asHash, concatBytes, type Hex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import type { Evidence, HostEvidence } from "../../attest/evidence.ts";
import { dangerouslySimulatedEvidence } from "../../attest/simulated.ts";
import { DEVELOPMENT_ROOTS } from "../../verify/development-roots.ts";
import { type Pieces, piecesOf } from "./pieces.ts";
import { type CertificateStatus, planRounds, RENEW_WITHIN, type Standing, statementKey } from "./plan.ts";

const NOW = 1_790_000_000n;
const DAY = 86_400n;
const binding = {
  domain: { chainId: 900n, verifyingContract: asAddress(new Uint8Array(20).fill(1)) },
  key: asAddress(new Uint8Array(20).fill(2)),
  l1Block: asHash(new Uint8Array(32).fill(3)),
  policyVersion: 1n,
};

function simulated(kind: "TDX" | "SEV_SNP" | "TDX_GPU"): Promise<Evidence> {
  return dangerouslySimulatedEvidence(kind, { log: silentLog, now: () => NOW }).evidence(binding);
}

let tdx: Evidence;
let snp: Evidence;
let gpu: Evidence;
before(async () => {
  [tdx, snp, gpu] = await Promise.all([simulated("TDX"), simulated("SEV_SNP"), simulated("TDX_GPU")]);
});

/** An L1 that trusts the development roots and holds nothing. */
function nothing({ chains }: Pieces): Standing {
  const roots = chains.flatMap(([root]) => (root === undefined ? [] : [root.id]));
  return {
    now: NOW,
    certificates: new Map(),
    pinned: new Set(roots),
    lists: new Map(),
    statements: new Map(),
    minimumEvaluation: 0,
    maximumEvaluation: 2 ** 32 - 1,
  };
}

/** An L1 that holds all the pieces. */
function everything(pieces: Pieces): Standing {
  const { chains, lists, statements } = pieces;
  return {
    ...nothing(pieces),
    certificates: new Map(chains.flat().map(({ id }) => [id, { status: "valid", culprit: "0x" }])),
    lists: new Map(
      lists.flatMap(({ authority, list }) =>
        list === undefined ? [] : [[authority, { issued: list.thisUpdate, nextUpdate: list.nextUpdate }]],
      ),
    ),
    statements: new Map(
      statements.flatMap(({ family, statement }) => {
        if (statement === undefined) return [];
        const { issueDate: issued, nextUpdate, evaluation } = statement;
        return [[statementKey(family), { issued, nextUpdate, evaluation, isSignerValid: true }]];
      }),
    ),
  };
}

function names(pieces: Pieces, standing: Standing): readonly (readonly string[])[] {
  return planRounds(pieces, standing).map((round) => round.map(({ name }) => name));
}

function refused(field: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isRollupError(error, "REGISTRATION_REFUSED"), String(error));
    const { data } = error;
    assert.ok(typeof data === "object" && data !== null && "field" in data && "remedy" in data);
    assert.match(String(data.field), field);
    assert.ok(String(data.remedy).length > 10);
    return true;
  };
}

function withStatus(pieces: Pieces, id: Hex, status: CertificateStatus, culprit = id): Standing {
  const standing = everything(pieces);
  return { ...standing, certificates: new Map(standing.certificates).set(id, { status, culprit }) };
}

describe("what L1 lacks of a TD's evidence", () => {
  it("comes in rounds: each certificate after its issuer, lists after authorities, statements last", () => {
    const pieces = piecesOf(tdx);
    assert.deepEqual(names(pieces, nothing(pieces)), [
      ["Intel SGX Root CA"],
      ["Intel SGX PCK Platform CA", "Intel SGX TCB Signing", "list of Intel SGX Root CA"],
      ["Intel SGX PCK Certificate", "list of Intel SGX PCK Platform CA", "TCB information", "QE identity"],
    ]);
  });

  it("begins with the development root that L1 knows by its hash", () => {
    const [chain] = piecesOf(tdx).chains;
    assert.equal(chain?.[0]?.id, DEVELOPMENT_ROOTS.intel.certificateId);
  });

  it("is nothing where all of it is there, with or without collateral at hand", () => {
    const pieces = piecesOf(tdx);
    assert.deepEqual(planRounds(pieces, everything(pieces)), []);
    assert.ok(tdx.host.kind === "TDX");
    const bare = piecesOf({ ...tdx, host: { ...tdx.host, collateral: undefined } });
    assert.deepEqual(planRounds(bare, everything(pieces)), []);
  });

  it("is only what is missing: a leaf that is valid speaks for the authorities above it", () => {
    const pieces = piecesOf(tdx);
    const [chain = []] = pieces.chains;
    const standing = everything(pieces);
    const certificates = new Map(standing.certificates);
    for (const { id } of chain.slice(0, -1)) certificates.delete(id);
    const [, , signerChain = []] = pieces.chains;
    for (const { id } of signerChain.slice(-1)) certificates.delete(id);
    assert.deepEqual(names(pieces, { ...standing, certificates }), [
      ["Intel SGX Root CA"],
      ["Intel SGX TCB Signing"],
    ]);
  });

  it("is a newer list or statement only when the one on L1 ends soon", () => {
    const pieces = piecesOf(tdx);
    for (const [left, wanted] of [
      [RENEW_WITHIN + DAY, []],
      [
        DAY,
        [
          ["list of Intel SGX Root CA", "list of Intel SGX PCK Platform CA"],
          ["TCB information", "QE identity"],
        ],
      ],
    ] as const) {
      const standing = everything(pieces);
      const older = { issued: NOW - 20n * DAY, nextUpdate: NOW + left };
      const lists = new Map([...standing.lists.keys()].map((id) => [id, older] as const));
      const statements = new Map(
        [...standing.statements].map(([key, known]) => [key, { ...known, ...older }] as const),
      );
      assert.deepEqual(names(pieces, { ...standing, lists, statements }), wanted);
    }
  });

  it("is a statement of a newer evaluation at once, and none of an older one", () => {
    const pieces = piecesOf(tdx);
    const standing = everything(pieces);
    const of = (change: number) =>
      new Map(
        [...standing.statements].map(
          ([key, known]) => [key, { ...known, evaluation: known.evaluation + change }] as const,
        ),
      );
    assert.deepEqual(names(pieces, { ...standing, statements: of(-1) }), [
      ["TCB information", "QE identity"],
    ]);
    assert.deepEqual(names(pieces, { ...standing, statements: of(1) }), []);
  });

  it("gives way where it was published early and governance waits", () => {
    const pieces = piecesOf(tdx);
    const full = everything(pieces);
    const [{ evaluation } = { evaluation: 0 }] = full.statements.values();
    const statements = new Map(
      [...full.statements].map(([key, known]) => [key, { ...known, evaluation: evaluation + 1 }] as const),
    );
    assert.deepEqual(names(pieces, { ...full, statements }), []);
    assert.deepEqual(names(pieces, { ...full, statements, maximumEvaluation: evaluation }), [
      ["TCB information", "QE identity"],
    ]);
  });

  it("is refused where it is neither on L1 nor, current, at hand", () => {
    assert.ok(tdx.host.kind === "TDX");
    const bare = piecesOf({ ...tdx, host: { ...tdx.host, collateral: undefined } });
    const pieces = piecesOf(tdx);
    const full = everything(pieces);
    assert.throws(() => planRounds(bare, { ...full, lists: new Map() }), refused(/^list of/));
    assert.throws(() => planRounds(bare, { ...full, statements: new Map() }), refused(/TCB information/));
    const later = NOW + 40n * DAY;
    assert.throws(() => planRounds(pieces, { ...full, now: later }), refused(/^list of/));
    assert.throws(() => planRounds(pieces, { ...nothing(pieces), now: NOW - 2n * DAY }), refused(/^list of/));
    assert.throws(() => planRounds(pieces, { ...full, minimumEvaluation: 999 }), refused(/TCB information/));
    assert.throws(() => planRounds(pieces, { ...full, maximumEvaluation: 1 }), refused(/TCB information/));
    const statements = new Map(
      [...full.statements].map(([key, known]) => [key, { ...known, isSignerValid: false }] as const),
    );
    assert.throws(() => planRounds(bare, { ...full, statements }), refused(/TCB information/));
    assert.deepEqual(names(pieces, { ...full, statements }), [["TCB information", "QE identity"]]);
  });

  it("is refused where the root is not pinned, or a certificate is of no use any more", () => {
    const pieces = piecesOf(tdx);
    assert.throws(
      () => planRounds(pieces, { ...nothing(pieces), pinned: new Set() }),
      refused(/^root Intel/),
    );
    const leaf = pieces.chains[0]?.at(-1)?.id ?? "0x";
    for (const status of ["expired", "revoked", "not-yet-valid"] as const) {
      assert.throws(() => planRounds(pieces, withStatus(pieces, leaf, status)), refused(/PCK Certificate/));
    }
  });

  it("is the leaf again where the authority that it was added under is no longer valid", () => {
    const pieces = piecesOf(tdx);
    const leaf = pieces.chains[0]?.at(-1)?.id ?? "0x";
    const standing = withStatus(pieces, leaf, "expired", `0x${"99".repeat(32)}`);
    assert.deepEqual(names(pieces, standing), [["Intel SGX PCK Certificate"]]);
  });
});

describe("what L1 lacks of an SEV-SNP guest's evidence", () => {
  it("is root, ASK, VCEK, and AMD's list, which is brought and not needed", () => {
    const pieces = piecesOf(snp);
    assert.deepEqual(names(pieces, nothing(pieces)), [
      ["ARK-Genoa"],
      ["SEV-Genoa", "list of ARK-Genoa"],
      ["SEV-VCEK"],
    ]);
    assert.ok(snp.host.kind === "SEV_SNP");
    const without = piecesOf({ ...snp, host: { ...snp.host, crl: undefined } });
    assert.deepEqual(names(without, { ...nothing(without), now: NOW + 40n * DAY }), [
      ["ARK-Genoa"],
      ["SEV-Genoa"],
      ["SEV-VCEK"],
    ]);
    const expired = { ...nothing(pieces), now: NOW + 40n * DAY };
    assert.deepEqual(names(pieces, expired), [["ARK-Genoa"], ["SEV-Genoa"], ["SEV-VCEK"]]);
  });

  it("is refused without the leaf, or with a gap in the chain", () => {
    assert.ok(snp.host.kind === "SEV_SNP");
    const host: Extract<HostEvidence, { kind: "SEV_SNP" }> = snp.host;
    assert.throws(() => piecesOf({ ...snp, host: { ...host, leaf: undefined } }), refused(/VCEK/));
    assert.throws(
      () => piecesOf({ ...snp, host: { ...host, chain: undefined } }),
      refused(/issuer of SEV-VCEK/),
    );
  });

  it("does not go round in circles, whatever the certificates say of each other", () => {
    assert.ok(snp.host.kind === "SEV_SNP" && snp.host.leaf !== undefined);
    const { leaf, chain = new Uint8Array(0) } = snp.host;
    // The chain twice, in the wrong order and with the leaf among it, is the same chain.
    const host = { ...snp.host, chain: concatBytes(leaf, chain, chain) };
    const pieces = piecesOf({ ...snp, host });
    assert.deepEqual(names(pieces, nothing(pieces)), names(piecesOf(snp), nothing(piecesOf(snp))));
  });
});

describe("what L1 lacks of a GPU's evidence", () => {
  it("is a chain of five beside the host's, with hints for P-384", () => {
    const pieces = piecesOf(gpu);
    const chain = pieces.chains.at(-1) ?? [];
    assert.equal(chain.length, 5);
    assert.equal(chain[0]?.id, DEVELOPMENT_ROOTS.nvidiaDevice.certificateId);
    assert.equal(planRounds(pieces, nothing(pieces)).length, 5);
  });
});
