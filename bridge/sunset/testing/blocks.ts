import { concatBytes, fromHex, type Hash, type Hex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import type { SubstrateBlock } from "@phala-l2/protocol/substrate/block";
import { headerHash } from "@phala-l2/protocol/substrate/header";
import { encodeByteString } from "@phala-l2/protocol/substrate/scale";
import { orderedRoot } from "@phala-l2/protocol/substrate/trie/root";

/** How an extrinsic differs from a remark that sr25519 signed. */
export type ExtrinsicParts = {
  readonly version?: number;
  readonly address?: number;
  readonly signature?: readonly [kind: number, length: number];
  readonly extensions?: readonly number[];
  /** Pallet and call, and what stands between it and the remark. */
  readonly call?: readonly number[];
};

/** An account's signed extrinsic with a call of its own. The signature is none: only the runtime looks at it. */
export function signedCall(account: Hex, call: Uint8Array, parts: ExtrinsicParts = {}): Uint8Array {
  const { version = 0x84, address = 0, signature = [1, 64], extensions = [0, 4, 0] } = parts;
  const body = concatBytes(
    Uint8Array.of(version, address),
    fromHex(account),
    Uint8Array.of(signature[0]),
    new Uint8Array(signature[1]).fill(9),
    Uint8Array.from(extensions),
    call,
  );
  return encodeByteString(body);
}

/** `system.remark` of a text. */
export function remarkOf(text: string, call: readonly number[] = [0, 0]): Uint8Array {
  return concatBytes(Uint8Array.from(call), encodeByteString(new TextEncoder().encode(text)));
}

/** An account's registration of a receiver of PHA on the L2. */
export function registering(account: Hex, receiver: Hex, chainId = 1n): Uint8Array {
  return signedCall(account, remarkOf(`phala-l2 sunset receiver: ${chainId} ${receiver} l2`));
}

export type ChainOptions = {
  /** Height of the first block. */
  readonly first?: bigint;
  /** State root of the last one. */
  readonly stateRoot?: Hash;
};

/** Blocks in a row with these bodies, the newest first. */
export function chainOf(
  bodies: readonly (readonly Uint8Array[])[],
  { first = 1n, stateRoot = ZERO_HASH }: ChainOptions = {},
): readonly SubstrateBlock[] {
  const blocks: SubstrateBlock[] = [];
  let parentHash = ZERO_HASH;
  for (const [i, extrinsics] of bodies.entries()) {
    const header = {
      parentHash,
      number: first + BigInt(i),
      stateRoot: i === bodies.length - 1 ? stateRoot : ZERO_HASH,
      extrinsicsRoot: orderedRoot(extrinsics, 0),
      digest: [],
    };
    parentHash = headerHash(header);
    blocks.unshift({ header, extrinsics });
  }
  return blocks;
}
