// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha512} from "../../crypto/Sha512.sol";
import {Ed25519Field as Field} from "./Ed25519Field.sol";
import {EdwardsPoint} from "./EdwardsPoint.sol";
import {LittleEndian} from "./LittleEndian.sol";
import {ScalarField} from "./ScalarField.sol";

/// @title Ed25519
/// @notice Signatures of RFC 8032 section 5.1, pure (no context, no prehash), as strict as they can be without refusing
///         what an honest signer makes: the equation without the cofactor, canonical encodings, no key of small order.
library Ed25519 {
    uint256 private constant P = Field.P;

    /// @dev y of a point of order 8; the others' is p - y.
    uint256 private constant ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826;

    /// @notice Whether (r, s), the signature's halves as they are written, is `publicKey`'s over `message`.
    function verify(bytes32 publicKey, bytes memory message, bytes32 r, bytes32 s) internal view returns (bool) {
        uint256 scalar = LittleEndian.reverse(uint256(s));
        if (scalar >= EdwardsPoint.L) return false;
        (bool isKey, uint256 x, uint256 y) = _decode(publicKey);
        if (!isKey || _isSmallOrder(y)) return false;
        (bytes32 first, bytes32 last) = Sha512.hash(bytes.concat(r, publicKey, message));
        uint256 k = ScalarField.reduce(LittleEndian.reverse(uint256(first)), LittleEndian.reverse(uint256(last)));
        uint256 z;
        (x, y, z) = EdwardsPoint.subtractMultiple(scalar, k, x, y);
        // R is not decoded: s B - k A is encoded, and that is canonical.
        return _encode(x, y, z) == r;
    }

    /// @dev Section 5.1.3. An even x of 0 with the bit of an odd one set is refused later: both such points are of small
    ///      order.
    function _decode(bytes32 encoded) private view returns (bool isPoint, uint256 x, uint256 y) {
        y = LittleEndian.reverse(uint256(encoded));
        uint256 odd = y >> 255;
        y &= type(uint256).max >> 1;
        if (y >= P) return (false, 0, 0);
        uint256 y2 = mulmod(y, y, P);
        // x^2 = (y^2 - 1) / (d y^2 + 1), whose denominator is never 0.
        (isPoint, x) = Field.sqrtRatio(addmod(y2, P - 1, P), addmod(mulmod(Field.D, y2, P), 1, P));
        if (odd == 1) x = Field.negate(x);
    }

    /// @dev Section 5.1.2.
    function _encode(uint256 x, uint256 y, uint256 z) private view returns (bytes32) {
        uint256 inverse = Field.inverse(z);
        uint256 odd = mulmod(x, inverse, P) & 1;
        return bytes32(LittleEndian.reverse(mulmod(y, inverse, P) | (odd << 255)));
    }

    /// @dev Whether eight times a point with this y is the neutral one. For such a key k A, and so one signature, would be
    ///      the same for many messages.
    function _isSmallOrder(uint256 y) private pure returns (bool) {
        return y < 2 || y == P - 1 || y == ORDER_8_Y || y == P - ORDER_8_Y;
    }
}
