// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NvidiaOpaque, NvidiaOpaqueData} from "../../src/tee/nvidia/NvidiaOpaque.sol";
import {NvidiaReport, NvidiaReportLayout} from "../../src/tee/nvidia/NvidiaReport.sol";
import {Base} from "./Base.sol";

contract ReportReader {
    function parse(bytes calldata report) external pure returns (NvidiaReportLayout memory) {
        return NvidiaReport.parse(report);
    }

    function read(bytes calldata report) external pure returns (NvidiaOpaqueData memory) {
        NvidiaReportLayout memory places = NvidiaReport.parse(report);
        return NvidiaOpaque.read(report[places.opaque:places.signedTo]);
    }

    function readOpaque(bytes calldata data) external pure returns (NvidiaOpaqueData memory) {
        return NvidiaOpaque.read(data);
    }
}

/// @notice What `NvidiaReport` and `NvidiaOpaque` read, and each way in which a report's form is refused.
contract NvidiaReportTest is Base {
    ReportReader private immutable reader = new ReportReader();

    string private json;

    /// @dev A field with the VBIOS' version, without which there is no opaque data.
    bytes private constant VBIOS = hex"06000800007400961a000000";

    function setUp() public {
        json = vm.readFile("./protocol/vectors/attestation-nvidia.json");
    }

    function test_aReport_isReadFieldByField() external view {
        bytes memory report = _report("whole");
        NvidiaReportLayout memory places = reader.parse(report);
        assertEq(places.blocks.length, 41);
        assertEq(places.blocks[0], 0);
        // The first value stands after the head of its block; each has 48 bytes.
        assertEq(places.blocks[1], ((45 + 7) << 8) | 48);
        assertEq(places.blocks[40], ((45 + 39 * 55 + 7) << 8) | 48);
        assertEq(places.opaque, 45 + 40 * 55 + 32 + 2);
        assertEq(places.signedTo, report.length - 96);
        NvidiaOpaqueData memory opaque = reader.read(report);
        assertEq(opaque.driver, "580.95.05");
        assertEq(opaque.vbios, "96.00.74.00.1A");
        assertEq(opaque.firmwareId.length, 48);
        assertTrue(opaque.hasMode && opaque.withoutNvdec0, "flags");
        assertEq(opaque.mode, 0);
    }

    function test_blocks_mayStandInAnyOrder() external view {
        NvidiaReportLayout memory places = reader.parse(_report("anyOrder"));
        assertEq(places.blocks[14], ((45 + 7) << 8) | 48);
        assertEq(places.blocks[1], ((45 + 13 * 55 + 7) << 8) | 48);
    }

    function test_whatIsNotTold_isAbsent() external view {
        assertEq(reader.read(_report("withoutFirmwareId")).firmwareId.length, 0);
        assertFalse(reader.read(_report("withoutMode")).hasMode, "mode");
        assertFalse(reader.read(_report("nvdec0Untold")).withoutNvdec0, "NVDEC0");
        assertFalse(reader.read(_report("nvdec0On")).withoutNvdec0, "NVDEC0");
        assertEq(reader.read(_report("ofASwitch")).driver.length, 0);
    }

    function test_texts_areInUpperCase() external view {
        assertEq(reader.read(_report("lowerCase")).driver, "580.95.05-RC");
        assertEq(reader.read(_report("textVbios")).vbios, "96.00.74.00.1A");
        assertEq(reader.read(_report("longText")).driver.length, 64);
    }

    function test_reports_areSpdm() external {
        bytes4 selector = NvidiaReport.NvidiaReport_NotSpdm.selector;
        string[4] memory requests = ["requestVersion", "requestCode", "withoutSignature", "oneMeasurement"];
        for (uint256 i = 0; i < requests.length; ++i) {
            _refuses(requests[i], abi.encodeWithSelector(selector, 0));
        }
        _refuses("responseVersion", abi.encodeWithSelector(selector, 37));
        _refuses("responseCode", abi.encodeWithSelector(selector, 37));
    }

    function test_nothing_followsAReport() external {
        uint256 length = _report("trailing").length;
        _refuses("trailing", abi.encodeWithSelector(NvidiaReport.NvidiaReport_TrailingBytes.selector, length - 1));
        bytes memory report = bytes.concat(_report("plain"), hex"00");
        vm.expectRevert(
            abi.encodeWithSelector(NvidiaReport.NvidiaReport_TrailingBytes.selector, report.length - 1)
        );
        reader.parse(report);
        vm.expectRevert(abi.encodeWithSelector(NvidiaReport.NvidiaReport_TooLarge.selector, 65_537));
        reader.parse(new bytes(65_537));
    }

    function testFuzz_noBeginning_isAReport(uint256 length) external {
        bytes memory report = _report("plain");
        length = length % report.length;
        bytes memory start = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            start[i] = report[i];
        }
        vm.expectPartialRevert(NvidiaReport.NvidiaReport_Truncated.selector);
        reader.parse(start);
    }

    function test_measurements_areReadStrictly() external {
        string[11] memory names = [
            "withoutBlocks",
            "fewerBlocks",
            "moreBlocks",
            "blockTwice",
            "blockZero",
            "blockGap",
            "specification",
            "emptyValue",
            "longValue",
            "cutValue",
            "cutBlock"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            vm.expectPartialRevert(NvidiaReport.NvidiaReport_MeasurementsMalformed.selector);
            reader.parse(_report(names[i]));
        }
        _refuses("wrongSize", abi.encodeWithSelector(NvidiaReport.NvidiaReport_MeasurementsMalformed.selector, 45));
    }

    function test_opaqueData_isReadStrictly() external {
        string[20] memory names = [
            "fieldTwice",
            "unknownTwice",
            "fieldCut",
            "fieldHeadCut",
            "shortFirmwareId",
            "withoutVbios",
            "largeVbios",
            "emptyVbios",
            "binaryVbios",
            "binaryDriver",
            "emptyDriver",
            "tooLongText",
            "innerZero",
            "highText",
            "nvdec0Unknown",
            "nvdec0Long",
            "longFlag",
            "shortFlag",
            "longStatus",
            "longVersion"
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            vm.expectPartialRevert(NvidiaOpaque.NvidiaReport_OpaqueDataMalformed.selector);
            reader.read(_report(names[i]));
        }
        vm.expectPartialRevert(NvidiaOpaque.NvidiaReport_OpaqueDataMalformed.selector);
        reader.read(_report("halfPdi"));
    }

    function testFuzz_unknownFields_meanNothing(uint16 fieldType, bytes calldata data) external view {
        vm.assume(fieldType > 36 && data.length < 1000);
        bytes memory field = abi.encodePacked(_little(fieldType), _little(uint16(data.length)), data);
        assertEq(reader.readOpaque(bytes.concat(field, VBIOS)).vbios, "96.00.74.00.1A");
        assertEq(reader.readOpaque(bytes.concat(VBIOS, field)).vbios, "96.00.74.00.1A");
    }

    function testFuzz_noType_standsTwice(uint16 fieldType, bytes calldata data) external {
        vm.assume(fieldType > 36 && data.length < 1000);
        bytes memory field = abi.encodePacked(_little(fieldType), _little(uint16(data.length)), data);
        bytes memory other = abi.encodePacked(_little(fieldType), hex"0000");
        uint256 position = VBIOS.length + field.length;
        vm.expectRevert(
            abi.encodeWithSelector(NvidiaOpaque.NvidiaReport_OpaqueDataMalformed.selector, position)
        );
        reader.readOpaque(bytes.concat(VBIOS, field, other));
    }

    function testFuzz_aVbiosNumber_isWrittenAsPeopleDo(uint40 number) external view {
        // Little-endian: the low four bytes stand before the fifth.
        bytes5 high = bytes5(number);
        bytes memory field = abi.encodePacked(hex"06000800", high[4], high[3], high[2], high[1], high[0], hex"000000");
        bytes memory digits = "0123456789ABCDEF";
        bytes memory text;
        for (uint256 i = 0; i < 5; ++i) {
            uint8 value = uint8(i == 4 ? high[0] : high[i + 1]);
            text = bytes.concat(text, i == 0 ? bytes("") : bytes("."), digits[value >> 4], digits[value & 15]);
        }
        assertEq(reader.readOpaque(field).vbios, text);
    }

    function _refuses(string memory name, bytes memory revertData) private {
        vm.expectRevert(revertData);
        reader.parse(_report(name));
    }

    function _report(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".reports.", name));
    }

    function _little(uint16 number) private pure returns (bytes2) {
        return bytes2((number << 8) | (number >> 8));
    }
}
