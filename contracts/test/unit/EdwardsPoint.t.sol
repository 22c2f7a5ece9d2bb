// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ed25519Base} from "../../src/pha/keys/Ed25519Base.sol";
import {Ed25519Field as Field} from "../../src/pha/keys/Ed25519Field.sol";
import {EdwardsPoint} from "../../src/pha/keys/EdwardsPoint.sol";
import {Base} from "./Base.sol";

contract EdwardsPointTest is Base {
    uint256 private constant P = Field.P;
    uint256 private constant L = EdwardsPoint.L;

    /// @dev The base point of RFC 8032 section 5.1.
    uint256 private constant BX = 15112221349535400772501151409588531511454012693041857206046113283949847762202;
    uint256 private constant BY = 46316835694926478169428394003475163141307993866256225615783033603165251855960;

    /// @dev A point of order 8.
    uint256 private constant TY = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826;

    struct Point {
        uint256 x;
        uint256 y;
    }

    /// @dev The curve's addition law, affine (RFC 8032 section 5.1.4, before its projective form).
    function _add(Point memory a, Point memory b) private view returns (Point memory) {
        uint256 t = mulmod(mulmod(Field.D, mulmod(a.x, b.x, P), P), mulmod(a.y, b.y, P), P);
        return Point(
            mulmod(
                addmod(mulmod(a.x, b.y, P), mulmod(b.x, a.y, P), P), Field.inverse(addmod(1, t, P)), P
            ),
            mulmod(
                addmod(mulmod(a.y, b.y, P), mulmod(a.x, b.x, P), P), Field.inverse(addmod(1, P - t, P)), P
            )
        );
    }

    function _multiply(uint256 k, Point memory point) private view returns (Point memory sum) {
        sum = Point(0, 1);
        for (; k > 0; k >>= 1) {
            if (k & 1 == 1) sum = _add(sum, point);
            point = _add(point, point);
        }
    }

    /// @dev s B - k A, by both.
    function _requireEqual(uint256 s, uint256 k, Point memory a) private view {
        (uint256 x, uint256 y, uint256 z) = EdwardsPoint.subtractMultiple(s, k, a.x, a.y);
        Point memory wanted = _add(_multiply(s, Point(BX, BY)), _multiply(k, Point(Field.negate(a.x), a.y)));
        assertTrue(z != 0, "finite");
        assertEq(x, mulmod(wanted.x, z, P));
        assertEq(y, mulmod(wanted.y, z, P));
    }

    function _pointOfOrder8() private view returns (Point memory) {
        uint256 y2 = mulmod(TY, TY, P);
        (, uint256 x) = Field.sqrtRatio(addmod(y2, P - 1, P), addmod(mulmod(Field.D, y2, P), 1, P));
        return Point(x, TY);
    }

    function test_theTable_isOfTheBasePoint() public view {
        bytes memory multiples = Ed25519Base.multiples();
        assertEq(multiples.length, 32 * 96);
        uint256 half = (P + 1) / 2;
        for (uint256 i = 0; i < 32; ++i) {
            Point memory point = i < 16
                ? _multiply(16 - i, Point(P - BX, BY))
                : _multiply(i - 16, Point(BX, BY));
            uint256 m;
            uint256 s;
            uint256 t;
            assembly ("memory-safe") {
                let entry := add(add(multiples, 0x20), mul(i, 96))
                m := mload(entry)
                s := mload(add(entry, 0x20))
                t := mload(add(entry, 0x40))
            }
            assertEq(m, mulmod(addmod(point.y, P - point.x, P), half, P));
            assertEq(s, mulmod(addmod(point.y, point.x, P), half, P));
            assertEq(t, mulmod(Field.D, mulmod(point.x, point.y, P), P));
        }
    }

    function test_scalarsAtTheEnds() public view {
        Point memory a = _multiply(5, Point(BX, BY));
        uint256[8] memory scalars = [uint256(0), 1, 15, 16, 17, 32, L - 1, 1 << 252];
        for (uint256 i = 0; i < scalars.length; ++i) {
            _requireEqual(scalars[i], 0, a);
            _requireEqual(0, scalars[i], a);
            _requireEqual(scalars[i], scalars[scalars.length - 1 - i], a);
        }
    }

    /// @dev Sums that are the neutral point, twice a point, or of points with a part of small order.
    function test_additionIsComplete() public view {
        Point memory b = Point(BX, BY);
        _requireEqual(1, 1, b);
        _requireEqual(5, L - 5, b);
        _requireEqual(L - 1, 1, b);
        Point memory torsion = _pointOfOrder8();
        for (uint256 k = 0; k < 9; ++k) {
            _requireEqual(0, k, torsion);
            _requireEqual(k, L - 1 - k, _add(torsion, b));
        }
        _requireEqual(7, 3, Point(0, 1));
        _requireEqual(7, 3, Point(0, P - 1));
    }

    /// forge-config: default.fuzz.runs = 12
    function testFuzz_equalsTheAffineLaw(uint256 s, uint256 k, uint256 a, bool mixed) public view {
        Point memory point = _multiply(a % L, Point(BX, BY));
        if (mixed) point = _add(point, _pointOfOrder8());
        _requireEqual(s % L, k % L, point);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_sqrtRatio(uint256 u, uint256 v) public view {
        u = u % P;
        v = bound(v, 1, P - 1);
        (bool isSquare, uint256 root) = Field.sqrtRatio(u, v);
        if (isSquare) {
            assertEq(mulmod(mulmod(root, root, P), v, P), u);
            assertTrue(root & 1 == 0, "even");
        } else {
            // 2 is not a square, and a product of two numbers that are none is one.
            (isSquare,) = Field.sqrtRatio(mulmod(u, 2, P), v);
            assertTrue(isSquare, "twice");
        }
    }

    function test_sqrtRatio_ofZero() public view {
        (bool isSquare, uint256 root) = Field.sqrtRatio(0, 5);
        assertTrue(isSquare && root == 0, "0 / v");
        (isSquare,) = Field.sqrtRatio(5, 0);
        assertFalse(isSquare, "u / 0");
    }

    function test_gasOfADoubleMultiplication() public view {
        uint256 gas = gasleft();
        EdwardsPoint.subtractMultiple(L - 2, L - 3, BX, BY);
        gas -= gasleft();
        assertTrue(gas < 120_000, vm.toString(gas));
    }
}
