import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The tokens of the Engine API: JWT, HS256, with the time of issue.
 * Source: execution-apis src/engine/authentication.md; RFC 7515 (compact serialisation), RFC 7519.
 */

/** Seconds that a token's time of issue may be away from this machine's clock. */
export const MAX_TOKEN_AGE_SECONDS = 60;
/** Characters of a token that are looked at; an honest one has some 150. */
const MAX_TOKEN_LENGTH = 4096;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

const HEADER = encodePart({ alg: "HS256", typ: "JWT" });

function encodePart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signatureOf(secret: Uint8Array, signed: string): Buffer {
  return createHmac("sha256", secret).update(signed).digest();
}

/** A token issued at that Unix time in seconds. */
export function createToken(secret: Uint8Array, issuedAt: number): string {
  const signed = `${HEADER}.${encodePart({ iat: issuedAt })}`;
  return `${signed}.${signatureOf(secret, signed).toString("base64url")}`;
}

/**
 * Why a token is not accepted at that Unix time in seconds; undefined when it is. Nothing in it is read before
 * its signature holds, which is compared in constant time. Claims that are not known here are ignored.
 */
export function tokenFault(secret: Uint8Array, token: string, now: number): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return "token too long";
  const [header, claims, signature, ...rest] = token.split(".");
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    return "token is malformed";
  }
  if (![header, claims, signature].every((part) => BASE64URL.test(part))) return "token is malformed";
  const given = Buffer.from(signature, "base64url");
  const wanted = signatureOf(secret, `${header}.${claims}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return "signature is invalid";
  // The algorithm is not the token's to choose; one that names another is refused all the same ("none" above all).
  if (decodePart(header)?.alg !== "HS256") return "signing method is invalid";
  return claimsFault(decodePart(claims), now);
}

function claimsFault(claims: Readonly<Record<string, unknown>> | undefined, now: number): string | undefined {
  const issuedAt = claims?.iat;
  if (typeof issuedAt !== "number" || !Number.isFinite(issuedAt)) return "missing issued-at";
  if (now - issuedAt > MAX_TOKEN_AGE_SECONDS) return "stale token";
  if (issuedAt - now > MAX_TOKEN_AGE_SECONDS) return "future token";
  const expiry = claims?.exp;
  if (expiry === undefined) return undefined;
  return typeof expiry === "number" && now <= expiry ? undefined : "token is expired";
}

function decodePart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const SCHEME = "Bearer ";

/** The same for the value of an Authorization header. */
export function authorizationFault(
  secret: Uint8Array,
  authorization: string | undefined,
  now: number,
): string | undefined {
  if (authorization === undefined || !authorization.startsWith(SCHEME)) return "missing token";
  return tokenFault(secret, authorization.slice(SCHEME.length).trim(), now);
}
