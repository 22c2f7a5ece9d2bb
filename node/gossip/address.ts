import { isIP } from "node:net";

/**
 * What a peer is reached at, or listens on: a host, TCP, and for a peer its id. Other transports are not spoken here.
 * Source: https://github.com/multiformats/multiaddr, the protocols ip4, ip6, ip6zone, dns*, tcp and p2p.
 */
const TCP_ADDRESS =
  /^(?:\/ip6zone\/[^/]+(?=\/ip6\/))?\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/p2p\/([^/]+))?$/;
/** Addresses that a name's TXT records list. */
const LISTED_ADDRESS = /^\/dnsaddr\/([^/]+)\/p2p\/([^/]+)$/;
/** Base58 of a multihash: of a key of at most 42 bytes itself (`1…`), or of the key's SHA-256 (`Qm…`). */
const PEER_ID = /^(?:1[1-9A-HJ-NP-Za-km-z]{46,60}|Qm[1-9A-HJ-NP-Za-km-z]{44})$/;
/** Labels of letters, digits, hyphens and, as names in use have them, underscores. Source: RFC 1035 section 2.3.1. */
const DNS_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
const HIGHEST_PORT = 65_535;

function isHost(protocol: string, host: string): boolean {
  if (protocol === "ip4") return isIP(host) === 4;
  if (protocol === "ip6") return isIP(host) === 6;
  return DNS_NAME.test(host);
}

function isTcpAddress(text: string, wantsPeer: boolean): boolean {
  const [, protocol = "", host = "", port = "", peer] = TCP_ADDRESS.exec(text) ?? [];
  const isPeerRight = wantsPeer ? peer !== undefined && PEER_ID.test(peer) : peer === undefined;
  return isHost(protocol, host) && Number(port) <= HIGHEST_PORT && isPeerRight;
}

/** True for an address to listen on: `/ip4/0.0.0.0/tcp/9222`. */
export function isListenAddress(text: string): boolean {
  return /^\/ip/.test(text) && isTcpAddress(text, false);
}

/** True for an address that a peer can be dialled at: `/dns4/node.example/tcp/9222/p2p/16Uiu2HA…`. */
export function isPeerAddress(text: string): boolean {
  const [, name, peer] = LISTED_ADDRESS.exec(text) ?? [];
  if (name !== undefined && peer !== undefined) return DNS_NAME.test(name) && PEER_ID.test(peer);
  return isTcpAddress(text, true) && !/\/tcp\/0+\//.test(text);
}
