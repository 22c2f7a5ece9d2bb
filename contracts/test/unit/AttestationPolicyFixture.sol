// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {AttestationPolicy} from "../../src/tee/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {GuardianStub} from "./IntelFixture.sol";

/// @title AttestationPolicyFixture
/// @notice A policy as it was told at its beginning, and verbs to change it and to ask it.
abstract contract AttestationPolicyFixture is AdmissionFixture {
    IProverRegistry.HostVendor internal constant INTEL = IProverRegistry.HostVendor.INTEL;
    IProverRegistry.HostVendor internal constant AMD = IProverRegistry.HostVendor.AMD;
    bytes32 internal constant PLATFORM = keccak256("platform");
    bytes32 internal constant IMAGE = keccak256("another image");

    AttestationPolicy internal policy;

    function setUp() public {
        vm.roll(10_000);
        vm.warp(1_000_000);
        vm.setBlockhash(9_999, keccak256("block 9999"));
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianStub(guardian))));
        policy = attestationPolicy;
    }

    /// @dev Of a key that was registered at first.
    function _standing() internal view returns (IAttestationPolicy.Standing) {
        return _of(TDX_IMAGE, 1);
    }

    function _of(bytes32 measurement, uint64 version) internal view returns (IAttestationPolicy.Standing) {
        return policy.standingOf(measurement, PLATFORM, INTEL, version);
    }
}
