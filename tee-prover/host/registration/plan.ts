import type { Hex } from "@phala-l2/protocol/bytes";
import type { CertificatePiece, Chain, Family, ListPiece, Pieces, StatementPiece } from "./pieces.ts";
import { registrationRefused } from "./refusal.ts";

/** `ICertificateCache.Status`, in its order. */
export const CERTIFICATE_STATUSES = [
  "valid",
  "unknown",
  "not-yet-valid",
  "expired",
  "revoked",
  "root-not-pinned",
] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUSES)[number];

/** What the cache says of a certificate, and of which one of its chain. */
export type CertificateStanding = { readonly status: CertificateStatus; readonly culprit: Hex };

/** Times that a list or statement on L1 holds for; zeros where there is none. */
export type Validity = { readonly issued: bigint; readonly nextUpdate: bigint };

export type StatementStanding = Validity & {
  readonly evaluation: number;
  /** Whether the certificate that signed it is valid still. */
  readonly isSignerValid: boolean;
};

/** What L1 holds, at one block. */
export type Standing = {
  /** Timestamp of that block. */
  readonly now: bigint;
  readonly certificates: ReadonlyMap<Hex, CertificateStanding>;
  /** Roots that governance trusts. */
  readonly pinned: ReadonlySet<Hex>;
  /** By authority. */
  readonly lists: ReadonlyMap<Hex, Validity>;
  readonly statements: ReadonlyMap<string, StatementStanding>;
  /** Lowest and highest evaluation of TCBs that Intel's statements may be of. */
  readonly minimumEvaluation: number;
  readonly maximumEvaluation: number;
};

/** One transaction. */
export type Step = CertificatePiece | (ListPiece & Needed<"list">) | (StatementPiece & Needed<"statement">);
type Needed<Field extends "list" | "statement"> = Field extends "list"
  ? { readonly list: NonNullable<ListPiece["list"]> }
  : { readonly statement: NonNullable<StatementPiece["statement"]> };

/** Steps that do not need each other, and need all rounds before. */
export type Round = readonly Step[];

/**
 * What ends sooner is replaced while newer is at hand: a key is registered for no longer than its collateral holds, and
 * vendors issue theirs for a month.
 */
export const RENEW_WITHIN = 15n * 86_400n;

/** The name that a statement has in `Standing`. */
export function statementKey(family: Family | undefined): string {
  return family === undefined ? "qe" : `tcb ${family.fmspc} ${family.pceId}`.toLowerCase();
}

const UNKNOWN: CertificateStanding = { status: "unknown", culprit: "0x" };

/** The certificates of a chain that L1 lacks, from the top. */
function missingOf(chain: Chain, { certificates, pinned }: Standing): readonly CertificatePiece[] {
  const leaf = chain.at(-1);
  // The cache walks the whole chain, whichever certificates of the authorities it goes by.
  if (leaf === undefined || certificates.get(leaf.id)?.status === "valid") return [];
  return chain.filter((certificate) => {
    const { name, id, issuer } = certificate;
    if (issuer === undefined && !pinned.has(id)) throw untrustedRoot(certificate);
    const { status, culprit } = certificates.get(id) ?? UNKNOWN;
    if (status !== "valid" && status !== "unknown" && culprit === id) {
      throw registrationRefused({
        check: "certificates",
        field: name,
        wanted: "valid",
        found: status,
        remedy: "take certificates that are valid now; what its issuer or governance revoked stays revoked",
      });
    }
    return status !== "valid";
  });
}

function untrustedRoot({ name, id }: CertificatePiece) {
  return registrationRefused({
    check: "certificates",
    field: `root ${name}`,
    wanted: "a root that governance pinned in the certificate cache",
    found: `${id}, which is not`,
    remedy: "this deployment does not trust this vendor's, product's or simulator's hardware",
  });
}

function isCurrent({ issued, nextUpdate }: Validity, now: bigint): boolean {
  return issued <= now && now <= nextUpdate;
}

function staleOn(now: bigint, field: string, found: string) {
  return registrationRefused({
    check: "collateral",
    field,
    wanted: `valid at ${now}`,
    found,
    remedy:
      "fetch it anew from the vendor's service or a PCCS (setting collateral), and check the machine's clock",
  });
}

const NOTHING: Validity = { issued: 0n, nextUpdate: 0n };

function listIsDue(piece: ListPiece, { now, lists }: Standing): boolean {
  const { name, authority, isNeeded, list } = piece;
  const known = lists.get(authority) ?? NOTHING;
  const isNewer = list !== undefined && list.thisUpdate > known.issued && list.nextUpdate > known.nextUpdate;
  const isUsable = isNewer && isCurrent({ issued: list.thisUpdate, nextUpdate: list.nextUpdate }, now);
  if (isUsable) return known.nextUpdate < now + RENEW_WITHIN;
  if (isNeeded && !isCurrent(known, now)) {
    throw staleOn(now, name, list === undefined ? "none" : `one of ${list.thisUpdate} to ${list.nextUpdate}`);
  }
  return false;
}

function statementIsDue(piece: StatementPiece, standing: Standing): boolean {
  const { name, family, statement } = piece;
  const { now, minimumEvaluation, maximumEvaluation, statements } = standing;
  const isAccepted = (evaluation: number) =>
    evaluation >= minimumEvaluation && evaluation <= maximumEvaluation;
  const known = statements.get(statementKey(family));
  const holds = known?.isSignerValid === true && isCurrent(known, now) && isAccepted(known.evaluation);
  const isUsable =
    statement !== undefined &&
    isCurrent({ issued: statement.issueDate, nextUpdate: statement.nextUpdate }, now) &&
    isAccepted(statement.evaluation);
  if (!holds && !isUsable) {
    const found =
      statement === undefined
        ? "none"
        : `one of ${statement.issueDate} to ${statement.nextUpdate}, evaluation ${statement.evaluation} (${minimumEvaluation} to ${maximumEvaluation})`;
    throw staleOn(now, name, found);
  }
  if (!isUsable || known === undefined || !known.isSignerValid) return isUsable;
  // What was published early gives way where governance waits.
  if (known.evaluation > maximumEvaluation) return true;
  // The contract takes a newer evaluation, or within one what was issued later.
  if (statement.evaluation !== known.evaluation) return statement.evaluation > known.evaluation;
  return statement.issueDate > known.issued && known.nextUpdate < now + RENEW_WITHIN;
}

function stepsOf({ chains, lists, statements }: Pieces, standing: Standing): readonly Step[] {
  const certificates = chains.flatMap((chain) => missingOf(chain, standing));
  const unique = [...new Map(certificates.map((each) => [each.id, each])).values()];
  const due: Step[] = [...unique];
  for (const piece of lists) {
    const { list } = piece;
    if (listIsDue(piece, standing) && list !== undefined) due.push({ ...piece, list });
  }
  for (const piece of statements) {
    const { statement } = piece;
    if (statementIsDue(piece, standing) && statement !== undefined) due.push({ ...piece, statement });
  }
  return due;
}

/** Names that a step waits for, where those are steps themselves. */
function waitsFor(step: Step): readonly string[] {
  if (step.kind === "certificate") return step.issuer === undefined ? [] : [step.issuer];
  if (step.kind === "list") return [step.authority];
  return [step.statement.signer, `list ${step.statement.root}`];
}

function nameOfStep(step: Step): string {
  if (step.kind === "certificate") return step.id;
  return step.kind === "list" ? `list ${step.authority}` : statementKey(step.family);
}

/** Certificates can name each other as issuers; none of them is one. */
function circular(steps: readonly Step[]) {
  return registrationRefused({
    check: "certificates",
    field: steps.map(({ name }) => name).join(", "),
    wanted: "a chain up to the vendor's root",
    found: "a circle",
    remedy: "give the vendor's own certificates",
  });
}

/**
 * The transactions that bring to L1 what it lacks of the pieces, in rounds. What is there and holds is left out, whoever
 * brought it; an empty plan means that evidence can be verified.
 * @throws RollupError REGISTRATION_REFUSED where what is needed is neither on L1 nor, in a form that holds, at hand
 */
export function planRounds(pieces: Pieces, standing: Standing): readonly Round[] {
  const steps = stepsOf(pieces, standing);
  const left = new Map(steps.map((step) => [nameOfStep(step), step]));
  const rounds: Round[] = [];
  while (left.size > 0) {
    const round = [...left.values()].filter((step) => !waitsFor(step).some((name) => left.has(name)));
    if (round.length === 0) throw circular([...left.values()]);
    for (const step of round) left.delete(nameOfStep(step));
    rounds.push(round);
  }
  return rounds;
}
