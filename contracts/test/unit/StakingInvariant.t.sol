// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {StakingHandler} from "./StakingHandler.sol";

/// @notice What holds for staked PHA whatever anybody does. The acts are those of `StakingHandler`.
contract StakingInvariantTest is StakingHandler {
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    /// @notice No act did what none may do: see the handler for the list.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_nothing_happened_that_must_not() public view {
        assertTrue(bytes(_broken).length == 0, _broken);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_assets_cover_what_is_redeemable_and_queued() public view {
        for (uint256 s = 0; s < 2; ++s) {
            Staking memory system = _systems[s];
            uint256 redeemable = system.vault.convertToAssets(system.vault.balanceOf(address(system.pledges)));
            for (uint256 i = 0; i < _holders.length; ++i) {
                redeemable += system.vault.convertToAssets(system.vault.balanceOf(_holders[i]));
            }
            assertTrue(system.vault.totalAssets() >= redeemable, "redeemable");
            uint256 held = pha.balanceOf(address(system.vault)) + system.distributor.stakersDue();
            assertTrue(held >= system.vault.totalAssets() + system.vault.unlockingAssets(), "queued");
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_queue_is_the_sum_of_its_requests() public view {
        uint256 assets;
        uint256 open;
        for (uint256 id = 1; id <= _requests; ++id) {
            IVotingPha.Unlock memory unlock = vault.unlockOf(id);
            if (unlock.owner == address(0)) continue;
            assets += unlock.assets;
            ++open;
            assertEq(unlock.unlockAt, _unlockAt[id]);
        }
        assertEq(vault.unlockingAssets(), assets);
        uint256 listed;
        for (uint256 i = 0; i < _holders.length; ++i) {
            uint256[] memory ids = vault.unlocksOf(_holders[i]);
            assertTrue(ids.length <= vault.MOST_UNLOCKS(), "bounded");
            uint256 shares;
            for (uint256 j = 0; j < ids.length; ++j) {
                IVotingPha.Unlock memory unlock = vault.unlockOf(ids[j]);
                assertEq(unlock.owner, _holders[i]);
                shares += unlock.shares;
            }
            assertEq(vault.unlockingSharesOf(_holders[i]), shares);
            listed += ids.length;
        }
        assertEq(listed, open);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_collateral_is_where_the_pledges_say() public view {
        uint256 shares;
        uint256 weight;
        for (uint256 id = 1; id <= pledges.pledgeCount(); ++id) {
            shares += pledges.pledgeOf(id).shares;
            weight += pledges.weightOf(id);
            bool earns = pledges.weightOf(id) != 0;
            assertTrue(!earns || pledges.pledgeOf(id).unbondedAt == 0, "what unbonds earns nothing");
            assertTrue(!earns || pledges.pledgeOf(id).device != 0, "what was not admitted earns nothing");
        }
        assertEq(vault.balanceOf(address(pledges)), shares);
        assertEq(vault.pledgedOf(alice) + vault.pledgedOf(bob), shares);
        assertEq(pledges.totalWeight(), weight);
        assertTrue(pledges.UNBONDING_PERIOD() > pledges.EVIDENCE_WINDOW(), "the window ends first");
    }

    /// @dev To the wei: each of the three rounds down by itself.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_rewards_are_what_was_funded_and_nothing_more() public view {
        for (uint256 s = 0; s < 2; ++s) {
            Staking memory system = _systems[s];
            uint256 known = system.distributor.totalPaid() + system.distributor.reserve()
                + system.distributor.treasuryDue() + system.distributor.stakersDue()
                + system.distributor.providersDue();
            uint256 funded = system.distributor.totalFunded();
            assertTrue(known <= funded && known + 4 > funded, "funded");
            uint256 held = pha.balanceOf(address(system.distributor));
            assertTrue(held + system.distributor.totalPaid() >= funded, "held");
            uint256 owed;
            for (uint256 id = 1; id <= system.pledges.pledgeCount(); ++id) owed += system.pledges.rewardsOf(id);
            uint256 covered = pha.balanceOf(address(system.pledges)) + system.distributor.providersDue();
            assertTrue(owed <= covered, "providers");
        }
    }

    /// @dev The second system was poked; nobody can tell.
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_pokes_change_nothing() public view {
        (Staking memory calm, Staking memory poked) = (_systems[0], _systems[1]);
        assertEq(calm.vault.totalAssets(), poked.vault.totalAssets());
        assertEq(calm.vault.totalSupply(), poked.vault.totalSupply());
        assertEq(calm.distributor.reserve(), poked.distributor.reserve());
        assertEq(_taken[0], _taken[1]);
        for (uint256 id = 1; id <= calm.pledges.pledgeCount(); ++id) {
            assertEq(calm.pledges.rewardsOf(id), poked.pledges.rewardsOf(id));
        }
        // No system pays the treasury but the poked one.
        uint256 ofTreasury = pha.balanceOf(treasury) + poked.distributor.treasuryDue();
        assertEq(calm.distributor.treasuryDue(), ofTreasury);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_every_share_votes_once() public view {
        uint256 votes = vault.getVotes(address(pledges)) + vault.getVotes(address(vault));
        uint256 units;
        for (uint256 i = 0; i < _holders.length; ++i) {
            address holder = _holders[i];
            votes += vault.getVotes(holder);
            units += vault.balanceOf(holder) + vault.unlockingSharesOf(holder) + vault.pledgedOf(holder);
        }
        assertEq(votes, units);
        uint256 then = block.timestamp - 1;
        uint256 past = vault.getPastVotes(address(pledges), then);
        for (uint256 i = 0; i < _holders.length; ++i) past += vault.getPastVotes(_holders[i], then);
        assertEq(past, vault.getPastTotalSupply(then));
    }

    function test_the_handler_reaches_every_end() public {
        this.actPledge(0, 0, true, 1);
        this.actDelegate(0, 1, 1);
        this.actRequest(0, 2, 8, 1);
        assertEq(vault.unlocksOf(alice).length, 1);
        this.actPoke(0, 4);
        this.actTakeRewards(0, true, 1);
        assertTrue(_taken[0] != 0, "rewards");
        this.actSlash(0, 7, 3, 1);
        this.actCancel(0, 1);
        assertEq(vault.unlocksOf(alice).length, 0);
        this.actRequest(0, 2, 8, 1);
        this.actUnbond(0, 1);
        _wait(28 days);
        this.actClaim(1, 1);
        this.actClaim(2, 1);
        this.actClaim(3, 1);
        this.actClaim(4, 1);
        this.actRelease(0, 1);
        assertEq(vault.balanceOf(address(pledges)), 0);
        assertTrue(pha.balanceOf(carol) != 0, "paid");
        invariant_pokes_change_nothing();
        invariant_every_share_votes_once();
        invariant_nothing_happened_that_must_not();
    }
}
