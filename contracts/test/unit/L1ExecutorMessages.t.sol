// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {L1Executor} from "../../src/governance/L1Executor.sol";
import {IL1Executor} from "../../src/governance/interfaces/IL1Executor.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {L1ExecutorFixture} from "./L1ExecutorFixture.sol";

/// @notice Takes ether, and calls back into the timelock once, while it is called.
contract CallsBack {
    TimelockController private immutable TIMELOCK;
    bytes private _call;

    constructor(TimelockController timelock) {
        TIMELOCK = timelock;
    }

    function arm(bytes calldata call_) external {
        _call = call_;
    }

    function strike() external payable returns (bool returned) {
        bytes memory call_ = _call;
        delete _call;
        // solhint-disable-next-line avoid-low-level-calls
        if (call_.length != 0) (returned,) = address(TIMELOCK).call(call_);
    }
}

/// @notice Who is heard, what is scheduled, and that no message acts twice, or when it is malformed or too late.
contract L1ExecutorMessagesTest is L1ExecutorFixture {
    function test_the_batch_has_the_timelocks_own_id() public view {
        assertEq(_id(SALT), timelock.hashOperationBatch(targets, values, payloads, 0, SALT));
    }

    function test_nobody_but_the_messenger_is_heard() public {
        for (uint256 i = 0; i < 3; ++i) {
            address caller = [l2Timelock, guardian, address(timelock)][i];
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheMessenger.selector, caller));
            executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheMessenger.selector, caller));
            executor.withdraw(_id(SALT));
        }
    }

    function test_another_sender_on_l2_is_not_the_timelock() public {
        assertFalse(_relay(anyone, 0, _schedule(SALT)), "another sender");
        assertFalse(_relay(address(timelock), 0, _schedule(SALT)), "L1's timelock on L2");
        _relay(l2Timelock, 0, _schedule(SALT));
        assertFalse(_relay(anyone, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "another withdraws");
        assertTrue(timelock.isOperationPending(_id(SALT)), "still there");
    }

    /// @dev The messenger asks nobody outside a message, so that not even its own address would help.
    function test_the_messenger_has_no_sender_outside_a_message() public {
        vm.prank(address(messenger));
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_NoMessageInProgress.selector);
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_nobody_else_schedules_in_the_timelock() public {
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank([guardian, anyone, address(this), address(messenger)][i]);
            vm.expectRevert();
            timelock.scheduleBatch(targets, values, payloads, 0, SALT, EXIT);
        }
    }

    function test_a_message_is_relayed_once() public {
        bytes memory call = _schedule(SALT);
        assertTrue(_relay(l2Timelock, 0, call), "first");
        bytes memory relay = abi.encodeCall(
            messenger.relayMessage, (sent - 1, l2Timelock, address(executor), 0, 0, call)
        );
        (bool success,) = address(messenger).call(relay);
        assertFalse(success, "replayed by anyone");
        (success,) = _deliver(relay, 0);
        assertFalse(success, "delivered twice");
    }

    function test_the_same_batch_again_is_refused_before_and_after_its_execution() public {
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "first");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "while it waits");
        uint256 readyAt = timelock.getTimestamp(_id(SALT));
        _wait(EXIT);
        assertEq(timelock.getTimestamp(_id(SALT)), readyAt);
        _execute(SALT);
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "after it was done");
        assertTrue(_relay(l2Timelock, 0, _schedule(keccak256("other salt"))), "under another salt");
    }

    function test_a_relay_that_fails_stays_replayable_with_its_value_and_waits_anew() public {
        _batch(anyone, 1 ether, "");
        bytes memory call = _schedule(SALT);
        vm.deal(address(messagePortal), 1 ether);
        // Too little gas for the call, enough for the messenger.
        bytes memory relay = abi.encodeCall(
            messenger.relayMessage, (_nonce(), l2Timelock, address(executor), 1 ether, 0, call)
        );
        (bool delivered,) = messagePortal.deliver{value: 0}(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(messenger), 1 ether, 160_000, relay
        );
        assertTrue(delivered, "delivered");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
        uint256 before = vm.snapshotState();
        _wait(60 days);
        vm.prank(anyone);
        (bool success,) = address(messenger).call(relay);
        assertTrue(success, "replayed");
        assertEq(timelock.getTimestamp(_id(SALT)), block.timestamp + EXIT);
        assertEq(address(timelock).balance, 1 ether);
        vm.revertToState(before);
        _wait(60 days + 1);
        (success,) = address(messenger).call(relay);
        assertTrue(success, "the messenger keeps it again");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
    }

    /// @dev Messages of the same batch that failed are kept by the messenger, and anyone replays them.
    function test_kept_messages_undo_neither_a_veto_nor_a_withdrawal() public {
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "scheduled");
        bytes memory call = _schedule(SALT);
        bytes memory kept =
            abi.encodeCall(messenger.relayMessage, (_nonce(), l2Timelock, address(executor), 0, 0, call));
        _deliver(kept, 0);
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _replayInVain(kept);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "once more");
        _replayInVain(kept);
        vm.revertToState(before);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "withdrawn");
        _replayInVain(kept);
    }

    function test_a_batch_is_withdrawn_before_it_arrives() public {
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "withdrawn");
        assertTrue(executor.isBarred(_id(SALT)), "barred");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "too late");
        _heard();
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_Barred.selector, _id(SALT)));
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_what_was_executed_is_not_withdrawn() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        _execute(SALT);
        assertFalse(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "done");
    }

    function test_a_decision_that_comes_too_late_is_refused_by_name() public {
        uint64 over = uint64(block.timestamp - 1);
        assertFalse(_relay(l2Timelock, 0, _scheduleUntil(SALT, over)), "expired");
        _heard();
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_Expired.selector, over));
        executor.schedule(targets, values, payloads, 0, SALT, over);
        assertTrue(_relay(l2Timelock, 0, _scheduleUntil(SALT, uint64(block.timestamp))), "in its last second");
    }

    /// @dev Nobody keeps a decision for a day after everybody forgot it: whoever brings it early ends it.
    function test_a_decision_that_is_good_for_too_long_is_refused_for_ever() public {
        uint64 longest = uint64(block.timestamp + executor.MAX_VALIDITY());
        uint256 before = vm.snapshotState();
        assertTrue(_relay(l2Timelock, 0, _scheduleUntil(SALT, longest)), "longest");
        assertTrue(timelock.isOperation(_id(SALT)), "scheduled");
        vm.revertToState(before);
        bytes memory call = _scheduleUntil(SALT, longest + 1);
        vm.expectEmit(address(executor));
        emit IL1Executor.BatchRefused(_id(SALT), longest + 1);
        assertTrue(_relay(l2Timelock, 0, call), "heard");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
        _wait(1 days);
        assertFalse(_relay(l2Timelock, 0, call), "nor when it fits");
        assertFalse(timelock.isOperation(_id(SALT)), "never");
    }

    function test_governance_takes_back_what_it_scheduled_at_any_time() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "taken back");
        assertFalse(timelock.isOperation(_id(SALT)), "gone");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "never again");
        assertTrue(_relay(l2Timelock, 0, _schedule(keccak256("new decision"))), "a new decision");
    }

    function test_an_empty_or_crooked_batch_is_refused() public {
        values.push(1);
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "crooked");
        (targets, values, payloads) = (new address[](0), new uint256[](0), new bytes[](0));
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "empty");
        _heard();
        vm.expectRevert(IL1Executor.L1Executor_EmptyBatch.selector);
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_an_executed_call_cannot_execute_the_batch_again() public {
        CallsBack target = new CallsBack(timelock);
        _batch(address(target), 1 ether, abi.encodeCall(CallsBack.strike, ()));
        vm.deal(address(timelock), 5 ether);
        _relay(l2Timelock, 0, _schedule(SALT));
        target.arm(abi.encodeCall(timelock.executeBatch, (targets, values, payloads, 0, SALT)));
        _wait(EXIT);
        // The inner execution goes through, the outer finds the batch done: all is undone.
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
        assertEq(address(timelock).balance, 5 ether);
        assertEq(address(target).balance, 0);
    }

    function test_parameters_that_make_no_sense_are_refused_by_name() public {
        IL1Executor.Parameters memory wrong = _executorParameters();
        wrong.margin = 0;
        vm.expectRevert(IL1Executor.L1Executor_ZeroMargin.selector);
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.vetoWindow = MARGIN + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IL1Executor.L1Executor_InvalidVetoWindow.selector, MARGIN + 1, MARGIN)
        );
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.vetoWindow = 0;
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_InvalidVetoWindow.selector, 0, MARGIN));
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.l2Timelock = address(0);
        vm.expectRevert(IL1Executor.L1Executor_ZeroAddress.selector);
        new L1Executor(wrong);
    }

    /// @notice The next call is a message of L2's timelock, whose errors are seen.
    function _heard() private {
        vm.mockCall(
            address(messenger), abi.encodeCall(messenger.xDomainMessageSender, ()), abi.encode(l2Timelock)
        );
        vm.prank(address(messenger));
    }

    function _replayInVain(bytes memory kept) private {
        vm.prank(anyone);
        (bool success,) = address(messenger).call(kept);
        assertTrue(success, "the messenger keeps it again");
        assertFalse(timelock.isOperation(_id(SALT)), "nothing is scheduled");
    }
}
