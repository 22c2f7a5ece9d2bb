// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ed25519} from "../../src/pha/keys/Ed25519.sol";
import {EdwardsPoint} from "../../src/pha/keys/EdwardsPoint.sol";
import {LittleEndian} from "../../src/pha/keys/LittleEndian.sol";
import {Base} from "./Base.sol";

/// @notice RFC 8032.
contract Ed25519Test is Base {
    uint256 private constant VECTORS = 5;

    /// @dev Bit of an odd x in an encoded point, which is a word whose first byte is the least significant one.
    bytes32 private constant ODD = bytes32(uint256(0x80));

    string private json;

    function setUp() public {
        json = vm.readFile("./protocol/vectors/substrate-keys.json");
    }

    function _vector(uint256 index)
        private
        view
        returns (bytes32 key, bytes memory message, bytes32 r, bytes32 s)
    {
        string memory path = string.concat(".ed25519[", vm.toString(index), "]");
        key = vm.parseJsonBytes32(json, string.concat(path, ".key"));
        message = vm.parseJsonBytes(json, string.concat(path, ".message"));
        (r, s) = abi.decode(vm.parseJsonBytes(json, string.concat(path, ".signature")), (bytes32, bytes32));
    }

    function test_7_1_vectors() public view {
        for (uint256 i = 0; i < VECTORS; ++i) {
            (bytes32 key, bytes memory message, bytes32 r, bytes32 s) = _vector(i);
            assertTrue(Ed25519.verify(key, message, r, s), "signed");
            assertFalse(Ed25519.verify(key, bytes.concat(message, hex"00"), r, s), "one byte more");
            assertFalse(Ed25519.verify(key, message, s, r), "exchanged");
            assertFalse(Ed25519.verify(key ^ ODD, message, r, s), "the negative key");
            assertFalse(Ed25519.verify(key, message, r ^ ODD, s), "the negative R");
        }
        (bytes32 other,,,) = _vector(0);
        (, bytes memory text, bytes32 first, bytes32 second) = _vector(1);
        assertFalse(Ed25519.verify(other, text, first, second), "another's key");
    }

    /// @dev Section 5.1.7, step 1: S below L. S + L, S + 2 L and so on satisfy the equation too.
    function test_5_1_7_sBelowTheOrder() public view {
        (bytes32 key, bytes memory message, bytes32 r, bytes32 s) = _vector(1);
        uint256 scalar = LittleEndian.reverse(uint256(s));
        for (uint256 i = 1; i < 15; ++i) {
            scalar += EdwardsPoint.L;
            assertFalse(Ed25519.verify(key, message, r, bytes32(LittleEndian.reverse(scalar))), "s + i L");
        }
        assertFalse(Ed25519.verify(key, message, r, bytes32(type(uint256).max)), "all bits");
        assertFalse(Ed25519.verify(key, message, r, s | ODD), "the highest bit");
    }

    /// @dev The eight points of small order, and how else they can be written: y + p, and an odd 0.
    function _smallOrder() private pure returns (bytes32[14] memory) {
        return [
            bytes32(0x0100000000000000000000000000000000000000000000000000000000000000),
            0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a,
            0x0000000000000000000000000000000000000000000000000000000000000080,
            0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05,
            0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f,
            0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85,
            0x0000000000000000000000000000000000000000000000000000000000000000,
            0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa,
            0x0100000000000000000000000000000000000000000000000000000000000080,
            0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
            0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f,
            0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
            0xedffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f,
            0xedffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
        ];
    }

    /// @dev Of such a key anybody makes a signature that holds for one message in eight, or for all: s = 0 and an R of small
    ///      order. Libraries that follow ZIP 215, or check less, accept it.
    function test_keysOfSmallOrder_signNothing() public view {
        bytes32[14] memory points = _smallOrder();
        for (uint256 i = 0; i < points.length; ++i) {
            for (uint256 j = 0; j < points.length; ++j) {
                for (uint256 m = 0; m < 3; ++m) {
                    assertFalse(Ed25519.verify(points[i], abi.encode(m), points[j], 0), "nobody's key");
                }
            }
        }
    }

    /// @dev Section 5.1.3, steps 1 and 3: 18 and below plus p are no other way to write a y; 2 is y of no point.
    function test_5_1_3_keysThatAreNoPoints() public view {
        (, bytes memory message, bytes32 r, bytes32 s) = _vector(1);
        for (uint256 low = 0xed; low <= 0xff; ++low) {
            bytes32 key = bytes32((low << 248) | (type(uint256).max >> 8)) ^ ODD;
            assertFalse(Ed25519.verify(key, message, r, s), "y + p");
            assertFalse(Ed25519.verify(key | ODD, message, r, s), "y + p, odd");
        }
        assertFalse(Ed25519.verify(bytes32(uint256(2) << 248), message, r, s), "no point");
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_oneBitMakesItInvalid(uint256 index, uint256 bit) public view {
        (bytes32 key, bytes memory message, bytes32 r, bytes32 s) = _vector(bound(index, 1, 2));
        bit = bound(bit, 0, 767);
        bytes32 mask = bytes32(uint256(1) << (bit % 256));
        if (bit < 256) key ^= mask;
        else if (bit < 512) r ^= mask;
        else s ^= mask;
        assertFalse(Ed25519.verify(key, message, r, s), "one bit");
    }
}
