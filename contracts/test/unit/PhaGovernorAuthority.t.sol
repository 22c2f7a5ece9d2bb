// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {GovernanceTimelock} from "../../src/governance/GovernanceTimelock.sol";
import {PhaGovernor} from "../../src/governance/PhaGovernor.sol";
import {GovernorFixture} from "./GovernorFixture.sol";

/// @notice Votes by block number.
contract BlockClock {
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=blocknumber&from=default";
    }
}

/// @notice Takes what is paid to it, and tries to have the proposal executed once more.
contract Reenters {
    address private _target;
    bytes private _call;
    bool public reached;
    bool public succeeded;

    function arm(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    receive() external payable {
        reached = true;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded,) = _target.call(_call);
    }
}

/// @notice What governs itself, and the attempts to change, pay or execute around the votes.
contract PhaGovernorAuthorityTest is GovernorFixture {
    function test_the_governor_changes_itself_by_a_vote_and_not_otherwise() public {
        _call(address(governor), 0, abi.encodeCall(governor.setVotingDelay, (2 days)));
        vm.prank(whale);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, whale));
        governor.setVotingDelay(2 days);
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.votingDelay(), 2 days);
    }

    function test_anyone_executes_what_is_ready_in_the_timelock_too() public {
        uint256 id = _succeed();
        _must(_queueCall());
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(description));
        _wait(L2_DELAY - 1);
        vm.prank(anyone);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.executeBatch(targets, values, calldatas, 0, salt);
        _wait(1);
        vm.prank(anyone);
        timelock.executeBatch(targets, values, calldatas, 0, salt);
        assertEq(governed.value(), 7);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed));
    }

    /// @dev Past the governor nothing reaches the governor: its own calls are only those that it announced.
    function test_executing_around_the_governor_does_not_change_it() public {
        _call(address(governor), 0, abi.encodeCall(governor.setVotingDelay, (0)));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(description));
        vm.expectRevert();
        timelock.executeBatch(targets, values, calldatas, 0, salt);
        assertEq(governor.votingDelay(), DELAY);
    }

    function test_the_timelock_is_fixed() public {
        _call(address(governor), 0, abi.encodeCall(governor.updateTimelock, (TimelockController(payable(anyone)))));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        vm.expectRevert(PhaGovernor.PhaGovernor_TimelockIsFixed.selector);
        governor.execute(targets, values, calldatas, keccak256(bytes(description)));
        assertEq(governor.timelock(), address(timelock));
    }

    function test_a_quorum_of_zero_is_refused_even_by_a_vote() public {
        _call(address(governor), 0, abi.encodeCall(governor.updateQuorumNumerator, (0)));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        governor.execute(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_a_new_quorum_does_not_touch_votes_that_began_before() public {
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        uint256 snapshot = governor.proposalSnapshot(id);
        uint256 wanted = governor.quorum(snapshot);
        _call(address(governor), 0, abi.encodeCall(governor.updateQuorumNumerator, (50)));
        description = "half of all";
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.quorumNumerator(), 50);
        assertEq(governor.quorum(snapshot), wanted);
    }

    function test_nobody_but_the_governor_schedules_and_nobody_administers() public {
        bytes32 proposerRole = timelock.PROPOSER_ROLE();
        bytes32 adminRole = timelock.DEFAULT_ADMIN_ROLE();
        for (uint256 i = 0; i < 4; ++i) {
            address caller = [whale, guardian, anyone, address(this)][i];
            vm.prank(caller);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, proposerRole)
            );
            timelock.scheduleBatch(targets, values, calldatas, 0, 0, L2_DELAY);
            vm.prank(caller);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, adminRole)
            );
            timelock.grantRole(proposerRole, caller);
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, caller));
            timelock.updateDelay(0);
        }
        assertTrue(timelock.hasRole(adminRole, address(timelock)), "administers itself");
        assertFalse(timelock.hasRole(adminRole, address(governor)), "nor does the governor");
    }

    function test_a_value_is_paid_once_though_the_payee_calls_back() public {
        Reenters payee = new Reenters();
        _call(address(payee), 1 ether, "");
        vm.deal(address(timelock), 5 ether);
        _succeed();
        _must(_queueCall());
        payee.arm(address(governor), _executeCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertTrue(payee.reached(), "called");
        assertFalse(payee.succeeded(), "executed in an execution");
        assertEq(address(payee).balance, 1 ether);
    }

    function test_around_the_governor_the_payee_gets_no_more() public {
        Reenters payee = new Reenters();
        _call(address(payee), 1 ether, "");
        vm.deal(address(timelock), 5 ether);
        _succeed();
        _must(_queueCall());
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(description));
        payee.arm(address(timelock), abi.encodeCall(timelock.executeBatch, (targets, values, calldatas, 0, salt)));
        _wait(L2_DELAY);
        try governor.execute(targets, values, calldatas, keccak256(bytes(description))) {} catch {}
        assertTrue(address(payee).balance <= 1 ether, "paid once at most");
    }

    function test_a_clock_of_blocks_and_a_quorum_of_zero_are_refused() public {
        PhaGovernor.Parameters memory wrong = _parameters();
        wrong.token = IVotes(address(new BlockClock()));
        vm.expectRevert(PhaGovernor.PhaGovernor_ClockIsNotTime.selector);
        new PhaGovernor(wrong);
        wrong = _parameters();
        wrong.quorumPercent = 0;
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        new PhaGovernor(wrong);
        wrong = _parameters();
        wrong.quorumFloor = 0;
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        new PhaGovernor(wrong);
        vm.expectRevert(GovernanceTimelock.GovernanceTimelock_ZeroAddress.selector);
        new GovernanceTimelock(1, address(0));
    }
}
