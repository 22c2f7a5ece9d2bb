// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title MessageNonce
/// @notice Nonces of withdrawals and cross-domain messages: the upper 2 bytes name the encoding's version, the lower
///         30 bytes count (messengers.md, "Message Versioning").
library MessageNonce {
    /// @notice The version this system writes. Version 0 predates the chain and is never accepted.
    uint16 internal constant VERSION = 1;

    /// @notice Bits of the counter below the version.
    uint256 private constant COUNTER_BITS = 240;

    /// @notice Version `VERSION` above `counter`. The counter's type bounds it below the version.
    function encode(uint240 counter) internal pure returns (uint256) {
        return (uint256(VERSION) << COUNTER_BITS) | counter;
    }

    /// @notice The version of `nonce`.
    function version(uint256 nonce) internal pure returns (uint16) {
        return uint16(nonce >> COUNTER_BITS);
    }
}
