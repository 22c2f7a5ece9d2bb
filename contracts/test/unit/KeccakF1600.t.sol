// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeccakF1600} from "../../src/pha/keys/KeccakF1600.sol";
import {LittleEndian} from "../../src/pha/keys/LittleEndian.sol";
import {Base} from "./Base.sol";

contract KeccakF1600Test is Base {
    /// @dev Bytes of the state.
    uint256 private constant STATE = 200;

    /// @dev Bytes of a block of Keccak-256.
    uint256 private constant RATE = 136;

    function _zeros() private pure returns (uint256 state) {
        state = KeccakF1600.allocate();
        assembly ("memory-safe") {
            calldatacopy(state, calldatasize(), STATE)
        }
    }

    function _read(uint256 state) private pure returns (bytes memory lanes) {
        lanes = new bytes(STATE);
        assembly ("memory-safe") {
            mcopy(add(lanes, 0x20), state, STATE)
        }
    }

    /// @dev KeccakF-1600-IntermediateValues of the Keccak team: the state of zeros permuted once, and twice.
    function test_aStateOfZeros() public pure {
        uint256 state = _zeros();
        KeccakF1600.permute(state);
        assertEq(
            _read(state),
            hex"f1258f7940e1dde784d5ccf933c0478ad598261ea65aa9eebd1547306f80494d8b284e056253d057"
            hex"ff97a42d7f8e6fd490fee5a0a44647c48c5bda0cd6192e76ad30a6f71b19059c30935ab7d08ffc64"
            hex"eb5aa93f2317d635a9a6e6260d71210381a57c16dbcf555f43b831cd0347c82601f22f1a11a5569f"
            hex"05e5635a21d9ae6164befef28cc970f2613670957bc46611b87c5a554fd00ecb8c3ee88a1ccf32c8"
            hex"940c7922ae3a26141841f924a2c509e416f53526e70465c275f644e97f30a13beaf1ff7b5ceca249"
        );
        KeccakF1600.permute(state);
        assertEq(
            _read(state),
            hex"2d5c954df96ecb3c6a332cd07057b56d093d8d1270d76b6c8a20d9b25569d0944f9c4f99e5e7f156"
            hex"f957b9a2da65fb3885773dae1275af0dfaf4f247c3d810f71f1b9ee6f79a8759e4fecc0fee98b425"
            hex"68ce61b6b9ce68a1deea66c4ba8f974f33c43d836eafb1f5e00654042719dbd97cf8a9f009831265"
            hex"fd5449a6bf17474397ddad33d8994b4048ead5fc5d0be774e3b8c8ee55b7b03c91a0226e649e42e9"
            hex"900e3129e7badd7b202a9ec5faa3cce85b3402464e1c3db6609f4e62a44c105920d06cd26a8fbf5c"
        );
    }

    /// @dev Keccak-256 made of the permutation is the EVM's own, for a message of less than a block.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_keccak256_isMadeOfIt(bytes memory message, uint256 length) public pure {
        length = bound(length, 0, message.length < RATE ? message.length : RATE - 1);
        assembly ("memory-safe") {
            mstore(message, length)
        }
        uint256 state = _zeros();
        bytes memory padded = new bytes(0xa0);
        for (uint256 i = 0; i < length; ++i) {
            padded[i] = message[i];
        }
        padded[length] = 0x01;
        padded[RATE - 1] |= 0x80;
        for (uint256 i = 0; i < 0xa0; i += 0x20) {
            uint256 lanes;
            assembly ("memory-safe") {
                lanes := mload(add(add(padded, 0x20), i))
            }
            lanes = LittleEndian.reverseInLanes(lanes);
            assembly ("memory-safe") {
                mstore(add(state, i), lanes)
            }
        }
        KeccakF1600.permute(state);
        uint256 digest;
        assembly ("memory-safe") {
            digest := mload(state)
        }
        assertEq(bytes32(LittleEndian.reverseInLanes(digest)), keccak256(message));
    }

    /// @dev A bound, so that a change that makes it dearer is seen.
    function test_gasOfAPermutation() public view {
        uint256 state = _zeros();
        uint256 gas = gasleft();
        KeccakF1600.permute(state);
        gas -= gasleft();
        assertTrue(gas < 55_000, vm.toString(gas));
    }
}
