import { type Address, asAddress, bigintToBytes, type Hash, toHex } from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import { isRollupError } from "@phala-l2/protocol/errors";
import { keccak256 } from "@phala-l2/protocol/keccak";
import type { Log } from "@phala-l2/protocol/log";
import type { L1Watch } from "./watch.ts";

/** Where SystemConfig keeps the address. Source: the contract's UNSAFE_BLOCK_SIGNER_SLOT, op-node's RuntimeConfig. */
const UNSAFE_BLOCK_SIGNER_SLOT = keccak256(new TextEncoder().encode("systemconfig.unsafeblocksigner"));
const ADDRESS_LENGTH = 20;
const ADDRESS_MASK = (1n << 160n) - 1n;

/** Reads a word of a contract's storage after a block, proven by the block's hash. */
export type ReadL1Slot = (address: Address, slot: Hash, blockHash: Hash) => Promise<bigint>;

export type UnsafeBlockSigner = {
  /** Who signs gossiped blocks as of L1's newest block; undefined until L1 has told. */
  readonly current: () => Address | undefined;
  readonly stop: () => void;
};

/**
 * Follows SystemConfig's unsafe block signer on L1. It is no part of derivation: it decides only whose unsafe
 * blocks are listened to, so the newest L1 block serves, final or not.
 */
export async function followUnsafeBlockSigner(
  config: RollupConfig,
  { watch, readSlot, log }: { readonly watch: L1Watch; readonly readSlot: ReadL1Slot; readonly log: Log },
): Promise<UnsafeBlockSigner> {
  let current: Address | undefined;

  async function read(): Promise<void> {
    const { latest } = watch.heads();
    try {
      const word = await readSlot(config.l1SystemConfigAddress, UNSAFE_BLOCK_SIGNER_SLOT, latest.hash);
      const signer = asAddress(bigintToBytes(word & ADDRESS_MASK, ADDRESS_LENGTH));
      if (current === undefined || toHex(current) !== toHex(signer)) {
        log.info({ signer: toHex(signer), l1Block: latest.number }, "the unsafe block signer is");
      }
      current = signer;
    } catch (error) {
      if (!isRollupError(error)) throw error;
      if (error.code !== "STOPPED")
        log.warn({ code: error.code }, "the unsafe block signer can not be read from L1");
    }
  }

  await read();
  const stop = watch.subscribe(() => void read());
  return { current: () => current, stop };
}
