// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CrossDomainMessenger} from "../../src/bridging/CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {MessengerFixture, Target} from "./MessengerFixture.sol";

/// @notice Uses up all gas of any call.
contract Burner {
    fallback() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Fails until told to go, then replays its own message from inside it.
contract Reenterer {
    error NotYet();

    CrossDomainMessenger private immutable _MESSENGER;
    bytes private _data;
    bool private _going;

    constructor(CrossDomainMessenger messenger) {
        _MESSENGER = messenger;
    }

    function arm(bytes calldata data) external {
        _data = data;
    }

    function go() external {
        _going = true;
    }

    function attack() external payable {
        require(_going, NotYet());
        (bool success,) = address(_MESSENGER).call(_data);
        success;
    }
}

/// @notice What failed, or had too little gas, stays replayable, pays once, and nothing is entered twice.
contract MessengerReplayTest is MessengerFixture {
    function test_failedRelay_keepsTheValue_andPaysOnceOnReplay() public {
        bytes memory data = relay(NONCE, 1 ether, 60_000);
        bytes32 hash = messageHash(NONCE, 1 ether, 60_000);
        target.setFailing(true);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.FailedRelayedMessage(hash);
        assertTrue(deliver(1 ether, 2_000_000, data), "a failing target does not fail the delivery");
        assertEq(address(l1Messenger).balance, 1 ether);
        assertTrue(l1Messenger.failedMessages(hash), "failed");

        // A replay that fails again changes nothing.
        this.relayAs(ALICE, data);
        assertEq(address(l1Messenger).balance, 1 ether);

        target.setFailing(false);
        this.relayAs(ALICE, data);
        assertEq(address(target).balance, 1 ether);
        assertEq(address(l1Messenger).balance, 0);
        assertTrue(l1Messenger.successfulMessages(hash), "successful");

        vm.deal(address(l1Messenger), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_AlreadyRelayed.selector, hash)
        );
        this.relayAs(ALICE, data);
        assertEq(target.calls(), 1);
    }

    function test_failedRelay_cannotBeDeliveredAgainByThePortal() public {
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "first");
        assertFalse(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "second");
    }

    function test_replay_withValue_isRefused() public {
        target.setFailing(true);
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "delivered");
        vm.deal(address(this), 1 ether);
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_ReplayWithValue.selector);
        l1Messenger.relayMessage{value: 1}(
            NONCE, ALICE, address(target), 0, 60_000, abi.encodeCall(Target.hit, ())
        );
    }

    function test_replay_withAnyFieldChanged_isRefused() public {
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "delivered");
        target.setFailing(false);
        bytes[3] memory forged =
            [relay(NONCE + 1, 1 ether, 60_000), relay(NONCE, 2 ether, 60_000), relay(NONCE, 1 ether, 60_001)];
        for (uint256 i = 0; i < forged.length; ++i) {
            (bool success,) = address(l1Messenger).call(forged[i]);
            assertFalse(success, "forged");
        }
        assertEq(target.calls(), 0);
    }

    function test_estimation_ofAFailingRelay_reverts() public {
        target.setFailing(true);
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "delivered");
        vm.prank(ALICE, address(1));
        (bool success, bytes memory returned) = address(l1Messenger).call(relay(NONCE, 0, 60_000));
        assertFalse(success, "estimated");
        assertEq(
            returned, abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_EstimationFailed.selector)
        );
    }

    /// @dev Whatever gas a relayer gives: the delivery fails as a whole, or the target gets what it was promised, or the
    ///      message stays replayable with its value.
    function testFuzz_underGassedRelay_neverLosesTheMessage(uint256 gasLimit, uint32 minGasLimit) public {
        gasLimit = bound(gasLimit, 30_000, 1_000_000);
        minGasLimit = uint32(bound(minGasLimit, 50_000, 500_000));
        bytes32 hash = messageHash(NONCE, 1 ether, minGasLimit);
        bool delivered = deliver(1 ether, gasLimit, relay(NONCE, 1 ether, minGasLimit));
        if (!delivered) {
            assertEq(address(l1Messenger).balance, 0);
            assertFalse(l1Messenger.failedMessages(hash) || l1Messenger.successfulMessages(hash), "no trace");
        } else if (target.calls() == 1) {
            // 300 gas: the target's own entry before it looks at the gas.
            assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
            assertTrue(l1Messenger.successfulMessages(hash), "successful");
        } else {
            assertTrue(l1Messenger.failedMessages(hash), "failed");
            assertEq(address(l1Messenger).balance, 1 ether);
            this.relayAs(ALICE, relay(NONCE, 1 ether, minGasLimit));
            assertEq(address(target).balance, 1 ether);
        }
    }

    /// @dev With `baseGas` less the transaction's own cost, the call always gets its promise.
    function testFuzz_baseGas_isEnoughForThePromise(uint32 minGasLimit) public {
        minGasLimit = uint32(bound(minGasLimit, 60_000, 5_000_000));
        bytes memory message = abi.encodeCall(Target.hit, ());
        uint256 gas = l1Messenger.baseGas(message, minGasLimit) - 21_000 - 16 * (message.length + 260);
        assertTrue(deliver(1 ether, gas, relay(NONCE, 1 ether, minGasLimit)), "delivered");
        assertEq(target.calls(), 1);
        assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
    }

    /// @dev A target that burns all it is given must leave enough to remember the failure, however long the message:
    ///      a delivery that reverts is spent at the portal, and its value lost for ever.
    function test_relayOfALongMessage_thatBurnsItsGas_isNeverLost() public {
        Burner burner = new Burner();
        for (uint256 length = 0; length <= 110_000; length += 10_000) {
            bytes memory message = _nonZeroBytes(length);
            bytes memory data = abi.encodeCall(
                ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(burner), 1 ether, 0, message)
            );
            uint256 snapshot = vm.snapshotState();
            assertTrue(deliver(1 ether, l1Messenger.baseGas(message, 0), data), "delivered on L1");
            assertTrue(l1Messenger.failedMessages(keccak256(data)), "replayable on L1");
            // On L2 the transaction has paid for its calldata before.
            uint256 gas = l2Messenger.baseGas(message, 0) - 21_000 - 16 * data.length;
            address messenger = AddressAliasing.applyL1ToL2Alias(address(l1Messenger));
            vm.deal(messenger, 1 ether);
            vm.prank(messenger);
            (bool success,) = address(l2Messenger).call{value: 1 ether, gas: gas}(data);
            assertTrue(success && l2Messenger.failedMessages(keccak256(data)), "replayable on L2");
            vm.revertToState(snapshot);
        }
    }

    /// @dev What a message promises holds for long messages as well.
    function testFuzz_relayOfALongMessage_keepsThePromise(uint256 length, uint32 minGasLimit) public {
        bytes memory message = abi.encodePacked(abi.encodeCall(Target.hit, ()), _nonZeroBytes(bound(length, 0, 50_000)));
        minGasLimit = uint32(bound(minGasLimit, 60_000, 5_000_000));
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(target), 1 ether, minGasLimit, message)
        );
        assertTrue(deliver(1 ether, l1Messenger.baseGas(message, minGasLimit) - 16 * data.length, data), "delivered");
        assertEq(target.calls(), 1);
        assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
    }

    function test_nestedRelay_isRememberedAsFailedInsteadOfExecuted() public {
        bytes memory inner = relay(NONCE + 1, 1 ether, 60_000);
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, inner), "inner fails first");
        target.setFailing(false);

        bytes memory outer = abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (NONCE, ALICE, address(target), 0, 500_000, abi.encodeCall(Target.reenter, (inner)))
        );
        assertTrue(deliver(0, 3_000_000, outer), "outer");
        assertEq(target.calls(), 1);
        assertEq(address(target).balance, 0);
        assertFalse(l1Messenger.successfulMessages(messageHash(NONCE + 1, 1 ether, 60_000)), "inner");

        this.relayAs(ALICE, inner);
        assertEq(address(target).balance, 1 ether);
    }

    function test_replayInsideItsOwnReplay_paysOnce() public {
        bytes memory message = abi.encodeCall(Reenterer.attack, ());
        Reenterer attacker = new Reenterer(l1Messenger);
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(attacker), 1 ether, 200_000, message)
        );
        attacker.arm(data);
        assertTrue(deliver(1 ether, 3_000_000, data), "fails at first");
        // Ether of others' failed messages is in the messenger too.
        vm.deal(address(l1Messenger), 5 ether);
        attacker.go();
        this.relayAs(ALICE, data);
        assertEq(address(attacker).balance, 1 ether);
        assertEq(address(l1Messenger).balance, 4 ether);
    }

    function _nonZeroBytes(uint256 length) private pure returns (bytes memory data) {
        data = new bytes((length + 31) / 32 * 32);
        for (uint256 i = 0; i < length; i += 32) {
            assembly ("memory-safe") {
                mstore(add(add(data, 0x20), i), not(0))
            }
        }
    }
}
