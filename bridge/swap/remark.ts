import { type Address, addressFromHex, bytesEqual, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";

/**
 * What a depositor writes beside the transfer, in ASCII:
 *
 *   pha-swap:v1:<L1 chain id>:<receiver>[:<height>-<event>]*
 *
 * for example `pha-swap:v1:1:0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045`. Places of earlier deposits may follow: those of
 * the same sender that were refused are then owed to this receiver too.
 */
export type SwapRemark = {
  readonly chainId: bigint;
  readonly receiver: Address;
  readonly repairs: readonly DepositPlace[];
};

/** Where a deposit stands on the parachain. */
export type DepositPlace = {
  readonly height: bigint;
  /** In its block's list of events. */
  readonly eventIndex: number;
};

export type RemarkFault =
  | "remark-no-swap"
  | "remark-malformed"
  | "remark-receiver-checksum"
  | "remark-receiver-zero"
  | "remark-too-many-repairs";

export type RemarkReading =
  | { readonly kind: "ok"; readonly remark: SwapRemark }
  | { readonly kind: "invalid"; readonly reason: RemarkFault };

export const REMARK_PREFIX = "pha-swap:v1:";
/** Earlier deposits that one remark may name: each is looked up in a block of its own. */
export const MAX_REPAIRS = 16;
/** Without leading zeros, so that each number is written in one way; heights are u64, events u32, chain ids below 2^64. */
const NUMBER = "(?:0|[1-9]\\d{0,18})";
const FORM = new RegExp(`^(${NUMBER}):(0x[0-9a-fA-F]{40})((?::${NUMBER}-(?:0|[1-9]\\d{0,9}))*)$`);
const MAX_EVENT_INDEX = 0xffff_ffff;
/** The longest text of this form; what is longer is not looked at. */
const MAX_LENGTH = 1024;

const decoder = new TextDecoder("latin1");

/** EIP-55: an address in both cases has to have its checksum; one in a single case has none. */
function hasGoodChecksum(text: string): boolean {
  const digits = text.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return true;
  const hash = toHex(keccak256(new TextEncoder().encode(digits.toLowerCase()))).slice(2);
  return [...digits].every((digit, i) => {
    const isUpper = Number.parseInt(hash[i] ?? "0", 16) >= 8;
    return digit === (isUpper ? digit.toUpperCase() : digit.toLowerCase());
  });
}

function invalid(reason: RemarkFault): RemarkReading {
  return { kind: "invalid", reason };
}

/** Reads a remark. Never throws. */
export function readRemark(bytes: Uint8Array): RemarkReading {
  const text = decoder.decode(bytes.subarray(0, MAX_LENGTH + 1));
  if (!text.startsWith(REMARK_PREFIX)) return invalid("remark-no-swap");
  const parts = text.length > MAX_LENGTH ? null : FORM.exec(text.slice(REMARK_PREFIX.length));
  const [, chainId, address, places] = parts ?? [];
  if (chainId === undefined || address === undefined || places === undefined)
    return invalid("remark-malformed");
  if (!hasGoodChecksum(address)) return invalid("remark-receiver-checksum");
  const receiver = addressFromHex(address);
  if (bytesEqual(receiver, ZERO_ADDRESS)) return invalid("remark-receiver-zero");
  const repairs = places
    .split(":")
    .slice(1)
    .map((place) => {
      const [height = "", event = ""] = place.split("-");
      return { height: BigInt(height), eventIndex: Number(event) };
    });
  if (repairs.length > MAX_REPAIRS) return invalid("remark-too-many-repairs");
  if (repairs.some(({ eventIndex }) => eventIndex > MAX_EVENT_INDEX)) return invalid("remark-malformed");
  return { kind: "ok", remark: { chainId: BigInt(chainId), receiver, repairs } };
}

/** The text to write beside a transfer. */
export function formatRemark({ chainId, receiver, repairs }: SwapRemark): string {
  const places = repairs.map(({ height, eventIndex }) => `:${height}-${eventIndex}`);
  return `${REMARK_PREFIX}${chainId}:${toHex(receiver)}${places.join("")}`;
}
