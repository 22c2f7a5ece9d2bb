// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Pem} from "../../src/tee/intel/Pem.sol";
import {Base} from "./Base.sol";

contract PemReader {
    function first(bytes memory text) external pure returns (bytes memory) {
        return Pem.first(text);
    }
}

contract PemTest is Base {
    bytes private constant BEGIN = "-----BEGIN CERTIFICATE-----\n";
    bytes private constant END = "\n-----END CERTIFICATE-----\n";

    PemReader private immutable reader = new PemReader();

    function test_whatFollowsTheFirst_isNotRead() external view {
        assertEq(reader.first(bytes.concat(BEGIN, "AAEC\r\n/+8=", END, "anything")), hex"000102ffef");
        assertEq(reader.first(bytes.concat(BEGIN, "/w==", END)), hex"ff");
        assertEq(reader.first(bytes.concat(BEGIN, "AA\nE\nC", END)), hex"000102");
    }

    function test_eachText_hasOneForm() external {
        bytes[12] memory wrong = [
            bytes("AAE"),
            "AAE=AAEC",
            "AA=C",
            "A===",
            "====",
            "AAF=",
            "/x==",
            "AA C",
            "AAECA A=",
            unicode"AAé",
            "AAEC-----",
            hex"c1c1c5c3"
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            _refuse(bytes.concat(BEGIN, wrong[i], END));
        }
        _refuse(bytes.concat(BEGIN, "AAEC"));
        _refuse(bytes.concat(BEGIN, "AAECA"));
        _refuse(bytes.concat(" ", BEGIN, "AAEC", END));
        _refuse(BEGIN);
        _refuse("");
    }

    function testFuzz_whatIsEncoded_isRead_howeverLongItsLines(bytes memory der, uint256 width) external view {
        assertEq(reader.first(_pem(bytes(Base64.encode(der)), width)), der);
    }

    function testFuzz_whatIsNoDigit_isRefused(bytes memory der, uint256 width, uint256 place, uint8 character) external {
        bytes memory text = bytes(Base64.encode(der));
        if (text.length == 0 || _stands(character)) return;
        text[place % text.length] = bytes1(character);
        _refuse(_pem(text, width));
    }

    function _refuse(bytes memory text) private {
        vm.expectPartialRevert(Pem.Pem_Malformed.selector);
        reader.first(text);
    }

    /// @dev Digits, line ends, padding and the dash have a place of their own.
    function _stands(uint8 character) private pure returns (bool) {
        bool letter = (character | 0x20) >= 0x61 && (character | 0x20) <= 0x7a;
        bool digit = character >= 0x2f && character <= 0x39;
        return letter || digit || character == 0x2b || character == 0x2d || character == 0x3d || character == 0x0a
            || character == 0x0d;
    }

    /// @dev In lines of at most 80 characters.
    function _pem(bytes memory text, uint256 width) private pure returns (bytes memory) {
        width = width % 80 + 1;
        bytes memory lines = new bytes(text.length + text.length / width);
        uint256 length;
        for (uint256 i = 0; i < text.length; ++i) {
            lines[length++] = text[i];
            if ((i + 1) % width == 0) lines[length++] = "\n";
        }
        return bytes.concat(BEGIN, lines, END);
    }
}
