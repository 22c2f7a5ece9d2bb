import { bigintToBytes, concatBytes, type Hash } from "@phala-l2/protocol/bytes";
import type { EthereumConfig } from "./config.ts";

/** CRC-32 of IEEE 802.3, reflected. */
const POLYNOMIAL = 0xedb88320;

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** FORK_HASH after the forks up to this block and time. 4 bytes. Sources: EIP-2124, EIP-6122. */
export function forkId(
  { forkIdBlocks, forkIdTimes }: EthereumConfig,
  genesis: { readonly hash: Hash; readonly timestamp: bigint },
  at: { readonly number: bigint; readonly timestamp: bigint },
): Uint8Array {
  const passed = [
    ...forkIdBlocks.filter((block) => block > 0n && block <= at.number),
    ...forkIdTimes.filter((time) => time > genesis.timestamp && time <= at.timestamp),
  ];
  const checksum = crc32(concatBytes(genesis.hash, ...passed.map((fork) => bigintToBytes(fork, 8))));
  return bigintToBytes(BigInt(checksum), 4);
}
