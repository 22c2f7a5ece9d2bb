// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {EndedKeysFixture} from "./EndedKeysFixture.sol";

/// @notice Two outputs of one claim, by one key or by two of a vendor: who pays, who waits for the owner, who is not harmed.
contract ProverRegistryEquivocationTest is EndedKeysFixture {
    // Two outputs by one key.

    function test_a_key_that_equivocates_is_slashed_and_its_vendor_nullified() public {
        bytes memory once = _sign(TDX_KEY, ROOT);
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(_claim(ROOT), once, ROOT, once);

        _report(TDX_KEY, TDX_KEY);
        assertEq(pha.balanceOf(reporter), PROVER_BOND / 10);
        assertEq(pha.balanceOf(owner), PROVER_BOND - PROVER_BOND / 10);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.EQUIVOCATED, "ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
        assertFalse(registry.isValid(tdx2), "no key of the vendor is valid");
        assertTrue(registry.isValid(snp), "the other vendor's is");
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
        vm.warp(block.timestamp + 400 days);
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
    }

    function test_an_equivocation_is_punished_once() public {
        _report(TDX_KEY, TDX_KEY);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    function test_whoever_slashes_himself_loses_nine_tenths() public {
        uint256 before = pha.balanceOf(registrant);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.prank(registrant);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND / 10);
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
    }

    function test_a_key_that_was_retired_or_revoked_in_time_does_not_escape() public {
        vm.prank(operator);
        registry.retire(tdx);
        _report(TDX_KEY, TDX_KEY);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.RETIRED, "ended before");
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed all the same");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "and its vendor");
        vm.warp(registry.prover(snp).expiresAt + 1);
        _report(SNP_KEY, SNP_KEY);
        assertTrue(registry.prover(snp).bondState == IProverRegistry.BondState.SLASHED, "after expiry too");
    }

    function test_a_key_whose_bond_has_left_harms_nobody() public {
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        registry.returnBond(tdx);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "lives");
    }

    function test_old_keys_of_a_restored_vendor_are_slashed_but_do_not_end_it_again() public {
        _report(TDX_KEY, TDX_KEY);
        vm.prank(owner);
        attestationPolicy.restoreVendor(IProverRegistry.HostVendor.INTEL);
        assertFalse(registry.isValid(tdx2), "older than the end of its vendor");
        _report(TDX_KEY_2, TDX_KEY_2);
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.SLASHED, "slashed");
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "not again");
        _register(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "new keys of the vendor count");
    }

    function test_signatures_over_different_inputs_are_no_equivocation() public {
        Claim memory claim = _claim(ROOT);
        Claim memory other = _claim(OTHER_ROOT);
        other.l2BlockNumber += 1;
        bytes memory first = _sign(TDX_KEY, ROOT);
        bytes memory second = _signClaim(TDX_KEY, other);
        // The second recovers to a key that nobody has.
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        // A key that was never registered.
        (first, second) = (_sign(NEW_KEY, ROOT), _sign(NEW_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_UnknownKey.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    // Two outputs by two keys.

    function test_two_keys_of_a_vendor_that_contradict_wait_for_the_owner() public {
        _report(TDX_KEY, TDX_KEY_2);
        assertFalse(registry.isValid(tdx) || registry.isValid(tdx2), "both ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
        assertEq(pha.balanceOf(reporter), 0);
        vm.warp(block.timestamp + registry.BOND_HOLD());
        _held(tdx, registry.prover(tdx).endedAt + registry.DECISION_PERIOD());

        vm.prank(guardian);
        vm.expectPartialRevert(OwnableUpgradeable.OwnableUnauthorizedAccount.selector);
        registry.decideBond(tdx, true);
        uint256 before = pha.balanceOf(registrant);
        vm.startPrank(owner);
        registry.decideBond(tdx, true);
        registry.decideBond(tdx2, false);
        assertEq(pha.balanceOf(owner), PROVER_BOND);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.decideBond(tdx, false);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.decideBond(snp, true);
        vm.stopPrank();
    }

    function test_the_owners_time_to_decide_is_bounded() public {
        _report(TDX_KEY, TDX_KEY_2);
        uint64 until = uint64(block.timestamp) + registry.DECISION_PERIOD();
        vm.warp(until - 1);
        _held(tdx, until);
        vm.warp(until);
        vm.prank(owner);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_DecisionPeriodOver.selector);
        registry.decideBond(tdx, true);
        registry.returnBond(tdx);
        registry.returnBond(tdx2);
    }

    function test_a_key_in_dispute_that_equivocates_is_slashed() public {
        _report(TDX_KEY, TDX_KEY_2);
        _report(TDX_KEY, TDX_KEY);
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "the other waits");
    }

    function test_keys_of_two_vendors_or_that_are_not_valid_accuse_nobody() public {
        _noContradiction(TDX_KEY, SNP_KEY);
        _noContradiction(TDX_KEY, NEW_KEY);
        vm.prank(guardian);
        registry.revoke(tdx2);
        _noContradiction(TDX_KEY, TDX_KEY_2);
        _noContradiction(TDX_KEY_2, TDX_KEY);
        assertTrue(registry.isValid(tdx) && registry.isValid(snp), "live on");
    }

    function test_who_contradicts_and_leaves_does_not_escape() public {
        vm.prank(operator);
        registry.retire(tdx2);
        _report(TDX_KEY, TDX_KEY_2);
        assertTrue(registry.prover(tdx2).ending == IProverRegistry.Ending.RETIRED, "it left");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "its bond did not");
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.CONTRADICTED, "the other ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
    }

    function test_who_contradicts_and_expires_does_not_escape() public {
        vm.warp(registry.prover(tdx).expiresAt);
        registry.invalidate(tdx2);
        _report(TDX_KEY, TDX_KEY_2);
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.DISPUTED, "expired");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "ended for having expired");
    }

    function test_a_key_that_others_ended_or_whose_bond_has_left_accuses_nobody() public {
        // Its certificate was revoked: whoever has that key now may be anyone.
        certificates.revoke(CPU_LEAF);
        registry.invalidate(tdx2);
        _noContradiction(TDX_KEY, TDX_KEY_2);
        vm.prank(operator);
        registry.retire(tdx);
        vm.warp(block.timestamp + registry.BOND_HOLD());
        registry.returnBond(tdx);
        _noContradiction(TDX_KEY, TDX_KEY_2);
    }

    function _report(uint256 key, uint256 other) private {
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(key, ROOT), _sign(other, OTHER_ROOT));
        vm.prank(reporter);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    function _noContradiction(uint256 key, uint256 other) private {
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(key, ROOT), _sign(other, OTHER_ROOT));
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }
}
