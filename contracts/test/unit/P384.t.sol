// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P384} from "../../src/tee/crypto/P384.sol";
import {P384Field} from "../../src/tee/crypto/P384Field.sol";
import {P384Generator} from "../../src/tee/crypto/P384Generator.sol";
import {P384Point} from "../../src/tee/crypto/P384Point.sol";
import {Base} from "./Base.sol";

contract P384Test is Base {
    /// @dev The order of the group, and the field's prime.
    bytes private constant N =
        hex"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
    bytes private constant P =
        hex"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
    bytes private constant GENERATOR =
        hex"aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
        hex"3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";

    string private json;

    function setUp() public {
        json = vm.readFile("./protocol/vectors/attestation-crypto.json");
    }

    function part(bytes memory data, uint256 index) private pure returns (bytes memory result) {
        result = new bytes(48);
        for (uint256 i = 0; i < 48; ++i) {
            result[i] = data[48 * index + i];
        }
    }

    function number(bytes memory data) private pure returns (uint256 high, uint256 low) {
        (high, low) = abi.decode(bytes.concat(new bytes(16), data), (uint256, uint256));
    }

    function vectorAt(uint256 index) private view returns (bytes memory key, bytes memory signature, bytes memory digest) {
        string memory path = string.concat(".p384[", vm.toString(index), "]");
        key = vm.parseJsonBytes(json, string.concat(path, ".key"));
        signature = vm.parseJsonBytes(json, string.concat(path, ".signature"));
        digest = vm.parseJsonBytes(json, string.concat(path, ".digest"));
    }

    function verify(bytes memory key, bytes memory signature, bytes memory digest, bool oddFirst)
        private
        view
        returns (bool)
    {
        (uint256 high, uint256 low) = number(digest);
        return P384.verify(key, signature, high, low, oddFirst);
    }

    /// @dev With either hint the answer is that of OpenSSL and of plain affine arithmetic; the right hint is the cheaper.
    function test_vectors() public view {
        uint256 index = 0;
        for (; vm.keyExistsJson(json, string.concat(".p384[", vm.toString(index), "].name")); ++index) {
            string memory path = string.concat(".p384[", vm.toString(index), "]");
            string memory name = vm.parseJsonString(json, string.concat(path, ".name"));
            bool valid = vm.parseJsonBool(json, string.concat(path, ".valid"));
            bool odd = vm.parseJsonBool(json, string.concat(path, ".oddFirst"));
            (bytes memory key, bytes memory signature, bytes memory digest) = vectorAt(index);
            uint256 right = gasleft();
            assertTrue(verify(key, signature, digest, odd) == valid, name);
            right -= gasleft();
            uint256 wrong = gasleft();
            assertTrue(verify(key, signature, digest, !odd) == valid, name);
            wrong -= gasleft();
            assertTrue(right < 7_000_000 && wrong < 7_000_000, "7,000,000 gas");
            if (valid) assertTrue(right < wrong, "the right hint is the cheaper");
            // The first twelve are of random keys and messages; those below meet unlikely cases on purpose.
            if (valid && index < 12) assertTrue(right < 3_900_000, "3,900,000 gas with the right hint");
        }
        assertEq(index, 27);
    }

    function test_signatureOutOfRange() public view {
        (bytes memory key, bytes memory signature, bytes memory digest) = vectorAt(0);
        bytes memory zero = new bytes(48);
        bytes memory most = new bytes(48);
        for (uint256 i = 0; i < 48; ++i) {
            most[i] = 0xff;
        }
        (bytes memory r, bytes memory s) = (part(signature, 0), part(signature, 1));
        bytes[5] memory bad = [zero, N, most, P, new bytes(0)];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertFalse(verify(key, bytes.concat(bad[i], s), digest, false), "r");
            assertFalse(verify(key, bytes.concat(r, bad[i]), digest, false), "s");
            assertFalse(verify(key, bytes.concat(bad[i], bad[i]), digest, false), "both");
        }
        assertFalse(verify(key, bytes.concat(signature, hex"00"), digest, false), "a byte too many");
        assertFalse(verify(key, bytes.concat(s, r), digest, false), "exchanged");
        assertFalse(verify(key, "", digest, false), "nothing");
    }

    /// @dev A digest has 384 bits; one with more is not cut to size.
    function test_digestOfMoreBits() public view {
        (bytes memory key, bytes memory signature, bytes memory digest) = vectorAt(0);
        (uint256 high, uint256 low) = number(digest);
        assertFalse(P384.verify(key, signature, high | (1 << 128), low, false), "385 bits");
    }

    /// @dev r = 1 … with s = r: the forgeries that a verifier without range checks takes.
    function test_smallSignatures() public view {
        (bytes memory key,, bytes memory digest) = vectorAt(0);
        for (uint8 i = 1; i < 6; ++i) {
            bytes memory little = bytes.concat(new bytes(47), bytes1(i));
            assertFalse(verify(key, bytes.concat(little, little), digest, false), "small");
        }
    }

    function test_keysThatAreNone() public view {
        (bytes memory key, bytes memory signature, bytes memory digest) = vectorAt(0);
        (bytes memory x, bytes memory y) = (part(key, 0), part(key, 1));
        bytes[8] memory bad = [
            new bytes(96),
            bytes.concat(y, x),
            bytes.concat(P, y),
            bytes.concat(x, P),
            bytes.concat(P, P),
            bytes.concat(x, x),
            bytes.concat(hex"04", key),
            x
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertFalse(verify(bad[i], signature, digest, false), "no key");
            assertFalse(P384.isKey(bad[i]), "no key");
        }
        assertTrue(P384.isKey(key), "a key");
        assertTrue(P384.isKey(GENERATOR), "the generator");
    }

    /// @dev (2, y) is a point, and p + 2 is the same number modulo p in a form that is refused.
    function test_coordinatesAreBelowThePrime() public pure {
        bytes memory little = bytes.concat(new bytes(47), hex"02");
        bytes memory wrapped =
            hex"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff000000000000000100000001";
        bytes memory y =
            hex"8cdeadbbd04911a3c1931e26df3fa6439dca9c7eb286fbd46fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c";
        assertTrue(P384.isKey(bytes.concat(little, y)), "2");
        assertFalse(P384.isKey(bytes.concat(wrapped, y)), "p + 2");
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_oneBitMakesItInvalid(uint256 which, uint256 bit, bool oddFirst) public view {
        (bytes memory key, bytes memory signature, bytes memory digest) = vectorAt(3 * bound(which, 0, 3));
        bit = bound(bit, 0, 48 * 8 * 5 - 1);
        bytes memory all = bytes.concat(key, signature, digest);
        all[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        key = bytes.concat(part(all, 0), part(all, 1));
        signature = bytes.concat(part(all, 2), part(all, 3));
        assertFalse(verify(key, signature, part(all, 4), oddFirst), "one bit");
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_nothingRandomIsValid(bytes memory signature, bytes32 digest) public view {
        (bytes memory key,,) = vectorAt(0);
        assertFalse(P384.verify(key, signature, 0, uint256(digest), false), "random");
        bytes memory long = new bytes(96);
        for (uint256 i = 0; i < signature.length && i < 96; ++i) {
            long[i] = signature[i];
        }
        assertFalse(P384.verify(key, long, 0, uint256(digest), true), "random, of the right length");
    }

    // ---- Field

    /// @dev Against MODEXP: (a b)^1 mod p, with the Montgomery factor taken away by `fromMontgomery`.
    function product(uint256 ah, uint256 al, uint256 bh, uint256 bl) private view returns (uint256 high, uint256 low) {
        (bool success, bytes memory answer) = address(5).staticcall(
            abi.encodePacked(uint256(96), uint256(1), uint256(48), wide(ah, al, bh, bl), uint8(1), P)
        );
        require(success, NotEqualUint(0, 1));
        return number(answer);
    }

    /// @dev The product of two numbers of 384 bits, schoolbook by 128 bits.
    function wide(uint256 ah, uint256 al, uint256 bh, uint256 bl) private pure returns (bytes memory) {
        uint256[3] memory a = [al & type(uint128).max, al >> 128, ah];
        uint256[3] memory b = [bl & type(uint128).max, bl >> 128, bh];
        uint256[6] memory sum;
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = 0; j < 3; ++j) {
                uint256 term = a[i] * b[j];
                sum[i + j] += term & type(uint128).max;
                sum[i + j + 1] += term >> 128;
            }
        }
        bytes memory result;
        uint256 carry = 0;
        for (uint256 i = 0; i < 6; ++i) {
            carry += sum[i];
            result = bytes.concat(bytes16(uint128(carry)), result);
            carry >>= 128;
        }
        return result;
    }

    /// @dev Values near zero, the word's and the prime's end, where carries happen.
    function value(uint256 seed) private pure returns (uint256 high, uint256 low) {
        (uint256 ph, uint256 pl) = number(P);
        uint256 kind = seed % 5;
        seed /= 5;
        if (kind == 0) return (0, seed % 4);
        if (kind == 1) return P384Field.sub(ph, pl - 1, 0, seed % 4);
        if (kind == 2) return (seed & 1, seed & 2 == 0 ? type(uint256).max : 0);
        if (kind == 3) return (ph, pl - 1 - (seed >> 8));
        return (seed >> 130, uint256(keccak256(abi.encode(seed))));
    }

    function testFuzz_fieldEqualsModexp(uint256 first, uint256 second) public view {
        (uint256 ah, uint256 al) = value(first);
        (uint256 bh, uint256 bl) = value(second);
        (uint256 wantedHigh, uint256 wantedLow) = product(ah, al, bh, bl);
        (uint256 h, uint256 low) = P384Field.toMontgomery(ah, al);
        (h, low) = P384Field.mul(h, low, bh, bl);
        assertEq(h, wantedHigh);
        assertEq(low, wantedLow);
        (wantedHigh, wantedLow) = P384Field.mul(ah, al, ah, al);
        (h, low) = P384Field.square(ah, al);
        assertEq(h, wantedHigh);
        assertEq(low, wantedLow);
    }

    function testFuzz_sumsAndHalves(uint256 first, uint256 second) public pure {
        (uint256 ah, uint256 al) = value(first);
        (uint256 bh, uint256 bl) = value(second);
        (uint256 sh, uint256 sl) = P384Field.add(ah, al, bh, bl);
        assertTrue(sh < type(uint128).max || sl < P384Field.P_LOW, "below p");
        (uint256 h, uint256 low) = P384Field.sub(sh, sl, bh, bl);
        assertEq(h, ah);
        assertEq(low, al);
        (h, low) = P384Field.add(ah, al, ah, al);
        (h, low) = P384Field.half(h, low);
        assertEq(h, ah);
        assertEq(low, al);
    }

    // ---- Points

    /// @dev Each of the 63 points is the sum of the rows that its index names, and the rows are 2^64 apart.
    function test_combIsOfTheGenerator() public view {
        bytes memory comb = P384Generator.comb();
        assertEq(comb.length, 63 * 96);
        uint256 base = P384Point.workspace();
        for (uint256 row = 0; row < 6; ++row) {
            load(base, row == 0 ? montgomery(GENERATOR) : entry(comb, 1 << (row - 1)));
            P384Point.write(base, 0x80, 0, 0);
            P384Point.add(base);
            for (uint256 i = 0; row > 0 && i < 64; ++i) {
                P384Point.double(base);
            }
            requireEqual(base, entry(comb, 1 << row));
        }
        for (uint256 index = 3; index < 64; ++index) {
            uint256 lowest = index & (~index + 1);
            if (lowest == index) continue;
            P384Point.write(base, 0x80, 0, 0);
            load(base, entry(comb, index - lowest));
            P384Point.add(base);
            load(base, entry(comb, lowest));
            P384Point.add(base);
            requireEqual(base, entry(comb, index));
        }
    }

    function test_additionIsComplete() public view {
        uint256 base = P384Point.workspace();
        bytes memory point = montgomery(GENERATOR);
        // Infinity + G = G, and G + G is 2 G.
        load(base, point);
        P384Point.add(base);
        requireEqual(base, point);
        P384Point.add(base);
        assertFalse(P384Point.isInfinity(base), "2 G");
        // 2 G - G - G is infinity, which stays so when doubled.
        (uint256 yh, uint256 yl) = P384Point.read(base, 0x100);
        (yh, yl) = P384Field.sub(0, 0, yh, yl);
        P384Point.write(base, 0x100, yh, yl);
        P384Point.add(base);
        assertFalse(P384Point.isInfinity(base), "G");
        P384Point.add(base);
        assertTrue(P384Point.isInfinity(base), "G - G");
        P384Point.double(base);
        assertTrue(P384Point.isInfinity(base), "2 * infinity");
    }

    function montgomery(bytes memory point) private pure returns (bytes memory) {
        (uint256 xh, uint256 xl) = number(part(point, 0));
        (uint256 yh, uint256 yl) = number(part(point, 1));
        (xh, xl) = P384Field.toMontgomery(xh, xl);
        (yh, yl) = P384Field.toMontgomery(yh, yl);
        return abi.encodePacked(uint128(xh), xl, uint128(yh), yl);
    }

    function entry(bytes memory comb, uint256 index) private pure returns (bytes memory) {
        return bytes.concat(part(comb, 2 * index - 2), part(comb, 2 * index - 1));
    }

    /// @dev Makes a point the operand.
    function load(uint256 base, bytes memory point) private pure {
        (uint256 high, uint256 low) = number(part(point, 0));
        P384Point.write(base, 0xc0, high, low);
        (high, low) = number(part(point, 1));
        P384Point.write(base, 0x100, high, low);
    }

    /// @dev X / Z^2 and Y / Z^3 of the accumulator.
    function requireEqual(uint256 base, bytes memory point) private view {
        (uint256 zh, uint256 zl) = P384Point.read(base, 0x80);
        (zh, zl) = P384Field.inverse(zh, zl);
        (uint256 qh, uint256 ql) = P384Field.square(zh, zl);
        (zh, zl) = P384Field.mul(zh, zl, qh, ql);
        (uint256 high, uint256 low) = P384Point.read(base, 0);
        (high, low) = P384Field.mul(high, low, qh, ql);
        assertEq(abi.encodePacked(uint128(high), low), part(point, 0));
        (high, low) = P384Point.read(base, 0x40);
        (high, low) = P384Field.mul(high, low, zh, zl);
        assertEq(abi.encodePacked(uint128(high), low), part(point, 1));
    }
}
