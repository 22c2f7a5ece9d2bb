import { quantityHex } from "@phala-l2/node/rpc/format/hex";
import { method0, method1, type RpcMethods, required } from "@phala-l2/node/rpc/method";
import { invalid, ok, type Parse } from "@phala-l2/node/rpc/parameters";
import { failure, LIMIT_EXCEEDED, type Reply, result, SERVER_ERROR } from "@phala-l2/node/rpc/reply";
import { asHash, fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { isRecord } from "@phala-l2/protocol/json-record";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";
import { parseReleaseWitness, releaseJson } from "@phala-l2/swap/witness-json";
import type { Given, Refused, ReleaseQuestion, StatementDesk } from "../host/statements/desk.ts";

const HASH = /^0x[0-9a-fA-F]{64}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
/** A deposit's block, and the repairing one's. */
const MAX_FINALITY_PROOFS = 2;

function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === "string" && BYTES.test(value) ? fromHex(value) : undefined;
}

function finalityOf(value: unknown): readonly Uint8Array[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_FINALITY_PROOFS) return undefined;
  const proofs = value.map(bytesOf).filter((bytes) => bytes !== undefined);
  return proofs.length === value.length ? proofs : undefined;
}

/** `{ settingsHash, deposit, repair?, finality? }`: a release's witness and what it is to be judged by. */
const releaseQuestion: Parse<ReleaseQuestion> = (value) => {
  if (!isRecord(value)) return invalid("an object is wanted");
  const { settingsHash } = value;
  if (typeof settingsHash !== "string" || !HASH.test(settingsHash)) return invalid("settingsHash is no hash");
  const witness = parseReleaseWitness(value);
  if (witness === undefined) return invalid("deposit or repair is no proof of a block");
  const finality = finalityOf(value.finality);
  if (finality === undefined) return invalid("finality is no list of at most two byte strings");
  return ok({ settingsHash: asHash(fromHex(settingsHash)), witness, finality });
};

/** A statement as JSON: amounts as decimal text, as releases have them. */
export function sunsetJson(statement: SunsetStatement) {
  const { genesisHash, height, blockHash, stateRoot, claimsRoot } = statement;
  return {
    genesisHash: toHex(genesisHash),
    height: height.toString(),
    blockHash: toHex(blockHash),
    stateRoot: toHex(stateRoot),
    claimsRoot: toHex(claimsRoot),
    issuance: statement.issuance.toString(),
    claimable: statement.claimable.toString(),
    excluded: statement.excluded.toString(),
    rounding: statement.rounding.toString(),
  };
}

function givenJson<Statement>({ key, signed }: Given<Statement>) {
  const { settingsHash, signature } = signed;
  return { key, settingsHash: toHex(settingsHash), signature: toHex(signature) };
}

const UNCONFIGURED = failure(SERVER_ERROR, "this prover was not told of any; ask another");

/** Hash roots and amounts that a refusal names, as text. */
function dataJson(data: unknown): unknown {
  const plain = (_: string, value: unknown): unknown => {
    if (typeof value === "bigint") return value.toString();
    return value instanceof Uint8Array ? toHex(value) : value;
  };
  return data === undefined ? undefined : JSON.parse(JSON.stringify(data, plain));
}

function refusal({ reason, data }: Refused): Reply {
  return { ...failure(SERVER_ERROR, `nothing is signed: ${reason}`), data: { reason, ...dataRecord(data) } };
}

function dataRecord(data: unknown): Readonly<Record<string, unknown>> {
  const plain = dataJson(data);
  return isRecord(plain) ? plain : {};
}

/** What a prover says of Substrate chains, to anybody who asks: what it signs is for contracts, which judge it by its key. */
export function statementMethods(desk: StatementDesk): RpcMethods {
  return {
    tee_signSunset: method0(() => {
      const answer = desk.sunset();
      switch (answer.kind) {
        case "signed":
          return result({
            status: "signed",
            ...givenJson(answer),
            sunset: sunsetJson(answer.signed.statement),
          });
        case "running": {
          const [blocks, entries, bytes] = [answer.blocks, answer.entries, answer.bytes].map((count) =>
            quantityHex(BigInt(count)),
          );
          return result({ status: "running", blocks, entries, bytes });
        }
        case "refused":
          return refusal(answer);
        case "unconfigured":
          return UNCONFIGURED;
      }
    }),
    tee_signRelease: method1(required(releaseQuestion), async (question) => {
      const answer = await askDesk(desk, question);
      switch (answer.kind) {
        case "signed":
          return result({ ...givenJson(answer), release: releaseJson(answer.signed.statement) });
        case "refused":
          return refusal(answer);
        case "unconfigured":
          return UNCONFIGURED;
        case "busy":
          return failure(LIMIT_EXCEEDED, "too many releases were asked for; ask again later");
      }
    }),
  };
}

/** A file that cannot be read is the operator's to mend, and no stranger's to be told of. */
async function askDesk(desk: StatementDesk, question: ReleaseQuestion) {
  try {
    return await desk.release(question);
  } catch (error) {
    if (isRollupError(error)) return { kind: "refused", reason: error.code } as const;
    throw error;
  }
}

/** The key's address of an answer, for whoever collects. */
export type StatementAnswer = { readonly key: Hex; readonly settingsHash: Hex; readonly signature: Hex };
