// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release} from "../../src/pha/swap/Release.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @title ParachainSwapPausesTest
/// @notice When nothing leaves: pauses, and the end; and the terms that make no swap.
contract ParachainSwapPausesTest is SwapFixture {
    function test_a_pause_ends_by_itself() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        vm.prank(guardian);
        swap.pause();
        uint256 until = block.timestamp + swap.PAUSE_PERIOD();
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_Paused.selector, until));
        swap.release(deposit, settings, signatures);
        vm.warp(until);
        swap.release(deposit, settings, signatures);
    }

    function test_only_the_guardian_pauses_and_ends_a_pause() public {
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Unauthorized.selector, address(this))
        );
        swap.pause();
        vm.startPrank(guardian);
        vm.expectRevert(IParachainSwap.ParachainSwap_NotPaused.selector);
        swap.unpause();
        swap.pause();
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Unauthorized.selector, address(this))
        );
        swap.unpause();
        vm.prank(guardian);
        swap.unpause();
        assertFalse(swap.paused(), "ended early");
    }

    function test_pauses_cannot_be_strung_together_nor_repeated_for_ever() public {
        uint256 most = swap.MAX_PAUSES();
        vm.startPrank(guardian);
        for (uint256 i = 0; i < most; ++i) {
            swap.pause();
            vm.expectPartialRevert(IParachainSwap.ParachainSwap_Paused.selector);
            swap.pause();
            vm.warp(swap.pausedUntil());
            if (i + 1 < most) {
                vm.expectPartialRevert(IParachainSwap.ParachainSwap_PauseCoolingDown.selector);
                swap.pause();
            }
            vm.warp(block.timestamp + swap.PAUSE_COOLDOWN());
        }
        vm.expectRevert(IParachainSwap.ParachainSwap_NoPauseLeft.selector);
        swap.pause();
    }

    function test_what_is_left_leaves_after_the_date_alone_and_not_in_a_pause() public {
        uint256 closesAt = swap.closesAt();
        vm.warp(closesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_NotClosed.selector, closesAt));
        swap.sweep();
        vm.prank(guardian);
        swap.pause();
        vm.warp(closesAt);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_Paused.selector);
        swap.sweep();
        vm.warp(swap.pausedUntil());
        swap.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    // --- terms

    function test_terms_that_make_no_swap_are_refused() public {
        _refuses(0, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(1, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(2, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(3, abi.encodeWithSelector(IParachainSwap.ParachainSwap_TokenHasNoCode.selector, address(0x70)));
        _refuses(4, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHostVendors.selector, 1));
        _refuses(5, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHostVendors.selector, 3));
        _refuses(6, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroHash.selector));
        _refuses(7, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(8, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHeights.selector, 0, LAST));
        _refuses(9, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHeights.selector, LAST + 1, LAST));
        _refuses(10, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroLimit.selector));
        uint256 least = block.timestamp + swap.LEAST_OPEN_PERIOD();
        _refuses(11, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ClosesTooSoon.selector, least - 1, least));
    }

    function _refuses(uint256 fault, bytes memory reason) private {
        SwapTerms memory terms = _terms();
        if (fault == 0) terms.registry = IProverRegistry(address(0));
        if (fault == 1) terms.systemConfig = ISystemConfig(address(0));
        if (fault == 2) terms.leftoverTo = address(0);
        if (fault == 3) terms.token = IERC20(address(0x70));
        if (fault == 4) terms.minHostVendors = 1;
        if (fault == 5) terms.minHostVendors = 3;
        if (fault == 6) terms.genesisHash = 0;
        if (fault == 7) terms.governance = address(0);
        if (fault == 8) terms.firstHeight = 0;
        if (fault == 9) terms.firstHeight = LAST + 1;
        if (fault == 10) terms.perDay = 0;
        if (fault == 11) terms.closesAt = uint64(block.timestamp + swap.LEAST_OPEN_PERIOD() - 1);
        vm.expectRevert(reason);
        new ParachainSwap(terms);
    }
}
