import { fromHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { isRollupError } from "@phala-l2/protocol/errors";
import { type IntelRefusal, refuseIntel } from "./refusals.ts";

/** JSON that Intel signed: exactly these bytes, and r | s over their SHA-256. */
export type SignedJson = {
  readonly text: string;
  readonly signature: Uint8Array;
  /** PEM: Intel's TCB signing certificate and the root. */
  readonly issuerChain: string;
};

/** What Intel publishes about a family of platforms, as dcap-qvl and PCCS clients write it to a file. */
export type Collateral = {
  readonly rootCaCrl: Uint8Array;
  readonly pckCrl: Uint8Array;
  /** PEM: the PCK CA that signed the list, and the root. */
  readonly pckCrlIssuerChain: string;
  /** PEM: the quote's PCK chain once more; undefined when it is not there. */
  readonly repeatedPckChain: string | undefined;
  readonly tcbInfo: SignedJson;
  readonly qeIdentity: SignedJson;
};

const FIELDS: readonly string[] = [
  "root_ca_crl",
  "pck_crl",
  "pck_crl_issuer_chain",
  "tcb_info",
  "tcb_info_signature",
  "tcb_info_issuer_chain",
  "qe_identity",
  "qe_identity_signature",
  "qe_identity_issuer_chain",
];
/** Later versions of dcap-qvl repeat the quote's PCK chain here. */
const REPEATED_CHAIN = "pck_certificate_chain";
/** A few hundred kilobytes at most; a bound on what is worth reading. */
const COLLATERAL_CHARACTERS_MAX = 16 * 1024 * 1024;

/**
 * The signed substring: Intel's service answers `{"tcbInfo":{…},"signature":"…"}` and signs the inner object's own
 * bytes, so a file may hold either the inner object or the whole answer. Text is cut, never printed anew.
 */
function signedSubstring(text: string, name: string): string {
  const start = `{"${name}":`;
  const end = /,"signature":"[0-9a-fA-F]{128}"\}$/.exec(text);
  return text.startsWith(start) && end !== null ? text.slice(start.length, end.index) : text;
}

function readCollateral(json: JsonObject): Collateral {
  const unknown = json.names().find((name) => !FIELDS.includes(name) && name !== REPEATED_CHAIN);
  if (unknown !== undefined) throw new SyntaxError(`field ${unknown} is not known`);
  const signed = (field: string, name: string): SignedJson => ({
    text: signedSubstring(json.text(field), name),
    signature: json.bytes(`${field}_signature`, 64),
    issuerChain: json.text(`${field}_issuer_chain`),
  });
  return {
    rootCaCrl: fromHex(json.text("root_ca_crl")),
    pckCrl: fromHex(json.text("pck_crl")),
    pckCrlIssuerChain: json.text("pck_crl_issuer_chain"),
    repeatedPckChain: json.has(REPEATED_CHAIN) ? json.text(REPEATED_CHAIN) : undefined,
    tcbInfo: signed("tcb_info", "tcbInfo"),
    qeIdentity: signed("qe_identity", "enclaveIdentity"),
  };
}

function parseJson(text: string): unknown {
  if (text.length > COLLATERAL_CHARACTERS_MAX) throw new SyntaxError("too long");
  return JSON.parse(text);
}

/** What is wrong with JSON, in words; undefined when the error is no complaint about it. */
function complaint(error: unknown): string | undefined {
  if (error instanceof SyntaxError) return error.message;
  return isRollupError(error, "CONFIG_INVALID") || isRollupError(error, "HEX_INVALID")
    ? error.message
    : undefined;
}

export type ReadJson<Value> = { readonly kind: "read"; readonly value: Value };

/** Reads a JSON document by `read`, whose complaints become a refusal: this JSON is evidence, not configuration. */
export function readEvidenceJson<Value>(
  text: string,
  read: (json: JsonObject) => Value,
  refuse: (found: string) => IntelRefusal,
): ReadJson<Value> | IntelRefusal {
  try {
    return { kind: "read", value: read(new JsonObject(parseJson(text), "")) };
  } catch (error) {
    const found = complaint(error);
    if (found === undefined) throw error;
    return refuse(found);
  }
}

/** Parses a collateral file; nothing of it is verified yet. */
export function parseCollateral(text: string): ReadJson<Collateral> | IntelRefusal {
  return readEvidenceJson(text, readCollateral, (found) =>
    refuseIntel("COLLATERAL_MALFORMED", "2 collateral", {
      field: "collateral",
      wanted: FIELDS.join(", "),
      found,
    }),
  );
}
