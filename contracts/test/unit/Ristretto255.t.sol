// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ed25519Field as Field} from "../../src/pha/keys/Ed25519Field.sol";
import {EdwardsPoint} from "../../src/pha/keys/EdwardsPoint.sol";
import {Ristretto255} from "../../src/pha/keys/Ristretto255.sol";
import {Base} from "./Base.sol";

/// @notice RFC 9496.
contract Ristretto255Test is Base {
    uint256 private constant MULTIPLES = 16;
    uint256 private constant BAD = 29;

    string private json;

    function setUp() public {
        json = vm.readFile("./protocol/vectors/substrate-keys.json");
    }

    function _multiple(uint256 index) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(".ristretto.multiples[", vm.toString(index), "]"));
    }

    /// @dev Appendix A.1: decoded, i B equals the i-th multiple computed, and no other.
    function test_A1_multiplesOfTheGenerator() public view {
        for (uint256 i = 0; i < MULTIPLES; ++i) {
            (bool isElement, uint256 x, uint256 y) = Ristretto255.decode(_multiple(i));
            assertTrue(isElement, "an element");
            for (uint256 j = 0; j < MULTIPLES; ++j) {
                (uint256 px, uint256 py,) = EdwardsPoint.subtractMultiple(j, 0, 0, 1);
                assertTrue(Ristretto255.areEqual(px, py, x, y) == (i == j), "equal to itself alone");
            }
        }
    }

    /// @dev Appendix A.2: not canonical, negative, without a square root, of a negative x y, of y = 0.
    function test_A2_badEncodings() public view {
        for (uint256 i = 0; i < BAD; ++i) {
            bytes32 bad = vm.parseJsonBytes32(json, string.concat(".ristretto.bad[", vm.toString(i), "]"));
            (bool isElement,,) = Ristretto255.decode(bad);
            assertFalse(isElement, vm.toString(i));
        }
        assertFalse(vm.keyExistsJson(json, string.concat(".ristretto.bad[", vm.toString(BAD), "]")), "all of them");
    }

    /// @dev Four of the eight points of small order stand for the neutral element, the other four being its cosets under
    ///      the map x, y to i y, i x; an element is not changed by adding any of the four.
    function test_43_3_pointsOfOneElement_areEqual() public view {
        (, uint256 x, uint256 y) = Ristretto255.decode(_multiple(7));
        uint256 i = Field.SQRT_M1;
        uint256 iy = mulmod(i, y, Field.P);
        uint256 ix = mulmod(i, x, Field.P);
        assertTrue(Ristretto255.areEqual(Field.P - x, Field.P - y, x, y), "(-x, -y)");
        assertTrue(Ristretto255.areEqual(iy, ix, x, y), "(iy, ix)");
        assertTrue(Ristretto255.areEqual(Field.P - iy, Field.P - ix, x, y), "(-iy, -ix)");
        assertFalse(Ristretto255.areEqual(Field.P - x, y, x, y), "the negative");
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_anEncodingWithItsSignOrHighestBitSet_isNone(uint256 seed) public view {
        bytes32 encoded = keccak256(abi.encode(seed));
        (bool isElement,,) = Ristretto255.decode(encoded | bytes32(uint256(0x80)));
        assertFalse(isElement, "256 bits");
        (isElement,,) = Ristretto255.decode(encoded | bytes32(uint256(1) << 248));
        assertFalse(isElement, "negative");
    }
}
