import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The part of the beacon API that a rollup node needs, in front of anvil, which knows blocks by number but
 * not by slot. One slot a second since L1's first block makes slots and timestamps the same thing.
 */
export type BeaconOptions = { readonly port: number; readonly l1Url: string };
export type Beacon = { readonly url: string; stop(): Promise<void> };

const SECONDS_PER_SLOT = 1;
const BLOBS = /^\/eth\/v1\/beacon\/blobs\/(\d{1,15})$/;

type L1Block = { readonly number: number; readonly timestamp: number };
type Reply = { readonly status: number; readonly body: unknown };

const notFound = (message: string): Reply => ({ status: 404, body: { code: 404, message } });

async function fetchBlock(l1Url: string, tag: string): Promise<L1Block | undefined> {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "eth_getBlockByNumber",
    params: [tag, false],
  });
  const response = await fetch(l1Url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const { result } = (await response.json()) as { result: { number: string; timestamp: string } | null };
  return result === null ? undefined : { number: Number(result.number), timestamp: Number(result.timestamp) };
}

/** The block of exactly that time, by bisection: timestamps rise with numbers. */
async function blockAt(l1Url: string, timestamp: number): Promise<L1Block | undefined> {
  const head = await fetchBlock(l1Url, "latest");
  let low = 0;
  let high = head?.number ?? -1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const block = await fetchBlock(l1Url, `0x${middle.toString(16)}`);
    if (block === undefined) return undefined;
    if (block.timestamp === timestamp) return block;
    if (block.timestamp < timestamp) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

async function blobs(l1Url: string, genesisTime: number, slot: number, query: string): Promise<Reply> {
  const block = await blockAt(l1Url, genesisTime + slot * SECONDS_PER_SLOT);
  if (block === undefined) return notFound("no block in this slot");
  const response = await fetch(`${l1Url}/eth/v1/beacon/blobs/${block.number}${query}`);
  return { status: response.status, body: await response.json() };
}

async function reply(l1Url: string, genesisTime: number, url: URL): Promise<Reply> {
  const slot = BLOBS.exec(url.pathname)?.[1];
  if (slot !== undefined) return blobs(l1Url, genesisTime, Number(slot), url.search);
  switch (url.pathname) {
    case "/eth/v1/beacon/genesis":
      return { status: 200, body: { data: { genesis_time: String(genesisTime) } } };
    case "/eth/v1/config/spec":
      return { status: 200, body: { data: { SECONDS_PER_SLOT: String(SECONDS_PER_SLOT) } } };
    case "/eth/v1/node/version":
      return { status: 200, body: { data: { version: "phala-l2-testkit" } } };
    default:
      return notFound("not served here");
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Starts the beacon API of an anvil chain on the loopback interface. */
export async function startBeacon({ port, l1Url }: BeaconOptions): Promise<Beacon> {
  const genesis = await fetchBlock(l1Url, "0x0");
  const genesisTime = genesis?.timestamp ?? 0;
  const server = createServer((request, response) => {
    reply(l1Url, genesisTime, new URL(request.url ?? "/", "http://beacon"))
      .catch((error: unknown): Reply => ({ status: 502, body: { code: 502, message: String(error) } }))
      .then((answer) => send(response, answer));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
