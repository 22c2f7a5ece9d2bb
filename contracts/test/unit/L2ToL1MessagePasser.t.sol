// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {IL2ToL1MessagePasser} from "../../src/l2/interfaces/IL2ToL1MessagePasser.sol";
import {Base} from "./Base.sol";

contract L2ToL1MessagePasserTest is Base {
    uint256 private constant FIRST_NONCE = uint256(1) << 240;

    L2ToL1MessagePasser private passer;

    function setUp() public {
        passer = new L2ToL1MessagePasser();
    }

    function testFuzz_withdrawal_isHashedStoredAndTold(
        address sender,
        address target,
        uint96 value,
        uint256 gasLimit,
        bytes calldata data
    ) public {
        bytes32 hash = keccak256(abi.encode(FIRST_NONCE, sender, target, uint256(value), gasLimit, data));
        vm.deal(sender, value);
        vm.expectEmit(address(passer));
        emit IL2ToL1MessagePasser.MessagePassed(FIRST_NONCE, sender, target, value, gasLimit, data, hash);
        vm.prank(sender);
        passer.initiateWithdrawal{value: value}(target, gasLimit, data);
        assertTrue(passer.sentMessages(hash), "sent");
        // The slot that the portal's storage proof is about.
        assertEq(vm.load(address(passer), keccak256(abi.encode(hash, uint256(0)))), bytes32(uint256(1)));
        assertEq(vm.load(address(passer), bytes32(uint256(1))), bytes32(uint256(1)));
        assertEq(passer.messageNonce(), FIRST_NONCE + 1);
    }

    function test_equalWithdrawals_haveDifferentHashes() public {
        passer.initiateWithdrawal(address(1), 21_000, "");
        bytes32 first = keccak256(abi.encode(FIRST_NONCE, address(this), address(1), 0, 21_000, bytes("")));
        bytes32 second = keccak256(abi.encode(FIRST_NONCE + 1, address(this), address(1), 0, 21_000, bytes("")));
        assertTrue(passer.sentMessages(first) && !passer.sentMessages(second), "one");
        passer.initiateWithdrawal(address(1), 21_000, "");
        assertTrue(passer.sentMessages(second), "two");
    }

    function test_etherWithoutCall_isWithdrawnToTheSender() public {
        vm.deal(address(this), 1 ether);
        bytes32 hash = keccak256(abi.encode(FIRST_NONCE, address(this), address(this), 1 ether, 100_000, bytes("")));
        vm.expectEmit(address(passer));
        emit IL2ToL1MessagePasser.MessagePassed(
            FIRST_NONCE, address(this), address(this), 1 ether, 100_000, "", hash
        );
        (bool success,) = address(passer).call{value: 1 ether}("");
        assertTrue(success, "sent");
    }

    /// @dev That the ether is really gone shows only after a transaction: contracts/test/integration.
    function test_burn_emptiesTheContract() public {
        vm.deal(address(passer), 5 ether);
        vm.expectEmit(address(passer));
        emit IL2ToL1MessagePasser.WithdrawerBalanceBurnt(5 ether);
        passer.burn();
        assertEq(address(passer).balance, 0);
        passer.burn();
    }

    function test_versions() public view {
        assertEq(uint256(passer.MESSAGE_VERSION()), 1);
        assertEq(passer.messageNonce(), FIRST_NONCE);
    }
}
