import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { finalityAnchor } from "@phala-l2/protocol/substrate/finality";
import { encodeHeader } from "@phala-l2/protocol/substrate/header";
import { piecesOf } from "./state-pieces.ts";
import {
  bornEnclave,
  CONTRACT,
  GENESIS,
  HEADER,
  REGISTRY,
  requestOf,
  STATE,
} from "./testing/frozen-state.ts";
import { SOURCE } from "./testing/voters.ts";

/** What a host hands in that has no type but what it is. */
type Loose = Record<string, unknown>;

/** The same request with one field another, deep inside where the path says so. */
function withField(request: Loose, path: string, value: unknown): Loose {
  const copy = structuredClone(request);
  const names = path.split(".");
  const last = names.pop() ?? path;
  let at: unknown = copy;
  for (const name of names) at = Reflect.get(Object(at), name);
  Reflect.set(Object(at), last, value);
  return copy;
}

const shared = (length: number) => new Uint8Array(new SharedArrayBuffer(length));

describe("what an enclave is asked for", () => {
  it("is a sunset of just the types that it says: nothing boxed, no text for bytes, no shared memory", async () => {
    const enclave = bornEnclave();
    const whole: Loose = { ...requestOf(HEADER), layout: 1 };
    const ask = async (request: Loose) => {
      const outcome = await Reflect.apply(enclave.signSunset, enclave, [request, { state: piecesOf(STATE) }]);
      return outcome.kind === "signed" ? "signed" : outcome.reason;
    };
    assert.equal(await ask(whole), "signed");
    const cases: readonly (readonly [string, unknown])[] = [
      ["registrationsFrom", Object(0n)],
      ["registrationsFrom", 0],
      ["registrationsFrom", "0"],
      ["registrationsFrom", false],
      ["registrationsFrom", -1n],
      ["registrationsFrom", 1n << 64n],
      ["registrationsFrom", undefined],
      ["contract", toHex(CONTRACT)],
      ["contract", new Uint8Array(32)],
      ["contract", shared(20)],
      ["contract", [...CONTRACT]],
      ["finalityAnchor", new Uint8Array(0)],
      ["finalityAnchor", toHex(ZERO_HASH)],
      ["header", Object(toHex(encodeHeader(HEADER)))],
      ["header", shared(200)],
      ["finality", null],
      ["layout", "1"],
      ["layout", Object(1)],
      ["layout", true],
      ["layout", 2],
    ];
    for (const [path, value] of cases) {
      assert.equal(await ask(withField(whole, path, value)), "request-malformed", `${path} ${String(value)}`);
    }
  });

  it("is a release of just the types that it says", () => {
    const enclave = bornEnclave();
    const block = { header: encodeHeader(HEADER), nodes: [], remarks: [] };
    const whole: Loose = {
      contract: CONTRACT,
      settings: {
        genesisHash: GENESIS,
        firstHeight: 0n,
        lastHeight: 10n,
        minimum: 1n,
        token: REGISTRY,
        runtimes: [{ specVersion: 1, metadataHash: GENESIS }],
        finalityAnchor: ZERO_HASH,
      },
      metadata: [Uint8Array.of(1)],
      witness: { deposit: { block, eventIndex: 0 }, repair: { block, eventIndex: 1 } },
      finality: [],
    };
    const ask = (request: Loose) => {
      const outcome = Reflect.apply(enclave.signRelease, enclave, [request]);
      return outcome.kind === "signed" ? "signed" : outcome.reason;
    };
    assert.equal(ask(whole), "metadata-not-of-settings");
    const cases: readonly (readonly [string, unknown])[] = [
      ["settings", undefined],
      ["settings.minimum", Object(1n)],
      ["settings.minimum", 1n << 128n],
      ["settings.firstHeight", 0],
      ["settings.lastHeight", new Date(0)],
      ["settings.token", new Uint8Array(32)],
      ["settings.genesisHash", new Uint8Array(64)],
      ["settings.finalityAnchor", new Uint8Array(0)],
      ["settings.runtimes", {}],
      ["settings.runtimes.0.specVersion", Object(1)],
      ["settings.runtimes.0.specVersion", 1n],
      ["settings.runtimes.0.specVersion", 0.5],
      ["settings.runtimes.0.specVersion", 2 ** 32],
      ["settings.runtimes.0.metadataHash", "0x"],
      ["metadata", [shared(4)]],
      ["metadata", new Array(1)],
      ["witness.deposit", []],
      ["witness.deposit.eventIndex", Object(0)],
      ["witness.deposit.eventIndex", "0"],
      ["witness.deposit.eventIndex", -1],
      ["witness.deposit.eventIndex", Number.NaN],
      ["witness.deposit.block.nodes", undefined],
      ["witness.deposit.block.remarks", ["0x"]],
      ["witness.repair", null],
      ["witness.repair.eventIndex", Object(1)],
      ["finality", [undefined]],
      ["finality", 0],
    ];
    for (const [path, value] of cases) {
      assert.equal(ask(withField(whole, path, value)), "request-malformed", `${path} ${String(value)}`);
    }
  });

  it("is a chain to follow, of just the types that it says", () => {
    const enclave = bornEnclave();
    const pin = (source: Loose) => Reflect.apply(enclave.pinFinality, enclave, [source]);
    const cases: readonly (readonly [string, unknown])[] = [
      ["set.id", Object(1n)],
      ["set.id", 1],
      ["paraId", Object(2_004)],
      ["paraId", null],
      ["set.authorities", undefined],
      ["set.authorities.0.weight", Object(1n)],
      ["set.authorities.0.weight", -1n],
      ["set.authorities.0.key", shared(32)],
      ["set.authorities.0.key", new Uint8Array(31)],
    ];
    for (const [path, value] of cases) {
      const refused = { kind: "refused", reason: "authorities-malformed" };
      assert.deepEqual(pin(withField({ ...SOURCE }, path, value)), refused, `${path} ${String(value)}`);
    }
    assert.equal(pin({ ...SOURCE }).kind, "following");
    const follow = (anchor: unknown) =>
      Reflect.apply(enclave.followFinality, enclave, [anchor, new Uint8Array(1)]);
    for (const anchor of [toHex(finalityAnchor(SOURCE)), undefined, new Uint8Array(31)]) {
      assert.deepEqual(follow(anchor), { kind: "refused", reason: "anchor-unknown" });
    }
  });
});
