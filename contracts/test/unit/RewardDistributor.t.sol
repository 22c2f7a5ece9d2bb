// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {RewardDistributor} from "../../src/pha/staking/RewardDistributor.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {StakingFixture} from "./StakingFixture.sol";

contract RewardDistributorTest is StakingFixture {
    function setUp() public override {
        super.setUp();
        _deposit(alice, 1_000_000 * PHA);
        _provide(bob, H100);
    }

    function test_what_flows_out_is_split_in_20_40_40() public {
        _fund(1_000 * PHA);
        _wait(100);
        assertEq(distributor.treasuryDue(), 20 * PHA);
        assertEq(distributor.stakersDue(), 40 * PHA);
        assertEq(distributor.providersDue(), 40 * PHA);
        assertEq(distributor.reserve(), 900 * PHA);
        assertEq(distributor.payTreasury(), 20 * PHA);
        assertEq(pha.balanceOf(treasury), 20 * PHA);
    }

    function test_no_more_flows_than_was_funded() public {
        _fund(1_000 * PHA);
        _wait(365 days);
        assertEq(distributor.reserve(), 0);
        uint256 due = distributor.treasuryDue() + distributor.stakersDue() + distributor.providersDue();
        assertEq(due, 1_000 * PHA);
        assertEq(pha.balanceOf(address(distributor)), due);
    }

    /// @dev The time in which there was nothing is not made up for.
    function test_a_gift_earns_nothing_for_the_time_before_it() public {
        _wait(365 days);
        _fund(1_000 * PHA);
        assertEq(distributor.treasuryDue(), 0);
        _wait(10);
        assertEq(distributor.treasuryDue(), 2 * PHA);
    }

    function test_a_part_that_nobody_takes_stays_in_the_reserve() public {
        Staking memory empty = _deploy(pha);
        pha.mint(address(this), 1_000 * PHA);
        pha.approve(address(empty.distributor), 1_000 * PHA);
        empty.distributor.fund(1_000 * PHA);
        _wait(1_000_000);
        assertEq(empty.distributor.stakersDue(), 0);
        assertEq(empty.distributor.providersDue(), 0);
        assertEq(empty.distributor.treasuryDue(), 1_000 * PHA);
    }

    /// @dev Stake so small that the price could be set at will does not earn.
    function test_stakers_earn_from_a_thousand_vPHA_on() public {
        Staking memory young = _deploy(pha);
        pha.mint(address(this), 2_000 * PHA);
        pha.approve(address(young.distributor), 1_000 * PHA);
        pha.approve(address(young.vault), 1_000 * PHA);
        young.distributor.fund(1_000 * PHA);
        young.vault.deposit(1_000 * PHA - 1, alice);
        _wait(100);
        assertEq(young.distributor.stakersDue(), 0);
        young.vault.deposit(1, alice);
        assertEq(young.distributor.stakersDue(), 0);
        _wait(100);
        assertEq(young.distributor.stakersDue(), 40 * PHA);
    }

    /// @dev The same life, once with a poke at every second step, in any order.
    function testFuzz_pokes_change_nothing(uint32[8] calldata times, uint8[8] calldata pokes, uint96 gift) public {
        _fund(bound(gift, 1, 2 ** 33 * PHA));
        uint256 snapshot = vm.snapshotState();
        uint256 end = block.timestamp;
        for (uint256 i = 0; i < times.length; ++i) {
            _wait(times[i]);
            end += times[i];
            _poke(pokes[i]);
        }
        uint256[4] memory poked = _books();
        assertTrue(vm.revertToState(snapshot), "back");
        vm.warp(end);
        uint256[4] memory single = _books();
        for (uint256 i = 0; i < single.length; ++i) assertEq(poked[i], single[i]);
    }

    function test_a_new_rate_counts_from_now_on() public {
        _fund(1_000 * PHA);
        _wait(100);
        vm.prank(timelock);
        distributor.setRate(2 * RATE);
        assertEq(distributor.treasuryDue(), 20 * PHA);
        _wait(100);
        assertEq(distributor.treasuryDue(), 60 * PHA);
    }

    function test_a_new_split_counts_from_now_on() public {
        _fund(1_000 * PHA);
        _wait(100);
        vm.prank(timelock);
        distributor.setSplit(IRewardDistributor.Split({treasury: 0, stakers: 10_000, providers: 0}));
        _wait(100);
        assertEq(distributor.treasuryDue(), 20 * PHA);
        assertEq(distributor.stakersDue(), 140 * PHA);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_a_split_is_of_the_whole(uint16 a, uint16 b, uint16 c) public {
        uint256 sum = uint256(a) + b + c;
        if (sum == 10_000) sum = uint256(++a) + b + c;
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_SplitIsNotWhole.selector, sum)
        );
        vm.prank(timelock);
        distributor.setSplit(IRewardDistributor.Split({treasury: a, stakers: b, providers: c}));
    }

    function test_no_rate_beyond_the_bound() public {
        uint256 most = distributor.MOST_RATE();
        vm.prank(timelock);
        distributor.setRate(most);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_RateTooHigh.selector, most + 1, most)
        );
        vm.prank(timelock);
        distributor.setRate(most + 1);
    }

    function test_only_the_timelock_sets_rate_split_and_treasury() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.expectRevert(refusal);
        vm.prank(alice);
        distributor.setRate(1);
        vm.expectRevert(refusal);
        vm.prank(alice);
        distributor.setSplit(IRewardDistributor.Split({treasury: 10_000, stakers: 0, providers: 0}));
        vm.expectRevert(refusal);
        vm.prank(alice);
        distributor.setTreasury(alice);
    }

    function test_only_the_takers_take() public {
        _fund(1_000 * PHA);
        _wait(100);
        address[3] memory others = [alice, timelock, treasury];
        for (uint256 i = 0; i < others.length; ++i) {
            bytes memory refusal =
                abi.encodeWithSelector(IRewardDistributor.RewardDistributor_NotTheTaker.selector, others[i]);
            vm.expectRevert(refusal);
            vm.prank(others[i]);
            distributor.payStakers();
            vm.expectRevert(refusal);
            vm.prank(others[i]);
            distributor.payProviders();
        }
    }

    function test_a_new_treasury_gets_what_the_old_one_left() public {
        _fund(1_000 * PHA);
        _wait(100);
        vm.prank(timelock);
        distributor.setTreasury(carol);
        distributor.payTreasury();
        assertEq(pha.balanceOf(carol), 20 * PHA);
        vm.expectRevert(IRewardDistributor.RewardDistributor_ZeroAddress.selector);
        vm.prank(timelock);
        distributor.setTreasury(address(0));
    }

    function test_a_gift_is_something_and_the_givers_own() public {
        vm.expectRevert(IRewardDistributor.RewardDistributor_NothingGiven.selector);
        distributor.fund(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(distributor), 0, PHA
            )
        );
        distributor.fund(PHA);
    }

    /// @dev Nobody's: it neither accrues nor pays.
    function test_PHA_sent_by_hand_is_not_counted() public {
        pha.mint(address(distributor), 1_000 * PHA);
        _wait(100);
        assertEq(distributor.reserve(), 0);
        assertEq(distributor.treasuryDue(), 0);
    }

    function test_it_needs_a_token_with_code_and_its_takers() public {
        IERC20 codeless = IERC20(account("no token"));
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributor_TokenHasNoCode.selector, codeless)
        );
        new RewardDistributor(codeless, address(vault), address(pledges), treasury, timelock, RATE);
        vm.expectRevert(IRewardDistributor.RewardDistributor_ZeroAddress.selector);
        new RewardDistributor(pha, address(0), address(pledges), treasury, timelock, RATE);
        vm.expectRevert(IRewardDistributor.RewardDistributor_ZeroAddress.selector);
        new RewardDistributor(pha, address(vault), address(0), treasury, timelock, RATE);
        vm.expectRevert(IRewardDistributor.RewardDistributor_ZeroAddress.selector);
        new RewardDistributor(pha, address(vault), address(pledges), address(0), timelock, RATE);
    }

    function _poke(uint8 how) private {
        if (how % 4 == 0) {
            distributor.payTreasury();
        } else if (how % 4 == 1) {
            vm.prank(address(vault));
            distributor.payStakers();
        } else if (how % 4 == 2) {
            vm.prank(address(pledges));
            distributor.payProviders();
        } else {
            uint256 rate = distributor.rate();
            vm.prank(timelock);
            distributor.setRate(rate);
        }
    }

    /// @dev What each has had or is due, and what is left.
    function _books() private view returns (uint256[4] memory) {
        return [
            pha.balanceOf(treasury) + distributor.treasuryDue(),
            pha.balanceOf(address(vault)) + distributor.stakersDue(),
            pha.balanceOf(address(pledges)) + distributor.providersDue(),
            distributor.reserve()
        ];
    }
}
