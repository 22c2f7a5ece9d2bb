import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Hash, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { silentLog } from "@phala-l2/protocol/log";
import { encodeBlob, versionedHash } from "@phala-l2/protocol/wire/blob";
import { createBeaconClient } from "./beacon.ts";
import type { Fetch } from "./http.ts";
import { nativeKzg } from "./kzg.ts";

const kzg = nativeKzg;
const GENESIS_TIME = 1_606_824_023n;
const TIMESTAMP = GENESIS_TIME + 12n * 5n;

function blobOf(text: string) {
  const blob = encodeBlob(new TextEncoder().encode(text));
  return { blob, hash: versionedHash(kzg.blobToKzgCommitment(blob)) };
}
const first = blobOf("first");
const second = blobOf("second");
const foreign = blobOf("foreign");

type Pages = (path: string) => unknown;
const notFound = Symbol("404");

const basics: Pages = (path) => {
  if (path === "/eth/v1/beacon/genesis") return { data: { genesis_time: GENESIS_TIME.toString() } };
  if (path === "/eth/v1/config/spec") return { data: { SECONDS_PER_SLOT: "12" } };
  return notFound;
};
const serving =
  (blobs: readonly Uint8Array[]): Pages =>
  (path) =>
    path.startsWith("/eth/v1/beacon/blobs/5?") ? { data: blobs.map(toHex) } : basics(path);
const servingSidecars =
  (blobs: readonly Uint8Array[]): Pages =>
  (path) =>
    path === "/eth/v1/beacon/blob_sidecars/5"
      ? { data: blobs.map((blob) => ({ blob: toHex(blob) })) }
      : basics(path);

function clientOf(servers: Record<string, Pages>) {
  const paths: string[] = [];
  const fetch: Fetch = async (url) => {
    const { host, pathname, search } = new URL(url);
    paths.push(`${host}${pathname}`);
    const page = servers[host]?.(`${pathname}${search}`) ?? notFound;
    return page === notFound ? new Response("{}", { status: 404 }) : new Response(JSON.stringify(page));
  };
  const urls = Object.keys(servers).map((host) => `http://${host}/`);
  const { signal } = new AbortController();
  return {
    client: createBeaconClient({ urls, timeoutMs: 100 }, { fetch, kzg, log: silentLog, signal }),
    paths,
  };
}

async function assertUnavailable(servers: Record<string, Pages>, hashes: readonly Hash[] = [first.hash]) {
  await assert.rejects(clientOf(servers).client.blobs(TIMESTAMP, hashes), (error) =>
    isRollupError(error, "BLOBS_UNAVAILABLE"),
  );
}

describe("blobs of the beacon API", () => {
  it("come by versioned hash, whatever order the server gives", async () => {
    const { client } = clientOf({ a: serving([second.blob, first.blob]) });
    const blobs = await client.blobs(TIMESTAMP, [first.hash, second.hash]);
    assert.deepEqual(blobs.get(toHex(first.hash)), first.blob);
    assert.deepEqual(blobs.get(toHex(second.hash)), second.blob);
  });
  it("come from blob_sidecars of an older server", async () => {
    const { client } = clientOf({ a: servingSidecars([foreign.blob, first.blob]) });
    const blobs = await client.blobs(TIMESTAMP, [first.hash]);
    assert.deepEqual([...blobs.keys()], [toHex(first.hash)]);
  });
  it("are put together from several servers", async () => {
    const { client } = clientOf({ a: serving([first.blob]), b: serving([second.blob]) });
    const blobs = await client.blobs(TIMESTAMP, [first.hash, second.hash]);
    assert.equal(blobs.size, 2);
  });
  it("come from the next server when one serves a blob of another commitment", async () => {
    const { client } = clientOf({ liar: serving([foreign.blob]), honest: serving([first.blob]) });
    assert.equal((await client.blobs(TIMESTAMP, [first.hash])).size, 1);
  });
  it("ask for genesis and slot time once", async () => {
    const { client, paths } = clientOf({ a: serving([first.blob]) });
    await client.blobs(TIMESTAMP, [first.hash]);
    await client.blobs(TIMESTAMP, [first.hash]);
    assert.equal(paths.filter((path) => path.endsWith("/genesis")).length, 1);
  });
  it("know a spec that states the slot in milliseconds", async () => {
    const pages: Pages = (path) =>
      path === "/eth/v1/config/spec" ? { data: { SLOT_DURATION_MS: "12000" } } : serving([first.blob])(path);
    assert.equal((await clientOf({ a: pages }).client.blobs(TIMESTAMP, [first.hash])).size, 1);
  });
  it("are unavailable when pruned, and the error tells the remedy", async () => {
    await assert.rejects(clientOf({ a: serving([]) }).client.blobs(TIMESTAMP, [first.hash]), /blob archive/);
  });
  it("are unavailable when a byte of them was changed", async () => {
    const changed = first.blob.slice();
    changed[40] = 1;
    await assertUnavailable({ a: serving([changed]) });
  });
  it("are unavailable when short, no hex, or not a field element", async () => {
    await assertUnavailable({ a: serving([first.blob.slice(1)]) });
    await assertUnavailable({ a: (path) => (path.includes("blobs") ? { data: ["0xzz"] } : basics(path)) });
    await assertUnavailable({ a: serving([new Uint8Array(131_072).fill(0xff)]) });
  });
  it("are unavailable when the server knows no time, a slot of no length, or answers no object", async () => {
    await assertUnavailable({ a: () => notFound });
    await assertUnavailable({ a: () => ({ data: { genesis_time: "x", SECONDS_PER_SLOT: "12" } }) });
    await assertUnavailable({ a: () => ({ data: { genesis_time: "1", SECONDS_PER_SLOT: "0" } }) });
    await assertUnavailable({ a: () => 7 });
  });
  it("are unavailable without any server", async () => {
    await assertUnavailable({});
  });
});
