import assert from "node:assert/strict";
import {
  asAddress,
  asHash,
  compareBytes,
  concatBytes,
  type Hash,
  toHex,
  ZERO_HASH,
} from "@phala-l2/protocol/bytes";
import { contractSigner } from "@phala-l2/protocol/secp256k1";
import { encodeHeader, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import { mapKey, storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { child } from "@phala-l2/protocol/substrate/testing/grandpa-votes";
import { stateRoot } from "@phala-l2/protocol/substrate/trie/root";
import { createEnclave, type Enclave } from "../session.ts";
import type { StateEntry } from "../state-pieces.ts";
import type { SunsetRequest } from "../statements.ts";

export const L1 = 900n;
export const REGISTRY = asAddress(new Uint8Array(20).fill(9));
export const CONTRACT = asAddress(new Uint8Array(20).fill(7));
export const GENESIS = asHash(new Uint8Array(32).fill(5));

/** An enclave that is asked for statements alone. */
export function bornEnclave(): Enclave {
  return createEnclave({
    random: (length) => new Uint8Array(length).fill(7),
    kzg: { blobToKzgCommitment: () => assert.fail("no proof is made here") },
    domain: { chainId: L1, verifyingContract: REGISTRY },
  });
}

/** Who made a signature, in hex. */
export function signerOf(digest: Hash, signature: Uint8Array): string | undefined {
  const address = contractSigner(digest, signature);
  return address && toHex(address);
}

/** frame_system's record of an account with so many free planck. */
function account(seed: number, planck: bigint): StateEntry {
  const key = mapKey("System", "Account", ["Blake2_128Concat", new Uint8Array(32).fill(seed)]);
  const value = concatBytes(new Uint8Array(16), encodeUnsigned(planck, 16), new Uint8Array(48));
  return { key, value };
}

/** A whole state of that many accounts with ten PHA each, in order. */
export function stateOf(accounts: number, issued?: bigint): readonly StateEntry[] {
  const each = 10n ** 13n;
  const issuance = issued ?? each * BigInt(accounts);
  return [
    ...Array.from({ length: accounts }, (_, i) => account(i + 1, each)),
    { key: storagePrefix("Balances", "TotalIssuance"), value: encodeUnsigned(issuance, 16) },
    { key: mapKey("System", "BlockHash", ["Twox64Concat", new Uint8Array(4)]), value: GENESIS },
  ].sort((a, b) => compareBytes(a.key, b.key));
}

/** The header of a block with that state. */
export function headerOf(state: readonly StateEntry[], parent: Hash = ZERO_HASH): SubstrateHeader {
  const root = stateRoot(
    state.map(({ key, value }) => [key, value] as const),
    1,
  );
  return child(parent, 4_321n, [], root);
}

/** Asks for the sunset of that block, without finality and registrations. */
export function requestOf(header: SubstrateHeader): SunsetRequest {
  return {
    contract: CONTRACT,
    finalityAnchor: ZERO_HASH,
    registrationsFrom: 0n,
    header: encodeHeader(header),
  };
}

export const STATE = stateOf(3);
export const HEADER = headerOf(STATE);

/** `signed`, or why not. */
export async function outcomeOf(
  request: SunsetRequest,
  pieces: AsyncIterable<Uint8Array>,
  enclave = bornEnclave(),
): Promise<string> {
  const outcome = await enclave.signSunset(request, { state: pieces });
  return outcome.kind === "signed" ? "signed" : outcome.reason;
}
