// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LittleEndian} from "../../src/pha/keys/LittleEndian.sol";
import {MerlinTranscript} from "../../src/pha/keys/MerlinTranscript.sol";
import {Base} from "./Base.sol";

contract MerlinTranscriptTest is Base {
    using MerlinTranscript for MerlinTranscript.Transcript;

    /// @dev merlin's own test `equivalence_simple`.
    function test_merlinsOwnVector() public pure {
        MerlinTranscript.Transcript memory transcript = MerlinTranscript.start("test protocol");
        transcript.append("some label", "some data");
        (uint256 low,) = transcript.challenge("challenge", 32);
        assertEq(
            bytes32(LittleEndian.reverse(low)), 0xd5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615
        );
    }

    function _challenge(bytes memory label, bytes memory message, bytes memory more) private pure returns (bytes32) {
        MerlinTranscript.Transcript memory transcript = MerlinTranscript.start("test protocol");
        transcript.append(label, message);
        transcript.append("more", more);
        (uint256 low, uint256 high) = transcript.challenge("challenge", 64);
        return keccak256(abi.encode(low, high));
    }

    /// @dev 64 bytes after a message of each length from 0 to 399, which ends at each place of a block more than twice, then
    ///      one byte more; all of them hashed together. Made with the transcript of scure-sr25519 0.2.0.
    function test_aBlockMayEndAnywhere() public pure {
        bytes32 rolling = 0;
        for (uint256 length = 0; length < 400; ++length) {
            bytes memory message = new bytes(length);
            for (uint256 i = 0; i < length; ++i) {
                message[i] = bytes1(uint8(31 * length + 7 * i));
            }
            MerlinTranscript.Transcript memory transcript = MerlinTranscript.start("SigningContext");
            transcript.append("sign-bytes", message);
            transcript.append("one", hex"2a");
            (uint256 low, uint256 high) = transcript.challenge("sign:c", 64);
            rolling = keccak256(abi.encode(rolling, LittleEndian.reverse(low), LittleEndian.reverse(high)));
        }
        assertEq(rolling, 0xee3b0a91ee74e4721ddba5fb020286b1de516c39f4e2fb172bc5809628af7978);
    }

    function test_whatIsAbsorbed_cannotBeSplitOtherwise() public pure {
        bytes32 one = _challenge("ab", "cd", "ef");
        assertTrue(one != _challenge("abc", "d", "ef"), "label and message");
        assertTrue(one != _challenge("ab", "cde", "f"), "message and message");
        assertTrue(one != _challenge("ab", "cd", "eg"), "the last byte");
        assertTrue(one == _challenge("ab", "cd", "ef"), "the same again");
    }

    function test_aChallengesLength_isAbsorbed() public pure {
        MerlinTranscript.Transcript memory transcript = MerlinTranscript.start("test protocol");
        (uint256 long,) = transcript.challenge("challenge", 64);
        transcript = MerlinTranscript.start("test protocol");
        (uint256 short,) = transcript.challenge("challenge", 32);
        assertTrue(long != short, "another challenge");
    }
}
