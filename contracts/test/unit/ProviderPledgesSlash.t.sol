// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderPledges} from "../../src/pha/staking/interfaces/IProviderPledges.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice Who is slashed, for what, until when, and where the PHA goes.
contract ProviderPledgesSlashTest is StakingFixture {
    /// @dev What was slashed is in the reserve: nobody has it yet, least of all who voted for it.
    function test_a_slash_burns_votes_and_gives_the_PHA_to_the_reserve() public {
        _deposit(bob, 1_000 * PHA);
        uint256 id = _provide(alice, H100);
        uint256 price = vault.convertToAssets(VPHA);
        assertEq(_slash(id, 250 * VPHA, "offence", START), 250 * VPHA);
        assertEq(distributor.reserve(), 250 * PHA);
        assertEq(vault.totalSupply(), 2_000 * VPHA);
        assertEq(vault.convertToAssets(VPHA), price);
        assertEq(pledges.weightOf(id), 0);
        assertEq(pledges.pledgeOf(id).shares, 1_000 * VPHA);
    }

    function test_an_offence_is_slashed_once() public {
        uint256 id = _provide(alice, H100);
        uint256 other = _provide(bob, H100);
        _slash(id, VPHA, "offence", START);
        bytes memory refusal = abi.encodeWithSelector(
            IProviderPledges.ProviderPledges_AlreadySlashed.selector, bytes32("offence")
        );
        vm.expectRevert(refusal);
        _slash(id, VPHA, "offence", START);
        vm.expectRevert(refusal);
        _slash(other, VPHA, "offence", START);
    }

    function test_no_more_than_is_held_is_slashed() public {
        _deposit(bob, 1_000 * PHA);
        uint256 id = _provide(alice, H100);
        assertEq(_slash(id, type(uint256).max, "first", START), 1_250 * VPHA);
        assertEq(vault.balanceOf(bob), 1_000 * VPHA);
        vm.expectRevert(abi.encodeWithSelector(IProviderPledges.ProviderPledges_NothingHeld.selector, id));
        _slash(id, 1, "second", START);
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAmount.selector);
        _slash(id, 0, "third", START);
    }

    /// @dev He unbonds in the second of his act; the whole window stays.
    function test_who_leaves_at_once_is_slashed_until_the_window_ends() public {
        uint256 id = _provide(alice, H100);
        vm.prank(alice);
        pledges.unbond(id);
        vm.warp(START + pledges.EVIDENCE_WINDOW());
        assertEq(_slash(id, VPHA, "late", START), VPHA);
        assertTrue(block.timestamp < pledges.releasableAt(id), "still there");
        _wait(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_TooLate.selector, START, block.timestamp - 1
            )
        );
        _slash(id, VPHA, "too late", START);
    }

    function test_nobody_is_slashed_for_a_time_in_which_he_was_not_bonded() public {
        _wait(10);
        uint256 id = _provide(alice, H100);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_NotBondedThen.selector, id, block.timestamp - 1
            )
        );
        _slash(id, VPHA, "before", block.timestamp - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_NotBondedThen.selector, id, block.timestamp + 1
            )
        );
        _slash(id, VPHA, "in the future", block.timestamp + 1);
        vm.prank(alice);
        pledges.unbond(id);
        _wait(10);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_NotBondedThen.selector, id, block.timestamp
            )
        );
        _slash(id, VPHA, "after", block.timestamp);
    }
}
