// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {PhaGovernor} from "../../src/governance/PhaGovernor.sol";
import {GovernorFixture} from "./GovernorFixture.sol";

/// @notice What the guardian stops, until when and how often, and that he does nothing else.
contract PhaGovernorGuardianTest is GovernorFixture {
    function test_the_guardian_cancels_in_any_state_within_his_window() public {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 before = vm.snapshotState();
            uint256 id = _propose(proposer);
            if (i > 0) _wait(DELAY + 1);
            if (i > 1) {
                vm.prank(whale);
                governor.castVote(id, FOR);
                _wait(PERIOD);
                _must(_queueCall());
            }
            vm.prank(guardian);
            _must(_cancelCall());
            assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled));
            _wait(PERIOD + L2_DELAY);
            _refuse("execute", _executeCall());
            vm.revertToState(before);
        }
    }

    function test_after_his_window_he_cannot() public {
        uint256 id = _succeed();
        _must(_queueCall());
        assertEq(governor.guardianMayCancelUntil(id), governor.proposalDeadline(id) + GUARDIAN_WINDOW);
        vm.warp(governor.guardianMayCancelUntil(id) + 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
        _wait(L2_DELAY);
        _must(_executeCall());
    }

    /// @dev The same calls under two descriptions at once: neither outlives the veto of the other.
    function test_twins_proposed_beforehand_are_cancelled_too() public {
        uint256 one = _propose(proposer);
        description = "twin";
        uint256 two = _propose(proposer);
        _wait(DELAY + 1);
        vm.startPrank(whale);
        governor.castVote(one, FOR);
        governor.castVote(two, FOR);
        vm.stopPrank();
        _wait(PERIOD);
        _must(_queueCall());
        vm.startPrank(guardian);
        governor.cancel(one);
        governor.cancel(two);
        vm.stopPrank();
        _wait(L2_DELAY);
        _refuse("execute", _executeCall());
        assertEq(governed.value(), 0);
    }

    /// @dev Any twin of before the first veto ends, and the guardian's window with it, while it may be vetoed again.
    function test_a_vote_with_all_its_delays_is_shorter_than_what_may_be_vetoed_again() public {
        _propose(proposer);
        vm.prank(guardian);
        _must(_cancelCall());
        description = "last second";
        uint256 id = _propose(proposer);
        vm.warp(governor.proposalDeadline(id));
        vm.prank(whale);
        governor.castVote(id, FOR);
        vm.warp(governor.guardianMayCancelUntil(id));
        vm.prank(guardian);
        governor.cancel(id);
    }

    /// @dev Who was stopped once does not wait until nobody may stop him any more.
    function test_a_veto_is_forgotten_and_the_same_calls_are_vetoed_as_if_new() public {
        _propose(proposer);
        vm.prank(guardian);
        _must(_cancelCall());
        bytes32 content = keccak256(abi.encode(targets, values, calldatas));
        _wait(governor.VETO_LAPSE() - 1);
        description = "once more";
        uint256 id = _propose(proposer);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(PhaGovernor.PhaGovernor_AlreadyVetoed.selector, content));
        governor.cancel(id);
        _wait(1);
        vm.expectEmit(address(governor));
        emit PhaGovernor.ProposalVetoed(id, content);
        vm.prank(guardian);
        governor.cancel(id);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled));
        assertEq(governor.firstVetoAt(content), block.timestamp);
        // And from then on it is as after any first veto.
        _wait(governor.VETO_REPEAT());
        description = "and again";
        id = _propose(proposer);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(PhaGovernor.PhaGovernor_AlreadyVetoed.selector, content));
        governor.cancel(id);
    }

    /// @dev A whole vote with all its delays fits into the time between, whenever it is proposed in its first half.
    function test_what_is_voted_for_again_has_time_for_several_votes() public view {
        uint256 free = governor.VETO_LAPSE() - governor.VETO_REPEAT();
        uint256 vote = DELAY + PERIOD + EXTENSION + GUARDIAN_WINDOW;
        assertTrue(vote < governor.VETO_REPEAT(), "what deployment checks");
        assertTrue(free >= 4 * governor.VETO_REPEAT(), "a vote on L2, its twin for L1, and the way between");
    }

    function test_what_is_voted_for_again_is_not_cancelled_again() public {
        _propose(proposer);
        vm.prank(guardian);
        _must(_cancelCall());
        _wait(governor.VETO_REPEAT());
        description = "again";
        _propose(proposer);
        bytes32 content = keccak256(abi.encode(targets, values, calldatas));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(PhaGovernor.PhaGovernor_AlreadyVetoed.selector, content));
        governor.cancel(targets, values, calldatas, keccak256("again"));
    }

    function test_by_number_the_same_holds_as_by_the_calls() public {
        uint256 id = _succeed();
        vm.prank(anyone);
        governor.queue(id);
        uint256 before = vm.snapshotState();
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, anyone));
        governor.cancel(id);
        vm.prank(guardian);
        governor.cancel(id);
        assertEq(governor.firstVetoAt(keccak256(abi.encode(targets, values, calldatas))), block.timestamp);
        vm.revertToState(before);
        vm.warp(governor.guardianMayCancelUntil(id) + 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        governor.cancel(id);
        _wait(L2_DELAY);
        vm.prank(anyone);
        governor.execute(id);
        assertEq(governed.value(), 7);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 1));
        governor.execute(1);
    }

    function test_nobody_else_cancels_but_the_proposer_before_the_vote() public {
        uint256 id = _propose(proposer);
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, anyone));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
        uint256 before = vm.snapshotState();
        vm.prank(proposer);
        _must(_cancelCall());
        vm.revertToState(before);
        _wait(DELAY + 1);
        vm.prank(proposer);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, proposer));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_without_a_guardian_nobody_has_his_power() public {
        _call(address(governor), 0, abi.encodeCall(governor.setProposalGuardian, (address(0))));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.proposalGuardian(), address(0));
        description = "next";
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(proposer);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, proposer));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_the_guardian_does_nothing_else() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, guardian));
        governor.setVotingDelay(0);
        vm.prank(guardian);
        vm.expectRevert();
        timelock.cancel(keccak256("any"));
        vm.prank(guardian);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calldatas, description);
    }

    function _cancelCall() private view returns (bytes memory) {
        return _byCalls("cancel(address[],uint256[],bytes[],bytes32)");
    }
}
