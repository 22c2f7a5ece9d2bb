// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {GovernanceTimelock} from "../../src/governance/GovernanceTimelock.sol";
import {PhaGovernor} from "../../src/governance/PhaGovernor.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice The first days of L2, in which next to nothing is staked and the treasury holds something already.
contract PhaGovernorLaunchTest is StakingFixture {
    uint256 private constant TREASURE = 1_000_000 * PHA;
    uint256 private constant FLOOR = 10_000_000;

    PhaGovernor private governor;
    GovernanceTimelock private executor;

    address[] private targets = new address[](1);
    uint256[] private values = new uint256[](1);
    bytes[] private calls = new bytes[](1);

    function setUp() public override {
        super.setUp();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        executor = new GovernanceTimelock(1 days, next);
        governor = new PhaGovernor(
            PhaGovernor.Parameters({
                token: IVotes(address(vault)),
                timelock: executor,
                votingDelay: 1 days,
                votingPeriod: 3 days,
                proposalThreshold: VPHA,
                quorumPercent: 4,
                quorumFloor: FLOOR * VPHA,
                lateQuorumExtension: 1 days,
                guardian: account("guardian"),
                guardianWindow: 1 days
            })
        );
        pha.mint(address(executor), TREASURE);
        (targets[0], calls[0]) = (address(pha), abi.encodeCall(pha.transfer, (alice, TREASURE)));
    }

    /// @dev All votes that exist at the snapshot are hers; who comes later has none in this vote.
    function test_one_pha_does_not_govern_an_empty_vault() public {
        uint256 id = _vote(PHA);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), FLOOR * VPHA);
        _wait(4 days);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governor.queue(id);
    }

    function test_a_unit_short_of_the_floor_decides_nothing_and_the_floor_decides() public {
        uint256 before = vm.snapshotState();
        uint256 id = _vote(FLOOR * PHA - 1);
        _wait(4 days);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
        vm.revertToState(before);
        id = _vote(FLOOR * PHA);
        _wait(4 days);
        governor.queue(id);
        _wait(1 days);
        governor.execute(id);
        assertEq(pha.balanceOf(alice), TREASURE);
    }

    function test_above_the_floor_the_fraction_counts() public {
        _deposit(bob, 100 * FLOOR * PHA);
        uint256 id = _vote(FLOOR * PHA);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), 101 * FLOOR * VPHA * 4 / 100);
        _wait(4 days);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
    }

    function _vote(uint256 staked) private returns (uint256 id) {
        _deposit(alice, staked);
        _wait(1);
        vm.prank(alice);
        id = governor.propose(targets, values, calls, "mine");
        _wait(1 days + 1);
        vm.prank(alice);
        governor.castVote(id, 1);
    }
}
