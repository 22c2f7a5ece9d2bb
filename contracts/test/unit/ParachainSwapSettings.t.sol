// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release} from "../../src/pha/swap/Release.sol";
import {Runtime, SwapSettings} from "../../src/pha/swap/SwapSettings.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @title ParachainSwapSettingsTest
/// @notice What deposits are judged by: rules for ever, and runtimes that are added to and never taken back.
contract ParachainSwapSettingsTest is SwapFixture {
    function test_the_hashes_are_the_vectors_that_provers_compute_too() public {
        string memory json = vm.readFile("./protocol/vectors/swap-release.json");
        bytes32 rules = SwapSettings.rulesHash(
            vm.parseJsonBytes32(json, ".settings.genesisHash"),
            uint64(vm.parseJsonUint(json, ".settings.firstHeight")),
            uint64(vm.parseJsonUint(json, ".settings.lastHeight")),
            uint128(vm.parseJsonUint(json, ".settings.minimum")),
            vm.parseJsonAddress(json, ".settings.token"),
            vm.parseJsonBytes32(json, ".settings.finalityAnchor")
        );
        assertEq(rules, vm.parseJsonBytes32(json, ".rulesHash"));
        Runtime[] memory runtimes = new Runtime[](2);
        runtimes[0] = Runtime(
            uint32(vm.parseJsonUint(json, ".settings.runtimes[0].specVersion")),
            vm.parseJsonBytes32(json, ".settings.runtimes[0].metadataHash")
        );
        runtimes[1] = Runtime(
            uint32(vm.parseJsonUint(json, ".settings.runtimes[1].specVersion")),
            vm.parseJsonBytes32(json, ".settings.runtimes[1].metadataHash")
        );
        assertEq(SwapSettings.settingsHash(rules, runtimes), vm.parseJsonBytes32(json, ".settingsHash"));
    }

    function test_each_rule_is_in_the_hash() public {
        bytes32 here = swap.rulesHash();
        for (uint256 rule = 0; rule < 5; ++rule) {
            SwapTerms memory terms = _terms();
            if (rule == 0) terms.genesisHash = keccak256("another");
            if (rule == 1) terms.firstHeight += 1;
            if (rule == 2) terms.lastHeight += 1;
            if (rule == 3) terms.minimum += 1;
            if (rule == 4) terms.finalityAnchor = keccak256("other authorities");
            assertTrue(new ParachainSwap(terms).rulesHash() != here, "a rule that nobody signs");
        }
    }

    function test_a_deposit_under_a_runtime_that_is_named_later_is_paid() public {
        Release memory deposit = _deposit(0, PHA);
        bytes32 further = _settingsOf(_runtimes(2));
        bytes[] memory signatures = _signedBy(further, deposit);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_UnknownSettings.selector, further));
        swap.release(deposit, further, signatures);

        vm.expectEmit(address(swap));
        emit IParachainSwap.RuntimesNamed(further, _runtimes(2));
        _nameRuntimes(2);
        swap.release(deposit, further, signatures);
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    function test_what_was_judged_before_counts_after_a_further_runtime() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        _nameRuntimes(2);
        _nameRuntimes(3);
        swap.release(deposit, settings, signatures);
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    function test_a_deposit_is_released_once_whatever_it_was_judged_by() public {
        Release memory deposit = _deposit(0, PHA);
        bytes32 further = _nameRuntimes(2);
        swap.release(deposit, settings, _signed(deposit));
        bytes[] memory again = _signedBy(further, deposit);
        bytes memory refusal =
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_AlreadyReleased.selector, _id(deposit));
        vm.expectRevert(refusal);
        swap.release(deposit, further, again);
        deposit.receiver = relayer;
        deposit.planck = 2 * PHA;
        again = _signedBy(further, deposit);
        vm.expectRevert(refusal);
        swap.release(deposit, further, again);
    }

    function test_a_release_under_way_is_finished_by_further_settings_and_says_the_same() public {
        Release memory whale = _deposit(0, 2000 * PHA);
        swap.release(whale, settings, _signed(whale));
        vm.warp(block.timestamp + 1 days);
        bytes32 further = _nameRuntimes(2);
        Release memory other = _deposit(0, 2000 * PHA);
        other.receiver = relayer;
        bytes[] memory signatures = _signedBy(further, other);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_OtherRelease.selector, _id(whale)));
        swap.release(other, further, signatures);
        swap.release(whale, further, _signedBy(further, whale));
        assertEq(pha.balanceOf(receiver), 2000 ether);
    }

    function test_signatures_by_two_settings_never_add_up() public {
        Release memory deposit = _deposit(0, PHA);
        bytes32 further = _nameRuntimes(2);
        bytes[] memory mixed = new bytes[](2);
        mixed[0] = _signBy(settings, deposit, TDX_KEY);
        mixed[1] = _signBy(further, deposit, SNP_KEY);
        // Under either, the other's signature is some stranger's.
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(deposit, settings, mixed);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(deposit, further, mixed);
    }

    function test_settings_of_another_swap_are_unknown() public {
        SwapTerms memory terms = _terms();
        terms.minimum = 0;
        ParachainSwap lenient = new ParachainSwap(terms);
        bytes32 others = SwapSettings.settingsHash(lenient.rulesHash(), _runtimes(1));
        assertTrue(lenient.accepts(others), "its own");
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signedBy(others, deposit);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_UnknownSettings.selector, others));
        swap.release(deposit, others, signatures);
        // Nor are they accepted when governance names the same runtimes here.
        _nameRuntimes(2);
        assertFalse(swap.accepts(others), "other rules");
        signatures = _signedBy(0, deposit);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_UnknownSettings.selector, bytes32(0)));
        swap.release(deposit, 0, signatures);
    }

    function test_governance_alone_names_runtimes() public {
        address[4] memory others = [address(this), guardian, treasury, owner];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_Unauthorized.selector, others[i]));
            swap.nameRuntimes(_runtimes(2));
        }
        _nameRuntimes(2);
        assertTrue(swap.accepts(_settingsOf(_runtimes(2))), "named");
    }

    function test_each_list_that_governance_names_counts() public {
        for (uint32 count = 2; count < 6; ++count) {
            bytes32 further = _nameRuntimes(count);
            Release memory deposit = _deposit(count, PHA);
            swap.release(deposit, further, _signedBy(further, deposit));
        }
        assertEq(pha.balanceOf(receiver), 4 ether);
    }

    function test_nothing_that_was_named_is_taken_back() public {
        bytes32 second = _nameRuntimes(2);
        vm.startPrank(governance);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_AlreadyNamed.selector, second));
        swap.nameRuntimes(_runtimes(2));
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_AlreadyNamed.selector, settings));
        swap.nameRuntimes(_runtimes(1));
        vm.stopPrank();
        assertTrue(swap.accepts(settings) && swap.accepts(second), "both stand");
    }

    /// @dev A list that was named by mistake stays accepted: provers sign by none whose metadata say another version. The
    /// right one is named after it.
    function test_a_mistake_is_mended_by_another_list() public {
        Runtime[] memory wrong = _runtimes(2);
        wrong[1].metadataHash = keccak256("a slip of the pen");
        vm.startPrank(governance);
        swap.nameRuntimes(wrong);
        swap.nameRuntimes(_runtimes(2));
        vm.stopPrank();
        bytes32 right = _settingsOf(_runtimes(2));
        Release memory deposit = _deposit(0, PHA);
        swap.release(deposit, right, _signedBy(right, deposit));
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    function test_runtimes_that_could_be_read_in_two_ways_or_none_are_refused() public {
        for (uint256 fault = 0; fault < 4; ++fault) {
            Runtime[] memory runtimes = _runtimes(fault == 0 ? 0 : 3);
            if (fault == 1) runtimes[2].specVersion = runtimes[1].specVersion;
            if (fault == 2) runtimes[2].specVersion = runtimes[0].specVersion - 1;
            if (fault == 3) runtimes[1].metadataHash = 0;
            SwapTerms memory terms = _terms();
            terms.runtimes = runtimes;
            vm.expectRevert(IParachainSwap.ParachainSwap_InvalidRuntimes.selector);
            new ParachainSwap(terms);
            vm.prank(governance);
            vm.expectRevert(IParachainSwap.ParachainSwap_InvalidRuntimes.selector);
            swap.nameRuntimes(runtimes);
        }
    }

    function testFuzz_two_lists_have_one_hash_only_if_they_are_the_same(
        uint32[3] calldata versions,
        uint32[3] calldata others,
        uint8 count
    ) public pure {
        Runtime[] memory ours = new Runtime[](count % 4);
        Runtime[] memory theirs = new Runtime[](ours.length);
        bool same = true;
        for (uint256 i = 0; i < ours.length; ++i) {
            ours[i] = Runtime(versions[i] % 3, bytes32(uint256(versions[i] % 2)));
            theirs[i] = Runtime(others[i] % 3, bytes32(uint256(others[i] % 2)));
            same = same && ours[i].specVersion == theirs[i].specVersion
                && ours[i].metadataHash == theirs[i].metadataHash;
        }
        bytes32 rules = keccak256("rules");
        assertTrue(
            same == (SwapSettings.settingsHash(rules, ours) == SwapSettings.settingsHash(rules, theirs)), "hash"
        );
    }
}
