// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Pem
/// @notice Reads certificates from text (RFC 7468).
library Pem {
    /// @notice No certificate in PEM at this place, or base64 that is not in its only form.
    error Pem_Malformed(uint256 position);

    bytes private constant BEGIN = "-----BEGIN CERTIFICATE-----";
    bytes private constant END = "-----END CERTIFICATE-----";

    /// @dev The six bits that each character below 128 stands for; 64 for line ends, 65 for padding, 66 for the dash that
    ///      ends the text, 255 for what is none.
    bytes private constant ALPHABET = hex"ffffffffffffffffffff40ffff40ffff" hex"ffffffffffffffffffffffffffffffff"
        hex"ffffffffffffffffffffff3eff42ff3f" hex"3435363738393a3b3c3dffffff41ffff"
        hex"ff000102030405060708090a0b0c0d0e" hex"0f10111213141516171819ffffffffff"
        hex"ff1a1b1c1d1e1f202122232425262728" hex"292a2b2c2d2e2f30313233ffffffffff";

    /// @dev Values below are digits.
    uint256 private constant LINE_END = 64;
    uint256 private constant PADDING = 65;
    uint256 private constant DASH = 66;

    /// @notice The first certificate of a text. What follows it is not read.
    function first(bytes memory text) internal pure returns (bytes memory der) {
        require(_matches(text, 0, BEGIN), Pem_Malformed(0));
        uint256 position;
        (der, position) = _decode(text, BEGIN.length);
        require(_matches(text, position, END), Pem_Malformed(position));
    }

    /// @dev Base64 from `position` to the next dash.
    function _decode(bytes memory text, uint256 position) private pure returns (bytes memory der, uint256 end) {
        bytes memory alphabet = ALPHABET;
        der = new bytes((text.length - position) / 4 * 3 + 3);
        uint256 length;
        uint256 bits;
        uint256 count;
        uint256 padding;
        for (end = position; end < text.length; ++end) {
            if (count & 3 == 0 && padding == 0) {
                (end, length) = _decodeGroups(alphabet, text, end, der, length);
                if (end == text.length) break;
            }
            uint256 value = _lookUp(alphabet, uint8(text[end]));
            if (value == DASH) break;
            if (value == LINE_END) continue;
            require(value <= PADDING, Pem_Malformed(end));
            ++count;
            if (value == PADDING) {
                ++padding;
                value = 0;
            } else {
                require(padding == 0, Pem_Malformed(end));
            }
            bits = (bits << 6) | value;
            if (count & 3 != 0) continue;
            _write(der, length, bits);
            if (padding == 0) bits = 0;
            length += 3;
        }
        // Bits that padding leaves over are zero: one form for each text.
        require(count & 3 == 0 && padding <= 2 && bits & ((1 << (8 * padding)) - 1) == 0, Pem_Malformed(end));
        assembly ("memory-safe") {
            mstore(der, sub(length, padding))
        }
    }

    /// @dev Four digits at a time, as far as there is nothing else, which is most of a text: it saves a third of a
    ///      verification's gas.
    function _decodeGroups(
        bytes memory alphabet,
        bytes memory text,
        uint256 position,
        bytes memory der,
        uint256 length
    ) private pure returns (uint256, uint256) {
        for (; position + 4 <= text.length; position += 4) {
            uint256 bits;
            uint256 digits;
            assembly ("memory-safe") {
                let characters := mload(add(add(text, 0x20), position))
                let table := add(alphabet, 0x20)
                // The seven bits below each character's highest, which must not be set, are a place in the table.
                let a := byte(0, mload(add(table, and(shr(248, characters), 0x7f))))
                let b := byte(0, mload(add(table, and(shr(240, characters), 0x7f))))
                let c := byte(0, mload(add(table, and(shr(232, characters), 0x7f))))
                let d := byte(0, mload(add(table, and(shr(224, characters), 0x7f))))
                digits := or(or(or(a, b), or(c, d)), and(shr(224, characters), 0x80808080))
                bits := or(or(shl(18, a), shl(12, b)), or(shl(6, c), d))
            }
            if (digits >= LINE_END) break;
            _write(der, length, bits);
            length += 3;
        }
        return (position, length);
    }

    /// @dev Three bytes.
    function _write(bytes memory der, uint256 length, uint256 bits) private pure {
        assembly ("memory-safe") {
            let target := add(add(der, 0x20), length)
            mstore8(target, shr(16, bits))
            mstore8(add(target, 1), shr(8, bits))
            mstore8(add(target, 2), bits)
        }
    }

    function _lookUp(bytes memory alphabet, uint256 character) private pure returns (uint256 value) {
        if (character >= 128) return type(uint8).max;
        assembly ("memory-safe") {
            value := byte(0, mload(add(add(alphabet, 0x20), character)))
        }
    }

    function _matches(bytes memory text, uint256 position, bytes memory wanted) private pure returns (bool same) {
        if (position + wanted.length > text.length) return false;
        assembly ("memory-safe") {
            let length := mload(wanted)
            same := eq(keccak256(add(add(text, 0x20), position), length), keccak256(add(wanted, 0x20), length))
        }
    }
}
