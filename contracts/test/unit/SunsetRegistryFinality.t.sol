// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sunset, SunsetLib} from "../../src/pha/sunset/SunsetStatement.sol";
import {ISunsetRegistry} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SunsetRegistryFixture} from "./SunsetRegistryFixture.sol";

/// @title SunsetRegistryFinalityTest
/// @notice How a statement becomes final, and everything that keeps one from it.
contract SunsetRegistryFinalityTest is SunsetRegistryFixture {
    function test_two_vendors_word_is_final_after_the_period() public {
        Sunset memory sunset = _sunset();
        vm.expectEmit(address(sunsets));
        emit ISunsetRegistry.Proposed(
            SunsetLib.structHash(sunset), sunset.claimsRoot, sunset, block.timestamp + WINDOW
        );
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        assertTrue(sunsets.status() == ISunsetRegistry.Status.PROPOSED, "proposed");
        vm.warp(block.timestamp + WINDOW - 1);
        uint256 finalAt = sunsets.finalAt();
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooEarly.selector, finalAt));
        sunsets.finalize(new bytes[](0));
        _notFinal();
        vm.warp(block.timestamp + 1);
        vm.prank(operator);
        sunsets.finalize(new bytes[](0));
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
        assertEq(SunsetLib.structHash(sunsets.finalSunset()), SunsetLib.structHash(sunset));
        assertEq(sunsets.finalizedAt(), block.timestamp);
        (, address[] memory keys) = sunsets.proposal();
        assertEq(keys.length, 2);
    }

    function test_what_is_final_cannot_be_touched_by_anybody() public {
        Sunset memory sunset = _final();
        Sunset memory other = _other();
        bytes[] memory signatures = _signed(other, TDX_KEY, SNP_KEY);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_AlreadyFinal.selector);
        sunsets.propose(other, signatures);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.contradict(other, signatures[0]);
        vm.prank(guardian);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.freeze();
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.finalize(new bytes[](0));
        // The end of every key changes nothing any more.
        _revoke(TDX_KEY);
        _revoke(SNP_KEY);
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
    }

    // ---- what voids a proposal

    function test_one_valid_key_that_contradicts_voids() public {
        Sunset memory sunset = _proposed();
        Sunset memory other = _other();
        bytes memory signature = _sign(other, TDX_KEY_2);
        vm.expectEmit(address(sunsets));
        emit ISunsetRegistry.Contradicted(
            SunsetLib.structHash(sunset), SunsetLib.structHash(other), vm.addr(TDX_KEY_2)
        );
        sunsets.contradict(other, signature);
        _closedFor(WINDOW, sunset);
        // Neither of both is chosen; what provers still say can be proposed again, also with the signatures of before.
        vm.warp(block.timestamp + WINDOW);
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        // The liar that was not ended does it again; one that was ended cannot.
        _revoke(TDX_KEY_2);
        vm.expectRevert(_doesNotCount(TDX_KEY_2));
        sunsets.contradict(other, signature);
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function test_contradictions_are_about_the_same_block_and_not_the_same() public {
        Sunset memory sunset = _proposed();
        bytes memory same = _sign(sunset, TDX_KEY_2);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoContradiction.selector);
        sunsets.contradict(sunset, same);
        sunset.height = HEIGHT - 1;
        bytes memory signature = _sign(sunset, TDX_KEY_2);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherHeight.selector);
        sunsets.contradict(sunset, signature);
        Sunset memory other = _other();
        signature = _sign(other, NEW_KEY);
        vm.expectRevert(_doesNotCount(NEW_KEY));
        sunsets.contradict(other, signature);
    }

    function test_the_guardian_voids_a_few_times_and_chooses_nothing() public {
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.freeze();
        Sunset memory sunset = _proposed();
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_Unauthorized.selector, address(this))
        );
        sunsets.freeze();
        for (uint256 left = sunsets.MAX_FREEZES(); left > 0; --left) {
            assertEq(sunsets.freezesLeft(), left);
            vm.prank(guardian);
            sunsets.freeze();
            _closedFor(WINDOW, sunset);
            vm.warp(block.timestamp + WINDOW);
            sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        }
        vm.prank(guardian);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoFreezeLeft.selector);
        sunsets.freeze();
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function test_provers_must_count_when_it_becomes_final() public {
        Sunset memory sunset = _proposed();
        Sunset memory other = _other();
        bytes[] memory signatures = _signed(other, TDX_KEY, SNP_KEY);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_AlreadyProposed.selector);
        sunsets.propose(other, signatures);
        _revoke(SNP_KEY);
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(new bytes[](0));
        // A proposal without support makes room at once, for another that waits anew.
        _register(NEW_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        sunsets.propose(other, _signed(other, TDX_KEY_2, NEW_KEY));
        assertEq(sunsets.finalAt(), block.timestamp + WINDOW);
        (Sunset memory standing,) = sunsets.proposal();
        assertTrue(standing.claimsRoot != sunset.claimsRoot, "replaced");
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_TooEarly.selector);
        sunsets.finalize(new bytes[](0));
    }

    // ---- time that nobody's ended key begins anew

    function test_an_operator_who_retires_his_key_holds_nothing_up() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        _retire(TDX_KEY);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(new bytes[](0));
        // One that ends his key at the last moment is skipped too.
        bytes[] memory fresh = new bytes[](3);
        (fresh[0], fresh[1], fresh[2]) =
            (_sign(sunset, TDX_KEY), _sign(sunset, TDX_GPU_KEY), _sign(sunset, SNP_KEY));
        sunsets.finalize(fresh);
        assertEq(sunsets.finalClaimsRoot(), sunset.claimsRoot);
        (, address[] memory keys) = sunsets.proposal();
        assertEq(keys.length, 2);
    }

    function test_the_same_statement_proposed_anew_keeps_its_time() public {
        Sunset memory sunset = _proposed();
        uint256 finalAt = sunsets.finalAt();
        uint256[2] memory retired = [TDX_KEY, TDX_KEY_2];
        uint256[2] memory next = [TDX_KEY_2, TDX_GPU_KEY];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(block.timestamp + 2 days);
            _retire(retired[i]);
            sunsets.propose(sunset, _signed(sunset, next[i], SNP_KEY));
            assertEq(sunsets.finalAt(), finalAt);
        }
        vm.warp(finalAt - 1);
        bytes[] memory fresh = _signed(sunset, TDX_GPU_KEY, SNP_KEY);
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooEarly.selector, finalAt));
        sunsets.finalize(fresh);
        vm.warp(finalAt);
        sunsets.finalize(new bytes[](0));
    }

    function test_fresh_signatures_are_of_vendors_that_count_and_of_the_standing_statement() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        _revoke(SNP_KEY);
        bytes[] memory ofOneVendor = _signed(sunset, TDX_KEY, TDX_KEY_2);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(ofOneVendor);
        _register(NEW_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        bytes[] memory ofAnother = _signed(_other(), TDX_KEY_2, NEW_KEY);
        vm.expectRevert(_tooFew(1));
        sunsets.finalize(ofAnother);
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_TooManySignatures.selector, 8, 9));
        sunsets.finalize(new bytes[](9));
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidSignature.selector, 0));
        sunsets.finalize(new bytes[](1));
        _notFinal();
        bytes[] memory one = new bytes[](1);
        one[0] = _sign(sunset, NEW_KEY);
        sunsets.finalize(one);
    }

    function test_what_was_voided_waits_anew_also_when_it_is_the_same() public {
        Sunset memory sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        vm.prank(guardian);
        sunsets.freeze();
        _closedFor(WINDOW, sunset);
        vm.warp(block.timestamp + 1);
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
        assertEq(sunsets.finalAt(), block.timestamp + WINDOW);
    }

    function _other() private pure returns (Sunset memory sunset) {
        sunset = _sunset();
        sunset.claimsRoot = keccak256("other claims");
    }

    function _proposed() private returns (Sunset memory sunset) {
        sunset = _sunset();
        sunsets.propose(sunset, _signed(sunset, TDX_KEY, SNP_KEY));
    }

    function _final() private returns (Sunset memory sunset) {
        sunset = _proposed();
        vm.warp(block.timestamp + WINDOW);
        sunsets.finalize(new bytes[](0));
    }

    function _closedFor(uint256 time, Sunset memory sunset) private {
        assertTrue(sunsets.status() == ISunsetRegistry.Status.NONE, "voided");
        assertEq(sunsets.reopensAt(), block.timestamp + time);
        assertEq(sunsets.finalAt(), 0);
        (Sunset memory none, address[] memory keys) = sunsets.proposal();
        assertEq(none.claimsRoot, 0);
        assertEq(keys.length, 0);
        vm.warp(block.timestamp + time - 1);
        bytes[] memory signatures = _signed(sunset, TDX_KEY, SNP_KEY);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_Closed.selector);
        sunsets.propose(sunset, signatures);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotProposed.selector);
        sunsets.finalize(new bytes[](0));
        _notFinal();
    }

    function _notFinal() private {
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotFinal.selector);
        sunsets.finalClaimsRoot();
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NotFinal.selector);
        sunsets.finalSunset();
        assertEq(sunsets.finalizedAt(), 0);
    }

    function _retire(uint256 key) private {
        address signer = vm.addr(key);
        vm.prank(registry.prover(signer).beneficiary);
        registry.retire(signer);
    }
}
