// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Der} from "../../src/tee/certificates/Der.sol";
import {Json, JsonCursor} from "../../src/tee/intel/Json.sol";
import {Base} from "./Base.sol";

contract JsonReader {
    function skip(bytes memory text) external pure {
        JsonCursor memory cursor = JsonCursor(text, 0);
        Json.skip(cursor);
        Json.close(cursor);
    }

    function number(bytes memory text, uint256 most) external pure returns (uint256 value) {
        JsonCursor memory cursor = JsonCursor(text, 0);
        value = Json.number(cursor, most);
        Json.close(cursor);
    }

    function word(bytes memory text) external pure returns (bytes32 value) {
        JsonCursor memory cursor = JsonCursor(text, 0);
        value = Json.word(cursor);
        Json.close(cursor);
    }

    function hexBytes(bytes memory text, uint256 size) external pure returns (bytes memory value) {
        JsonCursor memory cursor = JsonCursor(text, 0);
        value = Json.hexBytes(cursor, size);
        Json.close(cursor);
    }

    function time(bytes memory text) external pure returns (uint64 value) {
        JsonCursor memory cursor = JsonCursor(text, 0);
        value = Json.time(cursor);
        Json.close(cursor);
    }
}

contract JsonTest is Base {
    JsonReader private immutable reader = new JsonReader();

    function test_values_arePassedOver() external view {
        bytes[9] memory values = [
            bytes("{}"),
            "[]",
            "0",
            "4294967295",
            "\"\"",
            "\"a, ]}\"",
            "[1,\"2\",{\"a\":[],\"b\":{}}]",
            "{\"a\":1,\"a\":1}",
            "[[[[[[[0]]]]]]]"
        ];
        for (uint256 i = 0; i < values.length; ++i) {
            reader.skip(values[i]);
        }
    }

    function test_whatIsNotOfTheForm_isRefused() external {
        bytes[26] memory wrong = [
            bytes(""),
            " 0",
            "0 ",
            "[0, 1]",
            "[,]",
            "[1,]",
            "[1 2]",
            "[1",
            "]",
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1]",
            "{1:1}",
            "{\"a\" :1}",
            "\"a",
            "\"\\u0041\"",
            "\"\\\"\"",
            "\"\n\"",
            "\"\x00\"",
            "true",
            "null",
            "1.5",
            "1e3",
            unicode"\u2028"
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectPartialRevert(Json.Json_Unexpected.selector);
            reader.skip(wrong[i]);
        }
    }

    function test_depth_isBounded() external {
        vm.expectPartialRevert(Json.Json_TooDeep.selector);
        reader.skip("[[[[[[[[0]]]]]]]]");
        vm.expectPartialRevert(Json.Json_TooDeep.selector);
        reader.skip("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":0}]}]}]}]}");
        bytes memory deep = new bytes(20_000);
        for (uint256 i = 0; i < deep.length; ++i) {
            deep[i] = "[";
        }
        vm.expectPartialRevert(Json.Json_TooDeep.selector);
        reader.skip(deep);
    }

    function testFuzz_numbers_haveOneForm(uint32 value, uint32 most) external {
        bytes memory text = bytes(vm.toString(uint256(value)));
        bool fits = value <= most;
        if (!fits) vm.expectPartialRevert(Json.Json_InvalidNumber.selector);
        uint256 found = reader.number(text, most);
        if (fits) assertEq(found, value);
        vm.expectPartialRevert(Json.Json_InvalidNumber.selector);
        reader.number(bytes.concat("0", text), type(uint256).max);
    }

    function test_numbers_areWholeAndSmall() external {
        bytes[5] memory padded = [bytes("00"), "01", "007", "42949672950", "99999999999999999999999"];
        for (uint256 i = 0; i < padded.length; ++i) {
            vm.expectPartialRevert(Json.Json_InvalidNumber.selector);
            reader.number(padded[i], type(uint256).max);
        }
        bytes[9] memory other =
            [bytes("-0"), "-1", "+1", "", ".5", "0x10", "1_000", unicode"１", "\"1\""];
        for (uint256 i = 0; i < other.length; ++i) {
            vm.expectPartialRevert(Json.Json_Unexpected.selector);
            reader.number(other[i], type(uint256).max);
        }
    }

    function testFuzz_hex_isReadInBothCases(bytes memory value) external {
        bytes memory text = bytes(Strings.toHexString(value));
        bytes memory digits = new bytes(text.length - 2);
        for (uint256 i = 0; i < digits.length; ++i) {
            bytes1 digit = text[i + 2];
            digits[i] = i % 2 == 0 && digit >= "a" ? digit ^ 0x20 : digit;
        }
        assertEq(reader.hexBytes(bytes.concat("\"", digits, "\""), value.length), value);
        vm.expectPartialRevert(Json.Json_InvalidHex.selector);
        reader.hexBytes(bytes.concat("\"", digits, "\""), value.length + 1);
        vm.expectPartialRevert(Json.Json_InvalidHex.selector);
        reader.hexBytes(bytes.concat("\"0x", digits, "\""), value.length + 1);
    }

    function testFuzz_hex_hasSixteenDigits(uint8 character) external {
        bool digit = (character >= 0x30 && character <= 0x39)
            || ((character | 0x20) >= 0x61 && (character | 0x20) <= 0x66);
        bool text = character >= 0x20 && character != 0x22 && character != 0x5c;
        if (digit || !text) return;
        vm.expectPartialRevert(Json.Json_InvalidHex.selector);
        reader.hexBytes(bytes.concat("\"0", bytes1(character), "\""), 1);
    }

    function test_times_areOfTheCalendar() external {
        assertEq(reader.time("\"1970-01-01T00:00:00Z\""), 0);
        assertEq(reader.time("\"2024-02-29T23:59:59Z\""), 1_709_251_199);
        bytes[7] memory forms = [
            bytes("\"2024-02-29 23:59:59Z\""),
            "\"2024/02/29T23:59:59Z\"",
            "\"2024-02-29T23.59.59Z\"",
            "\"2024-02-29T23:59:59.0Z\"",
            "\"2024-02-29T23:59:59+00:00\"",
            "\"20240229T235959Z\"",
            "\"\""
        ];
        for (uint256 i = 0; i < forms.length; ++i) {
            vm.expectPartialRevert(Json.Json_InvalidTime.selector);
            reader.time(forms[i]);
        }
        bytes[8] memory days_ = [
            bytes("\"2023-02-29T00:00:00Z\""),
            "\"1969-12-31T23:59:59Z\"",
            "\"2024-13-01T00:00:00Z\"",
            "\"2024-00-01T00:00:00Z\"",
            "\"2024-02-30T00:00:00Z\"",
            "\"2024-02-29T24:00:00Z\"",
            "\"2024-02-29T23:59:60Z\"",
            "\"2024-02-29T23:59:59z\""
        ];
        for (uint256 i = 0; i < days_.length; ++i) {
            vm.expectPartialRevert(Der.Der_InvalidTime.selector);
            reader.time(days_[i]);
        }
    }

    function testFuzz_words_areTheirBytes(bytes memory text) external {
        bool plain = true;
        for (uint256 i = 0; i < text.length; ++i) {
            plain = plain && text[i] >= 0x20 && text[i] != 0x22 && text[i] != 0x5c;
        }
        if (!plain) vm.expectPartialRevert(Json.Json_Unexpected.selector);
        bytes32 found = reader.word(bytes.concat("\"", text, "\""));
        if (plain) assertEq(found, keccak256(text));
    }

    /// @dev Whatever stands there, it is read or refused for a reason that has a name.
    function testFuzz_anyText_isReadOrRefused(bytes memory text) external view {
        try reader.skip(text) {}
        catch (bytes memory reason) {
            bytes4 selector = bytes4(reason);
            assertTrue(
                selector == Json.Json_Unexpected.selector || selector == Json.Json_InvalidNumber.selector
                    || selector == Json.Json_TooDeep.selector,
                "reason"
            );
        }
    }
}
