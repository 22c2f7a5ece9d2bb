// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IL1Executor} from "../../src/governance/interfaces/IL1Executor.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {L1ExecutorFixture} from "./L1ExecutorFixture.sol";

/// @notice What the guardian stops on L1, until when and how often, and that he does nothing else.
contract L1ExecutorVetoTest is L1ExecutorFixture {
    function test_the_guardian_cancels_within_the_window() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(VETO - 1);
        bytes32 content = executor.contentOf(_id(SALT));
        vm.expectEmit(address(executor));
        emit IL1Executor.BatchVetoed(_id(SALT), content);
        vm.prank(guardian);
        executor.veto(_id(SALT));
        assertFalse(timelock.isOperation(_id(SALT)), "cancelled");
        assertEq(executor.firstVetoAt(content), block.timestamp);
        _wait(EXIT);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
    }

    function test_after_the_window_he_cannot() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        uint256 until = block.timestamp + VETO;
        _wait(VETO);
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(IL1Executor.L1Executor_VetoWindowOver.selector, _id(SALT), until)
        );
        executor.veto(_id(SALT));
    }

    /// @dev One decision, many messages: twins under other salts, prepared before the veto, do not slip past it.
    function test_twins_prepared_beforehand_are_vetoed_too() public {
        bytes32 twin = keccak256("twin");
        bytes32 late = keccak256("late twin");
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "one");
        assertTrue(_relay(l2Timelock, 0, _schedule(twin)), "two");
        vm.startPrank(guardian);
        executor.veto(_id(SALT));
        executor.veto(_id(twin));
        vm.stopPrank();
        uint256 first = block.timestamp;
        _wait(executor.VETO_REPEAT() - 1);
        assertTrue(_relay(l2Timelock, 0, _schedule(late)), "three");
        vm.prank(guardian);
        executor.veto(_id(late));
        assertFalse(timelock.isOperation(_id(late)), "cancelled");
        assertEq(executor.firstVetoAt(executor.contentOf(_id(late))), first);
    }

    function test_what_is_voted_for_again_is_not_vetoed_again() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _wait(executor.VETO_REPEAT());
        bytes32 again = keccak256("again");
        assertTrue(_relay(l2Timelock, 0, _schedule(again)), "scheduled again");
        bytes32 content = executor.contentOf(_id(again));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_AlreadyVetoed.selector, content));
        executor.veto(_id(again));
        _wait(EXIT);
        _execute(again);
        assertEq(systemConfig.gasLimit(), 70_000_000);
    }

    function test_a_veto_holds_a_month_and_is_remembered_half_a_year() public view {
        assertEq(executor.VETO_REPEAT(), 30 days);
        assertEq(executor.VETO_LAPSE(), 180 days);
    }

    /// @dev Who was stopped once does not wait until nobody may stop him any more.
    function test_a_veto_is_forgotten_and_the_same_is_vetoed_as_if_new() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _wait(executor.VETO_LAPSE() - 1);
        bytes32 late = keccak256("late");
        assertTrue(_relay(l2Timelock, 0, _schedule(late)), "scheduled again");
        bytes32 content = executor.contentOf(_id(late));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_AlreadyVetoed.selector, content));
        executor.veto(_id(late));
        _wait(1);
        vm.prank(guardian);
        executor.veto(_id(late));
        assertFalse(timelock.isOperation(_id(late)), "cancelled");
        assertEq(executor.firstVetoAt(content), block.timestamp);
    }

    function test_only_the_guardian_vetoes_and_only_what_was_scheduled_here() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheGuardian.selector, anyone));
        executor.veto(_id(SALT));
        bytes32 unknown = keccak256("unknown");
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_UnknownBatch.selector, unknown));
        executor.veto(unknown);
    }

    function test_the_guardian_has_no_role_in_the_timelock() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        vm.expectRevert();
        timelock.cancel(_id(SALT));
    }

    /// @dev A new guardian is decided by a batch that the old one may veto for a while only.
    function test_a_guardian_who_vetoes_everything_is_replaced() public {
        address next = account("next guardian");
        _batch(address(systemConfig), 0, abi.encodeCall(SystemConfig.setGuardian, (next)));
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _wait(executor.VETO_REPEAT());
        _relay(l2Timelock, 0, _schedule(keccak256("again")));
        vm.prank(guardian);
        vm.expectPartialRevert(IL1Executor.L1Executor_AlreadyVetoed.selector);
        executor.veto(_id(keccak256("again")));
        _wait(EXIT);
        _execute(keccak256("again"));
        assertEq(systemConfig.guardian(), next);
    }
}
