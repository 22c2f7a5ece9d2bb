// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../certificates/Der.sol";

/// @notice A text, and how far it has been read.
struct JsonCursor {
    bytes text;
    uint256 position;
}

/// @title Json
/// @notice Reads JSON (RFC 8259) in the one form in which Intel signs it, from the first character to the last: without
///         white space, without escapes in texts, numbers as whole decimal numbers. Whatever is not that form reverts.
library Json {
    /// @notice Another character than can stand here, or the end.
    error Json_Unexpected(uint256 position);

    /// @notice A number that is not whole, padded with zeros, or too large.
    error Json_InvalidNumber(uint256 position);

    /// @notice A text that is not hex of the wanted size.
    error Json_InvalidHex(uint256 position);

    /// @notice A text that is not a time like 2026-01-31T12:00:00Z.
    error Json_InvalidTime(uint256 position);

    /// @notice Lists and objects within one another deeper than is read.
    error Json_TooDeep(uint256 position);

    uint8 internal constant OBJECT = 0x7b;
    uint8 internal constant OBJECT_END = 0x7d;
    uint8 internal constant LIST = 0x5b;
    uint8 internal constant LIST_END = 0x5d;

    uint8 private constant QUOTE = 0x22;
    uint8 private constant COMMA = 0x2c;
    uint8 private constant COLON = 0x3a;
    uint8 private constant ZERO = 0x30;

    /// @dev Digits of the largest number that is read: of 32 bits.
    uint256 private constant MAX_DIGITS = 10;

    /// @dev Intel's values are three deep.
    uint256 private constant MAX_DEPTH = 8;

    /// @notice Enters a list or object. Returns whether there is anything in it.
    function open(JsonCursor memory cursor, uint8 start) internal pure returns (bool) {
        _expect(cursor, start);
        // Brackets and braces end two characters after they begin.
        if (_peek(cursor) != start + 2) return true;
        ++cursor.position;
        return false;
    }

    /// @notice Goes on in a list or object, or leaves it. Returns whether anything follows in it.
    function next(JsonCursor memory cursor, uint8 end) internal pure returns (bool) {
        if (_peek(cursor) == COMMA) {
            ++cursor.position;
            return true;
        }
        _expect(cursor, end);
        return false;
    }

    /// @notice The name of an object's field, as keccak256.
    function name(JsonCursor memory cursor) internal pure returns (bytes32 result) {
        result = word(cursor);
        _expect(cursor, COLON);
    }

    /// @notice A text, as keccak256.
    function word(JsonCursor memory cursor) internal pure returns (bytes32) {
        (uint256 start, uint256 end) = text(cursor);
        return Der.digest(cursor.text, start, end);
    }

    /// @notice A text: where it begins and ends between its quotes.
    function text(JsonCursor memory cursor) internal pure returns (uint256 start, uint256 end) {
        _expect(cursor, QUOTE);
        start = cursor.position;
        bytes memory data = cursor.text;
        uint256 character;
        // To the first quote, backslash or control character. A loop of few instructions: most of a text is this.
        assembly ("memory-safe") {
            let content := add(data, 0x20)
            let length := mload(data)
            for { end := start } lt(end, length) { end := add(end, 1) } {
                character := byte(0, mload(add(content, end)))
                if or(lt(character, 0x20), or(eq(character, 0x22), eq(character, 0x5c))) { break }
            }
        }
        require(end < data.length && character == QUOTE, Json_Unexpected(end));
        cursor.position = end + 1;
    }

    /// @notice A whole number of at most `most`.
    function number(JsonCursor memory cursor, uint256 most) internal pure returns (uint256 value) {
        uint256 start = cursor.position;
        uint256 digit = _digit(cursor);
        require(digit <= 9, Json_Unexpected(start));
        for (; digit <= 9; digit = _digit(cursor)) {
            value = value * 10 + digit;
            ++cursor.position;
            // A zero stands alone.
            require(cursor.position - start == 1 || value >= 10, Json_InvalidNumber(start));
            require(cursor.position - start <= MAX_DIGITS, Json_InvalidNumber(start));
        }
        require(value <= most, Json_InvalidNumber(start));
    }

    /// @notice A text of `size` bytes in hex, of either case.
    function hexBytes(JsonCursor memory cursor, uint256 size) internal pure returns (bytes memory value) {
        (uint256 start, uint256 end) = text(cursor);
        require(end - start == 2 * size, Json_InvalidHex(start));
        value = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 high = _nibble(cursor.text, start + 2 * i);
            value[i] = bytes1(uint8((high << 4) | _nibble(cursor.text, start + 2 * i + 1)));
        }
    }

    /// @notice A time in UTC, in seconds since 1970.
    function time(JsonCursor memory cursor) internal pure returns (uint64 value) {
        (uint256 start, uint256 end) = text(cursor);
        require(end - start == 20, Json_InvalidTime(start));
        bytes memory data = cursor.text;
        // The calendar is that of certificates: YYYYMMDDhhmmssZ.
        bytes memory form = "YYYY-MM-DDThh:mm:ssZ";
        bytes memory der = new bytes(17);
        (der[0], der[1]) = (bytes1(Der.GENERALIZED_TIME), 0x0f);
        uint256 length = 2;
        for (uint256 i = 0; i < form.length; ++i) {
            bool separates = form[i] == "-" || form[i] == "T" || form[i] == ":";
            require(!separates || data[start + i] == form[i], Json_InvalidTime(start));
            if (!separates) der[length++] = data[start + i];
        }
        (value,) = Der.time(der, 0, der.length);
    }

    /// @notice The value of a digit in hex, of either case; more than 15 for what is none.
    function hexDigit(uint256 character) internal pure returns (uint256) {
        if (character >= ZERO && character <= 0x39) return character - ZERO;
        // Lower case.
        character |= 0x20;
        return character >= 0x61 && character <= 0x66 ? character - 0x57 : type(uint256).max;
    }

    /// @notice Passes over any value.
    function skip(JsonCursor memory cursor) internal pure {
        _skip(cursor, MAX_DEPTH);
    }

    /// @notice Nothing follows.
    function close(JsonCursor memory cursor) internal pure {
        require(cursor.position == cursor.text.length, Json_Unexpected(cursor.position));
    }

    function _skip(JsonCursor memory cursor, uint256 depth) private pure {
        require(depth != 0, Json_TooDeep(cursor.position));
        uint8 character = _peek(cursor);
        if (character == QUOTE) {
            text(cursor);
        } else if (character == OBJECT || character == LIST) {
            bool more = open(cursor, character);
            while (more) {
                if (character == OBJECT) name(cursor);
                _skip(cursor, depth - 1);
                more = next(cursor, character + 2);
            }
        } else {
            number(cursor, type(uint256).max);
        }
    }

    function _expect(JsonCursor memory cursor, uint8 character) private pure {
        require(_peek(cursor) == character, Json_Unexpected(cursor.position));
        ++cursor.position;
    }

    /// @dev Zero, which stands nowhere in JSON, at the end.
    function _peek(JsonCursor memory cursor) private pure returns (uint8 character) {
        bytes memory data = cursor.text;
        uint256 position = cursor.position;
        if (position >= data.length) return 0;
        assembly ("memory-safe") {
            character := byte(0, mload(add(add(data, 0x20), position)))
        }
    }

    /// @dev More than 9 for what is no digit.
    function _digit(JsonCursor memory cursor) private pure returns (uint256) {
        uint256 character = _peek(cursor);
        return character >= ZERO ? character - ZERO : type(uint256).max;
    }

    function _nibble(bytes memory data, uint256 position) private pure returns (uint256 value) {
        value = hexDigit(uint8(data[position]));
        require(value < 16, Json_InvalidHex(position));
    }
}
