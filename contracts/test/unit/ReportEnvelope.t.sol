// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReportEnvelope} from "../../src/tee/ReportEnvelope.sol";
import {Base} from "./Base.sol";

contract Opener {
    function open(bytes calldata envelope)
        external
        pure
        returns (bool oddFirst, bytes memory report, bytes memory certificate)
    {
        return ReportEnvelope.open(envelope);
    }
}

contract ReportEnvelopeTest is Base {
    Opener private immutable opener = new Opener();

    function test_anEnvelope_isHintLengthReportCertificate() external view {
        (bool oddFirst, bytes memory report, bytes memory certificate) = opener.open(hex"0100000201023003");
        assertTrue(oddFirst, "hint");
        assertEq(report, hex"0102");
        assertEq(certificate, hex"3003");
        (oddFirst, report, certificate) = opener.open(hex"00000000");
        assertFalse(oddFirst, "hint");
        assertEq(report.length + certificate.length, 0);
    }

    function testFuzz_anEnvelope_givesBackItsParts(bool oddFirst, bytes memory report, bytes memory certificate)
        external
        view
    {
        bytes memory envelope =
            abi.encodePacked(oddFirst ? bytes1(0x01) : bytes1(0x00), uint24(report.length), report, certificate);
        (bool odd, bytes memory first, bytes memory second) = opener.open(envelope);
        assertTrue(odd == oddFirst, "hint");
        assertEq(first, report);
        assertEq(second, certificate);
    }

    function testFuzz_anotherHint_isRefused(uint8 hint) external {
        hint = uint8(2 + uint256(hint) % 254);
        vm.expectRevert(abi.encodeWithSelector(ReportEnvelope.ReportEnvelope_InvalidHint.selector, hint));
        opener.open(abi.encodePacked(hint, uint24(0)));
    }

    function test_aHeaderThatIsCut_isRefused() external {
        bytes[4] memory headers = [bytes(""), hex"01", hex"0100", hex"010000"];
        for (uint256 i = 0; i < headers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ReportEnvelope.ReportEnvelope_Truncated.selector, 4, i));
            opener.open(headers[i]);
        }
    }

    function testFuzz_aReportThatIsCut_isRefused(uint24 length, uint256 missing) external {
        length = uint24(1 + uint256(length) % 4096);
        bytes memory part = new bytes(length - 1 - missing % length);
        vm.expectRevert(
            abi.encodeWithSelector(
                ReportEnvelope.ReportEnvelope_Truncated.selector, 4 + uint256(length), 4 + part.length
            )
        );
        opener.open(abi.encodePacked(bytes1(0x00), length, part));
    }

    function test_aLengthOfAllOnes_isRefused() external {
        vm.expectRevert(
            abi.encodeWithSelector(ReportEnvelope.ReportEnvelope_Truncated.selector, 4 + uint256(type(uint24).max), 4)
        );
        opener.open(hex"00ffffff");
    }
}
