// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeccakF1600} from "./KeccakF1600.sol";
import {LittleEndian} from "./LittleEndian.sol";

/// @title MerlinTranscript
/// @notice Merlin 1.0: labelled messages absorbed in order, then a challenge that depends on all of them; built on
///         STROBE-128 over Keccak-f[1600] with the few operations that Merlin needs.
/// @dev What is absorbed is collected in a block of memory and put into the state when the block is full. In such a block
///      an operation starts with two bytes: one plus the place where the operation before it began, 0 if that was in an
///      earlier block, and its flags.
library MerlinTranscript {
    /// @dev A transcript being written. It ends with its challenge.
    struct Transcript {
        /// Memory of the permutation.
        uint256 state;
        /// Memory of the block, zero from `position` on.
        uint256 block_;
        /// Bytes in the block.
        uint256 position;
        /// One plus the place in the block where the latest operation began, 0 if in an earlier block.
        uint256 begin;
    }

    /// @dev Bytes of a block: 1600 bits less twice 128 for security, less two bytes for STROBE's padding.
    uint256 private constant RATE = 166;

    /// @dev The block with padding, in whole words, and 32 bytes more for what is written past its end.
    uint256 private constant BLOCK_SIZE = 0xe0;

    /// @dev Flags of operations: metadata, data, and pseudo-random output.
    uint256 private constant META_AD = 0x12;
    uint256 private constant AD = 0x02;
    uint256 private constant PRF = 0x07;

    /// @notice Starts a transcript under a label.
    function start(bytes memory label) internal pure returns (Transcript memory transcript) {
        uint256 state = KeccakF1600.allocate();
        uint256 block_;
        assembly ("memory-safe") {
            block_ := mload(0x40)
            mstore(0x40, add(block_, BLOCK_SIZE))
            calldatacopy(block_, calldatasize(), BLOCK_SIZE)
            // Keccak-f of bytes 1, 168, 1, 0, 1, 96, "STROBEv1.0.2" and zeros: STROBE's first state.
            mstore(state, 0xda55fdf88f166d9c63356555233ca72af62615555c470cdc7cb56cf122ea3b73)
            mstore(add(state, 0x20), 0x12e90e662e681fd39413ee0122774a8212332db6fc4a6f22f6ac24a6e892cc93)
            mstore(add(state, 0x40), 0xfbbb22e39500b6e17dfe9569b2e545c89858ffd17413847c7372066b63e02ec9)
            mstore(add(state, 0x60), 0x53030739602ac92105b0b7921bbbcc49887ebcce7fa88f7e34bc04ae45cb6f65)
            mstore(add(state, 0x80), 0x5017d979beaebeca4d5066b913bfe8c06588dd6572594313d5209bcc0914f9ad)
            mstore(add(state, 0xa0), 0x99b6971f044474f4d07ba81ee9defbdde9965aa72db0f89b6e4ebb655b7ff047)
            mstore(add(state, 0xc0), 0xf6fbd9bf6aa1fafe000000000000000000000000000000000000000000000000)
        }
        transcript.state = state;
        transcript.block_ = block_;
        _operate(transcript, META_AD);
        _absorb(transcript, "Merlin v1.0");
        append(transcript, "dom-sep", label);
    }

    /// @notice Absorbs a message under a label.
    function append(Transcript memory transcript, bytes memory label, bytes memory message) internal pure {
        _name(transcript, label, message.length);
        _operate(transcript, AD);
        _absorb(transcript, message);
    }

    /// @notice Ends the transcript: `length` bytes under a label, the first 32 and the next 32, each with its first byte as
    ///         the least significant one. What lies beyond `length` is no part of the challenge.
    function challenge(Transcript memory transcript, bytes memory label, uint256 length)
        internal
        pure
        returns (uint256 low, uint256 high)
    {
        _name(transcript, label, length);
        _operate(transcript, PRF);
        // An operation that gives something out begins with a fresh block.
        if (transcript.position != 0) _permute(transcript);
        uint256 state = transcript.state;
        assembly ("memory-safe") {
            low := mload(state)
            high := mload(add(state, 0x20))
        }
        (low, high) = (LittleEndian.reverseLanes(low), LittleEndian.reverseLanes(high));
    }

    /// @dev A label, and the length of what comes as four bytes, least significant first.
    function _name(Transcript memory transcript, bytes memory label, uint256 length) private pure {
        _operate(transcript, META_AD);
        _absorb(transcript, label);
        uint256 reversed = LittleEndian.reverse(length);
        assembly ("memory-safe") {
            mstore(0x00, reversed)
        }
        _absorbMemory(transcript, 0x00, 4);
    }

    function _operate(Transcript memory transcript, uint256 flags) private pure {
        uint256 begin = transcript.begin;
        transcript.begin = transcript.position + 1;
        assembly ("memory-safe") {
            mstore8(0x00, begin)
            mstore8(0x01, flags)
        }
        _absorbMemory(transcript, 0x00, 2);
    }

    function _absorb(Transcript memory transcript, bytes memory data) private pure {
        uint256 source;
        assembly ("memory-safe") {
            source := add(data, 0x20)
        }
        _absorbMemory(transcript, source, data.length);
    }

    /// @dev `length` bytes of memory at `source`.
    function _absorbMemory(Transcript memory transcript, uint256 source, uint256 length) private pure {
        while (true) {
            uint256 position = transcript.position;
            uint256 place = transcript.block_ + position;
            uint256 size = RATE - position;
            if (length < size) size = length;
            assembly ("memory-safe") {
                mcopy(place, source, size)
            }
            transcript.position = position + size;
            if (position + size < RATE) return;
            _permute(transcript);
            source += size;
            length -= size;
        }
    }

    /// @dev Ends the block: padding, then its bytes into the state, lanes being written least significant byte first.
    function _permute(Transcript memory transcript) private pure {
        uint256 state = transcript.state;
        uint256 block_ = transcript.block_;
        uint256 end = block_ + transcript.position;
        uint256 begin = transcript.begin;
        assembly ("memory-safe") {
            mstore8(end, begin)
            mstore8(add(end, 1), 0x04)
            // Byte 167 is the last of its lane; byte 166 or 167 may be of the padding above.
            let last := add(block_, 167)
            mstore8(last, xor(byte(0, mload(last)), 0x80))
        }
        for (uint256 i = 0; i < 0xc0; i += 0x20) {
            uint256 lanes;
            assembly ("memory-safe") {
                lanes := mload(add(block_, i))
            }
            lanes = LittleEndian.reverseInLanes(lanes);
            assembly ("memory-safe") {
                let place := add(state, i)
                mstore(place, xor(mload(place), lanes))
            }
        }
        KeccakF1600.permute(state);
        assembly ("memory-safe") {
            calldatacopy(block_, calldatasize(), BLOCK_SIZE)
        }
        transcript.position = 0;
        transcript.begin = 0;
    }
}
