// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ed25519Base} from "./Ed25519Base.sol";
import {Ed25519Field as Field} from "./Ed25519Field.sol";

/// @title EdwardsPoint
/// @notice s B - k A on edwards25519, -x^2 + y^2 = 1 + d x^2 y^2, whose addition is complete: no point is a special case.
/// @dev Extended coordinates (X : Y : Z : T), x = X / Z, y = Y / Z, T = X Y / Z (Hisil, Wong, Carter, Dawson 2008). Each of
///      the two scalars plus 16 (1 + 32 + 32^2 + ... + 32^50) has digits base 32 that are 16 more than digits from -16 to
///      15 of the scalar itself: 51 times the accumulator is doubled five times, and one point of each of two tables of 32
///      is added, that of digit 0 being neutral.
///
///      A product is below p, a sum or difference of two of these (the latter plus p) is below 2^256, and may be a factor:
///      only a sum of three is reduced.
library EdwardsPoint {
    /// @dev The order of the base point, 2^252 + 27742317777372353535851937790883648493.
    uint256 internal constant L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed;

    uint256 private constant P = Field.P;
    uint256 private constant DOUBLE_D = 0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159;

    /// @dev 16 (1 + 32 + ... + 32^50).
    uint256 private constant OFFSET = 0x4210842108421084210842108421084210842108421084210842108421084210;

    /// @dev 32 entries of four words.
    uint256 private constant TABLE_SIZE = 0x1000;

    /// @notice s B - k A, projective: x = X / Z, y = Y / Z. The scalars are below L, A = (x, y) is a point of the curve.
    function subtractMultiple(uint256 s, uint256 k, uint256 x, uint256 y)
        internal
        pure
        returns (uint256 xOut, uint256 yOut, uint256 zOut)
    {
        uint256 table = _tabulate(Field.negate(x), y);
        return _sum(s + OFFSET, k + OFFSET, table, Ed25519Base.multiples(), P);
    }

    /// @dev The points -16 A to 15 A, 128 bytes each: Y - X, Y + X, 2 d T and 2 Z. A negative one is the positive one with
    ///      the first two exchanged and the third negated.
    function _tabulate(uint256 x, uint256 y) private pure returns (uint256 table) {
        uint256 p = P;
        assembly ("memory-safe") {
            table := mload(0x40)
            mstore(0x40, add(table, TABLE_SIZE))
            let plus := add(table, 0x800)
            mstore(plus, 1)
            mstore(add(plus, 0x20), 1)
            mstore(add(plus, 0x40), 0)
            mstore(add(plus, 0x60), 2)
            let minus := plus
            let t := mulmod(x, y, p)
            let z := 1
            // What is added at each step: A itself.
            let m := sub(add(y, p), x)
            let s := add(y, x)
            let c := mulmod(t, DOUBLE_D, p)
            for {} 1 {} {
                // -16 A comes last, and 16 A is not among the entries: it would lie where the table ends.
                minus := sub(minus, 0x80)
                plus := add(plus, 0x80)
                {
                    let e := mulmod(t, DOUBLE_D, p)
                    let a := sub(add(y, p), x)
                    let b := add(y, x)
                    mstore(minus, b)
                    mstore(add(minus, 0x20), a)
                    mstore(add(minus, 0x40), sub(p, e))
                    mstore(add(minus, 0x60), add(z, z))
                    if eq(minus, table) { break }
                    mstore(plus, a)
                    mstore(add(plus, 0x20), b)
                    mstore(add(plus, 0x40), e)
                    mstore(add(plus, 0x60), add(z, z))
                }
                {
                    let a := mulmod(sub(add(y, p), x), m, p)
                    let b := mulmod(add(y, x), s, p)
                    let e := sub(add(b, p), a)
                    let h := add(b, a)
                    b := mulmod(t, c, p)
                    a := add(z, z)
                    let f := addmod(a, sub(p, b), p)
                    let g := addmod(a, b, p)
                    x := mulmod(e, f, p)
                    y := mulmod(g, h, p)
                    t := mulmod(e, h, p)
                    z := mulmod(f, g, p)
                }
            }
        }
    }

    /// @dev The sum of both multiples; each scalar has its offset. `p` is an argument so that the optimizer keeps it on the
    ///      stack.
    // solhint-disable-next-line function-max-lines
    function _sum(uint256 s, uint256 k, uint256 table, bytes memory multiples, uint256 p)
        private
        pure
        returns (uint256 x, uint256 y, uint256 z)
    {
        assembly ("memory-safe") {
            multiples := add(multiples, 0x20)
            y := 1
            z := 1
            let t := 0
            for { let shift := 250 } 1 { shift := sub(shift, 5) } {
                {
                    let entry := add(table, shl(7, and(shr(shift, k), 0x1f)))
                    let a := mulmod(sub(add(y, p), x), mload(entry), p)
                    let b := mulmod(add(y, x), mload(add(entry, 0x20)), p)
                    let c := mulmod(t, mload(add(entry, 0x40)), p)
                    let d := mulmod(z, mload(add(entry, 0x60)), p)
                    let e := sub(add(b, p), a)
                    let g := add(d, c)
                    let f := sub(add(d, p), c)
                    let h := add(b, a)
                    x := mulmod(e, f, p)
                    y := mulmod(g, h, p)
                    t := mulmod(e, h, p)
                    z := mulmod(f, g, p)
                }
                {
                    let entry := add(multiples, mul(0x60, and(shr(shift, s), 0x1f)))
                    let a := mulmod(sub(add(y, p), x), mload(entry), p)
                    let b := mulmod(add(y, x), mload(add(entry, 0x20)), p)
                    let c := mulmod(t, mload(add(entry, 0x40)), p)
                    let e := sub(add(b, p), a)
                    let g := add(z, c)
                    let f := sub(add(z, p), c)
                    x := mulmod(e, f, p)
                    y := mulmod(g, add(b, a), p)
                    z := mulmod(f, g, p)
                }
                if iszero(shift) { break }
                {
                    let a := mulmod(x, x, p)
                    let b := mulmod(y, y, p)
                    let e := mulmod(x, add(y, y), p)
                    let g := sub(add(b, p), a)
                    let f := addmod(mulmod(z, add(z, z), p), sub(add(a, p), b), p)
                    x := mulmod(e, f, p)
                    y := mulmod(g, add(a, b), p)
                    z := mulmod(f, g, p)
                }
                {
                    let a := mulmod(x, x, p)
                    let b := mulmod(y, y, p)
                    let e := mulmod(x, add(y, y), p)
                    let g := sub(add(b, p), a)
                    let f := addmod(mulmod(z, add(z, z), p), sub(add(a, p), b), p)
                    x := mulmod(e, f, p)
                    y := mulmod(g, add(a, b), p)
                    z := mulmod(f, g, p)
                }
                {
                    let a := mulmod(x, x, p)
                    let b := mulmod(y, y, p)
                    let e := mulmod(x, add(y, y), p)
                    let g := sub(add(b, p), a)
                    let f := addmod(mulmod(z, add(z, z), p), sub(add(a, p), b), p)
                    x := mulmod(e, f, p)
                    y := mulmod(g, add(a, b), p)
                    z := mulmod(f, g, p)
                }
                {
                    let a := mulmod(x, x, p)
                    let b := mulmod(y, y, p)
                    let e := mulmod(x, add(y, y), p)
                    let g := sub(add(b, p), a)
                    let f := addmod(mulmod(z, add(z, z), p), sub(add(a, p), b), p)
                    x := mulmod(e, f, p)
                    y := mulmod(g, add(a, b), p)
                    z := mulmod(f, g, p)
                }
                {
                    let a := mulmod(x, x, p)
                    let b := mulmod(y, y, p)
                    let e := mulmod(x, add(y, y), p)
                    let g := sub(add(b, p), a)
                    let f := addmod(mulmod(z, add(z, z), p), sub(add(a, p), b), p)
                    a := add(a, b)
                    x := mulmod(e, f, p)
                    y := mulmod(g, a, p)
                    t := mulmod(e, a, p)
                    z := mulmod(f, g, p)
                }
            }
        }
    }
}
