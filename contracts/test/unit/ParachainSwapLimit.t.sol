// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release} from "../../src/pha/swap/Release.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {SwapFixture} from "./SwapFixture.sol";
import {TrickToken} from "./TrickToken.sol";

/// @title ParachainSwapLimitTest
/// @notice How much leaves within a day, in which parts, and from which funds.
contract ParachainSwapLimitTest is SwapFixture {
    // --- the limit

    function test_the_limit_is_reached_exactly_and_not_passed() public {
        Release memory all = _deposit(0, PER_DAY / 1e6);
        swap.release(all, settings, _signed(all));
        assertEq(swap.available(), 0);
        Release memory more = _deposit(1, 1);
        bytes[] memory signatures = _signed(more);
        // One planck comes back in less than a second.
        vm.expectRevert(
            abi.encodeWithSelector(
                IParachainSwap.ParachainSwap_AboveLimit.selector, 1e6, 0, block.timestamp + 1
            )
        );
        swap.release(more, settings, signatures);
        vm.warp(block.timestamp + 1);
        swap.release(more, settings, signatures);
        vm.warp(block.timestamp + 1 days);
        assertEq(swap.available(), PER_DAY);
    }

    function test_what_is_refused_above_the_limit_opens_when_the_error_says() public {
        Release memory first = _deposit(0, 900 * PHA);
        swap.release(first, settings, _signed(first));
        Release memory second = _deposit(1, 200 * PHA);
        bytes[] memory signatures = _signed(second);
        uint256 opensAt = block.timestamp + uint256(100 ether) * 1 days / PER_DAY;
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_AboveLimit.selector, 200 ether, 100 ether, opensAt)
        );
        swap.release(second, settings, signatures);
        vm.warp(opensAt - 1);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AboveLimit.selector);
        swap.release(second, settings, signatures);
        vm.warp(opensAt);
        assertEq(swap.release(second, settings, signatures), 200 ether);
    }

    function test_a_release_above_the_whole_limit_is_paid_in_parts_exactly() public {
        Release memory whale = _deposit(0, 2300 * PHA + 1);
        bytes[] memory signatures = _signed(whale);
        uint256 owed = 2300 ether + 1e6;
        assertEq(swap.release(whale, settings, signatures), PER_DAY);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AboveLimit.selector);
        swap.release(whale, settings, signatures);
        vm.warp(block.timestamp + 6 hours);
        assertEq(swap.release(whale, settings, signatures), 250 ether);
        vm.warp(block.timestamp + 2 days);
        assertEq(swap.release(whale, settings, signatures), PER_DAY);
        vm.warp(block.timestamp + 2 days);
        assertEq(swap.release(whale, settings, signatures), owed - 2250 ether);
        assertEq(pha.balanceOf(receiver), owed);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AlreadyReleased.selector);
        swap.release(whale, settings, signatures);
    }

    function test_a_release_under_way_stops_when_a_key_no_longer_counts() public {
        Release memory whale = _deposit(0, 2000 * PHA);
        bytes[] memory signatures = _signed(whale);
        swap.release(whale, settings, signatures);
        vm.warp(block.timestamp + 1 days);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(whale, settings, signatures);
        // Other keys finish it.
        assertEq(swap.release(whale, settings, _signed(whale, TDX_KEY_2, SNP_KEY)), 1000 ether);
    }

    function test_a_release_under_way_keeps_what_it_says() public {
        Release memory whale = _deposit(0, 2000 * PHA);
        swap.release(whale, settings, _signed(whale));
        vm.warp(block.timestamp + 1 days);
        whale.receiver = relayer;
        bytes[] memory signatures = _signed(whale);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_OtherRelease.selector, _id(whale)));
        swap.release(whale, settings, signatures);
    }

    function testFuzz_what_leaves_within_any_day_is_at_most_two_limits(uint256[8] memory amounts, uint256[8] memory waits)
        public
    {
        uint256 start = block.timestamp;
        uint256 paid;
        for (uint32 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + bound(waits[i], 0, 4 hours));
            if (block.timestamp > start + 1 days) break;
            Release memory deposit = _deposit(i, bound(amounts[i], 1, 3000 * PHA));
            try swap.release(deposit, settings, _signed(deposit)) returns (uint256 amount) {
                paid += amount;
            } catch {}
            // Exact: a full limit, and what came back since.
            assertTrue(paid <= PER_DAY + PER_DAY * (block.timestamp - start) / 1 days, "above the limit");
        }
    }

    // --- funds

    function test_what_is_not_funded_yet_is_refused_and_paid_later() public {
        ParachainSwap empty = new ParachainSwap(_terms());
        (ParachainSwap full, ParachainSwap poor) = (swap, empty);
        swap = poor;
        Release memory deposit = _deposit(0, 5 * PHA);
        bytes[] memory signatures = _signed(deposit);
        pha.transfer(address(poor), 5 ether - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Underfunded.selector, 5 ether, 5 ether - 1)
        );
        poor.release(deposit, settings, signatures);
        assertEq(poor.available(), PER_DAY);
        pha.transfer(address(poor), 1);
        poor.release(deposit, settings, signatures);
        assertEq(pha.balanceOf(address(poor)), 0);
        swap = full;
    }

    function test_a_token_that_keeps_a_part_is_refused() public {
        TrickToken hostile = _hostileSwap();
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        hostile.setFee(true);
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_NotReceived.selector, 1 ether, 1 ether - 1)
        );
        swap.release(deposit, settings, signatures);
        hostile.setFee(false);
        swap.release(deposit, settings, signatures);
    }

    function test_a_token_that_calls_back_gains_nothing() public {
        TrickToken hostile = _hostileSwap();
        Release memory deposit = _deposit(0, PHA);
        Release memory other = _deposit(1, PHA);
        hostile.setCallback(address(swap), abi.encodeCall(ParachainSwap.release, (other, settings, _signed(other))));
        swap.release(deposit, settings, _signed(deposit));
        assertTrue(hostile.refusedReentry(), "the second release inside the first is refused");
        assertEq(hostile.balanceOf(receiver), 1 ether);
        hostile.setCallback(address(0), "");
        swap.release(other, settings, _signed(other));
        assertEq(hostile.balanceOf(receiver), 2 ether);
    }

    function _hostileSwap() private returns (TrickToken hostile) {
        hostile = new TrickToken(address(this));
        SwapTerms memory terms = _terms();
        terms.token = hostile;
        swap = new ParachainSwap(terms);
        settings = _settingsOf(_runtimes(1));
        hostile.transfer(address(swap), 10 ether);
    }
}
