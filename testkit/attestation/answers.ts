import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { tdxImage } from "@phala-l2/tee-prover/attest/measurement";
import { parseCollateral } from "@phala-l2/tee-prover/verify/intel/collateral";
import { isDebugTd } from "@phala-l2/tee-prover/verify/intel/reports";
import { readQeIdentity, readTcbInfo } from "@phala-l2/tee-prover/verify/intel/tcb-info";
import { TCB_STATUSES } from "@phala-l2/tee-prover/verify/intel/tcb-status";
import { INTEL_ROOT, type IntelInput, verifyIntelQuote } from "@phala-l2/tee-prover/verify/intel/verify";
import { startAnvil } from "../l1/anvil.ts";
import { type BeforePiece, type IntelOnL1, intelOnL1, type OnChainReport } from "./intel-on-l1.ts";
import { certificatesOf } from "./intel-pieces.ts";
import { qeIdentityOnL1, tcbInfoOnL1 } from "./statements.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/vectors/tee/bundles");

/** Why tests on real evidence are skipped; false if it is there. */
export const NO_BUNDLES = existsSync(FOLDER) ? false : `no real evidence at ${FOLDER}`;

/** Names of the folders of real evidence of a kind. */
export function bundleNames(tee: IntelInput["tee"]): readonly string[] {
  if (NO_BUNDLES !== false) return [];
  const entries = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => name).filter((name) => name.includes(tee));
}

/** Real evidence, with the time at which it held. */
export function readBundle(name: string): IntelInput {
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

/** What both sides say: a code, or a status with what the quote says. */
export type Answer = { readonly code: string; readonly facts: Omit<OnChainReport, "tcbStatus"> | undefined };

/** The verifier off-chain, with the two rules of L1 that are policy there: no debug, no TCB that is revoked or unlisted. */
export function offChain(input: IntelInput): Answer {
  const evidence = verifyIntelQuote(input);
  if (evidence.kind === "refused") {
    // The precompile does not tell a key that is none from a signature that is none.
    const code = evidence.code === "ATTESTATION_KEY_INVALID" ? "QUOTE_SIGNATURE_INVALID" : evidence.code;
    return { code, facts: undefined };
  }
  const { quote, pck, tcb, tcbEvaluationDataNumber: tcbEvaluation } = evidence;
  const { body } = quote;
  const [pckCertificate] = certificatesOf(quote.pckChain);
  assert.ok(pckCertificate !== undefined);
  assert.ok(body.type !== "sgx");
  if (isDebugTd(body)) return { code: "DEBUG_ENABLED", facts: undefined };
  if (tcb.status === undefined) return { code: "TCB_LEVEL_NOT_FOUND", facts: undefined };
  if (tcb.status === "Revoked") return { code: "TCB_REVOKED", facts: undefined };
  const facts = {
    tcbEvaluation,
    advisories: toHex(tcb.advisoriesDigest),
    certificate: toHex(keccak256(pckCertificate.signedPart)),
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

export async function onChain(l1: Pick<IntelOnL1, "verify">, quote: Uint8Array): Promise<Answer> {
  const answer = await l1.verify(quote);
  if (answer.kind === "reverted") return { code: codeOf(answer.error), facts: undefined };
  const { tcbStatus, tcbEvaluation, advisories, certificate, measurement, platformId, reportData } =
    answer.report;
  const facts = { tcbEvaluation, advisories, certificate, measurement, platformId, reportData };
  return { code: TCB_STATUSES[tcbStatus] ?? `${tcbStatus}`, facts };
}

/** An L1 of its own, at the time of the evidence, that knows its platform and collateral. */
export async function withL1(
  input: IntelInput,
  run: (l1: IntelOnL1) => Promise<void>,
  beforePiece?: BeforePiece,
): Promise<void> {
  const anvil = await startAnvil({ port: 0, chainId: 900, timestamp: input.at });
  try {
    await run(await intelOnL1(anvil.url, input.quote, input.collateral, beforePiece));
  } finally {
    await anvil.stop();
  }
}

/** The statements in a collateral file are read alike by both sides. */
export async function checkStatements(l1: IntelOnL1, collateral: string): Promise<void> {
  const parsed = parseCollateral(collateral);
  assert.ok(parsed.kind === "read");
  const json = (text: string) => new JsonObject(JSON.parse(text), "");
  const tcbInfo = readTcbInfo(json(parsed.value.tcbInfo.text));
  assert.deepEqual(await l1.tcbInfo(tcbInfo), tcbInfoOnL1(tcbInfo));
  const qeIdentity = readQeIdentity(json(parsed.value.qeIdentity.text));
  assert.deepEqual(await l1.qeIdentity(), qeIdentityOnL1(qeIdentity));
}
