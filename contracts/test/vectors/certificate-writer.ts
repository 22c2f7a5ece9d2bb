import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import * as der from "./der-writer.ts";

/** One who signs: a name and a key of one of the three kinds. The keys live for one run. */
export interface Signer {
  readonly name: string;
  readonly kind: "p256" | "p384" | "rsa";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface CertificateFields {
  readonly serial: number;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly authority?: { readonly pathLength?: number };
  /** Numbers of keyUsage's bits. */
  readonly usages?: readonly number[];
  /** Further extensions: object identifier's content, whether critical, value. */
  readonly extensions?: readonly (readonly [string, boolean, Uint8Array])[];
  /** Another issuer's name than the signer's. */
  readonly issuerName?: string;
}

export const SIGN_CERTIFICATES = 5;
export const SIGN_REVOCATIONS = 6;

const NOT_BEFORE = "2025-01-01T00:00:00";
const NOT_AFTER = "2035-01-01T00:00:00";

const ALGORITHMS = {
  p256: Buffer.from("300a06082a8648ce3d040302", "hex"),
  p384: Buffer.from("300a06082a8648ce3d040303", "hex"),
  rsa: Buffer.from(
    "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108" +
      "300d06096086480165030402020500a203020130",
    "hex",
  ),
};

export function signer(name: string, kind: Signer["kind"]): Signer {
  const pair =
    kind === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 4096 })
      : generateKeyPairSync("ec", { namedCurve: kind === "p256" ? "P-256" : "P-384" });
  return { name, kind, ...pair };
}

function signed(by: Signer, content: Uint8Array): der.Der {
  const signature =
    by.kind === "rsa"
      ? sign("sha384", content, {
          key: by.privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: 48,
        })
      : sign(by.kind === "p256" ? "sha256" : "sha384", content, by.privateKey);
  return der.sequence(content, ALGORITHMS[by.kind], der.bits(signature));
}

function extension(id: string, critical: boolean, value: Uint8Array): der.Der {
  return der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octets(value));
}

function extensionsOf(fields: CertificateFields): der.Der[] {
  const list: der.Der[] = [];
  if (fields.authority !== undefined) {
    const { pathLength } = fields.authority;
    const limit = pathLength === undefined ? [] : [der.small(pathLength)];
    list.push(extension("551d13", true, der.sequence(der.boolean(true), ...limit)));
  }
  if (fields.usages !== undefined) list.push(extension("551d0f", true, der.flags(...fields.usages)));
  for (const [id, critical, value] of fields.extensions ?? []) list.push(extension(id, critical, value));
  return list;
}

export function certificate(subject: Signer, by: Signer, fields: CertificateFields): der.Der {
  const extensions = extensionsOf(fields);
  return signed(
    by,
    der.sequence(
      der.explicit(0, der.small(2)),
      der.small(fields.serial),
      ALGORITHMS[by.kind],
      der.name(fields.issuerName ?? by.name),
      der.sequence(der.time(fields.notBefore ?? NOT_BEFORE), der.time(fields.notAfter ?? NOT_AFTER)),
      der.name(subject.name),
      subject.publicKey.export({ type: "spki", format: "der" }),
      ...(extensions.length === 0 ? [] : [der.explicit(3, der.sequence(...extensions))]),
    ),
  );
}

export interface RevocationFields {
  readonly serials: readonly number[];
  readonly thisUpdate?: string;
  readonly nextUpdate?: string;
  /** A delta list: the indicator is a critical extension. */
  readonly delta?: boolean;
}

export function revocations(by: Signer, fields: RevocationFields): der.Der {
  const thisUpdate = der.time(fields.thisUpdate ?? "2025-12-01T00:00:00");
  const entries = fields.serials.map((serial) => der.sequence(der.small(serial), thisUpdate));
  const number = extension("551d14", false, der.small(1));
  const delta = fields.delta === true ? [extension("551d1b", true, der.small(1))] : [];
  return signed(
    by,
    der.sequence(
      der.small(1),
      ALGORITHMS[by.kind],
      der.name(by.name),
      thisUpdate,
      der.time(fields.nextUpdate ?? "2026-02-01T00:00:00"),
      ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
      der.explicit(0, der.sequence(number, ...delta)),
    ),
  );
}
