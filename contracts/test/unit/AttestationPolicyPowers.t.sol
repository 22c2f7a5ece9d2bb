// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {AmdProduct, SnpTcb} from "../../src/tee/amd/SnpTcb.sol";
import {AttestationPolicy} from "../../src/tee/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AttestationPolicyFixture} from "./AttestationPolicyFixture.sol";

/// @notice Who changes what: the owner loosens, the guardian tightens, nobody else has a word.
contract AttestationPolicyPowersTest is AttestationPolicyFixture {
    function test_begins_as_it_was_told_with_version_1() public view {
        assertEq(uint256(policy.version()), 1);
        assertEq(uint256(policy.leastVersion()), 1);
        assertTrue(policy.kindOf(TDX_IMAGE) == IProverRegistry.Kind.TDX, "image");
        assertTrue(policy.kindOf(IMAGE) == IProverRegistry.Kind.NONE, "no image");
        assertTrue(policy.isGpuMeasurementAccepted(GPU_FIRMWARE), "GPU");
        assertEq(uint256(policy.keyLifetime()), KEY_LIFETIME);
        assertEq(uint256(policy.minimumGpus()), 1);
        assertEq(uint256(policy.minimumTcbEvaluation()), EVALUATION);
        assertEq(uint256(policy.bond()), PROVER_BOND);
        assertFalse(policy.platformsListed() || policy.acceptsPresenceOnly(), "closed");
        assertFalse(policy.isVendorNullified(INTEL) || policy.isVendorNullified(AMD), "vendors");
        assertTrue(_standing() == IAttestationPolicy.Standing.ALLOWED, "allowed");
    }

    function test_only_the_owner_loosens() public {
        vm.startPrank(guardian);
        policy.setPlatformDenied(PLATFORM, true);
        policy.setPlatformsListed(true);
        policy.nullifyVendor(AMD);
        policy.setMinimumTcbEvaluation(EVALUATION + 1);
        policy.setMinimumTcb(AmdProduct.GENOA, SnpTcb.pack(0, 9, 0, 20, 80));
        policy.setMinimumGpus(2);
        policy.setKeyLifetime(1 days);
        vm.stopPrank();
        bytes[] memory calls = _loosenings();
        address[3] memory others = [guardian, address(registry), account("anyone")];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < others.length; ++j) {
                vm.prank(others[j]);
                // solhint-disable-next-line avoid-low-level-calls
                (bool accepted, bytes memory answer) = address(policy).call(calls[i]);
                assertFalse(accepted, "refused");
                bytes4 reason = bytes4(answer);
                assertTrue(
                    reason == IAttestationPolicy.AttestationPolicy_Unauthorized.selector
                        || reason == OwnableUpgradeable.OwnableUnauthorizedAccount.selector,
                    "for want of power"
                );
            }
            uint64 before = policy.version();
            uint64 least = policy.leastVersion();
            vm.prank(owner);
            // solhint-disable-next-line avoid-low-level-calls
            (bool done,) = address(policy).call(calls[i]);
            assertTrue(done, "the owner may");
            assertEq(uint256(policy.version()), before + 1);
            assertEq(uint256(policy.leastVersion()), least);
        }
    }

    function test_the_guardian_tightens_at_once_and_nobody_else_does() public {
        vm.prank(owner);
        policy.setAcceptsPresenceOnly(true);
        vm.prank(owner);
        policy.setGrace(INTEL, 2, 0, uint64(block.timestamp + 9 days));
        vm.prank(owner);
        policy.setPlatformListed(PLATFORM, true);
        (bytes[] memory calls, bool[] memory raises) = _tightenings();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(account("anyone"));
            // solhint-disable-next-line avoid-low-level-calls
            (bool accepted, bytes memory answer) = address(policy).call(calls[i]);
            assertFalse(accepted, "refused");
            assertTrue(bytes4(answer) == IAttestationPolicy.AttestationPolicy_Unauthorized.selector, "by its name");
            (uint64 before, uint64 least) = (policy.version(), policy.leastVersion());
            vm.prank(guardian);
            // solhint-disable-next-line avoid-low-level-calls
            (accepted,) = address(policy).call(calls[i]);
            assertTrue(accepted, "the guardian may");
            assertEq(uint256(policy.version()), before + 1);
            assertEq(uint256(policy.leastVersion()), raises[i] ? before + 1 : least);
        }
    }

    function test_the_registry_nullifies_a_vendor_and_nothing_else() public {
        vm.prank(address(registry));
        policy.nullifyVendor(INTEL);
        assertTrue(policy.isVendorNullified(INTEL), "nullified");
        uint64 before = policy.version();
        vm.prank(address(registry));
        policy.nullifyVendor(INTEL);
        assertEq(uint256(policy.version()), before);
        vm.prank(address(registry));
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_Unauthorized.selector);
        policy.removeMeasurement(TDX_IMAGE);
    }

    function test_mixed_changes_of_a_tcb_are_the_owners_and_raise_amds_least_version() public {
        uint40 first = SnpTcb.pack(0, 9, 0, 20, 80);
        uint40 mixed = SnpTcb.pack(0, 8, 0, 21, 80);
        vm.prank(guardian);
        policy.setMinimumTcb(AmdProduct.TURIN, first);
        assertEq(uint256(policy.minimumTcb(AmdProduct.TURIN)), first);
        assertEq(uint256(policy.minimumTcb(AmdProduct.GENOA)), 0);
        vm.prank(guardian);
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_Unauthorized.selector);
        policy.setMinimumTcb(AmdProduct.TURIN, mixed);
        vm.startPrank(owner);
        policy.setMinimumTcb(AmdProduct.TURIN, mixed);
        assertEq(uint256(policy.leastVersionOf(AMD)), policy.version());
        policy.setMinimumTcb(AmdProduct.TURIN, 0);
        assertEq(uint256(policy.leastVersionOf(AMD)), policy.version() - 1);
    }

    function test_senseless_changes_are_refused_by_name() public {
        vm.startPrank(owner);
        _refused(abi.encodeCall(policy.acceptMeasurement, (0, IProverRegistry.Kind.TDX, false)), _image());
        _refused(abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.NONE, false)), _image());
        _refused(abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.TDX, true)), _image());
        _refused(
            abi.encodeCall(policy.acceptMeasurement, (TDX_IMAGE, IProverRegistry.Kind.SEV_SNP, false)),
            IAttestationPolicy.AttestationPolicy_AlreadyAccepted.selector
        );
        bytes4 zero = IAttestationPolicy.AttestationPolicy_ZeroId.selector;
        _refused(abi.encodeCall(policy.acceptGpuMeasurement, (0)), zero);
        _refused(abi.encodeCall(policy.setPlatformListed, (0, true)), zero);
        _refused(abi.encodeCall(policy.setPlatformDenied, (0, true)), zero);
        bytes4 lifetime = IAttestationPolicy.AttestationPolicy_InvalidKeyLifetime.selector;
        _refused(abi.encodeCall(policy.setKeyLifetime, (0)), lifetime);
        _refused(abi.encodeCall(policy.setKeyLifetime, (365 days + 1)), lifetime);
        _refused(
            abi.encodeCall(policy.setMinimumGpus, (0)), IAttestationPolicy.AttestationPolicy_InvalidMinimumGpus.selector
        );
        bytes4 grace = IAttestationPolicy.AttestationPolicy_InvalidGrace.selector;
        uint64 later = uint64(block.timestamp + 1);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 0, 0, later)), grace);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 1, 0, uint64(block.timestamp))), grace);
        _refused(abi.encodeCall(policy.setGrace, (IProverRegistry.HostVendor.NONE, 1, 0, later)), grace);
        _refused(
            abi.encodeCall(policy.nullifyVendor, (IProverRegistry.HostVendor.NONE)),
            IAttestationPolicy.AttestationPolicy_InvalidVendor.selector
        );
        _refusedAsVain();
    }

    function test_nobody_but_the_policy_says_that_it_changed() public {
        address[3] memory others = [owner, guardian, account("anyone")];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.policyChanged(1);
        }
    }

    function test_initialises_once_and_never_the_implementation() public {
        ISystemConfig config = policy.systemConfig();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        policy.initialize(address(this), config, registry, _rules());
        AttestationPolicy logic = new AttestationPolicy();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(address(this), config, registry, _rules());
        assertTrue(address(logic).code.length < 24_576, "size");
    }

    function _refusedAsVain() private {
        bytes4 nothing = IAttestationPolicy.AttestationPolicy_NothingChanges.selector;
        _refused(abi.encodeCall(policy.removeMeasurement, (IMAGE)), nothing);
        _refused(abi.encodeCall(policy.acceptGpuMeasurement, (GPU_FIRMWARE)), nothing);
        _refused(abi.encodeCall(policy.removeGpuMeasurement, (IMAGE)), nothing);
        _refused(abi.encodeCall(policy.setPlatformListed, (PLATFORM, false)), nothing);
        _refused(abi.encodeCall(policy.setPlatformDenied, (PLATFORM, false)), nothing);
        _refused(abi.encodeCall(policy.setPlatformsListed, (false)), nothing);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 1, 0, 0)), nothing);
        _refused(abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION)), nothing);
        _refused(abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, 0)), nothing);
        _refused(abi.encodeCall(policy.setKeyLifetime, (KEY_LIFETIME)), nothing);
        _refused(abi.encodeCall(policy.setMinimumGpus, (1)), nothing);
        _refused(abi.encodeCall(policy.setAcceptsPresenceOnly, (false)), nothing);
        _refused(abi.encodeCall(policy.restoreVendor, (INTEL)), nothing);
        _refused(abi.encodeCall(policy.setBond, (PROVER_BOND)), nothing);
    }

    function _loosenings() private view returns (bytes[] memory calls) {
        calls = new bytes[](12);
        calls[0] = abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.TDX, false));
        calls[1] = abi.encodeCall(policy.acceptGpuMeasurement, (IMAGE));
        calls[2] = abi.encodeCall(policy.setPlatformListed, (PLATFORM, true));
        calls[3] = abi.encodeCall(policy.setPlatformDenied, (PLATFORM, false));
        calls[4] = abi.encodeCall(policy.setPlatformsListed, (false));
        calls[5] = abi.encodeCall(policy.setGrace, (INTEL, 2, 0, uint64(block.timestamp + 5)));
        calls[6] = abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION));
        calls[7] = abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, SnpTcb.pack(0, 8, 0, 20, 80)));
        calls[8] = abi.encodeCall(policy.setKeyLifetime, (2 days));
        calls[9] = abi.encodeCall(policy.setMinimumGpus, (1));
        calls[10] = abi.encodeCall(policy.setAcceptsPresenceOnly, (true));
        calls[11] = abi.encodeCall(policy.restoreVendor, (AMD));
    }

    /// @dev With each, whether it raises the least version.
    function _tightenings() private view returns (bytes[] memory calls, bool[] memory raises) {
        (calls, raises) = (new bytes[](12), new bool[](12));
        calls[0] = abi.encodeCall(policy.removeMeasurement, (TDX_IMAGE));
        (calls[1], raises[1]) = (abi.encodeCall(policy.removeGpuMeasurement, (GPU_FIRMWARE)), true);
        calls[2] = abi.encodeCall(policy.setPlatformListed, (PLATFORM, false));
        calls[3] = abi.encodeCall(policy.setPlatformDenied, (PLATFORM, true));
        calls[4] = abi.encodeCall(policy.setPlatformsListed, (true));
        calls[5] = abi.encodeCall(policy.setGrace, (INTEL, 2, 0, uint64(block.timestamp + 5)));
        calls[6] = abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION + 1));
        calls[7] = abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, 1));
        (calls[8], raises[8]) = (abi.encodeCall(policy.setKeyLifetime, (1 days)), true);
        (calls[9], raises[9]) = (abi.encodeCall(policy.setMinimumGpus, (2)), true);
        calls[10] = abi.encodeCall(policy.setAcceptsPresenceOnly, (false));
        calls[11] = abi.encodeCall(policy.nullifyVendor, (AMD));
    }

    function _refused(bytes memory call_, bytes4 reason) private {
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted, bytes memory answer) = address(policy).call(call_);
        assertFalse(accepted, "refused");
        assertTrue(bytes4(answer) == reason, "by its name");
    }

    function _image() private pure returns (bytes4) {
        return IAttestationPolicy.AttestationPolicy_InvalidImage.selector;
    }
}
