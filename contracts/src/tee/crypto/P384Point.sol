// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P384Field as Field} from "./P384Field.sol";

/// @title P384Point
/// @notice Doubling and adding on y^2 = x^3 - 3x + b, and the two tables of odd multiples that `P384` adds from.
/// @dev Points live in a workspace of memory, at these places (each coordinate two words, Montgomery's form):
///      0x000 accumulator X, Y, Z (Jacobian; Z = 0 is infinity, whatever X and Y) · 0x0c0 operand x, y (affine) ·
///      0x140 and 0x180 between the steps of an addition · 0x200 and 0x600 tables of 8 affine points ·
///      0xa00 their 14 denominators · 0xd80 products of these · 0x1100 and 0x1200 digits.
///      Additions are complete: equal points are doubled, opposite points make infinity, infinity is neutral.
library P384Point {
    uint256 internal constant SIZE = 0x1300;
    uint256 internal constant TABLES = 0x200;
    uint256 internal constant TABLE_SIZE = 0x400;
    uint256 internal constant DIGITS = 0x1100;
    uint256 internal constant DIGITS_SIZE = 0x100;
    uint256 private constant DENOMINATORS = 0xa00;
    uint256 private constant PRODUCTS = 0xd80;

    /// @dev A zeroed workspace.
    function workspace() internal pure returns (uint256 base) {
        assembly ("memory-safe") {
            base := mload(0x40)
            mstore(0x40, add(base, SIZE))
            calldatacopy(base, calldatasize(), SIZE)
        }
    }

    function read(uint256 base, uint256 offset) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            hi := mload(add(base, offset))
            lo := mload(add(add(base, offset), 0x20))
        }
    }

    function write(uint256 base, uint256 offset, uint256 hi, uint256 lo) internal pure {
        assembly ("memory-safe") {
            mstore(add(base, offset), hi)
            mstore(add(add(base, offset), 0x20), lo)
        }
    }

    /// @dev Whether the accumulator is infinity.
    function isInfinity(uint256 base) internal pure returns (bool yes) {
        assembly ("memory-safe") {
            yes := iszero(or(mload(add(base, 0x80)), mload(add(base, 0xa0))))
        }
    }

    /// @dev Doubles the accumulator: 4 products and 4 squares (a = -3). Infinity stays infinity, as Z' = 2 Y Z; a point
    ///      with Y = 0 does not exist, as the group's order is odd.
    function double(uint256 base) internal pure {
        (uint256 yh, uint256 yl) = read(base, 0x40);
        (yh, yl) = Field.add(yh, yl, yh, yl);
        (uint256 th, uint256 tl) = read(base, 0x80);
        {
            // Z' = 2 Y Z
            (uint256 zh, uint256 zl) = Field.mul(yh, yl, th, tl);
            write(base, 0x80, zh, zl);
        }
        // S = 4 X Y^2, and A = 3 (X - Z^2) (X + Z^2)
        (th, tl) = Field.square(th, tl);
        (uint256 xh, uint256 xl) = read(base, 0);
        (yh, yl) = Field.square(yh, yl);
        {
            (uint256 dh, uint256 dl) = Field.sub(xh, xl, th, tl);
            (th, tl) = Field.add(xh, xl, th, tl);
            (th, tl) = Field.mul(th, tl, dh, dl);
            (dh, dl) = Field.add(th, tl, th, tl);
            (th, tl) = Field.add(th, tl, dh, dl);
        }
        (xh, xl) = Field.mul(xh, xl, yh, yl);
        // Y' = A (S - X') - 8 Y^4, where 8 Y^4 = (4 Y^2)^2 / 2
        (yh, yl) = Field.square(yh, yl);
        (yh, yl) = Field.half(yh, yl);
        {
            // X' = A^2 - 2 S
            (uint256 dh, uint256 dl) = Field.square(th, tl);
            (dh, dl) = Field.sub(dh, dl, xh, xl);
            (dh, dl) = Field.sub(dh, dl, xh, xl);
            write(base, 0, dh, dl);
            (xh, xl) = Field.sub(xh, xl, dh, dl);
        }
        (xh, xl) = Field.mul(xh, xl, th, tl);
        (xh, xl) = Field.sub(xh, xl, yh, yl);
        write(base, 0x40, xh, xl);
    }

    /// @dev Adds the operand to the accumulator: 8 products and 3 squares.
    function add(uint256 base) internal pure {
        if (isInfinity(base)) {
            assembly ("memory-safe") {
                mcopy(base, add(base, 0xc0), 0x80)
            }
            return write(base, 0x80, Field.ONE_HIGH, Field.ONE_LOW);
        }
        (uint256 zh, uint256 zl) = read(base, 0x80);
        (uint256 qh, uint256 ql) = Field.square(zh, zl);
        // H = x Z^2 - X
        (uint256 hh, uint256 hl) = read(base, 0xc0);
        (hh, hl) = Field.mul(hh, hl, qh, ql);
        {
            (uint256 xh, uint256 xl) = read(base, 0);
            (hh, hl) = Field.sub(hh, hl, xh, xl);
        }
        // T = y Z^3 - Y
        (qh, ql) = Field.mul(qh, ql, zh, zl);
        {
            (uint256 th, uint256 tl) = read(base, 0x100);
            (qh, ql) = Field.mul(qh, ql, th, tl);
            (th, tl) = read(base, 0x40);
            (qh, ql) = Field.sub(qh, ql, th, tl);
        }
        if (hh | hl == 0) {
            if (qh | ql == 0) return double(base);
            return write(base, 0x80, 0, 0);
        }
        // Z' = Z H
        (zh, zl) = Field.mul(zh, zl, hh, hl);
        write(base, 0x80, zh, zl);
        _finishAddition(base, hh, hl, qh, ql);
    }

    /// @dev X' = T^2 - H^3 - 2 V with V = X H^2, and Y' = T (V - X') - Y H^3.
    function _finishAddition(uint256 base, uint256 hh, uint256 hl, uint256 th, uint256 tl) private pure {
        (uint256 vh, uint256 vl) = Field.square(hh, hl);
        (hh, hl) = Field.mul(hh, hl, vh, vl);
        {
            (uint256 xh, uint256 xl) = read(base, 0);
            (vh, vl) = Field.mul(vh, vl, xh, xl);
        }
        {
            (uint256 xh, uint256 xl) = Field.square(th, tl);
            (xh, xl) = Field.sub(xh, xl, hh, hl);
            (xh, xl) = Field.sub(xh, xl, vh, vl);
            (xh, xl) = Field.sub(xh, xl, vh, vl);
            write(base, 0, xh, xl);
            (vh, vl) = Field.sub(vh, vl, xh, xl);
        }
        (vh, vl) = Field.mul(vh, vl, th, tl);
        (th, tl) = read(base, 0x40);
        (th, tl) = Field.mul(th, tl, hh, hl);
        (vh, vl) = Field.sub(vh, vl, th, tl);
        write(base, 0x40, vh, vl);
    }

    /// @dev Fills both tables with P, 3P, … 15P of the affine points that stand first in them.
    function fillTables(uint256 base) internal view {
        _multiples(base, base + TABLES, base + DENOMINATORS);
        _multiples(base, base + TABLES + TABLE_SIZE, base + DENOMINATORS + 7 * 0x40);
        _normalise(base);
    }

    /// @dev 3P … 15P as (X, Y) in the table and Z in `denominators`. 2P = (X, Y, Z) is affine on the isomorphic curve on
    ///      which P is (x Z^2, y Z^3); additions there are the same formulas, and each sum's Z is to be multiplied by
    ///      2P's. None of them meets an exception, as the order of P is a prime far above 17.
    function _multiples(uint256 base, uint256 table, uint256 denominators) private pure {
        assembly ("memory-safe") {
            mcopy(base, table, 0x80)
        }
        write(base, 0x80, Field.ONE_HIGH, Field.ONE_LOW);
        double(base);
        (uint256 zh, uint256 zl) = read(base, 0x80);
        assembly ("memory-safe") {
            mcopy(add(base, 0xc0), base, 0x80)
        }
        {
            (uint256 qh, uint256 ql) = Field.square(zh, zl);
            (uint256 xh, uint256 xl) = read(table, 0);
            (xh, xl) = Field.mul(xh, xl, qh, ql);
            write(base, 0, xh, xl);
            (qh, ql) = Field.mul(qh, ql, zh, zl);
            (xh, xl) = read(table, 0x40);
            (xh, xl) = Field.mul(xh, xl, qh, ql);
            write(base, 0x40, xh, xl);
            write(base, 0x80, Field.ONE_HIGH, Field.ONE_LOW);
        }
        for (uint256 i = 0; i < 7; ++i) {
            add(base);
            table += 0x80;
            assembly ("memory-safe") {
                mcopy(table, base, 0x80)
            }
            (uint256 dh, uint256 dl) = read(base, 0x80);
            (dh, dl) = Field.mul(dh, dl, zh, zl);
            write(denominators, i * 0x40, dh, dl);
        }
    }

    /// @dev (X, Y) become (X / Z^2, Y / Z^3) with one inversion for all 14 (Montgomery's trick). No Z is zero.
    function _normalise(uint256 base) private view {
        (uint256 ih, uint256 il) = (Field.ONE_HIGH, Field.ONE_LOW);
        for (uint256 i = 0; i < 14; ++i) {
            // The product of all Z before this one.
            write(base, PRODUCTS + i * 0x40, ih, il);
            (uint256 zh, uint256 zl) = read(base, DENOMINATORS + i * 0x40);
            (ih, il) = Field.mul(ih, il, zh, zl);
        }
        (ih, il) = Field.inverse(ih, il);
        for (uint256 i = 14; i > 0;) {
            --i;
            (uint256 zh, uint256 zl) = read(base, PRODUCTS + i * 0x40);
            (zh, zl) = Field.mul(zh, zl, ih, il);
            {
                (uint256 dh, uint256 dl) = read(base, DENOMINATORS + i * 0x40);
                (ih, il) = Field.mul(ih, il, dh, dl);
            }
            // The first point of each table is affine already.
            _scale(base + TABLES + (i + 1 + i / 7) * 0x80, zh, zl);
        }
    }

    /// @dev (x, y) becomes (x z^2, y z^3).
    function _scale(uint256 point, uint256 zh, uint256 zl) private pure {
        (uint256 qh, uint256 ql) = Field.square(zh, zl);
        (uint256 xh, uint256 xl) = read(point, 0);
        (xh, xl) = Field.mul(xh, xl, qh, ql);
        write(point, 0, xh, xl);
        (qh, ql) = Field.mul(qh, ql, zh, zl);
        (xh, xl) = read(point, 0x40);
        (xh, xl) = Field.mul(xh, xl, qh, ql);
        write(point, 0x40, xh, xl);
    }
}
