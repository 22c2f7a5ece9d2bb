// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EdwardsPoint} from "./EdwardsPoint.sol";

/// @title ScalarField
/// @notice Numbers modulo L, the order of the base point.
library ScalarField {
    uint256 private constant L = EdwardsPoint.L;

    /// @dev 2^256 modulo L.
    uint256 private constant WORD = 0x0ffffffffffffffffffffffffffffffec6ef5bf4737dcf70d6ec31748d98951d;

    /// @notice low + 2^256 high modulo L: how both schemes make a scalar of 64 bytes of a hash.
    function reduce(uint256 low, uint256 high) internal pure returns (uint256) {
        return addmod(low, mulmod(high, WORD, L), L);
    }
}
