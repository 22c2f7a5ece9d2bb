import { createHash } from "node:crypto";
import { concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  type LogEvent,
  RUNTIME_EVENT,
  RUNTIME_REGISTER,
  replayEvents,
} from "../../verify/dstack/event-log.ts";

/** What provides keys to an application; without a provider RTMR3 is not known to the end. */
type DstackKeys = {
  /** JSON that names the provider of keys, byte for byte. */
  readonly keyProvider?: string | undefined;
  readonly mrKms?: Uint8Array | undefined;
  readonly osImageHash?: Uint8Array | undefined;
  /** File system of the data disk, `ext4` or `zfs`; releases before 0.5.5 have no such event. */
  readonly storageFs?: string | undefined;
};

/** An application under dstack, and what its host chooses for one machine of it. */
export type DstackLaunch = DstackKeys & {
  /** `app-compose.json`, byte for byte. */
  readonly compose: Uint8Array;
  /** 20 bytes; without: the compose hash's first, as dstack has it where no KMS knows the application. */
  readonly appId?: Uint8Array | undefined;
  /** 20 bytes of this machine; none if the compose file says `no_instance_id`. */
  readonly instanceId?: Uint8Array | undefined;
};

/** The same with the compose file's hash, as a machine's log has it. */
export type DstackBoot = DstackKeys & {
  readonly composeHash: Uint8Array;
  readonly appId: Uint8Array;
  /** Empty where there is none. */
  readonly instanceId: Uint8Array;
};

export type DstackMeasurement = {
  readonly composeHash: Uint8Array;
  readonly appId: Uint8Array;
  readonly instanceId: Uint8Array;
  /** MRCONFIGID where the host sets it by dstack's first version: 1, compose hash, zeros. */
  readonly mrConfigId: Uint8Array;
  /** RTMR3 when the application is named and no key has been asked for: what a KMS judges by. */
  readonly rtmr3AtBoot: Uint8Array;
  /** RTMR3 when the application starts; undefined without a provider of keys. */
  readonly rtmr3: Uint8Array | undefined;
  /** Names of the events, in their order. */
  readonly events: readonly string[];
};

const ID_BYTES = 20;
const HASH_BYTES = 32;
const REGISTER_BYTES = 48;
/** MRCONFIGID says by its first byte how the rest is to be read. */
const CONFIG_ID_VERSION = 1;
const NOTHING = new Uint8Array(0);

function composeInvalid(reason: string): RollupError {
  return new RollupError("MEASURE_COMPOSE_INVALID", `the application cannot be measured: ${reason}`);
}

function parseCompose(compose: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(compose));
  } catch {
    throw composeInvalid("the compose file is no JSON in UTF-8");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw composeInvalid("the compose file is no JSON object");
}

function ofLength(name: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  throw composeInvalid(`${name} has ${length} bytes, not ${bytes.length}`);
}

function instanceIdOf({ instanceId, compose }: DstackLaunch): Uint8Array {
  const isNone = parseCompose(compose).no_instance_id === true;
  if (!isNone && instanceId !== undefined) return ofLength("an instance id", instanceId, ID_BYTES);
  if (isNone && instanceId === undefined) return NOTHING;
  throw composeInvalid(
    isNone
      ? "its compose file says no_instance_id, and an instance id is given"
      : "it has an instance id, which RTMR3 holds; give it, or set no_instance_id in the compose file",
  );
}

type Event = readonly [name: string, payload: Uint8Array];

function logged([name, payload]: Event): LogEvent {
  return { register: RUNTIME_REGISTER, type: RUNTIME_EVENT, digest: undefined, name, payload };
}

function registerAfter(events: readonly Event[]): Uint8Array {
  const registers = replayEvents(events.map(logged));
  if (!("kind" in registers)) return registers[RUNTIME_REGISTER];
  throw composeInvalid(registers.message);
}

/** Events from the keys on; dstack, dstack-util/src/system_setup.rs. */
function keyEvents({ keyProvider, mrKms, osImageHash, storageFs }: DstackKeys): readonly Event[] {
  if (keyProvider === undefined) return [];
  const encoder = new TextEncoder();
  const events: Event[] = [];
  if (mrKms !== undefined) events.push(["mr-kms", ofLength("mr-kms", mrKms, HASH_BYTES)]);
  if (osImageHash !== undefined) {
    events.push(["os-image-hash", ofLength("os-image-hash", osImageHash, HASH_BYTES)]);
  }
  events.push(["key-provider", encoder.encode(keyProvider)]);
  if (storageFs !== undefined) events.push(["storage-fs", encoder.encode(storageFs)]);
  return [...events, ["system-ready", NOTHING]];
}

/**
 * What dstack extends RTMR3 by when it starts an application of that compose hash.
 * @throws RollupError MEASURE_COMPOSE_INVALID for values of another length than they have
 */
export function dstackBoot(boot: DstackBoot): DstackMeasurement {
  const composeHash = ofLength("a compose hash", boot.composeHash, HASH_BYTES);
  const appId = ofLength("an app id", boot.appId, ID_BYTES);
  const named: readonly Event[] = [
    ["system-preparing", NOTHING],
    ["app-id", appId],
    ["compose-hash", composeHash],
    ["instance-id", boot.instanceId],
    ["boot-mr-done", NOTHING],
  ];
  const keys = keyEvents(boot);
  const mrConfigId = new Uint8Array(REGISTER_BYTES);
  mrConfigId.set(concatBytes(Uint8Array.of(CONFIG_ID_VERSION), composeHash));
  return {
    composeHash,
    appId,
    instanceId: boot.instanceId,
    mrConfigId,
    rtmr3AtBoot: registerAfter(named),
    rtmr3: keys.length === 0 ? undefined : registerAfter([...named, ...keys]),
    events: [...named, ...keys].map(([name]) => name),
  };
}

/**
 * The same of a compose file: its hash is over the raw bytes, never over JSON written anew.
 * @throws RollupError MEASURE_COMPOSE_INVALID
 */
export function dstackMeasurement(launch: DstackLaunch): DstackMeasurement {
  const composeHash = createHash("sha256").update(launch.compose).digest();
  const appId = launch.appId ?? composeHash.subarray(0, ID_BYTES);
  return dstackBoot({ ...launch, composeHash, appId, instanceId: instanceIdOf(launch) });
}

/**
 * dstack's id of a machine: the first 20 bytes of SHA-256(seed | app id); its host keeps the seed.
 */
export function dstackInstanceId(seed: Uint8Array, appId: Uint8Array): Uint8Array {
  return createHash("sha256").update(concatBytes(seed, appId)).digest().subarray(0, ID_BYTES);
}

/** As JSON, in hex without 0x. */
export function dstackMeasurementJson(measurement: DstackMeasurement): Readonly<Record<string, unknown>> {
  const hex = (bytes: Uint8Array) => toHex(bytes).slice(2);
  const { composeHash, appId, instanceId, mrConfigId, rtmr3AtBoot, rtmr3, events } = measurement;
  return {
    rtmr3: rtmr3 === undefined ? null : hex(rtmr3),
    rtmr3AtBoot: hex(rtmr3AtBoot),
    composeHash: hex(composeHash),
    appId: hex(appId),
    instanceId: hex(instanceId),
    mrConfigId: hex(mrConfigId),
    events,
  };
}
