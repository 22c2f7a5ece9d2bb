import { type Address, asAddress, bytesEqual, concatBytes, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { type Authorization, recoverAuthority } from "@phala-l2/protocol/wire/transaction-lists";
import type { JournaledState } from "../state/journal.ts";
import { EXISTING_AUTHORITY_REFUND } from "./intrinsic-gas.ts";

/** EIP-7702: code 0xef0100 | address makes an account run the code of `address`. */
const DELEGATION_PREFIX = Uint8Array.of(0xef, 0x01, 0x00);
const DELEGATION_LENGTH = 23;
/** EIP-2681 and EIP-7702: an authority's nonce must be able to grow. */
const MAX_NONCE = 2n ** 64n - 1n;

/** Whether code is a delegation; such an account may still send transactions (EIP-3607 as amended). */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === DELEGATION_LENGTH && DELEGATION_PREFIX.every((byte, i) => code[i] === byte);
}

/** Whose code an account with this code runs, where it is a delegation. */
export function delegateOf(code: Uint8Array): Address | undefined {
  return isDelegation(code) ? asAddress(code.slice(DELEGATION_PREFIX.length)) : undefined;
}

export type AppliedAuthorizations = {
  /** Gas to add to the refund counter. */
  readonly refund: bigint;
  /** Authorities, warm from now on (EIP-2929), whether their authorization applied or not. */
  readonly warm: readonly Address[];
};

/**
 * Sets the delegations of an EIP-7702 transaction, whose sender's nonce is incremented already. A tuple that
 * breaks a rule is skipped; the transaction goes on. The numbers are the steps of EIP-7702 "Behavior".
 */
export function applyAuthorizations(
  state: JournaledState,
  authorizations: readonly Authorization[],
  chainId: bigint,
): AppliedAuthorizations {
  const warm: Address[] = [];
  let refund = 0n;
  for (const authorization of authorizations) {
    // 1. The chain is this one or any.
    if (authorization.chainId !== 0n && authorization.chainId !== chainId) continue;
    // 2. The nonce can be incremented.
    if (authorization.nonce >= MAX_NONCE) continue;
    // 3. The authority is whose key signed.
    const authority = recoverAuthority(authorization);
    if (authority === undefined) continue;
    // 4. It becomes warm.
    warm.push(authority);
    // 5. It has no code but a delegation.
    if (state.hasCode(authority) && !isDelegation(state.code(authority))) continue;
    // 6. Its nonce is the signed one.
    const account = state.account(authority);
    if ((account?.nonce ?? 0n) !== authorization.nonce) continue;
    // 7. An account that existed gives the price of a new one back.
    if (account !== undefined) refund += EXISTING_AUTHORITY_REFUND;
    // 8. The delegation is set, or removed for the zero address.
    const isRemoval = bytesEqual(authorization.address, ZERO_ADDRESS);
    state.setCode(
      authority,
      isRemoval ? new Uint8Array(0) : concatBytes(DELEGATION_PREFIX, authorization.address),
    );
    // 9. The nonce grows.
    state.incrementNonce(authority);
  }
  return { refund, warm };
}
