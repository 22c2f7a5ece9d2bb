import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { authorizationFault, createToken, MAX_TOKEN_AGE_SECONDS, tokenFault } from "./jwt.ts";
import { loadOrMakeJwtSecret, readJwtSecret } from "./jwt-secret.ts";

const SECRET = fromHex("0x7365637265747365637265747365637265747365637265747365637265747365");
const NOW = 1_700_000_000;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token with any header and claims, signed as that hash function signs. */
function forged(header: unknown, claims: unknown, { secret = SECRET, hash = "sha256" } = {}): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}
const HS256 = { alg: "HS256", typ: "JWT" };

describe("a token of the Engine API", () => {
  it("is accepted when it was issued within a minute of now", () => {
    for (const offset of [0, -1, 1, -MAX_TOKEN_AGE_SECONDS, MAX_TOKEN_AGE_SECONDS]) {
      assert.equal(tokenFault(SECRET, createToken(SECRET, NOW + offset), NOW), undefined, `${offset}`);
    }
  });

  it("may have an id, a version, and claims that nobody here knows", () => {
    const claims = { iat: NOW, id: "node-1", clv: "op-node/v1.14.0", sub: "x", exp: NOW + 10 };
    assert.equal(tokenFault(SECRET, forged(HS256, claims), NOW), undefined);
    assert.equal(tokenFault(SECRET, forged({ alg: "HS256" }, claims), NOW), undefined);
  });

  it("is the one that RFC 7515's scheme makes of RFC 7519's parts", () => {
    const [header = "", claims = "", signature] = createToken(SECRET, NOW).split(".");
    assert.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), HS256);
    assert.deepEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), { iat: NOW });
    const wanted = createHmac("sha256", SECRET).update(`${header}.${claims}`).digest("base64url");
    assert.equal(signature, wanted);
  });

  const claims = { iat: NOW };
  const good = createToken(SECRET, NOW);
  const [header = "", body = "", signature = ""] = good.split(".");
  const none = `${encode({ alg: "none", typ: "JWT" })}.${body}`;
  const refused: readonly [string, string, string][] = [
    ["issued too long ago (replayed)", createToken(SECRET, NOW - MAX_TOKEN_AGE_SECONDS - 1), "stale token"],
    ["issued too far ahead", createToken(SECRET, NOW + MAX_TOKEN_AGE_SECONDS + 1), "future token"],
    ["signed with another secret", createToken(new Uint8Array(32), NOW), "signature is invalid"],
    ["without signature, alg none", `${none}.`, "token is malformed"],
    ["of two parts, alg none", none, "token is malformed"],
    ["alg none under a signature", forged({ alg: "none" }, claims), "signing method is invalid"],
    ["HS512", forged({ alg: "HS512" }, claims, { hash: "sha512" }), "signature is invalid"],
    ["named HS512, signed HS256", forged({ alg: "HS512" }, claims), "signing method is invalid"],
    ["RS256 with the secret as key", forged({ alg: "RS256" }, claims), "signing method is invalid"],
    ["hs256 in small letters", forged({ alg: "hs256" }, claims), "signing method is invalid"],
    ["no algorithm", forged({ typ: "JWT" }, claims), "signing method is invalid"],
    ["a header that is a list", forged(["HS256"], claims), "signing method is invalid"],
    ["no time of issue", forged(HS256, {}), "missing issued-at"],
    ["a time as text", forged(HS256, { iat: String(NOW) }), "missing issued-at"],
    ["claims that are no object", forged(HS256, NOW), "missing issued-at"],
    ["claims null", forged(HS256, null), "missing issued-at"],
    ["an expiry that has passed", forged(HS256, { iat: NOW, exp: NOW - 1 }), "token is expired"],
    ["an expiry as text", forged(HS256, { iat: NOW, exp: "never" }), "token is expired"],
    [
      "other claims under the same signature",
      `${header}.${encode({ iat: NOW + 1 })}.${signature}`,
      "signature is invalid",
    ],
    ["a cut signature", good.slice(0, -4), "signature is invalid"],
    ["a fourth part", `${good}.${signature}`, "token is malformed"],
    ["one part", header, "token is malformed"],
    ["nothing", "", "token is malformed"],
    ["dots alone", "..", "token is malformed"],
    [
      "letters that base64url does not have",
      `${header}.${body}.${signature.slice(1)}!`,
      "token is malformed",
    ],
    ["a padded signature", `${good}=`, "token is malformed"],
    ["a mebibyte", `${header}.${"a".repeat(1024 * 1024)}.${signature}`, "token too long"],
  ];
  for (const [what, token, fault] of refused) {
    it(`is refused: ${what}`, () => assert.equal(tokenFault(SECRET, token, NOW), fault));
  }

  it("comes as a bearer token", () => {
    assert.equal(authorizationFault(SECRET, `Bearer ${good}`, NOW), undefined);
    for (const header of [undefined, "", good, `Basic ${good}`, `bearer${good}`, "Bearer"]) {
      assert.equal(authorizationFault(SECRET, header, NOW), "missing token", header);
    }
    assert.equal(authorizationFault(SECRET, "Bearer ", NOW), "token is malformed");
  });
});

describe("the secret's file", () => {
  const folder = mkdtempSync(join(tmpdir(), "phala-l2-jwt-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const isInvalid = (error: unknown) => isRollupError(error, "JWT_SECRET_INVALID");

  it("is read with and without 0x, in any letter case, with a line's end", async () => {
    const hex = toHex(SECRET).slice(2);
    for (const [i, text] of [hex, `0x${hex}`, `${hex.toUpperCase()}\n`, ` 0x${hex}\r\n`].entries()) {
      const path = join(folder, `good-${i}`);
      writeFileSync(path, text);
      assert.deepEqual(await readJwtSecret(path), SECRET);
    }
  });

  it("is made for its owner alone when it is not there, and never made anew", async () => {
    const path = join(folder, "made");
    const secret = await loadOrMakeJwtSecret(path);
    assert.equal(secret.length, 32);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(await loadOrMakeJwtSecret(path), secret);
    assert.notDeepEqual(await loadOrMakeJwtSecret(join(folder, "other")), secret);
  });

  it("is refused when it holds anything else", async () => {
    for (const [i, text] of ["", "0x", "00".repeat(31), "00".repeat(33), "zz".repeat(32)].entries()) {
      const path = join(folder, `bad-${i}`);
      writeFileSync(path, text);
      await assert.rejects(readJwtSecret(path), isInvalid);
      await assert.rejects(loadOrMakeJwtSecret(path), isInvalid);
      assert.equal(readFileSync(path, "utf8"), text);
    }
    await assert.rejects(readJwtSecret(join(folder, "absent")), isInvalid);
    await assert.rejects(loadOrMakeJwtSecret(join(folder, "no", "such", "folder")), isInvalid);
  });
});
