// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ProviderPledges} from "../../src/pha/staking/ProviderPledges.sol";
import {IProviderPledges} from "../../src/pha/staking/interfaces/IProviderPledges.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice Collateral: what is pledged, admitted, weighed and returned, and by whom.
contract ProviderPledgesTest is StakingFixture {
    bytes32 private constant DEVICE = keccak256("a GPU");

    function test_the_table_has_the_three_classes() public view {
        _expectClass("H100", 1_250, 10_000);
        _expectClass("H200", 1_875, 15_000);
        _expectClass("B200", 2_250, 18_000);
        _expectClass("A100", 0, 0);
    }

    function test_a_pledge_has_weight_when_it_is_admitted() public {
        _deposit(alice, 2_000 * PHA);
        uint256 id = _pledge(alice, H100, 1_250 * VPHA);
        assertEq(vault.balanceOf(alice), 750 * VPHA);
        assertEq(pledges.totalWeight(), 0);
        vm.prank(admitter);
        pledges.admit(id, DEVICE);
        assertEq(pledges.weightOf(id), 10_000);
        assertEq(pledges.pledgeOfDevice(DEVICE), id);
    }

    function test_a_pledge_holds_what_its_class_asks_for() public {
        _deposit(alice, 2_000 * PHA);
        vm.prank(alice);
        vault.approve(address(pledges), type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_CollateralTooLow.selector, 1_250 * VPHA - 1, 1_250 * VPHA
            )
        );
        vm.prank(alice);
        pledges.pledge(H100, 1_250 * VPHA - 1);
        bytes32 unknown = "A100";
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_ClassClosed.selector, unknown)
        );
        vm.prank(alice);
        pledges.pledge(unknown, 2_000 * VPHA);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, alice, 2_000 * VPHA, 2_001 * VPHA
            )
        );
        vm.prank(alice);
        pledges.pledge(H100, 2_001 * VPHA);
    }

    function test_absurd_amounts_have_named_refusals() public {
        uint256 id = _provide(alice, H100);
        vm.prank(alice);
        vault.approve(address(pledges), type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, type(uint256).max
            )
        );
        vm.prank(alice);
        pledges.topUp(id, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                SafeCast.SafeCastOverflowedUintDowncast.selector, 128, type(uint256).max
            )
        );
        vm.prank(alice);
        pledges.pledge(H100, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, type(uint256).max
            )
        );
        _request(alice, type(uint256).max);
        uint256 most = vault.maxMint(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxMint.selector, alice, type(uint256).max, most
            )
        );
        vault.mint(type(uint256).max, alice);
    }

    function test_pledged_stake_neither_moves_nor_unlocks() public {
        uint256 id = _provide(alice, H100);
        assertEq(vault.balanceOf(alice), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, 1_250 * VPHA)
        );
        _request(alice, 1_250 * VPHA);
        vm.expectRevert(abi.encodeWithSelector(IProviderPledges.ProviderPledges_NotUnbonding.selector, id));
        pledges.release(id);
    }

    function test_unbonding_ends_the_weight_at_once_and_returns_the_stake_late() public {
        uint256 id = _provide(alice, H100);
        vm.prank(alice);
        pledges.unbond(id);
        assertEq(pledges.totalWeight(), 0);
        uint256 at = START + pledges.UNBONDING_PERIOD();
        assertEq(pledges.releasableAt(id), at);
        vm.warp(at - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_StillUnbonding.selector, id, at)
        );
        pledges.release(id);
        vm.warp(at);
        pledges.release(id);
        assertEq(vault.balanceOf(alice), 1_250 * VPHA);
        vm.expectRevert(abi.encodeWithSelector(IProviderPledges.ProviderPledges_NothingHeld.selector, id));
        pledges.release(id);
    }

    function test_what_unbonds_is_neither_topped_up_nor_admitted_nor_unbonded_again() public {
        _deposit(alice, 10 * PHA);
        uint256 id = _provide(alice, H100);
        vm.prank(alice);
        pledges.unbond(id);
        bytes memory refusal = abi.encodeWithSelector(IProviderPledges.ProviderPledges_NotBonded.selector, id);
        vm.expectRevert(refusal);
        vm.prank(alice);
        pledges.unbond(id);
        vm.expectRevert(refusal);
        vm.prank(alice);
        pledges.topUp(id, VPHA);
        vm.expectRevert(refusal);
        vm.prank(admitter);
        pledges.admit(id, DEVICE);
        pledges.refresh(id);
        assertEq(pledges.totalWeight(), 0);
    }

    function test_a_pledge_is_its_providers() public {
        uint256 id = _provide(alice, H100);
        _fund(1_000 * PHA);
        _wait(100);
        bytes memory refusal =
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_NotTheProvider.selector, id, bob);
        vm.expectRevert(refusal);
        vm.prank(bob);
        pledges.unbond(id);
        vm.expectRevert(refusal);
        vm.prank(bob);
        pledges.topUp(id, 1);
        vm.expectRevert(refusal);
        vm.prank(bob);
        pledges.claimRewards(id, bob);
        vm.expectRevert(refusal);
        vm.prank(bob);
        pledges.restakeRewards(id);
        vm.expectRevert(abi.encodeWithSelector(IProviderPledges.ProviderPledges_NoSuchPledge.selector, 9));
        pledges.refresh(9);
    }

    function test_a_device_belongs_to_one_pledge() public {
        uint256 first = _provide(alice, H100);
        bytes32 device = pledges.pledgeOf(first).device;
        _deposit(bob, 1_250 * PHA);
        uint256 second = _pledge(bob, H100, 1_250 * VPHA);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_DeviceTaken.selector, device, first)
        );
        vm.prank(admitter);
        pledges.admit(second, device);
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroDevice.selector);
        vm.prank(admitter);
        pledges.admit(second, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_AlreadyAdmitted.selector, first, device)
        );
        vm.prank(admitter);
        pledges.admit(first, DEVICE);
        vm.prank(alice);
        pledges.unbond(first);
        vm.prank(admitter);
        pledges.admit(second, device);
        assertEq(pledges.pledgeOfDevice(device), second);
    }

    function test_only_the_admitter_admits_and_dismisses() public {
        uint256 id = _provide(alice, H100);
        bytes memory refusal =
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_NotTheAdmitter.selector, timelock);
        vm.expectRevert(refusal);
        vm.prank(timelock);
        pledges.admit(id, DEVICE);
        vm.expectRevert(refusal);
        vm.prank(timelock);
        pledges.dismiss(id);
        vm.prank(admitter);
        pledges.dismiss(id);
        assertEq(pledges.totalWeight(), 0);
        vm.expectRevert(abi.encodeWithSelector(IProviderPledges.ProviderPledges_NotAdmitted.selector, id));
        vm.prank(admitter);
        pledges.dismiss(id);
    }

    function test_only_the_timelock_slashes_and_keeps_the_table() public {
        uint256 id = _provide(alice, H100);
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, admitter);
        vm.expectRevert(refusal);
        vm.prank(admitter);
        pledges.slash(id, VPHA, "offence", block.timestamp);
        vm.expectRevert(refusal);
        vm.prank(admitter);
        pledges.setClass(H100, IProviderPledges.Class({collateral: 1, weight: 1}));
        vm.expectRevert(refusal);
        vm.prank(admitter);
        pledges.setAdmitter(alice);
    }

    function test_classes_have_bounds() public {
        uint256 least = pledges.LEAST_COLLATERAL();
        uint256 most = pledges.MOST_WEIGHT();
        vm.expectRevert(
            abi.encodeWithSelector(
                IProviderPledges.ProviderPledges_CollateralOutOfBounds.selector, least - 1, least
            )
        );
        vm.prank(timelock);
        pledges.setClass(H100, IProviderPledges.Class({collateral: uint128(least - 1), weight: 1}));
        vm.expectRevert(
            abi.encodeWithSelector(IProviderPledges.ProviderPledges_WeightTooHigh.selector, most + 1, most)
        );
        vm.prank(timelock);
        pledges.setClass(
            H100, IProviderPledges.Class({collateral: uint128(least), weight: uint64(most + 1)})
        );
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAddress.selector);
        vm.prank(timelock);
        pledges.setAdmitter(address(0));
    }

    function test_a_changed_table_is_felt_at_the_next_refresh() public {
        uint256 id = _provide(alice, H100);
        vm.prank(timelock);
        pledges.setClass(H100, IProviderPledges.Class({collateral: uint128(1_500 * VPHA), weight: 12_000}));
        assertEq(pledges.weightOf(id), 10_000);
        pledges.refresh(id);
        assertEq(pledges.weightOf(id), 0);
        _deposit(alice, 250 * PHA);
        vm.prank(alice);
        vault.approve(address(pledges), 250 * VPHA);
        vm.prank(alice);
        pledges.topUp(id, 250 * VPHA);
        assertEq(pledges.weightOf(id), 12_000);
        assertEq(pledges.totalWeight(), 12_000);
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAmount.selector);
        vm.prank(alice);
        pledges.topUp(id, 0);
    }

    function test_it_needs_its_neighbours() public {
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAddress.selector);
        new ProviderPledges(vault, IRewardDistributor(address(0)), timelock, admitter);
        vm.expectRevert(IProviderPledges.ProviderPledges_ZeroAddress.selector);
        new ProviderPledges(IVotingPha(address(vault)), distributor, timelock, address(0));
    }

    function _expectClass(bytes32 class, uint256 collateral, uint256 weight) private view {
        assertEq(pledges.classOf(class).collateral, collateral * VPHA);
        assertEq(pledges.classOf(class).weight, weight);
    }
}
