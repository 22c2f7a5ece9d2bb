// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title EOA
/// @notice Recognises callers that hold a key: entry points that send to "the caller's address on the other chain" are
///         only safe for them, because a contract has no twin there.
library EOA {
    /// @notice Length of an EIP-7702 delegation indicator: 0xef0100 and an address.
    uint256 private constant DELEGATION_LENGTH = 23;
    bytes3 private constant DELEGATION_PREFIX = 0xef0100;

    /// @notice Whether `msg.sender` is the transaction's signer, or an account that delegates its code under EIP-7702
    ///         (which only the holder of its key can set up).
    function isSenderEOA() internal view returns (bool) {
        // solhint-disable-next-line avoid-tx-origin
        return msg.sender == tx.origin || isDelegated(msg.sender);
    }

    /// @notice Whether the code of `account` is an EIP-7702 delegation indicator. No deployed contract's code can start
    ///         with 0xef (EIP-3541), so the answer cannot be forged.
    function isDelegated(address account) internal view returns (bool) {
        if (account.code.length != DELEGATION_LENGTH) return false;
        return bytes3(account.code) == DELEGATION_PREFIX;
    }
}
