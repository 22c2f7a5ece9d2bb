// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Blake2b
/// @notice BLAKE2b-256 without a key (RFC 7693), by the precompile of EIP-152.
library Blake2b {
    /// @notice The precompile failed: not enough gas was left.
    error Blake2b_PrecompileFailed();

    /// @dev EIP-152's compression, for 12 gas.
    uint256 private constant PRECOMPILE = 0x09;

    /// @dev Initial state (RFC 7693 section 2.6), each of the eight words least significant byte first; the parameters are
    ///      in the first: 32 bytes of digest, no key, fanout and depth 1.
    uint256 private constant STATE_FIRST = 0x28c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5;
    uint256 private constant STATE_LAST = 0xd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b;

    /// @notice The 32 bytes of the digest.
    /// @dev Input of the precompile above the free memory pointer, from 0x1c: rounds (4 bytes), state (64), block (128),
    ///      bytes so far (16, least significant first), whether it is the last (1).
    function hash(bytes memory data) internal view returns (bytes32 digest) {
        bool success = true;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 12)
            mstore(add(input, 0x20), STATE_FIRST)
            mstore(add(input, 0x40), STATE_LAST)
            let source := add(data, 0x20)
            let length := mload(data)
            let done := 0
            for {} success {} {
                let size := sub(length, done)
                let isLast := iszero(gt(size, 0x80))
                if iszero(isLast) { size := 0x80 }
                calldatacopy(add(input, 0x60), calldatasize(), 0xa0)
                mcopy(add(input, 0x60), add(source, done), size)
                done := add(done, size)
                // The counter's bytes reversed, as far as memory can be long: five of them.
                for { let i := 0 } lt(i, 5) { i := add(i, 1) } {
                    mstore8(add(add(input, 0xe0), i), shr(shl(3, i), done))
                }
                mstore8(add(input, 0xf0), isLast)
                success := staticcall(gas(), PRECOMPILE, add(input, 0x1c), 0xd5, add(input, 0x20), 0x40)
                success := and(success, eq(returndatasize(), 0x40))
                if isLast { break }
            }
            digest := mload(add(input, 0x20))
        }
        require(success, Blake2b_PrecompileFailed());
    }
}
