// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title AddressAliasing
/// @notice An L1 contract appears on L2 under an address shifted by a constant, so that it cannot pose as the L2
///         account at its own address (OP Stack specs, deposits.md, "Address Aliasing"). Arithmetic is modulo 2^160.
library AddressAliasing {
    uint160 internal constant OFFSET = uint160(0x1111000000000000000000000000000000001111);

    /// @notice The address as which the L1 contract `l1Address` acts on L2.
    function applyL1ToL2Alias(address l1Address) internal pure returns (address) {
        unchecked {
            return address(uint160(l1Address) + OFFSET);
        }
    }

    /// @notice The L1 contract that acts on L2 as `l2Address`.
    function undoL1ToL2Alias(address l2Address) internal pure returns (address) {
        unchecked {
            return address(uint160(l2Address) - OFFSET);
        }
    }
}
