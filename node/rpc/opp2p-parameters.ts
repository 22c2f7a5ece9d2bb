import { isRecord } from "@phala-l2/protocol/json-record";
import { canonicalIp, canonicalSubnet, type Subnet } from "../gossip/peer-gate.ts";
import { invalid, ok, type Parse, type Parsed, text } from "./parameters.ts";

/** A peer's id as text: base58 of the hash of a key (Qm…), or of the key itself. 64 bytes at most. */
const PEER_ID = /^(?:Qm[1-9A-HJ-NP-Za-km-z]{44}|1[1-9A-HJ-NP-Za-km-z]{20,87})$/;

export const peerId: Parse<string> = (value) => {
  const read = text(value);
  return read.kind === "invalid" || PEER_ID.test(read.value) ? read : invalid("failed to parse peer ID");
};

export const ip: Parse<string> = (value) => {
  const read = text(value);
  if (read.kind === "invalid") return read;
  const found = canonicalIp(read.value);
  return found === undefined ? invalid(`invalid IP address: ${JSON.stringify(read.value)}`) : ok(found);
};

/** A subnet as `10.0.0.0/8`, or as Go writes a net.IPNet: `{"IP": "10.0.0.0", "Mask": base64 of the mask}`. */
export const subnet: Parse<Subnet> = (value) => {
  const written = isRecord(value) ? readIpNet(value) : text(value);
  if (written.kind === "invalid") return written;
  const found = canonicalSubnet(written.value);
  return found === undefined ? invalid(`invalid CIDR address: ${written.value}`) : ok(found);
};

function readIpNet({ IP, Mask }: Readonly<Record<string, unknown>>): Parsed<string> {
  const address = ip(IP);
  if (address.kind === "invalid") return address;
  const mask = typeof Mask === "string" ? Buffer.from(Mask, "base64") : Buffer.alloc(0);
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const length = address.value.includes(":") ? 128 : 32;
  if (bits.length !== length || !/^1*0*$/.test(bits)) return invalid("invalid subnet mask");
  return ok(`${address.value}/${bits.lastIndexOf("1") + 1}`);
}

/** Go's JSON of a net.IPNet. */
export function subnetJson({ address, prefix }: Subnet): object {
  const mask = Buffer.alloc(address.includes(":") ? 16 : 4);
  for (let bit = 0; bit < prefix; bit++) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return { IP: address, Mask: mask.toString("base64") };
}
