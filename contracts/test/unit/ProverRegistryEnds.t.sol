// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claim} from "../../src/tee/Claim.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {EndedKeysFixture} from "./EndedKeysFixture.sol";

/// @notice What ends a key, and who may end it.
contract ProverRegistryEndsTest is EndedKeysFixture {
    function test_a_key_that_is_what_was_admitted_stays() public {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_StillValid.selector, tdx));
        registry.invalidate(tdx);
        vm.warp(registry.prover(tdx).expiresAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_StillValid.selector, tdx));
        registry.invalidate(tdx);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_UnknownKey.selector, vm.addr(NEW_KEY))
        );
        registry.invalidate(vm.addr(NEW_KEY));
    }

    function test_anyone_ends_a_key_whose_certificate_was_revoked() public {
        Claim memory claim = _claim(ROOT);
        registry.verify(claim, _sign(TDX_KEY, ROOT));
        certificates.revoke(CPU_LEAF);
        vm.prank(anyone);
        registry.invalidate(tdx);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.INVALIDATED, "ended");
        bytes memory signature = _sign(TDX_KEY, ROOT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_EndedKey.selector, tdx, IProverRegistry.Ending.INVALIDATED
            )
        );
        registry.verify(claim, signature);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.invalidate(tdx);
    }

    function test_anyone_ends_a_key_whose_gpus_certificate_was_revoked() public {
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        certificates.revoke(GPU_LEAF);
        registry.invalidate(vm.addr(TDX_GPU_KEY));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidate(tdx);
    }

    function test_anyone_ends_a_key_that_expired_or_that_policy_shut_out() public {
        vm.prank(guardian);
        attestationPolicy.removeMeasurement(SNP_IMAGE);
        registry.invalidate(snp);
        vm.warp(registry.prover(tdx).expiresAt);
        registry.invalidate(tdx);
        assertTrue(registry.prover(snp).ending == IProverRegistry.Ending.INVALIDATED, "policy");
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.INVALIDATED, "expiry");
    }

    function test_evidence_judged_anew_ends_a_key_only_if_it_is_worse() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_OtherEvidence.selector);
        registry.invalidateByEvidence(tdx, bytes.concat(evidence, hex"00"));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_OtherEvidence.selector);
        registry.invalidateByEvidence(snp, evidence);

        tdxVerifier.worsen(2);
        _endByEvidence(tdx, evidence);
        assertFalse(registry.isValid(tdx), "the vendor thinks worse of it");
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.invalidateByEvidence(tdx, evidence);

        tdxVerifier.worsen(0);
        tdxVerifier.refuse(true);
        evidence = _registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        _endByEvidence(tdx2, evidence);
        assertFalse(registry.isValid(tdx2), "no longer genuine");
    }

    /// @dev Anyone may bring an early edition of the vendor's, or find the hour in which collateral has run out.
    function test_evidence_that_lapsed_can_be_mended_before_it_ends_a_key() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        tdxVerifier.worsen(2);
        uint64 endsAt = uint64(block.timestamp) + registry.NOTICE_PERIOD();
        vm.expectEmit();
        emit IProverRegistry.ProverNoticed(tdx, endsAt);
        registry.invalidateByEvidence(tdx, evidence);
        assertTrue(registry.isValid(tdx), "noticed");
        vm.warp(endsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_NoticePeriod.selector, tdx, endsAt));
        registry.invalidateByEvidence(tdx, evidence);
        tdxVerifier.worsen(0);
        vm.warp(endsAt);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);

        // An old notice is none for a later lapse.
        vm.warp(endsAt + registry.NOTICE_VALIDITY());
        tdxVerifier.worsen(2);
        registry.invalidateByEvidence(tdx, evidence);
        assertTrue(registry.isValid(tdx), "noticed anew");
        assertEq(registry.noticedAt(tdx), block.timestamp);
    }

    function test_a_worse_status_that_a_grace_covers_ends_no_key() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        vm.prank(owner);
        attestationPolicy.setGrace(IProverRegistry.HostVendor.INTEL, 2, 0, uint64(block.timestamp + 1 days));
        tdxVerifier.worsen(2);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);
        vm.warp(block.timestamp + 1 days);
        _endByEvidence(tdx, evidence);
    }

    function test_want_of_gas_is_no_refusal_of_evidence() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        uint256 little = registry.APPRAISAL_GAS();
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_TooLittleGas.selector);
        registry.invalidateByEvidence{gas: little}(tdx, evidence);
        assertTrue(registry.isValid(tdx), "lives");
    }

    function test_only_the_beneficiary_retires_and_only_owner_and_guardian_revoke() public {
        address[4] memory others = [anyone, registrant, owner, guardian];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.retire(tdx);
        }
        vm.prank(address(0));
        vm.expectRevert();
        registry.retire(vm.addr(NEW_KEY));
        others = [anyone, registrant, operator, reporter];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.revoke(tdx);
        }
        vm.prank(owner);
        registry.revoke(tdx);
        vm.prank(guardian);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.revoke(tdx);
        vm.prank(operator);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.retire(tdx);
    }

    function _endByEvidence(address key, bytes memory evidence) private {
        vm.startPrank(anyone);
        registry.invalidateByEvidence(key, evidence);
        vm.warp(block.timestamp + registry.NOTICE_PERIOD());
        registry.invalidateByEvidence(key, evidence);
        vm.stopPrank();
    }
}
