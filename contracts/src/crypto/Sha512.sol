// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Sha512
/// @notice SHA-512 (FIPS 180-4), which the EVM has no precompile for, at about 29,000 gas a 128-byte block; and its
///         compression of a message from any initial state, of which SHA-384 is one.
/// @dev Words of 64 bits lie in words of 256. A word written twice in a row makes each rotation one shift; bits above the
///      64th are rubbish until a value is kept, and only then cut off: sums carry upward only. The schedule is made two
///      words at a time, the even one in the lower half and the odd one in the upper.
///
///      Scratch memory lies above the free memory pointer, which does not move:
///      0x000 schedule W[0..79], two in a word · 0x500 state, 8 words · 0x600 padding, up to two blocks ·
///      0x720 constants K[0..79], 8 bytes each.
library Sha512 {
    /// @notice The slice asked for does not lie in the data.
    error Sha512_OutOfBounds(uint256 offset, uint256 length, uint256 available);

    /// @dev Initial state, FIPS 180-4 section 5.3.5.
    uint256 private constant FIRST = 0x6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1;
    uint256 private constant LAST = 0x510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179;

    /// @dev A 64-bit word.
    uint256 private constant WORD = 0xffffffffffffffff;

    /// @dev Two words, one in each half.
    uint256 private constant PAIR = 0xffffffffffffffff0000000000000000ffffffffffffffff;

    /// @notice SHA-512: its first and its last 32 bytes.
    function hash(bytes memory data) internal pure returns (bytes32 first, bytes32 last) {
        (uint256 a, uint256 b) = compress(data, 0, data.length, FIRST, LAST);
        return (bytes32(a), bytes32(b));
    }

    /// @notice The last state, four words in one, of a message that is `length` bytes of `data` from `offset`.
    /// @dev All blocks, then the padding of FIPS 180-4 section 5.1.2.
    function compress(bytes memory data, uint256 offset, uint256 length, uint256 first, uint256 last)
        internal
        pure
        returns (uint256, uint256)
    {
        require(
            offset <= data.length && length <= data.length - offset,
            Sha512_OutOfBounds(offset, length, data.length)
        );
        uint256 scratch = _prepare(first, last);
        uint256 source;
        uint256 end;
        assembly ("memory-safe") {
            source := add(add(data, 0x20), offset)
            end := add(source, and(length, not(0x7f)))
        }
        for (; source < end; source += 0x80) {
            _compress(scratch, source);
        }
        // The rest (less than a block), one bit, zeros, and the length in bits as 128 bits.
        uint256 blocks;
        assembly ("memory-safe") {
            let padding := add(scratch, 0x600)
            let rest := and(length, 0x7f)
            calldatacopy(padding, calldatasize(), 0x100)
            mcopy(padding, source, rest)
            mstore8(add(padding, rest), 0x80)
            blocks := add(1, gt(rest, 0x6f))
            // A length of memory is far below 2^64: the upper half of the field is zero already.
            let field := add(padding, sub(shl(7, blocks), 0x20))
            mstore(field, or(mload(field), shl(3, length)))
        }
        for (uint256 i = 0; i < blocks; ++i) {
            _compress(scratch, scratch + 0x600 + (i << 7));
        }
        return _state(scratch);
    }

    /// @dev Lays out the scratch memory: the state and the constants K (FIPS 180-4 section 4.2.3).
    function _prepare(uint256 first, uint256 last) private pure returns (uint256 scratch) {
        assembly ("memory-safe") {
            scratch := mload(0x40)
            for { let i := 0 } lt(i, 4) { i := add(i, 1) } {
                mstore(add(scratch, add(0x500, shl(5, i))), and(shr(sub(192, shl(6, i)), first), WORD))
                mstore(add(scratch, add(0x580, shl(5, i))), and(shr(sub(192, shl(6, i)), last), WORD))
            }
            mstore(add(scratch, 0x720), 0x428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc)
            mstore(add(scratch, 0x740), 0x3956c25bf348b53859f111f1b605d019923f82a4af194f9bab1c5ed5da6d8118)
            mstore(add(scratch, 0x760), 0xd807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2)
            mstore(add(scratch, 0x780), 0x72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694)
            mstore(add(scratch, 0x7a0), 0xe49b69c19ef14ad2efbe4786384f25e30fc19dc68b8cd5b5240ca1cc77ac9c65)
            mstore(add(scratch, 0x7c0), 0x2de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5)
            mstore(add(scratch, 0x7e0), 0x983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4)
            mstore(add(scratch, 0x800), 0xc6e00bf33da88fc2d5a79147930aa72506ca6351e003826f142929670a0e6e70)
            mstore(add(scratch, 0x820), 0x27b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df)
            mstore(add(scratch, 0x840), 0x650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353b)
            mstore(add(scratch, 0x860), 0xa2bfe8a14cf10364a81a664bbc423001c24b8b70d0f89791c76c51a30654be30)
            mstore(add(scratch, 0x880), 0xd192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8)
            mstore(add(scratch, 0x8a0), 0x19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8)
            mstore(add(scratch, 0x8c0), 0x391c0cb3c5c95a634ed8aa4ae3418acb5b9cca4f7763e373682e6ff3d6b2b8a3)
            mstore(add(scratch, 0x8e0), 0x748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec)
            mstore(add(scratch, 0x900), 0x90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532b)
            mstore(add(scratch, 0x920), 0xca273eceea26619cd186b8c721c0c207eada7dd6cde0eb1ef57d4f7fee6ed178)
            mstore(add(scratch, 0x940), 0x06f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b)
            mstore(add(scratch, 0x960), 0x28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c)
            mstore(add(scratch, 0x980), 0x4cc5d4becb3e42b6597f299cfc657e2a5fcb6fab3ad6faec6c44198c4a475817)
        }
    }

    /// @dev The state as two words of four.
    function _state(uint256 scratch) private pure returns (uint256 first, uint256 last) {
        assembly ("memory-safe") {
            for { let i := 0x500 } lt(i, 0x580) { i := add(i, 0x20) } {
                first := or(shl(64, first), mload(add(scratch, i)))
                last := or(shl(64, last), mload(add(scratch, add(i, 0x80))))
            }
        }
    }

    /// @dev One block at `source` into the state: FIPS 180-4 section 6.4.2.
    function _compress(uint256 scratch, uint256 source) private pure {
        _load(scratch, source);
        _schedule(scratch);
        _rounds(scratch);
    }

    /// @dev W[0..15]: the block itself.
    function _load(uint256 w, uint256 source) private pure {
        assembly ("memory-safe") {
            let word := WORD
            let x
            x := mload(source)
            mstore(w, or(shr(192, x), shl(128, and(shr(128, x), word))))
            mstore(add(w, 0x20), or(and(shr(64, x), word), shl(128, and(x, word))))
            x := mload(add(source, 0x20))
            mstore(add(w, 0x40), or(shr(192, x), shl(128, and(shr(128, x), word))))
            mstore(add(w, 0x60), or(and(shr(64, x), word), shl(128, and(x, word))))
            x := mload(add(source, 0x40))
            mstore(add(w, 0x80), or(shr(192, x), shl(128, and(shr(128, x), word))))
            mstore(add(w, 0xa0), or(and(shr(64, x), word), shl(128, and(x, word))))
            x := mload(add(source, 0x60))
            mstore(add(w, 0xc0), or(shr(192, x), shl(128, and(shr(128, x), word))))
            mstore(add(w, 0xe0), or(and(shr(64, x), word), shl(128, and(x, word))))
        }
    }

    /// @dev Section 6.4.2, step 1: W[t] = s1(W[t-2]) + W[t-7] + s0(W[t-15]) + W[t-16].
    // solhint-disable-next-line function-max-lines
    function _schedule(uint256 w) private pure {
        assembly ("memory-safe") {
            let pair := PAIR
            let x
            let y
            let z
            for { let end := add(w, 0x400) } lt(w, end) { w := add(w, 0x80) } {
                x := mload(add(w, 0xe0))
                y := mload(add(w, 0x20))
                z := mload(add(w, 0x0))
                y := or(shr(128, z), shl(128, y))
                x := and(
                    add(
                        add(
                            and(xor(xor(shr(19, or(x, shl(64, x))), shr(61, or(x, shl(64, x)))), shr(6, x)), pair),
                            or(shr(128, mload(add(w, 0x80))), shl(128, mload(add(w, 0xa0))))
                        ),
                        add(and(xor(xor(shr(1, or(y, shl(64, y))), shr(8, or(y, shl(64, y)))), shr(7, y)), pair), z)
                    ),
                    pair
                )
                mstore(add(w, 0x100), x)
                x := mload(add(w, 0x100))
                y := mload(add(w, 0x40))
                z := mload(add(w, 0x20))
                y := or(shr(128, z), shl(128, y))
                x := and(
                    add(
                        add(
                            and(xor(xor(shr(19, or(x, shl(64, x))), shr(61, or(x, shl(64, x)))), shr(6, x)), pair),
                            or(shr(128, mload(add(w, 0xa0))), shl(128, mload(add(w, 0xc0))))
                        ),
                        add(and(xor(xor(shr(1, or(y, shl(64, y))), shr(8, or(y, shl(64, y)))), shr(7, y)), pair), z)
                    ),
                    pair
                )
                mstore(add(w, 0x120), x)
                x := mload(add(w, 0x120))
                y := mload(add(w, 0x60))
                z := mload(add(w, 0x40))
                y := or(shr(128, z), shl(128, y))
                x := and(
                    add(
                        add(
                            and(xor(xor(shr(19, or(x, shl(64, x))), shr(61, or(x, shl(64, x)))), shr(6, x)), pair),
                            or(shr(128, mload(add(w, 0xc0))), shl(128, mload(add(w, 0xe0))))
                        ),
                        add(and(xor(xor(shr(1, or(y, shl(64, y))), shr(8, or(y, shl(64, y)))), shr(7, y)), pair), z)
                    ),
                    pair
                )
                mstore(add(w, 0x140), x)
                x := mload(add(w, 0x140))
                y := mload(add(w, 0x80))
                z := mload(add(w, 0x60))
                y := or(shr(128, z), shl(128, y))
                x := and(
                    add(
                        add(
                            and(xor(xor(shr(19, or(x, shl(64, x))), shr(61, or(x, shl(64, x)))), shr(6, x)), pair),
                            or(shr(128, mload(add(w, 0xe0))), shl(128, mload(add(w, 0x100))))
                        ),
                        add(and(xor(xor(shr(1, or(y, shl(64, y))), shr(8, or(y, shl(64, y)))), shr(7, y)), pair), z)
                    ),
                    pair
                )
                mstore(add(w, 0x160), x)
            }
        }
    }

    /// @dev Section 6.4.2, steps 2 to 4. Eight rounds rename all eight variables back to themselves.
    // solhint-disable-next-line function-max-lines
    function _rounds(uint256 w) private pure {
        assembly ("memory-safe") {
            let a := mload(add(w, 0x500))
            let b := mload(add(w, 0x520))
            let c := mload(add(w, 0x540))
            let d := mload(add(w, 0x560))
            let e := mload(add(w, 0x580))
            let f := mload(add(w, 0x5a0))
            let g := mload(add(w, 0x5c0))
            let h := mload(add(w, 0x5e0))
            let k := add(w, 0x708) // K[0] is the last 8 bytes of the 32 read here.
            let x
            for { let end := add(k, 0x280) } lt(k, end) { k := add(k, 0x40) } {
                x := or(e, shl(64, e))
                h := add(
                    add(h, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(g, and(e, xor(f, g))), add(mload(w), mload(add(k, 0x0))))
                )
                d := shr(192, shl(192, add(d, h)))
                x := or(a, shl(64, a))
                h := add(add(h, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(a, b), and(c, or(a, b))))
                h := shr(192, shl(192, h))
                x := or(d, shl(64, d))
                g := add(
                    add(g, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(f, and(d, xor(e, f))), add(shr(128, mload(w)), mload(add(k, 0x8))))
                )
                c := shr(192, shl(192, add(c, g)))
                x := or(h, shl(64, h))
                g := add(add(g, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(h, a), and(b, or(h, a))))
                g := shr(192, shl(192, g))
                x := or(c, shl(64, c))
                f := add(
                    add(f, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(e, and(c, xor(d, e))), add(mload(add(w, 0x20)), mload(add(k, 0x10))))
                )
                b := shr(192, shl(192, add(b, f)))
                x := or(g, shl(64, g))
                f := add(add(f, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(g, h), and(a, or(g, h))))
                f := shr(192, shl(192, f))
                x := or(b, shl(64, b))
                e := add(
                    add(e, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(d, and(b, xor(c, d))), add(shr(128, mload(add(w, 0x20))), mload(add(k, 0x18))))
                )
                a := shr(192, shl(192, add(a, e)))
                x := or(f, shl(64, f))
                e := add(add(e, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(f, g), and(h, or(f, g))))
                e := shr(192, shl(192, e))
                x := or(a, shl(64, a))
                d := add(
                    add(d, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(c, and(a, xor(b, c))), add(mload(add(w, 0x40)), mload(add(k, 0x20))))
                )
                h := shr(192, shl(192, add(h, d)))
                x := or(e, shl(64, e))
                d := add(add(d, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(e, f), and(g, or(e, f))))
                d := shr(192, shl(192, d))
                x := or(h, shl(64, h))
                c := add(
                    add(c, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(b, and(h, xor(a, b))), add(shr(128, mload(add(w, 0x40))), mload(add(k, 0x28))))
                )
                g := shr(192, shl(192, add(g, c)))
                x := or(d, shl(64, d))
                c := add(add(c, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(d, e), and(f, or(d, e))))
                c := shr(192, shl(192, c))
                x := or(g, shl(64, g))
                b := add(
                    add(b, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(a, and(g, xor(h, a))), add(mload(add(w, 0x60)), mload(add(k, 0x30))))
                )
                f := shr(192, shl(192, add(f, b)))
                x := or(c, shl(64, c))
                b := add(add(b, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(c, d), and(e, or(c, d))))
                b := shr(192, shl(192, b))
                x := or(f, shl(64, f))
                a := add(
                    add(a, xor(xor(shr(14, x), shr(18, x)), shr(41, x))),
                    add(xor(h, and(f, xor(g, h))), add(shr(128, mload(add(w, 0x60))), mload(add(k, 0x38))))
                )
                e := shr(192, shl(192, add(e, a)))
                x := or(b, shl(64, b))
                a := add(add(a, xor(xor(shr(28, x), shr(34, x)), shr(39, x))), or(and(b, c), and(d, or(b, c))))
                a := shr(192, shl(192, a))
                w := add(w, 0x80)
            }
            // w has moved to the state.
            mstore(w, and(add(mload(w), a), WORD))
            mstore(add(w, 0x20), and(add(mload(add(w, 0x20)), b), WORD))
            mstore(add(w, 0x40), and(add(mload(add(w, 0x40)), c), WORD))
            mstore(add(w, 0x60), and(add(mload(add(w, 0x60)), d), WORD))
            mstore(add(w, 0x80), and(add(mload(add(w, 0x80)), e), WORD))
            mstore(add(w, 0xa0), and(add(mload(add(w, 0xa0)), f), WORD))
            mstore(add(w, 0xc0), and(add(mload(add(w, 0xc0)), g), WORD))
            mstore(add(w, 0xe0), and(add(mload(add(w, 0xe0)), h), WORD))
        }
    }
}
