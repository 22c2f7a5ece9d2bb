// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title KeccakF1600
/// @notice The permutation Keccak-f[1600] (FIPS 202 section 3.3), which the EVM has no instruction for: `keccak256` keeps
///         its state to itself.
/// @dev The 25 lanes lie one after another, eight bytes each, most significant first: lane (x, y) at 8 (x + 5 y). A word
///      holds the first four lanes of a row; the fifth is the last of the word that begins one lane later.
///
///      A lane is rotated by multiplying it with 2^64 + 1, so that it stands twice in a row, and taking a window of that;
///      this also moves it to its place in a row: by the lane's place, plus 64, less the rotation, less the new place
///      (places in bits from a word's end). A row's fifth lane is written with rubbish before it, which the row's
///      first four lanes then cover.
///
///      Memory: 0x000 state · 0x0e0 the state after each odd round · 0x1c0 the round constants.
library KeccakF1600 {
    /// @dev Bytes of memory that a state takes with what the permutation needs.
    uint256 internal constant SIZE = 0x280;

    uint256 private constant NEXT = 0xe0;
    uint256 private constant CONSTANTS = 0x1c0;

    /// @dev The last lane of a word.
    uint256 private constant LANE = 0xffffffffffffffff;

    /// @dev What writes a lane twice in a row.
    uint256 private constant TWICE = (1 << 64) + 1;

    /// @dev All bits of four lanes but the highest of each; the lowest of each.
    uint256 private constant BUT_HIGHEST = 0x7fffffffffffffff7fffffffffffffff7fffffffffffffff7fffffffffffffff;
    uint256 private constant LOWEST = 0x0000000000000001000000000000000100000000000000010000000000000001;

    /// @notice Memory for a state; the state itself is not set.
    function allocate() internal pure returns (uint256 state) {
        assembly ("memory-safe") {
            state := mload(0x40)
            mstore(0x40, add(state, SIZE))
            let constants := add(state, CONSTANTS)
            mstore(constants, 0x00000000000000010000000000008082800000000000808a8000000080008000)
            mstore(add(constants, 0x20), 0x000000000000808b000000008000000180000000800080818000000000008009)
            mstore(add(constants, 0x40), 0x000000000000008a00000000000000880000000080008009000000008000000a)
            mstore(add(constants, 0x60), 0x000000008000808b800000000000008b80000000000080898000000000008003)
            mstore(add(constants, 0x80), 0x80000000000080028000000000000080000000000000800a800000008000000a)
            mstore(add(constants, 0xa0), 0x8000000080008081800000000000808000000000800000018000000080008008)
        }
    }

    /// @notice Permutes the state in its place.
    function permute(uint256 state) internal pure {
        _rounds(state, LANE, TWICE, LANE << 128, LANE << 64);
    }

    /// @dev 24 rounds, from one half of the memory to the other and back. The constants are arguments so that the optimizer
    ///      keeps them on the stack.
    // solhint-disable-next-line function-max-lines
    function _rounds(uint256 state, uint256 fourth, uint256 twice, uint256 second, uint256 third) private pure {
        assembly ("memory-safe") {
            let next := add(state, NEXT)
            // A constant is read as the end of a word. `state` is the first half again after an even number of rounds.
            let constants := add(state, 0x1a8)
            for {} lt(constants, add(state, 0x268)) { constants := add(constants, 8) } {
                let r0 := mload(state)
                let r1 := mload(add(state, 0x28))
                let r2 := mload(add(state, 0x50))
                let r3 := mload(add(state, 0x78))
                let r4 := mload(add(state, 0xa0))
                // Theta. The parity of column 4, with rubbish above it.
                let d := xor(mload(add(state, 0x08)), mload(add(state, 0x30)))
                d := xor(d, mload(add(state, 0x58)))
                d := xor(d, mload(add(state, 0x80)))
                d := xor(d, mload(add(state, 0xa8)))
                {
                    // Parities of columns 0 to 3, and of columns 1 to 4.
                    let a := xor(xor(xor(r0, r1), xor(r2, r3)), r4)
                    let b := or(shl(64, a), and(d, fourth))
                    // For columns 0 to 3: parities 4, 0, 1, 2, and parities 1 to 4 rotated by one.
                    b := or(shl(1, and(b, BUT_HIGHEST)), and(shr(63, b), LOWEST))
                    b := xor(b, or(shl(192, d), shr(64, a)))
                    // For column 4: parity 3, and parity 0 rotated by one.
                    d := xor(a, or(shl(1, shr(192, a)), shr(255, a)))
                    r0 := xor(r0, b)
                    r1 := xor(r1, b)
                    r2 := xor(r2, b)
                    r3 := xor(r3, b)
                    r4 := xor(r4, b)
                }
                // Rho, pi, chi and iota, by rows of what results.
                {
                    // Row 0.
                    let b := mload(add(state, 0xa8))
                    b := mul(and(xor(b, d), fourth), twice)
                    b := and(shr(50, b), fourth)
                    let a := shl(192, shr(192, r0))
                    a := or(a, and(shr(20, mul(and(r1, second), twice)), second))
                    a := or(a, and(shr(21, mul(and(r2, third), twice)), third))
                    a := or(a, and(shr(43, mul(and(r3, fourth), twice)), fourth))
                    mstore(add(next, 0x08), xor(b, and(not(shr(192, a)), shr(128, a))))
                    b := or(shl(64, a), b)
                    mstore(next, xor(xor(a, and(not(b), or(shl(64, b), shr(192, a)))), shl(192, mload(constants))))
                }
                {
                    // Row 1.
                    let b := mload(add(state, 0x30))
                    b := mul(and(xor(b, d), fourth), twice)
                    let a := and(shl(84, b), second)
                    a := or(a, shl(192, shr(36, mul(and(r0, fourth), twice))))
                    a := or(a, and(shl(3, mul(shr(192, r2), twice)), third))
                    a := or(a, and(shr(147, mul(and(r3, second), twice)), fourth))
                    b := and(shr(67, mul(and(r4, third), twice)), fourth)
                    mstore(add(next, 0x30), xor(b, and(not(shr(192, a)), shr(128, a))))
                    b := or(shl(64, a), b)
                    mstore(add(next, 0x28), xor(a, and(not(b), or(shl(64, b), shr(192, a)))))
                }
                {
                    // Row 2.
                    let b := mload(add(state, 0x80))
                    b := mul(and(xor(b, d), fourth), twice)
                    let a := and(shr(56, b), fourth)
                    a := or(a, shl(192, shr(191, mul(and(r0, second), twice))))
                    a := or(a, and(shl(6, mul(and(r1, third), twice)), second))
                    a := or(a, and(shl(25, mul(and(r2, fourth), twice)), third))
                    b := and(shr(46, mul(shr(192, r4), twice)), fourth)
                    mstore(add(next, 0x58), xor(b, and(not(shr(192, a)), shr(128, a))))
                    b := or(shl(64, a), b)
                    mstore(add(next, 0x50), xor(a, and(not(b), or(shl(64, b), shr(192, a)))))
                }
                {
                    // Row 3.
                    let b := mload(add(state, 0x08))
                    b := mul(and(xor(b, d), fourth), twice)
                    let a := shl(192, shr(37, b))
                    a := or(a, and(shl(100, mul(shr(192, r1), twice)), second))
                    a := or(a, and(shr(118, mul(and(r2, second), twice)), third))
                    a := or(a, and(shr(113, mul(and(r3, third), twice)), fourth))
                    b := and(shr(8, mul(and(r4, fourth), twice)), fourth)
                    mstore(add(next, 0x80), xor(b, and(not(shr(192, a)), shr(128, a))))
                    b := or(shl(64, a), b)
                    mstore(add(next, 0x78), xor(a, and(not(b), or(shl(64, b), shr(192, a)))))
                }
                {
                    // Row 4.
                    let b := mload(add(state, 0x58))
                    b := mul(and(xor(b, d), fourth), twice)
                    let a := and(shl(39, b), third)
                    a := or(a, shl(192, shr(66, mul(and(r0, third), twice))))
                    a := or(a, and(shl(119, mul(and(r1, fourth), twice)), second))
                    a := or(a, and(shr(23, mul(shr(192, r3), twice)), fourth))
                    b := and(shr(190, mul(and(r4, second), twice)), fourth)
                    mstore(add(next, 0xa8), xor(b, and(not(shr(192, a)), shr(128, a))))
                    b := or(shl(64, a), b)
                    mstore(add(next, 0xa0), xor(a, and(not(b), or(shl(64, b), shr(192, a)))))
                }
                d := state
                state := next
                next := d
            }
        }
    }
}
