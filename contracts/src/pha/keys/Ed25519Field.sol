// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModExp} from "./ModExp.sol";

/// @title Ed25519Field
/// @notice Numbers modulo p = 2^255 - 19. Where nothing else is said they are below p.
library Ed25519Field {
    uint256 internal constant P = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed;

    /// @dev d = -121665 / 121666 of edwards25519 (RFC 8032 section 5.1).
    uint256 internal constant D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3;

    /// @dev 2^((p - 1) / 4), a square root of -1.
    uint256 internal constant SQRT_M1 = 0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0;

    uint256 private constant INVERSE_EXPONENT = P - 2;
    uint256 private constant ROOT_EXPONENT = (P - 5) / 8;

    /// @notice 1 / x, or 0 where x is 0.
    function inverse(uint256 x) internal view returns (uint256) {
        return ModExp.power(x, INVERSE_EXPONENT, P);
    }

    /// @notice SQRT_RATIO_M1 of RFC 9496 section 4.2: whether u / v is a square, and if so its even root; 0 / v is, u / 0
    ///         is not.
    function sqrtRatio(uint256 u, uint256 v) internal view returns (bool isSquare, uint256 root) {
        uint256 v3 = mulmod(mulmod(v, v, P), v, P);
        uint256 uv3 = mulmod(u, v3, P);
        // (u v^3) (u v^7)^((p - 5) / 8)
        root = mulmod(uv3, ModExp.power(mulmod(mulmod(uv3, v3, P), v, P), ROOT_EXPONENT, P), P);
        uint256 check = mulmod(mulmod(root, root, P), v, P);
        if (check != u) {
            if (check != negate(u)) return (false, 0);
            root = mulmod(root, SQRT_M1, P);
        }
        return (true, abs(root));
    }

    /// @notice -x.
    function negate(uint256 x) internal pure returns (uint256) {
        return x == 0 ? 0 : P - x;
    }

    /// @notice x or -x, whichever is even: RFC 9496 calls odd numbers negative.
    function abs(uint256 x) internal pure returns (uint256) {
        return x & 1 == 0 ? x : P - x;
    }
}
