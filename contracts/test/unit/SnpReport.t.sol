// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SnpReport} from "../../src/tee/amd/SnpReport.sol";
import {AmdProduct, SnpTcb} from "../../src/tee/amd/SnpTcb.sol";
import {Base} from "./Base.sol";

contract SnpReader {
    function parse(bytes calldata report) external pure returns (uint256 version, bool isVlek) {
        return SnpReport.parse(report);
    }

    function signature(bytes calldata report) external pure returns (bytes memory) {
        return SnpReport.signature(report);
    }

    function u32(bytes calldata report, uint256 position) external pure returns (uint256) {
        return SnpReport.u32(report, position);
    }

    function u64(bytes calldata report, uint256 position) external pure returns (uint64) {
        return SnpReport.u64(report, position);
    }

    function isZero(bytes calldata report, uint256 position, uint256 end) external pure returns (bool) {
        return SnpReport.isZero(report, position, end);
    }

    function tcb(bytes8 raw, AmdProduct product) external pure returns (uint40, bool) {
        return SnpTcb.read(raw, product);
    }

    function isAtLeast(uint40 tcb_, uint40 least) external pure returns (bool) {
        return SnpTcb.isAtLeast(tcb_, least);
    }
}

contract SnpReportTest is Base {
    SnpReader private immutable reader = new SnpReader();

    /// @dev Order of P-384's group, in its upper 16 and lower 32 bytes (SP 800-186, section 3.2.1.4).
    uint128 private constant N_HIGH = type(uint128).max;
    uint256 private constant N_LOW = 0xffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973;
    uint256 private constant R = 0x2a0;
    uint256 private constant S = 0x2e8;

    function testFuzz_numbers_areLittleEndian(uint64 number, uint256 position) external view {
        position %= 1000;
        bytes memory data = new bytes(1184);
        for (uint256 i = 0; i < 8; ++i) {
            data[position + i] = bytes1(uint8(number >> (8 * i)));
        }
        assertEq(reader.u64(data, position), number);
        assertEq(reader.u32(data, position), uint32(number));
    }

    function testFuzz_zeros_areZerosToTheLastByte(uint256 start, uint256 length, uint256 place, uint8 value)
        external
        view
    {
        start %= 300;
        length = 1 + length % 400;
        bytes memory data = new bytes(1184);
        assertTrue(reader.isZero(data, start, start + length), "zeros");
        assertTrue(reader.isZero(data, start, start), "nothing");
        data[start + place % length] = bytes1(value);
        assertTrue(reader.isZero(data, start, start + length) == (value == 0), "a byte");
        // Not what stands beside them.
        bytes memory others = new bytes(1184);
        if (start != 0) others[start - 1] = 0x01;
        others[start + length] = 0x01;
        assertTrue(reader.isZero(others, start, start + length), "beside");
    }

    function testFuzz_aSignature_isTurned(uint128 rh, uint256 rl, uint128 sh, uint256 sl) external view {
        vm.assume(rl != 0 && sl != 0 && rh != N_HIGH && sh != N_HIGH);
        bytes memory report = _with(_with(new bytes(1184), R, rh, rl), S, sh, sl);
        assertEq(reader.signature(report), abi.encodePacked(rh, rl, sh, sl));
    }

    function test_aSignature_isFromOneToTheOrderLessOne() external {
        _requireNumber(0, 0, false);
        _requireNumber(0, 1, true);
        _requireNumber(1, 0, true);
        _requireNumber(N_HIGH, N_LOW - 1, true);
        _requireNumber(N_HIGH, N_LOW, false);
        _requireNumber(N_HIGH, N_LOW + 1, false);
        _requireNumber(N_HIGH, type(uint256).max, false);
        _requireNumber(N_HIGH - 1, type(uint256).max, true);
    }

    function testFuzz_aSignature_hasFortyEightBytes(uint256 place, uint8 value) external {
        vm.assume(value != 0);
        place = 48 + place % 24;
        bytes memory report = _with(_with(new bytes(1184), R, 1, 1), S, 1, 1);
        reader.signature(report);
        report[R + place] = bytes1(value);
        vm.expectRevert(abi.encodeWithSelector(SnpReport.SnpReport_SignatureForm.selector, R));
        reader.signature(report);
        report[R + place] = 0x00;
        report[S + place] = bytes1(value);
        vm.expectRevert(abi.encodeWithSelector(SnpReport.SnpReport_SignatureForm.selector, S));
        reader.signature(report);
    }

    function testFuzz_aReport_hasOneLength(uint256 length) external {
        length %= 3000;
        vm.assume(length != 1184);
        vm.expectRevert(abi.encodeWithSelector(SnpReport.SnpReport_Length.selector, length));
        reader.parse(new bytes(length));
    }

    function testFuzz_aVersion_isTwoThreeOrFive(uint32 version) external {
        vm.assume(version != 2 && version != 3 && version != 5);
        bytes memory report = new bytes(1184);
        for (uint256 i = 0; i < 4; ++i) {
            report[i] = bytes1(uint8(version >> (8 * i)));
        }
        vm.expectRevert(abi.encodeWithSelector(SnpReport.SnpReport_Version.selector, version));
        reader.parse(report);
    }

    function testFuzz_aTcb_isReadInTheOrderOfItsProduct(bytes8 raw) external view {
        (uint40 tcb, bool valid) = reader.tcb(raw, AmdProduct.GENOA);
        assertEq(abi.encodePacked(tcb), abi.encodePacked(bytes1(0), raw[0], raw[1], raw[6], raw[7]));
        assertTrue(valid == (raw[2] | raw[3] | raw[4] | raw[5] == 0), "Genoa");
        (tcb, valid) = reader.tcb(raw, AmdProduct.TURIN);
        assertEq(abi.encodePacked(tcb), abi.encodePacked(raw[0], raw[1], raw[2], raw[3], raw[7]));
        assertTrue(valid == (raw[4] | raw[5] | raw[6] == 0), "Turin");
    }

    function test_aTcb_ofEachProduct() external view {
        (uint40 tcb, bool valid) = reader.tcb(0x0a00000000001754, AmdProduct.GENOA);
        assertTrue(valid && tcb == 0x000a001754, "Genoa");
        (tcb, valid) = reader.tcb(0x0301000400000052, AmdProduct.TURIN);
        assertTrue(valid && tcb == 0x0301000452, "Turin");
    }

    function testFuzz_oneNewerPart_makesUpForNoOlderOne(uint40 tcb, uint40 least) external view {
        bool expected = true;
        for (uint256 i = 0; i < 5; ++i) {
            expected = expected && bytes5(tcb)[i] >= bytes5(least)[i];
        }
        assertTrue(reader.isAtLeast(tcb, least) == expected, "order");
        assertTrue(reader.isAtLeast(tcb, tcb) && reader.isAtLeast(tcb | least, least), "same, and no less");
    }

    function _requireNumber(uint128 high, uint256 low, bool valid) private {
        bytes memory one = _with(_with(new bytes(1184), R, 1, 1), S, 1, 1);
        for (uint256 i = 0; i < 2; ++i) {
            uint256 position = i == 0 ? R : S;
            bytes memory report = _with(bytes.concat(one), position, high, low);
            if (!valid) vm.expectRevert(abi.encodeWithSelector(SnpReport.SnpReport_SignatureForm.selector, position));
            reader.signature(report);
        }
    }

    /// @dev Writes a number little-endian.
    function _with(bytes memory report, uint256 position, uint128 high, uint256 low)
        private
        pure
        returns (bytes memory)
    {
        for (uint256 i = 0; i < 32; ++i) {
            report[position + i] = bytes1(uint8(low >> (8 * i)));
        }
        for (uint256 i = 0; i < 16; ++i) {
            report[position + 32 + i] = bytes1(uint8(high >> (8 * i)));
        }
        return report;
    }
}
