// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Der
/// @notice A strict reader of DER (X.690): one form for each value. Whatever is not that form reverts.
/// @dev Each function takes the place of an element and the end of what it lies in, and answers where its content begins
///      and where it ends, which is where the next element begins. No place returned is ever past `end`, and `end` must
///      not be past the data: callers begin with the data's length and narrow from there.
library Der {
    /// @notice An element does not fit into what it lies in.
    error Der_OutOfBounds(uint256 position);

    /// @notice Another element than the one expected here.
    error Der_UnexpectedTag(uint256 position, uint8 found, uint8 wanted);

    /// @notice A tag of more than one byte: nothing read here has one.
    error Der_LongTag(uint256 position);

    /// @notice A length that is not in its shortest form, or has more than three bytes.
    error Der_InvalidLength(uint256 position);

    /// @notice Bytes after the last element.
    error Der_TrailingBytes(uint256 position);

    /// @notice A number that is negative, padded or larger than what it is read into.
    error Der_InvalidInteger(uint256 position);

    /// @notice A truth value other than 0x00 and 0xff.
    error Der_InvalidBoolean(uint256 position);

    /// @notice A string of bits with unused bits where there may be none, or with unused bits that are set.
    error Der_InvalidBits(uint256 position);

    /// @notice A time that no calendar has, that is before 1970, or that is not in UTC and to the second.
    error Der_InvalidTime(uint256 position);

    uint8 internal constant BOOLEAN = 0x01;
    uint8 internal constant INTEGER = 0x02;
    uint8 internal constant BIT_STRING = 0x03;
    uint8 internal constant OCTET_STRING = 0x04;
    uint8 internal constant OBJECT_IDENTIFIER = 0x06;
    uint8 internal constant ENUMERATED = 0x0a;
    uint8 internal constant IA5_STRING = 0x16;
    uint8 internal constant UTC_TIME = 0x17;
    uint8 internal constant GENERALIZED_TIME = 0x18;
    uint8 internal constant SEQUENCE = 0x30;

    /// @notice The element at `position`: its tag, and where its content begins and ends.
    function read(bytes memory data, uint256 position, uint256 end)
        internal
        pure
        returns (uint8 tag, uint256 start, uint256 next)
    {
        require(position < end && end - position >= 2 && end <= data.length, Der_OutOfBounds(position));
        uint256 length;
        (tag, length) = (_byte(data, position), _byte(data, position + 1));
        require(tag & 0x1f != 0x1f, Der_LongTag(position));
        start = position + 2;
        if (length >= 0x80) {
            // Long form of one to three bytes (16 MiB); the shortest form is the only one.
            uint256 size = length & 0x7f;
            require(size >= 1 && size <= 3, Der_InvalidLength(position));
            require(end - start >= size, Der_OutOfBounds(position));
            length = 0;
            for (uint256 i = 0; i < size; ++i) {
                length = (length << 8) | _byte(data, start + i);
            }
            require(length >= 0x80 && length >> (8 * (size - 1)) != 0, Der_InvalidLength(position));
            start += size;
        }
        require(length <= end - start, Der_OutOfBounds(position));
        next = start + length;
    }

    /// @notice The element at `position`, which must have this tag.
    function expect(bytes memory data, uint256 position, uint256 end, uint8 tag)
        internal
        pure
        returns (uint256 start, uint256 next)
    {
        uint8 found;
        (found, start, next) = read(data, position, end);
        require(found == tag, Der_UnexpectedTag(position, found, tag));
    }

    /// @notice The element at `position`, which must have this tag and be the last one.
    function expectLast(bytes memory data, uint256 position, uint256 end, uint8 tag)
        internal
        pure
        returns (uint256 start)
    {
        uint256 next;
        (start, next) = expect(data, position, end, tag);
        require(next == end, Der_TrailingBytes(next));
    }

    /// @notice Whether an element follows, and has this tag.
    function isNext(bytes memory data, uint256 position, uint256 end, uint8 tag) internal pure returns (bool) {
        return position < end && end <= data.length && _byte(data, position) == tag;
    }

    /// @notice A non-negative INTEGER of at most `size` bytes, without the zero byte that only says it is not negative.
    function unsigned(bytes memory data, uint256 position, uint256 end, uint256 size)
        internal
        pure
        returns (uint256 start, uint256 next)
    {
        (start, next) = expect(data, position, end, INTEGER);
        require(next > start && _byte(data, start) < 0x80, Der_InvalidInteger(position));
        if (next - start > 1 && _byte(data, start) == 0) {
            require(_byte(data, start + 1) >= 0x80, Der_InvalidInteger(position));
            ++start;
        }
        require(next - start <= size, Der_InvalidInteger(position));
    }

    /// @notice A non-negative INTEGER below 2^64.
    function small(bytes memory data, uint256 position, uint256 end) internal pure returns (uint64 value, uint256 next) {
        uint256 start;
        (start, next) = unsigned(data, position, end, 8);
        for (; start < next; ++start) {
            value = (value << 8) | _byte(data, start);
        }
    }

    /// @notice A BOOLEAN.
    function boolean(bytes memory data, uint256 position, uint256 end) internal pure returns (bool value, uint256 next) {
        uint256 start;
        (start, next) = expect(data, position, end, BOOLEAN);
        require(next - start == 1, Der_InvalidBoolean(position));
        uint8 content = _byte(data, start);
        require(content == 0 || content == 0xff, Der_InvalidBoolean(position));
        return (content != 0, next);
    }

    /// @notice A BIT STRING of whole bytes.
    function wholeBits(bytes memory data, uint256 position, uint256 end)
        internal
        pure
        returns (uint256 start, uint256 next)
    {
        (start, next) = expect(data, position, end, BIT_STRING);
        require(next > start && _byte(data, start) == 0, Der_InvalidBits(position));
        ++start;
    }

    /// @notice Up to 16 named bits: bit i of the standard is bit 15 - i of the value.
    function namedBits(bytes memory data, uint256 position, uint256 end)
        internal
        pure
        returns (uint16 value, uint256 next)
    {
        uint256 start;
        (start, next) = expect(data, position, end, BIT_STRING);
        require(next - start >= 2 && next - start <= 3, Der_InvalidBits(position));
        uint8 unused = _byte(data, start);
        uint8 last = _byte(data, next - 1);
        require(unused < 8 && last & ((1 << unused) - 1) == 0, Der_InvalidBits(position));
        value = uint16(_byte(data, start + 1)) << 8;
        if (next - start == 3) value |= last;
    }

    /// @notice A UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5, in seconds since 1970.
    function time(bytes memory data, uint256 position, uint256 end) internal pure returns (uint64 value, uint256 next) {
        (uint8 tag, uint256 start, uint256 after_) = read(data, position, end);
        next = after_;
        uint256 year;
        if (tag == UTC_TIME) {
            require(next - start == 13, Der_InvalidTime(position));
            year = _decimal(data, start, position);
            year += year >= 50 ? 1900 : 2000;
            start += 2;
        } else {
            require(tag == GENERALIZED_TIME, Der_UnexpectedTag(position, tag, GENERALIZED_TIME));
            require(next - start == 15, Der_InvalidTime(position));
            year = _decimal(data, start, position) * 100 + _decimal(data, start + 2, position);
            start += 4;
        }
        uint256 day = _day(data, start, position, year);
        uint256 hour = _decimal(data, start + 4, position);
        uint256 minute = _decimal(data, start + 6, position);
        uint256 second = _decimal(data, start + 8, position);
        require(
            hour < 24 && minute < 60 && second < 60 && _byte(data, start + 10) == 0x5a, Der_InvalidTime(position)
        );
        value = uint64(((day * 24 + hour) * 60 + minute) * 60 + second);
    }

    /// @dev Days from 1970 on to the month and day written at `start`.
    function _day(bytes memory data, uint256 start, uint256 position, uint256 year) private pure returns (uint256) {
        uint256 month = _decimal(data, start, position);
        uint256 day = _decimal(data, start + 2, position);
        require(year >= 1970 && month >= 1 && month <= 12, Der_InvalidTime(position));
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        uint256 length = month == 2 ? (leap ? 29 : 28) : 30 + ((month + month / 8) & 1);
        require(day >= 1 && day <= length, Der_InvalidTime(position));
        // Years begin in March, so that the leap day is a year's last; 719,468 days lie between March 0000 and 1970.
        if (month < 3) --year;
        uint256 ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        return year * 365 + year / 4 - year / 100 + year / 400 + ofYear - 719_468;
    }

    /// @dev Two decimal digits.
    function _decimal(bytes memory data, uint256 start, uint256 position) private pure returns (uint256) {
        uint256 tens = _byte(data, start);
        uint256 ones = _byte(data, start + 1);
        require(tens >= 0x30 && tens <= 0x39 && ones >= 0x30 && ones <= 0x39, Der_InvalidTime(position));
        return (tens - 0x30) * 10 + ones - 0x30;
    }

    /// @notice The bytes from `start` to `end`.
    function slice(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        require(start <= end && end <= data.length, Der_OutOfBounds(start));
        part = new bytes(end - start);
        assembly ("memory-safe") {
            mcopy(add(part, 0x20), add(add(data, 0x20), start), sub(end, start))
        }
    }

    /// @notice keccak256 of the bytes from `start` to `end`.
    function digest(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes32 result) {
        require(start <= end && end <= data.length, Der_OutOfBounds(start));
        assembly ("memory-safe") {
            result := keccak256(add(add(data, 0x20), start), sub(end, start))
        }
    }

    /// @dev Solidity's own check stands behind those above.
    function _byte(bytes memory data, uint256 position) private pure returns (uint8) {
        return uint8(data[position]);
    }
}
