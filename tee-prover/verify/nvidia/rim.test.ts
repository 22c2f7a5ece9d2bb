import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NOW, newKey } from "../../attest/dangerously-simulated/authority.ts";
import {
  issueNvidiaWorld,
  issueRim,
  measurementOf,
  type RimDraft,
  rimTrust,
} from "../../attest/dangerously-simulated/nvidia.ts";
import { codeOf } from "../testing/outcome.ts";
import { NVIDIA_RIM_ROOT, SWID, verifyRim } from "./rim.ts";
import { parseXml } from "./xml.ts";
import { C14N_1_1, ENVELOPED, SHA384, XML_SIGNATURE } from "./xml-signature.ts";

const world = issueNvidiaWorld();
const trust = rimTrust(world);
const rim = issueRim(world);

function judge(document: string): string {
  return codeOf(verifyRim(document, trust));
}

function judgeDraft(draft: RimDraft): string {
  return judge(issueRim(world, draft));
}

/** What an attacker may write: another RIM's content, without a signature. */
const FORGED = issueRim(world, { measurements: [{ index: 0, values: ["66".repeat(48)] }] }).replace(
  /<ds:Signature[\s\S]*<\/ds:Signature>/,
  "",
);
const SIGNATURE = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(rim)?.[0] ?? "";

describe("a RIM", () => {
  it("gives the active measurements that were signed, with their alternatives", () => {
    const read = verifyRim(rim, trust);
    assert.ok(read.kind === "rim");
    assert.deepEqual([read.version, read.product, read.tagId], ["580.95.05", "GH100", "development"]);
    assert.deepEqual(read.measurements, [
      { index: 11, values: ["00".repeat(48), measurementOf(11)] },
      { index: 12, values: [measurementOf(12)] },
    ]);
  });

  it("may be written otherwise where canonical XML is the same", () => {
    assert.equal(judge(rim.replaceAll("></Resource>", "/>")), "rim");
    assert.equal(
      judge(rim.replace('name="GH100" tagId="development"', "tagId='development'\n name='GH100'")),
      "rim",
    );
    assert.equal(judge(`${rim}\n\n`), "rim");
    assert.equal(judge(`<?xml version="1.0"?>${rim}`), "rim");
    assert.equal(judge(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n${rim}`), "rim");
  });

  it("may have one measurement only, of any size that SPDM has", () => {
    assert.equal(judgeDraft({ measurements: [{ index: 0, values: ["11".repeat(32)] }] }), "rim");
  });
});

describe("a RIM is refused", () => {
  for (const [what, change, code] of [
    [
      "with another measurement",
      (text: string) => text.replace("1b".repeat(8), "1a".repeat(8)),
      "RIM_SIGNATURE_INVALID",
    ],
    [
      "with another version",
      (text: string) => text.replace("580.95.05", "580.95.06"),
      "RIM_SIGNATURE_INVALID",
    ],
    [
      "with an element more",
      (text: string) => text.replace("</Payload>", "<Resource/></Payload>"),
      "RIM_SIGNATURE_INVALID",
    ],
    [
      "with white space more",
      (text: string) => text.replace("</Payload>", " </Payload>"),
      "RIM_SIGNATURE_INVALID",
    ],
    [
      "with an attribute in another namespace",
      (text: string) => text.replaceAll("ns2:Hash1", "Hash1"),
      "RIM_SIGNATURE_INVALID",
    ],
    ["with another namespace", (text: string) => text.replace(SWID, `${SWID}x`), "RIM_SIGNATURE_INVALID"],
    [
      "with another digest",
      (text: string) =>
        text.replace(/(DigestValue>)./, (_, tag) => `${tag}${text.includes(`${tag}A`) ? "B" : "A"}`),
      "RIM_SIGNATURE_INVALID",
    ],
    [
      "with a short digest",
      (text: string) => text.replace(/(DigestValue>)..../, "$1"),
      "RIM_SIGNATURE_MALFORMED",
    ],
    [
      "with a short signature",
      (text: string) => text.replace(/(SignatureValue>)..../, "$1"),
      "RIM_SIGNATURE_INVALID",
    ],
    ["without a signature", () => FORGED, "RIM_SIGNATURE_MALFORMED"],
    ["that is empty", () => "", "RIM_XML_MALFORMED"],
    ["that is cut", (text: string) => text.slice(0, -1), "RIM_XML_MALFORMED"],
    ["with something behind it", (text: string) => `${text}<a/>`, "RIM_XML_MALFORMED"],
    ["with tags that do not pair", (text: string) => text.replace("</Meta>", "</meta>"), "RIM_XML_MALFORMED"],
    [
      "with an undeclared prefix",
      (text: string) => text.replaceAll("ns2:Hash0", "ns3:Hash0"),
      "RIM_XML_MALFORMED",
    ],
    [
      "with an attribute twice",
      (text: string) => text.replace("product=", 'product="GH100" product='),
      "RIM_XML_MALFORMED",
    ],
    [
      "with a declaration of another encoding",
      (text: string) => `<?xml version="1.0" encoding="UTF-7"?>${text}`,
      "RIM_XML_MALFORMED",
    ],
    ["with a document type", (text: string) => `<!DOCTYPE SoftwareIdentity>${text}`, "RIM_XML_MALFORMED"],
    [
      "with an entity declared",
      (text: string) => `<!DOCTYPE a [<!ENTITY b "c">]>${text}`,
      "RIM_XML_MALFORMED",
    ],
    ["with an entity used", (text: string) => text.replace("<Meta ", "&amp;<Meta "), "RIM_XML_MALFORMED"],
    ["with a comment", (text: string) => text.replace("<Meta ", "<!-- --><Meta "), "RIM_XML_MALFORMED"],
    ["with CDATA", (text: string) => text.replace("<Meta ", "<![CDATA[a]]><Meta "), "RIM_XML_MALFORMED"],
    [
      "with a processing instruction",
      (text: string) => text.replace("<Meta ", "<?a b?><Meta "),
      "RIM_XML_MALFORMED",
    ],
    ["with a carriage return", (text: string) => text.replace("\n", "\r\n"), "RIM_XML_MALFORMED"],
    [
      "with characters beyond ASCII",
      (text: string) => text.replace("development", "d\u00e9veloppement"),
      "RIM_XML_MALFORMED",
    ],
    ["that is too large", (text: string) => text + " ".repeat(1_048_576), "RIM_XML_MALFORMED"],
    [
      "without certificates",
      (text: string) => text.replace(/<ds:X509Certificate>[\s\S]*<\/ds:X509Certificate>/, ""),
      "CHAIN_LENGTH",
    ],
    [
      "with a certificate that is none",
      (text: string) => text.replace(/(X509Certificate>)MII/, "$1AAA"),
      "CERTIFICATE_MALFORMED",
    ],
  ] as const) {
    it(what, () => {
      const changed = change(rim);
      assert.notEqual(changed, rim);
      assert.equal(judge(changed), code);
    });
  }

  for (const [what, draft, code] of [
    ["that another key signed", { signer: newKey("P-384") }, "RIM_SIGNATURE_INVALID"],
    ["without a measurement", { measurements: [] }, "RIM_MALFORMED"],
    ["without an active measurement", { measurements: [{ index: 1, active: false }] }, "RIM_MALFORMED"],
    ["with an index twice", { measurements: [{ index: 1 }, { index: 1, active: false }] }, "RIM_MALFORMED"],
    ["with an index that no report has", { measurements: [{ index: 254 }] }, "RIM_MALFORMED"],
    ["without values", { measurements: [{ index: 1, values: [] }] }, "RIM_MALFORMED"],
    ["with values of other sizes", { measurements: [{ index: 1, values: ["11", "1122"] }] }, "RIM_MALFORMED"],
    ["with a value that is no hex", { measurements: [{ index: 1, values: ["zz"] }] }, "RIM_MALFORMED"],
    ["without a version", { version: "" }, "RIM_MALFORMED"],
    [
      "with a rule that nobody judges",
      { content: (text: string) => text.replace('type="Measurement"', 'type="MinSvn"') },
      "RIM_MALFORMED",
    ],
    [
      "with a word for active",
      { content: (text: string) => text.replace('"True"', '"yes"') },
      "RIM_MALFORMED",
    ],
    [
      "of another root",
      { content: (text: string) => text.replaceAll("SoftwareIdentity", "Evidence") },
      "RIM_XML_MALFORMED",
    ],
    [
      "with two payloads",
      { content: (text: string) => text.replace("</Payload>", "</Payload><Payload></Payload>") },
      "RIM_MALFORMED",
    ],
  ] as const satisfies readonly (readonly [string, RimDraft, string])[]) {
    it(what, () => assert.equal(judgeDraft(draft), code));
  }

  it("with a signature by other algorithms or of other parts, though the key signed it", () => {
    for (const [from, to] of [
      [`${C14N_1_1}"></ds:Canon`, 'http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Canon'],
      ["ecdsa-sha384", "hmac-sha256"],
      [SHA384, "http://www.w3.org/2000/09/xmldsig#sha1"],
      ['URI=""', 'URI="#part"'],
      ['URI=""', ""],
      ['URI=""', 'URI="" Id="a"'],
      [ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116"],
      [`<ds:Transform Algorithm="${ENVELOPED}"></ds:Transform>`, ""],
      ["</ds:Transforms>", `<ds:Transform Algorithm="${C14N_1_1}"></ds:Transform></ds:Transforms>`],
      ["</ds:Reference>", "</ds:Reference><ds:Object></ds:Object>"],
    ] as const) {
      const draft = { signedInfo: (text: string) => text.replace(from, to) };
      assert.equal(judgeDraft(draft), "RIM_SIGNATURE_MALFORMED", to);
    }
  });

  it("when a genuine one is wrapped into a forged one", () => {
    const inner = rim;
    for (const wrapped of [
      FORGED.replace("</SoftwareIdentity>", `${inner}</SoftwareIdentity>`),
      FORGED.replace("</SoftwareIdentity>", `${SIGNATURE}</SoftwareIdentity>`),
      FORGED.replace("<Meta ", `<Object>${inner}</Object><Meta `),
      FORGED.replace(
        "</SoftwareIdentity>",
        `${SIGNATURE.replace("</ds:Signature>", "")}<ds:Object>${inner.replace(SIGNATURE, "")}</ds:Object></ds:Signature></SoftwareIdentity>`,
      ),
      inner.replace(SIGNATURE, SIGNATURE + SIGNATURE),
      inner.replace(SIGNATURE, "").replace("<Meta ", `${SIGNATURE}<Meta `),
      inner.replace("<Meta ", "<Reference></Reference><Meta "),
      inner.replace(SIGNATURE, `<a xmlns="b">${SIGNATURE}</a>`),
      inner.replace(SIGNATURE, SIGNATURE.replaceAll(XML_SIGNATURE, `${XML_SIGNATURE}b`)),
    ]) {
      assert.notEqual(wrapped, inner);
      assert.match(judge(wrapped), /^RIM_SIGNATURE_(MALFORMED|INVALID)$/);
    }
  });

  it("when its signer is not NVIDIA's, is no more, or is an authority", () => {
    assert.equal(codeOf(verifyRim(rim, { ...trust, roots: [NVIDIA_RIM_ROOT] })), "CHAIN_ROOT_UNTRUSTED");
    assert.equal(
      codeOf(verifyRim(rim, { ...trust, roots: world.chain.slice(-1).map(() => NVIDIA_RIM_ROOT) })),
      "CHAIN_ROOT_UNTRUSTED",
    );
    const expired = issueNvidiaWorld({ rimSigner: { notAfter: NOW - 1n } });
    assert.equal(codeOf(verifyRim(issueRim(expired), rimTrust(expired))), "CERTIFICATE_EXPIRED");
    const authority = issueNvidiaWorld({ rimSigner: { ca: true } });
    assert.equal(codeOf(verifyRim(issueRim(authority), rimTrust(authority))), "CERTIFICATE_IS_A_CA");
  });

  it("when a character of it is another", () => {
    let same = 0;
    for (let at = 0; at < rim.length; at += 17) {
      const character = rim[at] === "1" ? "2" : "1";
      const code = judge(rim.slice(0, at) + character + rim.slice(at + 1));
      if (code === "rim") same++;
      assert.notEqual(code, "rim", `at ${at}: ${rim.slice(at - 20, at + 20)}`);
    }
    assert.equal(same, 0);
  });
});

describe("the XML that RIMs are of", () => {
  it("has bounds on depth and number of elements", () => {
    const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
    assert.notEqual(parseXml(nested(16)), undefined);
    assert.equal(parseXml(nested(17)), undefined);
    assert.notEqual(parseXml(`<b>${"<a/>".repeat(4000)}</b>`), undefined);
    assert.equal(parseXml(`<b>${"<a/>".repeat(4200)}</b>`), undefined);
  });

  it("has no attribute twice by its meaning", () => {
    assert.equal(parseXml('<a xmlns:b="u" xmlns:c="u" b:d="1" c:d="2"/>'), undefined);
    assert.notEqual(parseXml('<a xmlns:b="u" xmlns:c="v" b:d="1" c:d="2"/>'), undefined);
  });
});
