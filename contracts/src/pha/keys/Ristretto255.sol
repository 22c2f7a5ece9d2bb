// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ed25519Field as Field} from "./Ed25519Field.sol";
import {LittleEndian} from "./LittleEndian.sol";

/// @title Ristretto255
/// @notice The group of prime order of RFC 9496: its elements are written in one way only, and stand for several points of
///         edwards25519 each.
library Ristretto255 {
    uint256 private constant P = Field.P;

    /// @notice Section 4.3.1: one of the points that 32 bytes stand for, if they stand for any.
    function decode(bytes32 encoded) internal view returns (bool isElement, uint256 x, uint256 y) {
        uint256 s = LittleEndian.reverse(uint256(encoded));
        // Canonical and non-negative.
        if (s >= P || s & 1 == 1) return (false, 0, 0);
        uint256 ss = mulmod(s, s, P);
        uint256 u1 = addmod(1, P - ss, P);
        uint256 u2 = addmod(1, ss, P);
        uint256 u2Squared = mulmod(u2, u2, P);
        // v = -(d u1^2) - u2^2
        uint256 v = P - addmod(mulmod(Field.D, mulmod(u1, u1, P), P), u2Squared, P);
        uint256 root;
        (isElement, root) = Field.sqrtRatio(1, mulmod(v, u2Squared, P));
        uint256 denominator = mulmod(root, u2, P);
        x = Field.abs(mulmod(mulmod(s, 2, P), denominator, P));
        y = mulmod(u1, mulmod(mulmod(root, denominator, P), v, P), P);
        // Of a point that is written so, x y is non-negative and y is not 0.
        isElement = isElement && y != 0 && mulmod(x, y, P) & 1 == 0;
    }

    /// @notice Section 4.3.3: whether two points, the first of them projective, stand for one element.
    function areEqual(uint256 x1, uint256 y1, uint256 x2, uint256 y2) internal pure returns (bool) {
        // Both sides of either equation have the first point's Z as a factor.
        return mulmod(x1, y2, P) == mulmod(y1, x2, P) || mulmod(y1, y2, P) == mulmod(x1, x2, P);
    }
}
