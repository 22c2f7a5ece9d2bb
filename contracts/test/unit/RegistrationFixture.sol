// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {GuardianStub} from "./IntelFixture.sol";

/// @title RegistrationFixture
/// @notice Honest drafts of each kind, what a test makes of them, and how they are refused.
abstract contract RegistrationFixture is AdmissionFixture {
    address internal thief = account("thief");

    function setUp() public {
        vm.roll(10_000);
        vm.warp(1_000_000);
        vm.setBlockhash(9_999, keccak256("block 9999"));
        vm.setBlockhash(9_998, keccak256("block 9998"));
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianStub(guardian))));
    }

    function _gpu() internal view returns (Draft memory) {
        return _draft(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
    }

    function _refused(IProverRegistry.Registration memory registration, bytes4 reason) internal {
        vm.expectPartialRevert(reason);
        registry.register(registration);
    }
}
