import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { endpointName, hidingKeysOf, requestTarget, urlUnder, withoutUrlSecrets } from "./endpoint.ts";

const SECRET = "0123456789abcdefSECRET";

describe("an endpoint's URL", () => {
  it("has its user in a header, in UTF-8 and without percent signs (RFC 7617)", () => {
    const cases: readonly [string, string, string | undefined][] = [
      ["https://l1.example/", "https://l1.example/", undefined],
      ["https://l1.example/v2/key?a=b", "https://l1.example/v2/key?a=b", undefined],
      ["https://user:pass@l1.example:8545/x?y=z", "https://l1.example:8545/x?y=z", "user:pass"],
      ["http://user@l1.example", "http://l1.example/", "user:"],
      ["http://:pass@l1.example", "http://l1.example/", ":pass"],
      ["http://a%40b:c%3Ad%2F@l1.example", "http://l1.example/", "a@b:c:d/"],
      ["http://us%25er:p%C3%A4ss@l1.example", "http://l1.example/", "us%er:päss"],
      ["http://50%:pass@l1.example", "http://l1.example/", "50%:pass"],
    ];
    for (const [given, url, user] of cases) {
      const basic = user && `Basic ${Buffer.from(user, "utf8").toString("base64")}`;
      assert.deepEqual(requestTarget(given), { url, headers: basic ? { authorization: basic } : {} }, given);
    }
  });

  it("is named by host and port alone", () => {
    assert.equal(endpointName(`https://u:${SECRET}@l1.example:99/${SECRET}?k=${SECRET}`), "l1.example:99");
  });

  it("takes paths in front of a key in the query, and behind one in the path", () => {
    assert.equal(urlUnder("http://b.example", "/eth/v1/x"), "http://b.example/eth/v1/x");
    assert.equal(urlUnder("http://b.example/key/", "/eth/v1/x"), "http://b.example/key/eth/v1/x");
    assert.equal(
      urlUnder("http://b.example/?k=1", "/x", { h: "0x1,0x2" }),
      "http://b.example/x?k=1&h=0x1,0x2",
    );
    assert.equal(urlUnder("http://u:p@b.example", "/x", { h: "1" }), "http://u:p@b.example/x?h=1");
  });
});

describe("a text for people", () => {
  it("keeps of each URL its scheme, host and port", () => {
    const cases: readonly [string, string][] = [
      ["no URL at all: a@b.example, /work", "no URL at all: a@b.example, /work"],
      ["at http://127.0.0.1:8545 it listens", "at http://127.0.0.1:8545 it listens"],
      ["at http://127.0.0.1:8545.", "at http://127.0.0.1:8545."],
      ["(http://l1.example:8545)", "(http://l1.example:8545)"],
      ["(http://l1.example/)", "(http://l1.example/)"],
      ["ws://[::1]:8546, and on", "ws://[::1]:8546, and on"],
      [`URL: https://l1.example/v2/${SECRET}\nbody`, "URL: https://l1.example/…\nbody"],
      [`{"url":"wss://u:${SECRET}@l1.example/ws"}`, '{"url":"wss://l1.example/…"}'],
      [
        `HTTPS://${SECRET}@l1.example and https://l1.example?key=${SECRET}`,
        "HTTPS://l1.example and https://l1.example/…",
      ],
      [`http://u:p@ss${SECRET}@l1.example`, "http://l1.example"],
      [`http://l1.example#${SECRET}`, "http://l1.example/…"],
      [`"a\\"http://l1.example/${SECRET}\\" b"`, '"a\\"http://l1.example/…\\" b"'],
      [`http://[::1]:80/${SECRET}`, "http://[::1]:80/…"],
    ];
    for (const [given, wanted] of cases) assert.equal(withoutUrlSecrets(given), wanted);
  });

  it("never holds a user, a path or a query of a URL (property)", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_.~%!$&*+=:-]{6,20}$/).map((text) => `S3cret${text}`);
    const where = fc.constantFrom(
      (key: string) => `https://${key}@l1.example:1/`,
      (key: string) => `https://user:${key}@l1.example`,
      (key: string) => `http://l1.example/${key}`,
      (key: string) => `http://l1.example/v3/${key}/more`,
      (key: string) => `wss://l1.example/?key=${key}`,
      (key: string) => `http://l1.example:8545?${key}`,
    );
    const around = fc.constantFrom('"', " ", "\n", "(", "'", "<");
    fc.assert(
      fc.property(secret, where, around, (key, urlOf, quote) => {
        const text = withoutUrlSecrets(`before ${quote}${urlOf(key)}${quote} behind`);
        assert.ok(!text.includes("S3cret"), text);
        assert.ok(text.includes("l1.example") && text.endsWith(" behind"));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it("of a server has its own keys taken out, in whatever words", () => {
    const hide = hidingKeysOf(
      `https://us%40er:${SECRET}@l1.example/v2/abcdefgh12345678?token=t0ken-of-query`,
    );
    assert.equal(hide(`bad ${SECRET}`), "bad …");
    assert.equal(hide("us@er or us%40er may not"), "… or … may not");
    assert.equal(hide("invalid project id abcdefgh12345678"), "invalid project id …");
    assert.equal(hide("t0ken-of-query: over quota"), "…: over quota");
    assert.equal(hide("method v2 not found"), "method v2 not found");
    assert.equal(hidingKeysOf("http://127.0.0.1:8545")("execution reverted"), "execution reverted");
  });
});
