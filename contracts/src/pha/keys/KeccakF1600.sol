// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title KeccakF1600
/// @notice The permutation Keccak-f[1600] (FIPS 202 section 3.3), which the EVM has no instruction for: `keccak256` keeps
///         its state to itself.
/// @dev The 25 lanes lie one after another, eight bytes each, most significant first: lane (x, y) at 8 (x + 5 y). A word
///      holds the first four lanes of a row; the fifth is the last of the word that begins one lane later.
///
///      A lane is rotated by multiplying it with 2^64 + 1, so that it stands twice in a row, and taking a window of that;
///      this also moves it to its place in a row. A row's fifth lane is written with rubbish before it, which the row's
///      first four lanes then cover.
///
///      Memory: 0x000 state · 0x0e0 the state after each odd round · 0x1c0 the round constants.
library KeccakF1600 {
    /// @dev Bytes of memory that a state takes with what the permutation needs.
    uint256 internal constant SIZE = 0x280;

    uint256 private constant NEXT = 0xe0;
    uint256 private constant CONSTANTS = 0x1c0;

    /// @dev The four lanes of a word.
    uint256 private constant FIRST = 0xffffffffffffffff << 192;
    uint256 private constant SECOND = 0xffffffffffffffff << 128;
    uint256 private constant THIRD = 0xffffffffffffffff << 64;
    uint256 private constant FOURTH = 0xffffffffffffffff;

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

    /// @notice Permutes the state in its place: 24 rounds, from one half of the memory to the other and back.
    // solhint-disable-next-line function-max-lines
    function permute(uint256 state) internal pure {
        assembly ("memory-safe") {
            let next := add(state, NEXT)
            let constants := add(state, CONSTANTS)
            for { let end := add(state, SIZE) } lt(constants, end) { constants := add(constants, 8) } {
                let r0 := mload(state)
                let r1 := mload(add(state, 0x28))
                let r2 := mload(add(state, 0x50))
                let r3 := mload(add(state, 0x78))
                let r4 := mload(add(state, 0xa0))
                let d
                // Theta: parities of columns 0 to 3, and of column 4 with rubbish above it.
                {
                    let a := xor(xor(xor(r0, r1), xor(r2, r3)), r4)
                    let b := xor(
                        xor(mload(add(state, 0x08)), mload(add(state, 0x30))),
                        xor(
                            xor(mload(add(state, 0x58)), mload(add(state, 0x80))),
                            mload(add(state, 0xa8))
                        )
                    )
                    // For column 4: parity 3, and parity 0 rotated by one.
                    d := xor(a, or(shl(1, shr(192, a)), shr(255, a)))
                    // For columns 0 to 3: parities 4, 0, 1, 2, and parities 1 to 4 rotated by one.
                    let c := or(shl(64, a), and(b, FOURTH))
                    a := xor(
                        or(shl(192, b), shr(64, a)),
                        or(shl(1, and(c, BUT_HIGHEST)), and(shr(63, c), LOWEST))
                    )
                    r0 := xor(r0, a)
                    r1 := xor(r1, a)
                    r2 := xor(r2, a)
                    r3 := xor(r3, a)
                    r4 := xor(r4, a)
                }
                // Rho, pi, chi and iota, by rows of what results.
                {
                    let a := and(r0, FIRST)
                    a := or(a, and(shr(20, mul(and(r1, SECOND), TWICE)), SECOND))
                    a := or(a, and(shr(21, mul(and(r2, THIRD), TWICE)), THIRD))
                    a := or(a, and(shr(43, mul(and(r3, FOURTH), TWICE)), FOURTH))
                    let b := and(shr(50, mul(and(xor(mload(add(state, 0xa8)), d), FOURTH), TWICE)), FOURTH)
                    let c := or(shl(64, a), b)
                    mstore(add(next, 0x08), xor(b, and(not(shr(192, a)), shr(128, a))))
                    mstore(next, xor(xor(a, and(not(c), or(shl(64, c), shr(192, a)))), and(mload(constants), FIRST)))
                }
                {
                    let a := and(shl(156, mul(and(r0, FOURTH), TWICE)), FIRST)
                    a := or(a, and(shl(84, mul(and(xor(mload(add(state, 0x30)), d), FOURTH), TWICE)), SECOND))
                    a := or(a, and(shl(3, mul(shr(192, r2), TWICE)), THIRD))
                    a := or(a, and(shr(147, mul(and(r3, SECOND), TWICE)), FOURTH))
                    let b := and(shr(67, mul(and(r4, THIRD), TWICE)), FOURTH)
                    let c := or(shl(64, a), b)
                    mstore(add(next, 0x30), xor(b, and(not(shr(192, a)), shr(128, a))))
                    mstore(add(next, 0x28), xor(a, and(not(c), or(shl(64, c), shr(192, a)))))
                }
                {
                    let a := and(shl(1, mul(and(r0, SECOND), TWICE)), FIRST)
                    a := or(a, and(shl(6, mul(and(r1, THIRD), TWICE)), SECOND))
                    a := or(a, and(shl(25, mul(and(r2, FOURTH), TWICE)), THIRD))
                    a := or(a, and(shr(56, mul(and(xor(mload(add(state, 0x80)), d), FOURTH), TWICE)), FOURTH))
                    let b := and(shr(46, mul(shr(192, r4), TWICE)), FOURTH)
                    let c := or(shl(64, a), b)
                    mstore(add(next, 0x58), xor(b, and(not(shr(192, a)), shr(128, a))))
                    mstore(add(next, 0x50), xor(a, and(not(c), or(shl(64, c), shr(192, a)))))
                }
                {
                    let a := and(shl(155, mul(and(xor(mload(add(state, 0x08)), d), FOURTH), TWICE)), FIRST)
                    a := or(a, and(shl(100, mul(shr(192, r1), TWICE)), SECOND))
                    a := or(a, and(shr(118, mul(and(r2, SECOND), TWICE)), THIRD))
                    a := or(a, and(shr(113, mul(and(r3, THIRD), TWICE)), FOURTH))
                    let b := and(shr(8, mul(and(r4, FOURTH), TWICE)), FOURTH)
                    let c := or(shl(64, a), b)
                    mstore(add(next, 0x80), xor(b, and(not(shr(192, a)), shr(128, a))))
                    mstore(add(next, 0x78), xor(a, and(not(c), or(shl(64, c), shr(192, a)))))
                }
                {
                    let a := and(shl(126, mul(and(r0, THIRD), TWICE)), FIRST)
                    a := or(a, and(shl(119, mul(and(r1, FOURTH), TWICE)), SECOND))
                    a := or(a, and(shl(39, mul(and(xor(mload(add(state, 0x58)), d), FOURTH), TWICE)), THIRD))
                    a := or(a, and(shr(23, mul(shr(192, r3), TWICE)), FOURTH))
                    let b := and(shr(190, mul(and(r4, SECOND), TWICE)), FOURTH)
                    let c := or(shl(64, a), b)
                    mstore(add(next, 0xa8), xor(b, and(not(shr(192, a)), shr(128, a))))
                    mstore(add(next, 0xa0), xor(a, and(not(c), or(shl(64, c), shr(192, a)))))
                }
                d := state
                state := next
                next := d
            }
        }
    }
}
