import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import { NOW } from "../../attest/dangerously-simulated/authority.ts";
import {
  issueCollateral,
  issueQuote,
  issueWorld,
  type TdDraft,
} from "../../attest/dangerously-simulated/intel.ts";
import { parsePolicy } from "../policy.ts";
import { stride } from "../testing/mutations.ts";
import { codeOf } from "../testing/outcome.ts";
import { RUNTIME_EVENT } from "./event-log.ts";
import { judgeDstackReport } from "./verdict.ts";
import { parseDstackReport, verifyEventLog } from "./verify.ts";

const VECTOR = join(import.meta.dirname, "../../../../shared/vectors/tee/dstack/quote-report.json");
const skip = existsSync(VECTOR) ? false : `no real event log at ${VECTOR}`;

type EventJson = {
  readonly imr: number;
  readonly event_type: number;
  readonly digest: string;
  readonly event: string;
  readonly event_payload: string;
};

function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return createHash("sha384")
    .update(concatBytes(...parts))
    .digest();
}

/** A runtime event with its digest, written here once more and independently. */
function runtime(name: string, payload: string, change: Partial<EventJson> = {}): EventJson {
  const digest = sha384(Buffer.from("01000008", "hex"), Buffer.from(`:${name}:`), fromHex(payload));
  return {
    imr: 3,
    event_type: RUNTIME_EVENT,
    event: name,
    event_payload: payload,
    digest: Buffer.from(digest).toString("hex"),
    ...change,
  };
}

function boot(imr: number, digest: string): EventJson {
  return { imr, event_type: 4, digest: digest.repeat(48), event: "", event_payload: "00000000" };
}

const COMPOSE = Buffer.from('{"name": "l2", "runner":"docker-compose"}\n');
const COMPOSE_HASH = createHash("sha256").update(COMPOSE).digest("hex");
const APP_ID = COMPOSE_HASH.slice(0, 40);
const OS_IMAGE = "05".repeat(32);

const LOG: readonly EventJson[] = [
  boot(0, "a0"),
  boot(1, "a1"),
  boot(0, "a2"),
  boot(2, "a3"),
  runtime("system-preparing", ""),
  runtime("app-id", APP_ID),
  runtime("compose-hash", COMPOSE_HASH),
  runtime("instance-id", "1a".repeat(20)),
  runtime("boot-mr-done", ""),
  runtime("os-image-hash", OS_IMAGE),
  runtime("key-provider", Buffer.from('{"name":"kms"}').toString("hex")),
  runtime("system-ready", ""),
  runtime("my-own:event", "00ff"),
];

/** The registers of a log whose digests are all there. */
function registersOf(log: readonly EventJson[]): readonly Uint8Array[] {
  return [0, 1, 2, 3].map((imr) =>
    log
      .filter((event) => event.imr === imr)
      .reduce<Uint8Array>((register, { digest }) => sha384(register, fromHex(digest)), new Uint8Array(48)),
  );
}

const world = issueWorld();

type Case = {
  /** What the hardware measured. */
  readonly measured?: readonly EventJson[];
  /** What the log says. */
  readonly told?: readonly EventJson[] | unknown;
  readonly change?: Readonly<Record<string, unknown>>;
  readonly td?: TdDraft;
};

function reportOf({ measured = LOG, told = measured, change = {}, td = {} }: Case = {}): string {
  const quote = issueQuote(world, { format: "td10", td: { rtmr: registersOf(measured), ...td } });
  const fields = { quote: Buffer.from(quote).toString("hex"), event_log: JSON.stringify(told) };
  return JSON.stringify({ ...fields, ...change });
}

function outcome(of: Case, compose?: Uint8Array): string {
  const report = parseDstackReport(reportOf(of));
  return report.kind === "refused" ? report.code : codeOf(verifyEventLog(report, compose));
}

/** LOG with one event replaced, or left out. */
function edited(name: string, change: ((event: EventJson) => EventJson) | undefined): readonly EventJson[] {
  return LOG.flatMap((event) =>
    event.event !== name ? [event] : change === undefined ? [] : [change(event)],
  );
}

describe("the event log of a TD under dstack", () => {
  it("leads to the quote's registers, and tells what was started", () => {
    const report = parseDstackReport(reportOf());
    assert.ok(report.kind === "dstack report");
    const evidence = verifyEventLog(report, COMPOSE);
    assert.ok(evidence.kind === "dstack evidence");
    assert.deepEqual(evidence.registers, [0, 1, 2, 3]);
    assert.deepEqual(evidence.identity, {
      kind: "identity",
      appId: APP_ID,
      composeHash: COMPOSE_HASH,
      instanceId: "1a".repeat(20),
      keyProvider: '{"name":"kms"}',
      osImageHash: OS_IMAGE,
      otherEvents: ["system-preparing", "boot-mr-done", "system-ready", "my-own:event"],
    });
  });

  const told = LOG.map((event) => (event.event === "" ? event : { ...event, digest: "" }));

  it("may leave out digests of runtime events, which are computed", () => {
    assert.equal(outcome({ told }), "dstack evidence");
    assert.equal(outcome({ told: LOG, change: { event_log: LOG } }), "dstack evidence");
  });

  it("may leave out the boot's registers altogether: then the policy alone judges them", () => {
    const report = parseDstackReport(reportOf({ told: LOG.filter(({ imr }) => imr === 3) }));
    assert.ok(report.kind === "dstack report");
    const evidence = verifyEventLog(report, undefined);
    assert.deepEqual(evidence.kind === "dstack evidence" && evidence.registers, [3]);
  });

  for (const [what, case_, code] of [
    [
      "with an event's payload changed",
      { told: edited("app-id", (event) => ({ ...event, event_payload: "ff".repeat(20) })) },
      "EVENT_DIGEST_MISMATCH",
    ],
    [
      "with a payload changed and no digest",
      { told: edited("compose-hash", (event) => ({ ...event, event_payload: "ff".repeat(32), digest: "" })) },
      "RTMR_MISMATCH",
    ],
    [
      "with an event renamed",
      { told: edited("compose-hash", (event) => ({ ...event, event: "compose" })) },
      "EVENT_DIGEST_MISMATCH",
    ],
    [
      "with payload and digest changed together",
      { told: edited("app-id", () => runtime("app-id", "ff".repeat(20))) },
      "RTMR_MISMATCH",
    ],
    ["with an event left out", { told: edited("instance-id", undefined) }, "RTMR_MISMATCH"],
    ["with an event more", { told: [...LOG, runtime("more", "")] }, "RTMR_MISMATCH"],
    ["with events in another order", { told: LOG.toReversed() }, "RTMR_MISMATCH"],
    ["with a boot event left out", { told: LOG.slice(1) }, "RTMR_MISMATCH"],
    [
      "with a boot event without digest",
      { told: [{ ...LOG[0], digest: "" }, ...LOG.slice(1)] },
      "EVENT_DIGEST_MISSING",
    ],
    [
      "with an event in another register",
      { told: edited("key-provider", (event) => ({ ...event, imr: 2 })) },
      "RTMR_MISMATCH",
    ],
    ["that is empty", { told: [] }, "RTMR_MISMATCH"],
    [
      "whose identity is given by an event of another type",
      { told: edited("app-id", (event) => ({ ...event, event_type: 4 })) },
      "EVENT_MISSING",
    ],
    [
      "whose identity is measured into another register",
      { measured: edited("app-id", () => runtime("app-id", APP_ID, { imr: 2 })) },
      "EVENT_MISSING",
    ],
    ["without a compose hash", { measured: edited("compose-hash", undefined) }, "EVENT_MISSING"],
    ["with an app-id twice", { measured: [runtime("app-id", "ee".repeat(20)), ...LOG] }, "EVENT_DUPLICATE"],
    [
      "with dstack's name on an application's event",
      { measured: [...edited("app-id", undefined), runtime("app-id", APP_ID)] },
      "EVENT_AFTER_BOOT",
    ],
    [
      "with a second image's hash of the application",
      { measured: [...LOG, runtime("os-image-hash", "06".repeat(32))] },
      "EVENT_DUPLICATE",
    ],
    [
      "with a short compose hash",
      { measured: edited("compose-hash", () => runtime("compose-hash", "aa")) },
      "EVENT_LOG_MALFORMED",
    ],
    ["with a register that does not exist", { told: [{ ...LOG[0], imr: 4 }] }, "EVENT_LOG_MALFORMED"],
    ["with a short digest", { told: [{ ...LOG[0], digest: "aa" }] }, "EVENT_LOG_MALFORMED"],
    ["with a type that is no number", { told: [{ ...LOG[0], event_type: "4" }] }, "EVENT_LOG_MALFORMED"],
    ["with a payload that is no hex", { told: [{ ...LOG[0], event_payload: "0" }] }, "EVENT_LOG_MALFORMED"],
    ["with an event that is none", { told: [null] }, "EVENT_LOG_MALFORMED"],
    ["with a name that is none", { told: [{ ...LOG[0], event: 1 }] }, "EVENT_LOG_MALFORMED"],
    ["that is no list", { told: { 0: LOG[0] } }, "EVENT_LOG_MALFORMED"],
    ["that is no JSON", { change: { event_log: "[" } }, "EVENT_LOG_MALFORMED"],
    ["beside no quote", { change: { quote: undefined } }, "DSTACK_REPORT_MALFORMED"],
    ["beside a quote that is cut", { change: { quote: "0400" } }, "QUOTE_TRUNCATED"],
    ["beside other report data", { change: { report_data: "1234" } }, "DSTACK_REPORT_DATA"],
    [
      "beside report data that is too long",
      { change: { report_data: "bc".repeat(65) } },
      "DSTACK_REPORT_DATA",
    ],
    ["beside report data that is no hex", { change: { report_data: "x" } }, "DSTACK_REPORT_MALFORMED"],
  ] as const satisfies readonly (readonly [string, Case, string])[]) {
    it(`is refused ${what}`, () => assert.equal(outcome(case_), code));
  }

  it("is refused when it is no report at all, or an enclave's", () => {
    for (const text of ["", "[", "null", "7", '"text"', "{}"]) {
      const report = parseDstackReport(text);
      assert.equal(codeOf(report), "DSTACK_REPORT_MALFORMED", text);
    }
    const quote = Buffer.from(issueQuote(world, { format: "sgx" })).toString("hex");
    assert.equal(outcome({ change: { quote } }), "DSTACK_REPORT_MALFORMED");
  });

  it("has the quote's report data, filled up with zeros or not", () => {
    assert.equal(outcome({ change: { report_data: "bc".repeat(64) } }), "dstack evidence");
  });
});

describe("a compose file", () => {
  it("is compared by its raw bytes", () => {
    assert.equal(outcome({}, COMPOSE), "dstack evidence");
    const anew = Buffer.from(JSON.stringify(JSON.parse(COMPOSE.toString())));
    for (const other of [anew, COMPOSE.subarray(0, -1), Buffer.from(""), Buffer.concat([COMPOSE, COMPOSE])]) {
      assert.equal(outcome({}, other), "COMPOSE_MISMATCH");
    }
  });
});

describe("a verdict on a TD under dstack", () => {
  const policyOf = (dstack: object) => parsePolicy(JSON.stringify({ dstack }));
  const collateral = issueCollateral(world, "tdx");
  const files = { collateral, at: NOW, roots: world.roots, compose: COMPOSE };

  it("joins the quote's and the log's", () => {
    const { genuine, ok, status, fields } = judgeDstackReport({ ...files, report: reportOf() }, policyOf({}));
    assert.deepEqual([genuine, ok, status], [true, true, "UpToDate"]);
    assert.deepEqual(
      [fields.compose_hash, fields.os_image_hash, fields.tee, fields.replayed_rtmrs],
      [COMPOSE_HASH, OS_IMAGE, "TDX", [0, 1, 2, 3]],
    );
  });

  for (const [what, policy, ok] of [
    [
      "accepts what it lists",
      { appIds: [APP_ID], composeHashes: [COMPOSE_HASH], osImageHashes: [OS_IMAGE] },
      true,
    ],
    ["refuses another application", { appIds: ["00".repeat(20)] }, false],
    ["refuses another compose file", { composeHashes: ["00".repeat(32)] }, false],
    ["refuses another image", { osImageHashes: [] }, false],
    ["refuses another instance", { instanceIds: ["00".repeat(20)] }, false],
  ] as const) {
    it(`${what}`, () => {
      const verdict = judgeDstackReport({ ...files, report: reportOf() }, policyOf(policy));
      assert.deepEqual([verdict.genuine, verdict.ok], [true, ok]);
      assert.equal(verdict.code, ok ? null : "APPLICATION_NOT_ACCEPTED");
    });
  }

  it("says first what is wrong with the quote", () => {
    const debug = reportOf({ td: { tdAttributes: "0100001000000000" } });
    const { genuine, ok, code, fields } = judgeDstackReport({ ...files, report: debug }, policyOf({}));
    assert.deepEqual([genuine, ok, code, fields.app_id], [true, false, "DEBUG_ENABLED", APP_ID]);
    const other = issueWorld();
    const forgedQuote = { ...files, report: reportOf(), roots: other.roots };
    assert.equal(judgeDstackReport(forgedQuote, policyOf({})).code, "CHAIN_ROOT_UNTRUSTED");
    const lied = reportOf({ told: LOG.slice(1) });
    const verdict = judgeDstackReport({ ...files, report: lied }, policyOf({}));
    assert.deepEqual([verdict.genuine, verdict.code, verdict.fields], [false, "RTMR_MISMATCH", {}]);
  });

  it("is none with a policy that has other fields", () => {
    assert.throws(() => policyOf({ compose: [] }), { code: "CONFIG_INVALID" });
    assert.throws(() => policyOf({ appIds: ["00"] }), { code: "CONFIG_INVALID" });
  });
});

describe("a real event log", { skip }, () => {
  const text = skip === false ? readFileSync(VECTOR, "utf8") : "{}";

  it("leads to all four registers of its quote", () => {
    const report = parseDstackReport(text);
    assert.ok(report.kind === "dstack report");
    const evidence = verifyEventLog(report, undefined);
    assert.ok(evidence.kind === "dstack evidence");
    assert.deepEqual(evidence.registers, [0, 1, 2, 3]);
    const { appId, composeHash, keyProvider, otherEvents } = evidence.identity;
    assert.equal(composeHash, "3763bc34552cf3a27ff71ad5f7a90471562a1a2df552dfc1998cba2d60da27e7");
    assert.equal(appId, composeHash.slice(0, 40));
    assert.match(keyProvider ?? "", /^\{"name":"local-sgx"/);
    assert.deepEqual(otherEvents.at(-1), "LIUM_MINER_HOTKEY");
  });

  it("does not with any digit of its digests, payloads of runtime events, names or registers changed", () => {
    const { event_log: log, ...fields } = JSON.parse(text);
    let changed = 0;
    const judge = (mutant: string): string => {
      const report = parseDstackReport(JSON.stringify({ ...fields, event_log: mutant }));
      return report.kind === "refused" ? report.code : codeOf(verifyEventLog(report, undefined));
    };
    // Payloads of firmware's events are bound to nothing here, and nothing is read from them.
    const isBound = (event: EventJson, field: string) => field !== "event_payload" || event.imr === 3;
    const events: readonly EventJson[] = JSON.parse(log);
    for (const [i, event] of events.entries()) {
      for (const field of ["digest", "event_payload"] as const) {
        if (!isBound(event, field)) continue;
        for (let at = 0; at < event[field].length; at += stride(23)) {
          const digit = event[field][at] === "0" ? "1" : "0";
          const value = event[field].slice(0, at) + digit + event[field].slice(at + 1);
          changed++;
          assert.match(judge(JSON.stringify(events.with(i, { ...event, [field]: value }))), /^(EVENT|RTMR)_/);
        }
      }
      assert.match(judge(JSON.stringify(events.toSpliced(i, 1))), /^RTMR_MISMATCH$/);
    }
    assert.ok(changed > 100);
  });
});
