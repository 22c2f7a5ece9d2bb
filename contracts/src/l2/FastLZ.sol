// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title FastLZ
/// @notice Length that data would have after FastLZ level 1 compression: the estimate of a transaction's share of a batch
///         (OP Stack specs, fjord/exec-engine.md). The output itself is never made. Execution clients compute the same
///         number natively; the quirks below are part of the rule.
library FastLZ {
    /// @dev Entries of the table of last positions, one for each 13-bit hash, and bytes of an entry.
    uint256 private constant TABLE_ENTRIES = 8192;
    uint256 private constant ENTRY_SIZE = 4;

    /// @dev A match may reach back that far at most.
    uint256 private constant MAX_DISTANCE = 0x1fff;

    /// @dev The last bytes are always literals: no match is sought from 13 before the end, none reaches 4 before it.
    uint256 private constant TAIL = 13;
    uint256 private constant MATCH_TAIL = 4;

    /// @dev Bytes a hash covers, and the longest match that one instruction expresses.
    uint256 private constant MIN_MATCH = 3;
    uint256 private constant MAX_MATCH = 262;

    /// @dev Longest run of literals behind one instruction byte.
    uint256 private constant MAX_LITERALS = 32;

    /// @notice Length in bytes of `data` compressed.
    function compressedLength(bytes memory data) internal pure returns (uint256 length) {
        uint256 size = data.length;
        uint256 limit = size < TAIL ? 0 : size - TAIL;
        bytes memory table = new bytes(TABLE_ENTRIES * ENTRY_SIZE);
        uint256 anchor = 0;
        uint256 position = 2;

        unchecked {
            // Positions stay below `size`, which memory bounds far below any overflow.
            while (position < limit) {
                uint256 candidate;
                (position, candidate) = _nextMatch(data, table, position, limit);
                if (position >= limit) break;

                if (position > anchor) length += _literals(position - anchor);
                uint256 matched =
                    _matchLength(data, candidate + MIN_MATCH, position + MIN_MATCH, size - MATCH_TAIL);
                length += _instruction(matched);
                position += matched;
                _remember(data, table, position);
                _remember(data, table, position + 1);
                position += 2;
                anchor = position;
            }
            length += _literals(size - anchor);
        }
    }

    /// @dev Next position from `start` on whose three bytes were seen within reach, and where they were seen.
    ///      The position is `limit` or more when there is none. A match on the last position before the limit is unused.
    function _nextMatch(bytes memory data, bytes memory table, uint256 start, uint256 limit)
        private
        pure
        returns (uint256 position, uint256 candidate)
    {
        unchecked {
            for (position = start; position < limit; ++position) {
                uint256 three = _read24(data, position);
                uint256 slot = _hash(three);
                candidate = _load(table, slot);
                _store(table, slot, position);
                if (position - candidate <= MAX_DISTANCE && three == _read24(data, candidate)) {
                    return position + 1 < limit ? (position, candidate) : (limit, candidate);
                }
            }
        }
    }

    /// @dev Length of the match, less the two bytes that an instruction adds. The first unequal byte counts too.
    function _matchLength(bytes memory data, uint256 earlier, uint256 later, uint256 end)
        private
        pure
        returns (uint256 matched)
    {
        unchecked {
            uint256 available = end - later;
            while (matched < available) {
                bool equal = _byteAt(data, earlier + matched) == _byteAt(data, later + matched);
                ++matched;
                if (!equal) break;
            }
        }
    }

    /// @dev Bytes that a match takes.
    function _instruction(uint256 matched) private pure returns (uint256) {
        unchecked {
            uint256 rest = matched - 1;
            return 3 * (rest / MAX_MATCH) + (rest % MAX_MATCH >= 6 ? 3 : 2);
        }
    }

    /// @dev Bytes that a run of literals takes: each group with an instruction byte before it.
    function _literals(uint256 run) private pure returns (uint256) {
        unchecked {
            return run + (run + MAX_LITERALS - 1) / MAX_LITERALS;
        }
    }

    function _remember(bytes memory data, bytes memory table, uint256 position) private pure {
        _store(table, _hash(_read24(data, position)), position);
    }

    /// @dev Multiplicative hash of three bytes, 32-bit arithmetic, the upper 13 bits.
    function _hash(uint256 three) private pure returns (uint256) {
        unchecked {
            return ((three * 2654435769) >> 19) & (TABLE_ENTRIES - 1);
        }
    }

    /// @dev Three bytes, little-endian. Callers stay at least three bytes before the end.
    function _read24(bytes memory data, uint256 position) private pure returns (uint256 three) {
        assembly ("memory-safe") {
            let word := mload(add(add(data, 0x20), position))
            three := or(or(byte(0, word), shl(8, byte(1, word))), shl(16, byte(2, word)))
        }
    }

    function _byteAt(bytes memory data, uint256 position) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(add(add(data, 0x20), position)))
        }
    }

    function _load(bytes memory table, uint256 slot) private pure returns (uint256 position) {
        assembly ("memory-safe") {
            position := shr(224, mload(add(add(table, 0x20), shl(2, slot))))
        }
    }

    function _store(bytes memory table, uint256 slot, uint256 position) private pure {
        assembly ("memory-safe") {
            let entry := add(add(table, 0x20), shl(2, slot))
            mstore(entry, or(shl(224, position), and(mload(entry), shr(32, not(0)))))
        }
    }
}
