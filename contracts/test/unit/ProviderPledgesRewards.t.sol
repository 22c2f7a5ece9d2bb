// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderPledges} from "../../src/pha/staking/interfaces/IProviderPledges.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice Rewards go by weight and time, and it does not matter how often they are taken.
contract ProviderPledgesRewardsTest is StakingFixture {
    function test_rewards_go_by_weight() public {
        uint256 small = _provide(alice, H100);
        uint256 large = _provide(bob, "B200");
        _fund(1_000 * PHA);
        _wait(70);
        assertEq(pledges.rewardsOf(small), 10 * PHA);
        assertEq(pledges.rewardsOf(large), 18 * PHA);
        vm.prank(alice);
        pledges.claimRewards(small, carol);
        assertEq(pha.balanceOf(carol), 10 * PHA);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_NothingEarned.selector, small)
        );
        vm.prank(alice);
        pledges.claimRewards(small, carol);
        vm.prank(bob);
        uint256 shares = pledges.restakeRewards(large);
        assertEq(vault.balanceOf(bob), shares);
        assertTrue(vault.convertToAssets(shares) + 1 >= 18 * PHA, "staked");
    }

    function test_rewards_are_paid_to_somebody() public {
        uint256 id = _provide(alice, H100);
        _fund(1_000 * PHA);
        _wait(70);
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAddress.selector);
        vm.prank(alice);
        pledges.claimRewards(id, address(0));
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAddress.selector);
        vm.prank(alice);
        pledges.claimRewards(id, address(pledges));
    }

    /// @dev Taking often costs nothing, and gains nothing: not by a wei.
    function testFuzz_it_does_not_matter_how_often_rewards_are_taken(uint32[6] calldata times, uint96 gift) public {
        uint256 id = _provide(alice, H100);
        uint256 other = _provide(bob, "B200");
        _fund(bound(gift, 1, 2 ** 33 * PHA));
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < times.length; ++i) {
            _wait(times[i]);
            if (pledges.rewardsOf(id) == 0) continue;
            vm.prank(alice);
            pledges.claimRewards(id, alice);
        }
        uint256 end = block.timestamp;
        uint256[2] memory often = [pha.balanceOf(alice), pledges.rewardsOf(other)];
        assertTrue(vm.revertToState(snapshot), "back");
        vm.warp(end);
        assertEq(pledges.rewardsOf(id), often[0]);
        assertEq(pledges.rewardsOf(other), often[1]);
    }

    /// @dev Who comes late, or leaves early, earns for the time between.
    function test_rewards_are_for_the_time_with_weight() public {
        uint256 first = _provide(alice, H100);
        _fund(1_000 * PHA);
        _wait(50);
        uint256 second = _provide(bob, H100);
        _wait(50);
        vm.prank(alice);
        pledges.unbond(first);
        _wait(50);
        assertEq(pledges.rewardsOf(first), 30 * PHA);
        assertEq(pledges.rewardsOf(second), 30 * PHA);
        vm.prank(bob);
        pledges.unbond(second);
        _wait(50);
        assertEq(pledges.rewardsOf(first) + pledges.rewardsOf(second), 60 * PHA);
        assertEq(distributor.providersDue(), 0);
    }
}
