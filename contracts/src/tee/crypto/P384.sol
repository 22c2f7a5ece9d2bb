// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P384Field as Field} from "./P384Field.sol";
import {P384Generator} from "./P384Generator.sol";
import {P384Point as Point} from "./P384Point.sol";

/// @title P384
/// @notice ECDSA over P-384 (FIPS 186-5 section 6.4.2). Signatures with a high s are accepted, as AMD's hardware makes
///         them; so whoever uses this must take neither a signature nor a hash over one for an identifier.
/// @dev The textbook asks whether x(u1 G + u2 Q) mod n = r with u1 = z/s and u2 = r/s. This asks it so that 192 doublings
///      do instead of 384 (Antipa, Brown, Gallant, Lambert, Struik, Vanstone: Accelerated Verification of ECDSA
///      Signatures, 2005):
///
///      1. R is a point of the curve with x(R) = r, or r + n where that is below p. Without such a point the signature
///         is invalid. With it, it is valid exactly if u1 G + u2 Q = R or = -R.
///      2. Euclid's algorithm on (n, u2), stopped half way, finds v and w below 2^192 with v u2 = w or = -w modulo n, and
///         0 < v.
///      3. v (u1 G + u2 Q - R) = (v u1 mod n) G + (+-w) Q - v R is infinity exactly if u1 G + u2 Q = R: the order n of
///         the group is prime and 0 < v < n, so that v can be divided by. This sum is computed, for one sign of R and,
///         if that fails, for the other.
///
///      The caller may tell which sign to try first: the parity of y(R), as in a recoverable signature. That is the one
///      hint there is. It changes the order of two questions of which either answer is enough, so that a wrong hint
///      costs gas and can neither make a wrong signature pass nor a right one fail.
library P384 {
    /// @dev The curve's b in Montgomery's form.
    uint256 private constant B_HIGH = 0xe3374bee94938ae277f2209b1920022f;
    uint256 private constant B_LOW = 0xc431bf24a7a404311e8c6a5ea5665f098bba71e5aa249e05972901601f022094;

    /// @dev The upper word of p and n, and p - n.
    uint256 private constant MASK = 0xffffffffffffffffffffffffffffffff;
    uint256 private constant P_MINUS_N = 0x389cb27e0bc8d21fa7e5f24cb74f58851313e696333ad68c;

    /// @dev Digits of a number below 2^192 in the signed form used here: 192, and one of a carry.
    uint256 private constant DIGITS = 193;

    /// @dev Columns of the comb, each of 6 bits of a number below 2^384.
    uint256 private constant COLUMNS = 64;

    /// @dev The sum of step 3: the factor of G, and whether Q is subtracted.
    struct Equation {
        uint256 gHigh;
        uint256 gLow;
        bool negative;
    }

    /// @notice Whether `signature` is the key's over the digest. False, never a revert, for whatever is not a key, a
    ///         signature or a digest: wrong lengths, coordinates from p on, a point off the curve, r or s zero or from n on.
    /// @param key x and y of the public key, 48 bytes each, big-endian.
    /// @param signature r and s, 48 bytes each, big-endian.
    /// @param high The first 16 bytes of the digest of 384 bits; zero for SHA-256.
    /// @param low Its last 32.
    /// @param oddFirst The sign to try first: whether y of the signature's point is odd. See above.
    function verify(bytes memory key, bytes memory signature, uint256 high, uint256 low, bool oddFirst)
        internal
        view
        returns (bool)
    {
        if (key.length != 96 || signature.length != 96 || high > MASK) return false;
        (uint256 rh, uint256 rl) = _number(signature, 0);
        if (!_isScalar(rh, rl)) return false;
        uint256 base = Point.workspace();
        if (!_loadKey(base, key)) return false;
        Equation memory equation;
        {
            (uint256 sh, uint256 sl) = _number(signature, 48);
            if (!_isScalar(sh, sl)) return false;
            (sh, sl) = Field.inverseN(sh, sl);
            (uint256 uh, uint256 ul) = Field.mulN(rh, rl, sh, sl);
            uint256 v = _halve(base, uh, ul, equation);
            (uh, ul) = Field.mulN(high, low, sh, sl);
            (equation.gHigh, equation.gLow) = Field.mulN(uh, ul, 0, v);
        }
        if (_holds(base, rh, rl, equation, oddFirst)) return true;
        if (rh != 0 || rl >= P_MINUS_N) return false;
        // r + n is below p, whose upper word is that of n: the lower words add up without a carry.
        return _holds(base, MASK, rl + Field.N_LOW, equation, oddFirst);
    }

    /// @notice Whether 96 bytes are the coordinates of a point of the curve. Every such point but infinity, which has no
    ///         coordinates, is a valid key: the cofactor is one.
    function isKey(bytes memory key) internal pure returns (bool) {
        return key.length == 96 && _loadKey(Point.workspace(), key);
    }

    /// @dev The number of 48 bytes at `offset`.
    function _number(bytes memory data, uint256 offset) private pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            let source := add(add(data, 0x20), offset)
            hi := shr(128, mload(source))
            lo := mload(add(source, 0x10))
        }
    }

    /// @dev 0 < a < n.
    function _isScalar(uint256 hi, uint256 lo) private pure returns (bool) {
        return (hi | lo != 0) && (hi < MASK || lo < Field.N_LOW);
    }

    /// @dev Q into the first place of the first table, if its coordinates are below p and on the curve.
    function _loadKey(uint256 base, bytes memory key) private pure returns (bool) {
        base += Point.TABLES;
        (uint256 xh, uint256 xl) = _number(key, 0);
        if (xh == MASK && xl >= Field.P_LOW) return false;
        (uint256 yh, uint256 yl) = _number(key, 48);
        if (yh == MASK && yl >= Field.P_LOW) return false;
        (xh, xl) = Field.toMontgomery(xh, xl);
        Point.write(base, 0, xh, xl);
        (yh, yl) = Field.toMontgomery(yh, yl);
        Point.write(base, 0x40, yh, yl);
        (xh, xl) = _curve(xh, xl);
        (yh, yl) = Field.square(yh, yl);
        return xh == yh && xl == yl;
    }

    /// @dev x^3 - 3x + b.
    function _curve(uint256 xh, uint256 xl) private pure returns (uint256 hi, uint256 lo) {
        (hi, lo) = Field.square(xh, xl);
        // x (x^2 - 3) + b; three in Montgomery's form.
        (hi, lo) = Field.sub(hi, lo, 3, 3 * Field.ONE_LOW);
        (hi, lo) = Field.mul(hi, lo, xh, xl);
        return Field.add(hi, lo, B_HIGH, B_LOW);
    }

    /// @dev Step 2: v and w of u2, w's digits and v's into the workspace, the sign of w into the equation.
    ///      Here a, b are Euclid's remainders and u, v their factors: u b + v a = n, and v u2 = b or = -b modulo n. Before
    ///      the last step b was 2^192 or more; it is a after it, so that v is at most n / 2^192 < 2^192. b is not
    ///      zero at the end: its last value before zero would be 1, as u2 and n are coprime.
    function _halve(uint256 base, uint256 bh, uint256 bl, Equation memory equation) private pure returns (uint256 v) {
        bool negative;
        assembly ("memory-safe") {
            let ah := MASK
            let al := 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973 // n
            let u := 0
            v := 1
            for {} or(bh, shr(192, bl)) {} {
                // a modulo b. The quotient of the upper parts, the divisor's rounded up, is never too large; what is
                // missing is found in the next turn. It is zero only where b goes into a once.
                let divisor := add(or(shl(128, bh), shr(128, bl)), 1)
                for {} or(gt(ah, bh), and(eq(ah, bh), iszero(lt(al, bl)))) {} {
                    let q := div(or(shl(128, ah), shr(128, al)), divisor)
                    q := or(q, iszero(q))
                    let x := mul(q, bl)
                    let y := mulmod(q, bl, not(0))
                    y := add(sub(sub(y, x), lt(y, x)), mul(q, bh))
                    ah := sub(sub(ah, y), lt(al, x))
                    al := sub(al, x)
                    u := add(u, mul(q, v))
                }
                let x := ah
                ah := bh
                bh := x
                x := al
                al := bl
                bl := x
                x := u
                u := v
                v := x
                negative := iszero(negative)
            }
        }
        equation.negative = negative;
        _digits(base + Point.DIGITS, bl);
        _digits(base + Point.DIGITS + Point.DIGITS_SIZE, v);
    }

    /// @dev Non-adjacent form of width 5: a byte a place, zero or odd; 17 to 31 stand for -15 to -1.
    function _digits(uint256 place, uint256 scalar) private pure {
        assembly ("memory-safe") {
            for {} scalar {} {
                switch and(scalar, 1)
                case 0 {
                    scalar := shr(1, scalar)
                    place := add(place, 1)
                }
                default {
                    let digit := and(scalar, 31)
                    mstore8(place, digit)
                    scalar := add(shr(5, scalar), shr(4, digit))
                    place := add(place, 5)
                }
            }
        }
    }

    /// @dev Steps 1 and 3 for x(R) given.
    function _holds(uint256 base, uint256 xh, uint256 xl, Equation memory equation, bool oddFirst)
        private
        view
        returns (bool)
    {
        bool odd;
        {
            uint256 table = base + Point.TABLES + Point.TABLE_SIZE;
            (xh, xl) = Field.toMontgomery(xh, xl);
            Point.write(table, 0, xh, xl);
            (xh, xl) = _curve(xh, xl);
            (uint256 yh, uint256 yl) = Field.root(xh, xl);
            Point.write(table, 0x40, yh, yl);
            (uint256 qh, uint256 ql) = Field.square(yh, yl);
            if (qh != xh || ql != xl) return false;
            (, yl) = Field.fromMontgomery(yh, yl);
            odd = yl & 1 == 1;
        }
        Point.fillTables(base);
        bytes memory comb = P384Generator.comb();
        // v R is subtracted: with the y that was found if it has the wanted parity, else with the other.
        bool negative = odd == oddFirst;
        return _vanishes(base, comb, equation, negative) || _vanishes(base, comb, equation, !negative);
    }

    /// @dev Whether the sum of step 3 is infinity: both numbers' digits from the highest on, and the comb's columns in
    ///      the last 64 doublings.
    function _vanishes(uint256 base, bytes memory comb, Equation memory equation, bool negative)
        private
        pure
        returns (bool)
    {
        Point.write(base, 0x80, 0, 0);
        for (uint256 i = DIGITS; i > 0;) {
            unchecked {
                --i;
            }
            if (!Point.isInfinity(base)) Point.double(base);
            _addDigit(base, 0, i, equation.negative);
            _addDigit(base, 1, i, negative);
            if (i < COLUMNS) _addColumn(base, comb, equation, i);
        }
        return Point.isInfinity(base);
    }

    /// @dev Adds the multiple of table 0 or 1 that digit `i` of its number asks for.
    function _addDigit(uint256 base, uint256 table, uint256 i, bool negative) private pure {
        uint256 digit;
        assembly ("memory-safe") {
            digit := byte(0, mload(add(add(base, add(0x1100, shl(8, table))), i)))
        }
        if (digit == 0) return;
        if (digit > 16) {
            digit = 32 - digit;
            negative = !negative;
        }
        assembly ("memory-safe") {
            mcopy(add(base, 0xc0), add(add(base, add(0x200, shl(10, table))), shl(7, shr(1, digit))), 0x80)
        }
        if (negative) {
            (uint256 yh, uint256 yl) = Point.read(base, 0x100);
            (yh, yl) = Field.sub(0, 0, yh, yl);
            Point.write(base, 0x100, yh, yl);
        }
        Point.add(base);
    }

    /// @dev Adds the sum of 2^(64 j) G over the set bits number 64 j + i of G's factor.
    function _addColumn(uint256 base, bytes memory comb, Equation memory equation, uint256 i) private pure {
        uint256 column;
        assembly ("memory-safe") {
            let hi := shr(i, mload(equation))
            let lo := shr(i, mload(add(equation, 0x20)))
            column := or(or(and(lo, 1), and(shr(63, lo), 2)), or(and(shr(126, lo), 4), and(shr(189, lo), 8)))
            column := or(column, or(and(shl(4, hi), 16), and(shr(59, hi), 32)))
            if column {
                let point := add(add(comb, 0x20), mul(sub(column, 1), 96))
                mstore(add(base, 0xc0), shr(128, mload(point)))
                mstore(add(base, 0xe0), mload(add(point, 0x10)))
                mstore(add(base, 0x100), shr(128, mload(add(point, 0x30))))
                mstore(add(base, 0x120), mload(add(point, 0x40)))
            }
        }
        if (column != 0) Point.add(base);
    }
}
