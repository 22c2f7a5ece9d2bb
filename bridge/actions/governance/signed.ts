import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord, type JsonRecord } from "@phala-l2/protocol/json-record";
import { getAddress, isAddress, isHex } from "viem";
import type { SignedDelegation } from "./delegate.ts";
import { type SignedBallot, SUPPORTS } from "./vote.ts";

function invalid(field: string): never {
  throw new RollupError("GOVERNANCE_SIGNED_INVALID", `what was signed has no valid ${field}`, {
    data: { field },
  });
}

function recordOf(json: unknown): JsonRecord {
  return isRecord(json) ? json : invalid("content");
}

function quantityOf(record: JsonRecord, field: string): bigint {
  const value = record[field];
  return typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : invalid(field);
}

function addressOf(record: JsonRecord, field: string) {
  const value = record[field];
  return typeof value === "string" && isAddress(value) ? getAddress(value) : invalid(field);
}

function signatureOf({ signature }: JsonRecord) {
  return isHex(signature) && signature.length === 132 ? signature : invalid("signature");
}

/** Reads what `signDelegation` gave, quantities as decimal text. @throws RollupError GOVERNANCE_SIGNED_INVALID */
export function parseDelegation(json: unknown): SignedDelegation {
  const record = recordOf(json);
  return {
    delegatee: addressOf(record, "delegatee"),
    nonce: quantityOf(record, "nonce"),
    expiry: quantityOf(record, "expiry"),
    signature: signatureOf(record),
  };
}

/** Reads what `signVote` gave, quantities as decimal text. @throws RollupError GOVERNANCE_SIGNED_INVALID */
export function parseVote(json: unknown): SignedBallot {
  const record = recordOf(json);
  return {
    proposalId: quantityOf(record, "proposalId"),
    support: SUPPORTS.find((support) => support === record.support) ?? invalid("support"),
    voter: addressOf(record, "voter"),
    signature: signatureOf(record),
  };
}
