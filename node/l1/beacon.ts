import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { endpointName, urlUnder } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { BLOB_SIZE, versionedHash } from "@phala-l2/protocol/wire/blob";
import { type Fetch, fetchJson, isHttpError, reasonOf } from "./http.ts";
import { invalidL1Data } from "./json-rpc.ts";
import type { BlobCommitter } from "./kzg.ts";
import { bytesOfHex, RpcFields } from "./rpc-fields.ts";

export type BeaconOptions = {
  /** Beacon nodes, or archives of blobs that speak their API, in order of preference. */
  readonly urls: readonly string[];
  readonly timeoutMs: number;
};
export type BeaconDependencies = {
  readonly fetch: Fetch;
  readonly kzg: BlobCommitter;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Where blobs come from: they are not part of L1's execution layer. */
export interface BlobSource {
  /** All of `hashes`, each checked against its commitment. @throws RollupError BLOBS_UNAVAILABLE */
  blobs(timestamp: bigint, hashes: readonly Hash[]): Promise<ReadonlyMap<Hex, Uint8Array>>;
}

type Slots = { readonly genesisTime: bigint; readonly secondsPerSlot: bigint };
type Found = Map<Hex, Uint8Array>;

const NOT_FOUND = 404;

/** Blobs from the beacon API, of whichever server has them. */
export function createBeaconClient(options: BeaconOptions, dependencies: BeaconDependencies): BlobSource {
  const { fetch, kzg, log, signal } = dependencies;
  const slots = new Map<string, Slots>();

  const get: Get = async (url, path, query) => {
    const request = { url: urlUnder(url, path, query), timeoutMs: options.timeoutMs, signal };
    return new RpcFields(await fetchJson(fetch, request), "beacon answer");
  };

  async function slotsOf(url: string): Promise<Slots> {
    const known = slots.get(url);
    if (known !== undefined) return known;
    const [genesis, spec] = await Promise.all([
      get(url, "/eth/v1/beacon/genesis"),
      get(url, "/eth/v1/config/spec"),
    ]);
    const read = {
      genesisTime: decimal(new RpcFields(genesis.raw("data"), "beacon genesis"), "genesis_time"),
      secondsPerSlot: secondsPerSlot(new RpcFields(spec.raw("data"), "beacon spec")),
    };
    slots.set(url, read);
    return read;
  }

  async function addFrom(
    url: string,
    timestamp: bigint,
    wanted: readonly Hash[],
    found: Found,
  ): Promise<void> {
    const { genesisTime, secondsPerSlot } = await slotsOf(url);
    const slot = (timestamp - genesisTime) / secondsPerSlot;
    for (const blob of await blobsOfSlot(get, url, slot, wanted)) {
      const hash = await hashOfBlob(kzg, blob);
      if (wanted.some((each) => toHex(each) === hash)) found.set(hash, blob);
    }
  }

  return {
    async blobs(timestamp, hashes) {
      const found: Found = new Map();
      const tries: string[] = [];
      for (const url of options.urls) {
        const missing = hashes.filter((hash) => !found.has(toHex(hash)));
        if (missing.length === 0) break;
        try {
          await addFrom(url, timestamp, missing, found);
          tries.push(`${endpointName(url)}: does not have all of them`);
        } catch (error) {
          if (signal.aborted) throw new RollupError("STOPPED", "the node is stopping", { cause: error });
          const level = isRollupError(error, "L1_DATA_INVALID") ? "warn" : "debug";
          log[level](
            { endpoint: endpointName(url), reason: reasonOf(error) },
            "a beacon server gave no blobs",
          );
          tries.push(`${endpointName(url)}: ${reasonOf(error)}`);
        }
      }
      const missing = hashes.map(toHex).filter((hash) => !found.has(hash));
      if (missing.length > 0) throw unavailable(timestamp, missing, tries);
      return found;
    },
  };
}

function unavailable(timestamp: bigint, missing: readonly Hex[], tries: readonly string[]): RollupError {
  const asked = tries.length === 0 ? "no beacon URL is configured" : tries.join("; ");
  const message = `${missing.length} blobs of the L1 block of time ${timestamp} are nowhere (${asked}); beacon nodes drop blobs after 18 days: add the URL of a blob archive to the beacon URLs`;
  return new RollupError("BLOBS_UNAVAILABLE", message, { data: { timestamp, missing, tries } });
}

/** The beacon API writes integers as decimal text. */
function decimal(fields: RpcFields, name: string): bigint {
  const value = fields.raw(name);
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return BigInt(value);
  throw invalidL1Data(`beacon answer: '${name}' is not a decimal number`, {});
}

function secondsPerSlot(spec: RpcFields): bigint {
  const seconds = spec.has("SECONDS_PER_SLOT")
    ? decimal(spec, "SECONDS_PER_SLOT")
    : decimal(spec, "SLOT_DURATION_MS") / 1000n;
  if (seconds > 0n) return seconds;
  throw invalidL1Data("beacon spec: a slot of no length", {});
}

type Get = (url: string, path: string, query?: Readonly<Record<string, string>>) => Promise<RpcFields>;

/**
 * The newer `blobs` endpoint serves just what is asked for; servers from before Fusaka know `blob_sidecars`,
 * which has all blobs of the block.
 */
async function blobsOfSlot(
  get: Get,
  url: string,
  slot: bigint,
  hashes: readonly Hash[],
): Promise<readonly Uint8Array[]> {
  const query = { versioned_hashes: hashes.map(toHex).join(",") };
  try {
    const answer = await get(url, `/eth/v1/beacon/blobs/${slot}`, query);
    return answer.list("data").map(readBlob);
  } catch (error) {
    if (!isHttpError(error) || !isNotServed(error.data?.status)) throw error;
    const answer = await get(url, `/eth/v1/beacon/blob_sidecars/${slot}`);
    return answer.list("data").map((sidecar) => readBlob(new RpcFields(sidecar, "sidecar").raw("blob")));
  }
}

function isNotServed(status: number | undefined): boolean {
  return status === NOT_FOUND || status === 400 || status === 405 || status === 501;
}

function readBlob(value: unknown): Uint8Array {
  const blob = bytesOfHex(value);
  if (blob?.length === BLOB_SIZE) return blob;
  throw invalidL1Data(`a blob is not ${BLOB_SIZE} hex bytes`, {});
}

async function hashOfBlob(kzg: BlobCommitter, blob: Uint8Array): Promise<Hex> {
  try {
    return toHex(versionedHash(await kzg.blobToKzgCommitment(blob)));
  } catch (error) {
    throw invalidL1Data(`a blob has no commitment: ${reasonOf(error)}`, {});
  }
}
