// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title P384Field
/// @notice Arithmetic modulo p, the prime of P-384's field (FIPS 186-5, SP 800-186 section 3.2.1.4), and, by the MODEXP
///         precompile, modulo n, the order of its group.
/// @dev A number of 384 bits is two words: `hi` (its upper 128 bits) and `lo` (its lower 256). Every function here takes
///      numbers below p and returns numbers below p: there is one form of each value, so that zero and equality are
///      seen by comparing words, and no carry is lost whatever an attacker chooses.
///      Products are Montgomery's with R = 2^512: `mul(a, b)` is a b / R mod p. p = 2^384 - C with a short C, whose
///      inverse modulo 2^256 makes the two rounds of reduction.
library P384Field {
    /// @notice MODEXP did not answer (too little gas, or no such precompile).
    error P384_PrecompileFailed();

    /// @dev 2^384 - p = 2^128 + 2^96 - 2^32 + 1.
    uint256 private constant C = 0x100000000ffffffffffffffff00000001;

    /// @dev 1 / C mod 2^256 (which is -1 / p) is i (1 - 2^128 j) with i = 1 / C mod 2^128 = 2^64 + 2^32 + 1 and
    ///      j = (C i - 1) / 2^128 mod 2^128 = 2^64 + 2^33 + 2. Two short constants are cheaper than a long one.
    uint256 private constant C_INVERSE_LOW = 0x10000000100000001;
    uint256 private constant C_INVERSE_HIGH = 0x10000000200000002;

    /// @dev The upper word of p, and of every value at most.
    uint256 private constant MASK = 0xffffffffffffffffffffffffffffffff;

    /// @dev The lower word of p.
    uint256 internal constant P_LOW = 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff;

    /// @dev p - 2 and (p + 1) / 4: exponents of the inverse and of the square root (p is 3 modulo 4).
    uint256 private constant INVERSE_LOW = 0xfffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffd;
    uint256 private constant ROOT_HIGH = 0x3fffffffffffffffffffffffffffffff;
    uint256 private constant ROOT_LOW = 0xffffffffffffffffffffffffffffffffbfffffffc00000000000000040000000;

    /// @dev R^2 mod p: a product with it brings a number into Montgomery's form.
    uint256 private constant SQUARE_R_HIGH = 0x200000000fffffffe00000002;
    uint256 private constant SQUARE_R_LOW = 0x300000002fffffffdfffffffd0000000100000002fffffffe00000000;

    /// @dev R mod p: one in Montgomery's form.
    uint256 internal constant ONE_HIGH = 1;
    uint256 internal constant ONE_LOW = 0xffffffffffffffff0000000100000000000000000000000000000000;

    /// @dev The lower word of n; its upper word equals that of p.
    uint256 internal constant N_LOW = 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973;
    uint256 private constant N_INVERSE_LOW = 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52971;

    /// @dev a + b.
    function add(uint256 ah, uint256 al, uint256 bh, uint256 bl) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            lo := add(al, bl)
            hi := add(add(ah, bh), lt(lo, al))
            // The sum is at least p exactly if the sum and C make 2^384.
            let reduced := add(lo, C)
            let upper := add(hi, lt(reduced, lo))
            if shr(128, upper) {
                lo := reduced
                hi := and(upper, MASK)
            }
        }
    }

    /// @dev a - b.
    function sub(uint256 ah, uint256 al, uint256 bh, uint256 bl) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            lo := sub(al, bl)
            hi := sub(sub(ah, bh), lt(al, bl))
            // Below zero: p is added, as 2^384 (by the mask) less C.
            if shr(255, hi) {
                hi := and(sub(hi, lt(lo, C)), MASK)
                lo := sub(lo, C)
            }
        }
    }

    /// @dev a / 2: p is odd, so either a or a + p is even.
    function half(uint256 ah, uint256 al) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            hi := ah
            lo := al
            if and(al, 1) {
                lo := add(al, P_LOW)
                hi := add(add(ah, MASK), lt(lo, al))
            }
            lo := or(shr(1, lo), shl(255, hi))
            hi := shr(1, hi)
        }
    }

    /// @dev a b / R.
    function mul(uint256 ah, uint256 al, uint256 bh, uint256 bl) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            // The product of 768 bits, t2 t1 t0. A word and its upper neighbour add up to the number modulo 2^256 - 1,
            // from which the upper one follows where the lower one is known.
            let t0 := mul(al, bl)
            let x := mulmod(al, bl, not(0))
            let t1 := sub(sub(x, t0), lt(x, t0))
            x := add(mul(al, bh), mul(ah, bl))
            let t2 := addmod(mulmod(al, bh, not(0)), mulmod(ah, bl, not(0)), not(0))
            t2 := sub(sub(t2, x), lt(t2, x))
            t1 := add(t1, x)
            t2 := add(add(t2, mul(ah, bh)), lt(t1, x))

            // Round 1: with m = t0 / C, t0 + m p = t0 - m C + 2^384 m, whose lowest word is zero; x is m C's upper word.
            let m := mul(t0, C_INVERSE_LOW)
            m := sub(m, shl(128, mul(m, C_INVERSE_HIGH)))
            x := mulmod(m, C, not(0))
            x := sub(sub(x, t0), lt(x, t0))
            t0 := shl(128, m)
            t1 := add(t1, t0)
            t0 := add(shr(128, m), lt(t1, t0))
            t0 := sub(t0, lt(t1, x))
            t1 := sub(t1, x)

            // Round 2: the same for t1. t2 and the carry t0 belong to the lower word of the result.
            m := mul(t1, C_INVERSE_LOW)
            m := sub(m, shl(128, mul(m, C_INVERSE_HIGH)))
            x := mulmod(m, C, not(0))
            x := sub(sub(x, t1), lt(x, t1))
            lo := add(t2, t0)
            hi := add(lt(lo, t0), shr(128, m))
            m := shl(128, m)
            lo := add(lo, m)
            hi := sub(add(hi, lt(lo, m)), lt(lo, x))
            lo := sub(lo, x)

            // Below 2 p. Only a value with all upper bits set, or one above, can be p or more.
            if iszero(lt(hi, MASK)) {
                m := add(lo, C)
                x := add(hi, lt(m, lo))
                if shr(128, x) {
                    lo := m
                    hi := and(x, MASK)
                }
            }
        }
    }

    /// @dev a a / R. As `mul`, with the two cross products made at once.
    function square(uint256 ah, uint256 al) internal pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            let t0 := mul(al, al)
            let x := mulmod(al, al, not(0))
            let t1 := sub(sub(x, t0), lt(x, t0))
            hi := shl(1, ah)
            x := mul(al, hi)
            let t2 := mulmod(al, hi, not(0))
            t2 := sub(sub(t2, x), lt(t2, x))
            t1 := add(t1, x)
            t2 := add(add(t2, mul(ah, ah)), lt(t1, x))

            let m := mul(t0, C_INVERSE_LOW)
            m := sub(m, shl(128, mul(m, C_INVERSE_HIGH)))
            x := mulmod(m, C, not(0))
            x := sub(sub(x, t0), lt(x, t0))
            t0 := shl(128, m)
            t1 := add(t1, t0)
            t0 := add(shr(128, m), lt(t1, t0))
            t0 := sub(t0, lt(t1, x))
            t1 := sub(t1, x)

            m := mul(t1, C_INVERSE_LOW)
            m := sub(m, shl(128, mul(m, C_INVERSE_HIGH)))
            x := mulmod(m, C, not(0))
            x := sub(sub(x, t1), lt(x, t1))
            lo := add(t2, t0)
            hi := add(lt(lo, t0), shr(128, m))
            m := shl(128, m)
            lo := add(lo, m)
            hi := sub(add(hi, lt(lo, m)), lt(lo, x))
            lo := sub(lo, x)

            if iszero(lt(hi, MASK)) {
                m := add(lo, C)
                x := add(hi, lt(m, lo))
                if shr(128, x) {
                    lo := m
                    hi := and(x, MASK)
                }
            }
        }
    }

    /// @dev Into Montgomery's form.
    function toMontgomery(uint256 ah, uint256 al) internal pure returns (uint256, uint256) {
        return mul(ah, al, SQUARE_R_HIGH, SQUARE_R_LOW);
    }

    /// @dev Out of it.
    function fromMontgomery(uint256 ah, uint256 al) internal pure returns (uint256, uint256) {
        return mul(ah, al, 0, 1);
    }

    /// @dev R^2 / a for a R: the inverse, in Montgomery's form as `a` is. Zero for zero.
    function inverse(uint256 ah, uint256 al) internal view returns (uint256 hi, uint256 lo) {
        (hi, lo) = fromMontgomery(ah, al);
        (hi, lo) = _power(hi, lo, MASK, INVERSE_LOW, P_LOW);
        return toMontgomery(hi, lo);
    }

    /// @dev A square root in Montgomery's form, of a value that has one; something else of one that has none.
    function root(uint256 ah, uint256 al) internal view returns (uint256 hi, uint256 lo) {
        (hi, lo) = fromMontgomery(ah, al);
        (hi, lo) = _power(hi, lo, ROOT_HIGH, ROOT_LOW, P_LOW);
        return toMontgomery(hi, lo);
    }

    /// @dev 1 / a modulo n; no Montgomery form here.
    function inverseN(uint256 ah, uint256 al) internal view returns (uint256, uint256) {
        return _power(ah, al, MASK, N_INVERSE_LOW, N_LOW);
    }

    /// @dev a b modulo n, of any two numbers below 2^384: MODEXP of the whole product with the exponent one.
    function mulN(uint256 ah, uint256 al, uint256 bh, uint256 bl) internal view returns (uint256 hi, uint256 lo) {
        bool done;
        assembly ("memory-safe") {
            let t0 := mul(al, bl)
            let x := mulmod(al, bl, not(0))
            let t1 := sub(sub(x, t0), lt(x, t0))
            x := add(mul(al, bh), mul(ah, bl))
            let t2 := addmod(mulmod(al, bh, not(0)), mulmod(ah, bl, not(0)), not(0))
            t2 := sub(sub(t2, x), lt(t2, x))
            t1 := add(t1, x)
            t2 := add(add(t2, mul(ah, bh)), lt(t1, x))
            // EIP-198: three lengths, then base (96 bytes), exponent (1), modulus (48).
            let input := mload(0x40)
            mstore(input, 96)
            mstore(add(input, 0x20), 1)
            mstore(add(input, 0x40), 48)
            mstore(add(input, 0x60), t2)
            mstore(add(input, 0x80), t1)
            mstore(add(input, 0xa0), t0)
            mstore8(add(input, 0xc0), 1)
            mstore(add(input, 0xc1), shl(128, MASK))
            mstore(add(input, 0xd1), N_LOW)
            done := staticcall(gas(), 5, input, 0xf1, input, 48)
            done := and(done, eq(returndatasize(), 48))
            hi := shr(128, mload(input))
            lo := mload(add(input, 0x10))
        }
        require(done, P384_PrecompileFailed());
    }

    /// @dev a^e modulo p or n, whose upper words are equal. EIP-198; about 37,000 gas for a long exponent (EIP-7883).
    function _power(uint256 ah, uint256 al, uint256 eh, uint256 el, uint256 modulus)
        private
        view
        returns (uint256 hi, uint256 lo)
    {
        bool done;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 48)
            mstore(add(input, 0x20), 48)
            mstore(add(input, 0x40), 48)
            mstore(add(input, 0x60), shl(128, ah))
            mstore(add(input, 0x70), al)
            mstore(add(input, 0x90), shl(128, eh))
            mstore(add(input, 0xa0), el)
            mstore(add(input, 0xc0), shl(128, MASK))
            mstore(add(input, 0xd0), modulus)
            done := staticcall(gas(), 5, input, 0xf0, input, 48)
            done := and(done, eq(returndatasize(), 48))
            hi := shr(128, mload(input))
            lo := mload(add(input, 0x10))
        }
        require(done, P384_PrecompileFailed());
    }
}
