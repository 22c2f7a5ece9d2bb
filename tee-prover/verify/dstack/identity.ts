import { createHash } from "node:crypto";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { type LogEvent, RUNTIME_EVENT, RUNTIME_REGISTER } from "./event-log.ts";
import { type DstackRefusal, refuseDstack } from "./refusals.ts";

/** Names of dstack's own events, with the lengths of their payloads where they have one. */
const IDENTITY_EVENTS = {
  "app-id": 20,
  "compose-hash": 32,
  "instance-id": undefined,
  "key-provider": undefined,
  "os-image-hash": 32,
  "mr-kms": undefined,
  "rootfs-hash": undefined,
} as const satisfies Readonly<Record<string, number | undefined>>;
type IdentityEvent = keyof typeof IDENTITY_EVENTS;
const NAMES: readonly IdentityEvent[] = [
  "app-id",
  "compose-hash",
  "instance-id",
  "key-provider",
  "os-image-hash",
  "mr-kms",
  "rootfs-hash",
];
/** From here on, events are the application's. */
const BOOT_END = "system-ready";

/** What dstack started, as RTMR3 commits to it; bytes as hex without 0x. */
export type DstackIdentity = {
  readonly kind: "identity";
  readonly appId: string;
  readonly composeHash: string;
  readonly instanceId: string | undefined;
  /** JSON that names what provides keys; undefined when it is not told. */
  readonly keyProvider: string | undefined;
  readonly osImageHash: string | undefined;
  /** Names of the other events, in their order. */
  readonly otherEvents: readonly string[];
};

function isIdentityEvent(name: string): name is IdentityEvent {
  return NAMES.some((known) => known === name);
}

/** Payloads by name: each name once, and before the application ran, which may emit events of any name. */
function collect(events: readonly LogEvent[]): ReadonlyMap<IdentityEvent, Uint8Array> | DstackRefusal {
  const found = new Map<IdentityEvent, Uint8Array>();
  let isBoot = true;
  for (const { name, payload } of events) {
    if (name === BOOT_END) isBoot = false;
    if (!isIdentityEvent(name)) continue;
    if (found.has(name)) return refuseDstack("EVENT_DUPLICATE", name, "once", "twice");
    if (!isBoot) return refuseDstack("EVENT_AFTER_BOOT", name, `before ${BOOT_END}`, "after it");
    const length = IDENTITY_EVENTS[name];
    if (length !== undefined && payload.length !== length) {
      return refuseDstack("EVENT_LOG_MALFORMED", name, `${length} bytes`, payload.length);
    }
    found.set(name, payload);
  }
  return found;
}

/** Text of printable ASCII; hex of anything else. */
function textOf(bytes: Uint8Array): string {
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? Buffer.from(bytes).toString("latin1") : toHex(bytes).slice(2);
}

/** Reads what was started from a log that leads to the quote's RTMR3. Only runtime events of RTMR3 are believed. */
export function readIdentity(log: readonly LogEvent[]): DstackIdentity | DstackRefusal {
  const events = log.filter(({ register, type }) => register === RUNTIME_REGISTER && type === RUNTIME_EVENT);
  const found = collect(events);
  if ("kind" in found) return found;
  const [appId, composeHash] = [found.get("app-id"), found.get("compose-hash")];
  if (appId === undefined) return refuseDstack("EVENT_MISSING", "app-id", "an event", "none");
  if (composeHash === undefined) return refuseDstack("EVENT_MISSING", "compose-hash", "an event", "none");
  const hex = (name: IdentityEvent) => {
    const bytes = found.get(name);
    return bytes === undefined ? undefined : toHex(bytes).slice(2);
  };
  const keyProvider = found.get("key-provider");
  return {
    kind: "identity",
    appId: toHex(appId).slice(2),
    composeHash: toHex(composeHash).slice(2),
    instanceId: hex("instance-id"),
    keyProvider: keyProvider === undefined ? undefined : textOf(keyProvider),
    osImageHash: hex("os-image-hash"),
    otherEvents: events.map(({ name }) => name).filter((name) => !isIdentityEvent(name)),
  };
}

/** The compose file is the one that was started: SHA-256 of its raw bytes, never of JSON written anew. */
export function checkCompose(
  { composeHash }: DstackIdentity,
  compose: Uint8Array | undefined,
): DstackRefusal | undefined {
  if (compose === undefined) return undefined;
  const found = createHash("sha256").update(compose).digest();
  if (bytesEqual(found, Buffer.from(composeHash, "hex"))) return undefined;
  return refuseDstack("COMPOSE_MISMATCH", "app-compose", composeHash, found.toString("hex"));
}
