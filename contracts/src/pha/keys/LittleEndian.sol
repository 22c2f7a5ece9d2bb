// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title LittleEndian
/// @notice The EVM reads numbers most significant byte first; Curve25519, STROBE and SCALE write them the other way.
library LittleEndian {
    /// @notice All 32 bytes in the opposite order.
    function reverse(uint256 x) internal pure returns (uint256) {
        return reverseLanes(reverseInLanes(x));
    }

    /// @notice Each of the four lanes of eight bytes in its place, with its bytes in the opposite order.
    function reverseInLanes(uint256 x) internal pure returns (uint256) {
        uint256 mask = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        x = ((x >> 8) & mask) | ((x & mask) << 8);
        mask = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        x = ((x >> 16) & mask) | ((x & mask) << 16);
        mask = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        return ((x >> 32) & mask) | ((x & mask) << 32);
    }

    /// @notice The four lanes of eight bytes in the opposite order, each as it was.
    function reverseLanes(uint256 x) internal pure returns (uint256) {
        uint256 mask = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        x = ((x >> 64) & mask) | ((x & mask) << 64);
        return (x >> 128) | (x << 128);
    }
}
