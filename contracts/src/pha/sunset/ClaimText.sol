// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title ClaimText
/// @notice Numbers as a person reads them in a wallet, in ASCII. Cheap, because each claim writes two hundred digits.
library ClaimText {
    /// @notice PHA has 12 decimals on the parachain.
    uint256 internal constant PLANCK_PER_PHA = 1e12;

    /// @dev One in each byte; times a digit's value it is that digit everywhere.
    uint256 private constant EACH_BYTE = 0x0101010101010101010101010101010101010101010101010101010101010101;
    /// @dev The lower half of each so many bits twice: all bits, divided by 2^n + 1.
    uint256 private constant EVERY_OTHER_64 = type(uint256).max / (2 ** 64 + 1);
    uint256 private constant EVERY_OTHER_32 = type(uint256).max / (2 ** 32 + 1);
    uint256 private constant EVERY_OTHER_16 = type(uint256).max / (2 ** 16 + 1);
    uint256 private constant EVERY_OTHER_8 = type(uint256).max / (2 ** 8 + 1);
    /// @dev From '9' + 1 to 'a' in ASCII.
    uint256 private constant LETTER_GAP = 39;

    /// @notice `0x` and 64 lower-case hexadecimal digits.
    function hexOf(bytes32 value) internal pure returns (bytes memory) {
        return bytes.concat("0x", _digits(uint256(value) >> 128), _digits(uint256(value) & type(uint128).max));
    }

    /// @notice `0x` and 40 lower-case hexadecimal digits.
    function hexOf(address value) internal pure returns (bytes memory) {
        uint256 number = uint160(value);
        bytes8 tail = bytes8(uint64(uint256(_digits(number & type(uint32).max))));
        return bytes.concat("0x", _digits(number >> 32), tail);
    }

    /// @notice All twelve decimals of an amount in planck: `1.000000000001`.
    function phaOf(uint256 planck) internal pure returns (bytes memory) {
        return bytes.concat(
            bytes(Strings.toString(planck / PLANCK_PER_PHA)), ".", bytes12(uint96(_decimals(planck % PLANCK_PER_PHA, 12)))
        );
    }

    /// @notice `2027-01-31 23:59:59 UTC (1801439999)`, for times before the year 10000.
    /// @dev Days to a date of the Gregorian calendar in years that begin in March, so that the leap day is the last: the
    ///      algorithm `civil_from_days` of Howard Hinnant.
    function timeOf(uint256 time) internal pure returns (bytes memory) {
        uint256 shifted = time / 1 days + 719_468;
        uint256 ofEra = shifted % 146_097;
        uint256 yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365;
        uint256 ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        uint256 fromMarch = (5 * ofYear + 2) / 153;
        uint256 day = ofYear - (153 * fromMarch + 2) / 5 + 1;
        uint256 month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
        uint256 year = yearOfEra + 400 * (shifted / 146_097) + (month <= 2 ? 1 : 0);
        bytes memory date =
            bytes.concat(bytes4(uint32(_decimals(year, 4))), "-", _two(month), "-", _two(day), " ");
        bytes memory clock = bytes.concat(
            _two(time / 1 hours % 24), ":", _two(time / 1 minutes % 60), ":", _two(time % 60), " UTC ("
        );
        return bytes.concat(date, clock, bytes(Strings.toString(time)), ")");
    }

    function _two(uint256 value) private pure returns (bytes2) {
        return bytes2(uint16(_decimals(value, 2)));
    }

    /// @dev The last `count` decimal digits, one to a byte, the last in the lowest.
    function _decimals(uint256 value, uint256 count) private pure returns (uint256 digits) {
        for (uint256 i = 0; i < count; ++i) {
            digits |= (48 + value % 10) << (8 * i);
            value /= 10;
        }
    }

    /// @dev 32 digits of 16 bytes at once: nibbles are spread to a byte each, by halves; where a nibble is above nine,
    ///      adding six carries into the upper half of its byte, and the gap to the letters is added.
    function _digits(uint256 value) private pure returns (bytes32) {
        unchecked {
            value = (value | value << 64) & EVERY_OTHER_64;
            value = (value | value << 32) & EVERY_OTHER_32;
            value = (value | value << 16) & EVERY_OTHER_16;
            value = (value | value << 8) & EVERY_OTHER_8;
            value = (value | value << 4) & (0x0f * EACH_BYTE);
            uint256 letters = ((value + 6 * EACH_BYTE) >> 4) & EACH_BYTE;
            return bytes32(value + 48 * EACH_BYTE + letters * LETTER_GAP);
        }
    }
}
