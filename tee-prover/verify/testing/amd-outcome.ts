import {
  type AmdCase,
  type AmdWorld,
  amdInput,
  issueLeaf,
  type LeafDraft,
  type ReportDraft,
  rootsOf,
} from "../../attest/dangerously-simulated/amd.ts";
import type { Product } from "../amd/product.ts";
import { type AmdEvidence, type AmdInput, verifySnpReport } from "../amd/verify.ts";
import { codeOf } from "./outcome.ts";

/** The refusal's code, or `genuine`. */
export function amdCode(input: AmdInput): string {
  return codeOf(verifySnpReport(input));
}

/** The evidence, which must be genuine. */
export function genuineAmd(input: AmdInput): AmdEvidence {
  const evidence = verifySnpReport(input);
  if (evidence.kind === "genuine") return evidence;
  throw new Error(`${evidence.code}: ${evidence.field}: wanted ${evidence.wanted}, found ${evidence.found}`);
}

/** What comes out where one thing differs from evidence that is genuine. */
export function amdOutcomes(worlds: Readonly<Record<Product, AmdWorld>>) {
  const roots = rootsOf(worlds);

  function codeFor(product: Product, draft: AmdCase): string {
    return amdCode(amdInput(worlds[product], roots, draft));
  }

  function report(draft: ReportDraft, product: Product = "Genoa"): string {
    return codeFor(product, { report: draft });
  }

  /** Of a leaf that signs its report. */
  function leaf(draft: LeafDraft, product: Product = "Genoa"): string {
    const { endorsement = "VCEK" } = draft;
    return codeFor(product, { report: { endorsement }, leaf: issueLeaf(worlds[product], draft) });
  }

  return { roots, codeFor, report, leaf };
}
