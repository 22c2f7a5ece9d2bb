import { BlockList, isIP, SocketAddress } from "node:net";
import type { PeerBans } from "./peer-bans.ts";

/** A block of IP addresses: `address` and the number of leading bits that count. */
export type Subnet = { readonly address: string; readonly prefix: number };

/** Most entries of each kind: an operator's list, not a firewall. */
const MAX_ENTRIES = 10_000;

/** An IPv4 address in IPv6's clothes is the IPv4 address. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IP address in its one canonical spelling; undefined when it is none. */
export function canonicalIp(text: string): string | undefined {
  const plain = MAPPED.exec(text)?.[1] ?? text;
  const version = isIP(plain);
  if (version === 0 || plain.includes("%")) return undefined;
  const { address } = new SocketAddress({ address: plain, family: version === 4 ? "ipv4" : "ipv6" });
  return MAPPED.exec(address)?.[1] ?? address;
}

/** A subnet with the bits beyond its prefix cleared, as Go's net.ParseCIDR has it; undefined when it is none. */
export function canonicalSubnet(text: string): Subnet | undefined {
  const [, ip = "", digits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(ip);
  const prefix = Number(digits);
  if (version === 0 || ip.includes("%") || MAPPED.test(ip) || prefix > (version === 4 ? 32 : 128)) {
    return undefined;
  }
  const bytes = ipBytes(ip);
  for (let bit = prefix; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) & ~(0x80 >> (bit & 7));
  }
  const address = canonicalIp(ipText(bytes));
  return address === undefined ? undefined : { address, prefix };
}

/** 4 or 16 bytes of an address that `isIP` takes. */
function ipBytes(ip: string): Uint8Array {
  if (isIP(ip) === 4) return Uint8Array.from(ip.split("."), Number);
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(ip);
  const pair = (a: string | undefined, b: string | undefined) => (Number(a) * 256 + Number(b)).toString(16);
  const groups = dotted ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}` : ip;
  const [left = "", right] = groups.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === undefined || right === "" ? [] : right.split(":");
  const middle = new Array<string>(8 - head.length - tail.length).fill("0");
  return Uint8Array.from(
    [...head, ...middle, ...tail].flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return groups.join(":");
}

/** The IP address of a multiaddr (`/ip4/127.0.0.1/tcp/1`); undefined when it names none. */
function ipOf(multiaddr: string): string | undefined {
  const ip = /^\/ip[46](?:zone\/[^/]+\/ip6)?\/([^/]+)/.exec(multiaddr)?.[1];
  return ip === undefined ? undefined : canonicalIp(ip);
}

type Rule = { readonly subnet: Subnet; readonly list: BlockList };

/** Who may connect: neither those whom the operator blocked, nor those whose score banned them for a while. */
export class PeerGate {
  readonly #bans: PeerBans;
  readonly #peers = new Set<string>();
  readonly #ips = new Set<string>();
  readonly #subnets = new Map<string, Rule>();

  constructor(bans: PeerBans) {
    this.#bans = bans;
  }

  refusesPeer(peerId: string): boolean {
    return this.#peers.has(peerId) || this.#bans.isBanned(peerId);
  }

  refusesAddress(multiaddr: string): boolean {
    const ip = ipOf(multiaddr);
    if (ip === undefined) return false;
    const family = isIP(ip) === 4 ? "ipv4" : "ipv6";
    return this.#ips.has(ip) || [...this.#subnets.values()].some(({ list }) => list.check(ip, family));
  }

  /** False when there is no room for one more. */
  blockPeer(peerId: string): boolean {
    if (this.#peers.size >= MAX_ENTRIES) return false;
    this.#peers.add(peerId);
    return true;
  }

  /** Ends a ban too. */
  unblockPeer(peerId: string): void {
    this.#peers.delete(peerId);
    this.#bans.forgive(peerId);
  }

  /** @param ip canonical. False when there is no room for one more. */
  blockAddress(ip: string): boolean {
    if (this.#ips.size >= MAX_ENTRIES) return false;
    this.#ips.add(ip);
    return true;
  }

  unblockAddress(ip: string): void {
    this.#ips.delete(ip);
  }

  /** @param subnet canonical. False when there is no room for one more. */
  blockSubnet(subnet: Subnet): boolean {
    if (this.#subnets.size >= MAX_ENTRIES) return false;
    const list = new BlockList();
    list.addSubnet(subnet.address, subnet.prefix, isIP(subnet.address) === 4 ? "ipv4" : "ipv6");
    this.#subnets.set(`${subnet.address}/${subnet.prefix}`, { subnet, list });
    return true;
  }

  unblockSubnet({ address, prefix }: Subnet): void {
    this.#subnets.delete(`${address}/${prefix}`);
  }

  /** By the operator and by score. */
  blockedPeers(): readonly string[] {
    return [...new Set([...this.#peers, ...this.#bans.list()])];
  }

  blockedAddresses(): readonly string[] {
    return [...this.#ips];
  }

  blockedSubnets(): readonly Subnet[] {
    return [...this.#subnets.values()].map(({ subnet }) => subnet);
  }
}
