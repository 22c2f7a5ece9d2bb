// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha512} from "../../crypto/Sha512.sol";

/// @title Sha384
/// @notice SHA-384 (FIPS 180-4): SHA-512 from another initial state, cut short.
library Sha384 {
    /// @dev Initial state, FIPS 180-4 section 5.3.4, four words in one.
    uint256 private constant FIRST = 0xcbbb9d5dc1059ed8629a292a367cd5079159015a3070dd17152fecd8f70e5939;
    uint256 private constant LAST = 0x67332667ffc00b318eb44a8768581511db0c2e0d64f98fa747b5481dbefa4fa4;

    /// @notice SHA-384 as a number of 384 bits: `high` holds its first 16 bytes, `low` its last 32.
    function hash(bytes memory data) internal pure returns (uint256 high, uint256 low) {
        return hash(data, 0, data.length);
    }

    /// @notice SHA-384 of `length` bytes of `data` from `offset`.
    function hash(bytes memory data, uint256 offset, uint256 length) internal pure returns (uint256 high, uint256 low) {
        (high, low) = Sha512.compress(data, offset, length, FIRST, LAST);
        // The state's first six words are the digest.
        low = (high << 128) | (low >> 128);
        high >>= 128;
    }
}
