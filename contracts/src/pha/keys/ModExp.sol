// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ModExp
/// @notice Powers modulo a number of one word, by the precompile of EIP-198. About 4,100 gas as EIP-7883 prices an exponent
///         of 250 bits.
library ModExp {
    /// @notice The precompile failed: not enough gas was left.
    error ModExp_PrecompileFailed();

    uint256 private constant PRECOMPILE = 0x05;

    /// @notice base^exponent modulo `modulus`.
    function power(uint256 base, uint256 exponent, uint256 modulus) internal view returns (uint256 result) {
        bool success;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 0x20)
            mstore(add(input, 0x20), 0x20)
            mstore(add(input, 0x40), 0x20)
            mstore(add(input, 0x60), base)
            mstore(add(input, 0x80), exponent)
            mstore(add(input, 0xa0), modulus)
            success := staticcall(gas(), PRECOMPILE, input, 0xc0, 0x00, 0x20)
            success := and(success, eq(returndatasize(), 0x20))
            result := mload(0x00)
        }
        require(success, ModExp_PrecompileFailed());
    }
}
