// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {SunsetClaims} from "../../src/pha/sunset/SunsetClaims.sol";
import {
    ClaimForm,
    ClaimTerms,
    ISunsetClaims,
    KeySignature,
    Order
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {ISunsetRegistry} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {SunsetFixture} from "./SunsetFixture.sol";

/// @title SunsetClaimsFundsTest
/// @notice What claims are paid from, when what is left leaves, and the terms that this stands on.
contract SunsetClaimsFundsTest is SunsetFixture {
    function test_claims_beyond_the_funds_wait_for_more() public {
        uint256 index = _hold(_key(1), FUNDED / 1e6 + 1);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        _refused(
            index,
            order,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Underfunded.selector, FUNDED + 1e6, FUNDED)
        );
        assertFalse(claims.isClaimed(_key(1)), "still to be claimed");
        pha.transfer(stranger, 1e6);
        vm.startPrank(stranger);
        pha.approve(address(claims), 1e6);
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Funded(stranger, 1e6);
        claims.fund(1e6);
        vm.stopPrank();
        claims.claim(_entitlement(index), order, ownership);
        assertEq(claims.unclaimed(), 0);
    }

    function test_what_is_left_leaves_after_years_and_to_one_place() public {
        _hold(_key(1), PHA);
        uint256 closesAt = claims.closesAt();
        assertEq(claims.sweepsAt(), closesAt);
        vm.warp(closesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, closesAt));
        claims.sweep();
        vm.warp(closesAt);
        vm.prank(stranger);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
        assertEq(claims.unclaimed(), 0);
    }

    function test_nothing_leaves_for_years_while_a_sunset_is_undecided() public {
        uint256 closesAt = claims.closesAt();
        uint256 period = claims.LEAST_OPEN_PERIOD();
        vm.warp(closesAt + 10 * period);
        sunset.setUndecided(ISunsetRegistry.Status.PROPOSED, 0, block.timestamp + 7 days);
        assertEq(claims.sweepsAt(), block.timestamp + 7 days + period);
        vm.expectPartialRevert(ISunsetClaims.SunsetClaims_NotClosed.selector);
        claims.sweep();
        sunset.setUndecided(ISunsetRegistry.Status.NONE, block.timestamp, 0);
        assertEq(claims.sweepsAt(), block.timestamp + period);
        vm.warp(closesAt - 1);
        sunset.setUndecided(ISunsetRegistry.Status.NONE, 0, 0);
        assertEq(claims.sweepsAt(), closesAt + period);
        vm.warp(closesAt + period - 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, closesAt + period)
        );
        claims.sweep();
        vm.warp(closesAt + period);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    /// @dev Whoever can finalize and does not, or a proposal whose provers are all gone, must not hold the rest for ever.
    function test_a_proposal_that_nobody_makes_final_ends_with_the_claims() public {
        uint256 finalAt = block.timestamp + 7 days;
        sunset.setUndecided(ISunsetRegistry.Status.PROPOSED, 0, finalAt);
        uint256 opensAt = claims.closesAt() + claims.LEAST_OPEN_PERIOD();
        assertEq(claims.sweepsAt(), opensAt);
        vm.warp(opensAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, opensAt));
        claims.sweep();
        // Made final at the last moment, it gives holders their years all the same.
        uint256 snapshot = vm.snapshotState();
        _hold(_key(1), PHA);
        assertEq(claims.sweepsAt(), block.timestamp + claims.LEAST_OPEN_PERIOD());
        vm.revertToState(snapshot);
        vm.warp(opensAt);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    /// @dev A sunset that became final late leaves holders their two years all the same.
    function test_holders_have_their_time_from_finality() public {
        vm.warp(claims.closesAt());
        _hold(_key(1), PHA);
        uint256 opensAt = block.timestamp + claims.LEAST_OPEN_PERIOD();
        assertEq(claims.sweepsAt(), opensAt);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, opensAt));
        claims.sweep();
        vm.warp(opensAt);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    function test_terms_are_checked() public {
        ClaimTerms memory terms = _terms();
        terms.l2Token = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.l2Staker = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.leftoverTo = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.messenger = ICrossDomainMessenger(address(0));
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        bytes memory noCode = abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NoCode.selector, stranger);
        terms = _terms();
        terms.token = IERC20(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.sunset = ISunsetRegistry(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.signatures = ISubstrateSignatures(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.bridge = IL1StandardBridge(payable(stranger));
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.secondsPerBlock = 0;
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroBlockTime.selector));
        terms = _terms();
        terms.closesAt = uint64(block.timestamp + 730 days - 1);
        _refusedTerms(
            terms,
            abi.encodeWithSelector(
                ISunsetClaims.SunsetClaims_ClosesTooSoon.selector, terms.closesAt, block.timestamp + 730 days
            )
        );
    }

    function _refusedTerms(ClaimTerms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        new SunsetClaims(terms);
    }
}
