// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {RegistrationFixture} from "./RegistrationFixture.sol";

/// @notice Which GPUs a key brings: their reports are its own, and each serves one valid key.
contract ProverRegistryGpusTest is RegistrationFixture {
    function test_gpu_reports_are_for_this_key_and_in_this_order() public {
        Draft memory draft = _gpus(2);
        IProverRegistry.Registration memory registration = _registration(draft);
        (registration.gpuEvidence[0], registration.gpuEvidence[1]) =
            (registration.gpuEvidence[1], registration.gpuEvidence[0]);
        _refused(registration, IProverRegistry.ProverRegistry_GpuNonceMismatch.selector);

        Draft memory other = _draft(NEW_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        registration = _registration(_gpu());
        registration.gpuEvidence[0] = _registration(other).gpuEvidence[0];
        _refused(registration, IProverRegistry.ProverRegistry_GpuNonceMismatch.selector);

        other = _gpu();
        other.registry = account("other registry");
        registration = _registration(_gpu());
        registration.gpuEvidence[0] = _registration(other).gpuEvidence[0];
        _refused(registration, IProverRegistry.ProverRegistry_GpuNonceMismatch.selector);
    }

    function test_the_cpu_vouches_for_each_gpu_report_and_for_no_more_or_fewer() public {
        // Another genuine GPU with the right nonce: relayed, the CPU did not see it.
        Draft memory draft = _gpu();
        IProverRegistry.Registration memory registration = _registration(draft);
        draft.devices[0] = keccak256("a GPU far away");
        registration.gpuEvidence[0] = abi.encode(_gpuReport(draft, 0));
        _refused(registration, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);

        registration = _registration(_gpus(2));
        bytes[] memory one = new bytes[](1);
        one[0] = registration.gpuEvidence[0];
        registration.gpuEvidence = one;
        _refused(registration, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);

        registration = _registration(_gpu());
        registration.gpuEvidence = _registration(_gpus(2)).gpuEvidence;
        _refused(registration, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
        _refused(_registration(_gpus(9)), IProverRegistry.ProverRegistry_GpuCount.selector);
    }

    function test_one_gpu_is_not_two() public {
        Draft memory draft = _gpus(2);
        draft.devices[1] = draft.devices[0];
        _refused(_registration(draft), IProverRegistry.ProverRegistry_DuplicateDevice.selector);
    }

    function test_a_gpu_serves_one_valid_key() public {
        _submit(_registration(_gpu()));
        bytes32 device = _gpu().devices[0];
        Draft memory second = _draft(NEW_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        second.devices[0] = device;
        _refused(_registration(second), IProverRegistry.ProverRegistry_DeviceInUse.selector);
        // Once the key has ended, anyone who has the GPU.
        vm.prank(operator);
        registry.retire(vm.addr(TDX_GPU_KEY));
        _submit(_registration(second));
        assertEq(registry.keyOfDevice(device), vm.addr(NEW_KEY));
    }

    /// @dev Who rents a GPU, registers it and leaves must not keep the next tenant out.
    function test_a_gpu_goes_to_whoever_shows_it_over_a_newer_block() public {
        _submit(_registration(_gpu()));
        Draft memory second = _draft(NEW_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        second.devices = _gpu().devices;
        second.beneficiary = thief;
        second = _aBlockLater(second);
        _submit(_registration(second));
        assertEq(registry.keyOfDevice(_gpu().devices[0]), vm.addr(NEW_KEY));
        assertFalse(registry.isValid(vm.addr(TDX_GPU_KEY)), "it is elsewhere");
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "here");
    }

    function test_a_prover_that_starts_again_takes_its_gpu_along_and_its_old_key_ends() public {
        _submit(_registration(_gpus(2)));
        Draft memory second = _draft(NEW_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        second.devices = _gpus(2).devices;
        second.platformId = _platform(TDX_GPU_KEY);
        _refused(_registration(second), IProverRegistry.ProverRegistry_DeviceInUse.selector);
        second = _aBlockLater(second);
        _submit(_registration(second));
        assertTrue(
            registry.prover(vm.addr(TDX_GPU_KEY)).ending == IProverRegistry.Ending.SUPERSEDED, "superseded"
        );
        assertFalse(registry.isValid(vm.addr(TDX_GPU_KEY)), "one key for one GPU");
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "the newer one");
    }

    /// @dev The calldata of a registration that reverted, or was replaced, is public; its key may be gone.
    function test_a_registration_that_was_left_over_takes_no_gpu_from_a_newer_key() public {
        IProverRegistry.Registration memory leftOver = _registration(_gpu());
        Draft memory second = _draft(NEW_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        second.devices = _gpu().devices;
        second.platformId = _platform(TDX_GPU_KEY);
        second = _aBlockLater(second);
        _submit(_registration(second));
        _refused(leftOver, IProverRegistry.ProverRegistry_DeviceInUse.selector);
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "lives");
    }

    function test_gpus_that_the_policy_does_not_know_or_too_few_are_refused() public {
        vm.prank(guardian);
        attestationPolicy.setMinimumGpus(2);
        _refused(_registration(_gpu()), IAttestationPolicy.AttestationPolicy_TooFewGpus.selector);
        vm.prank(guardian);
        attestationPolicy.removeGpuMeasurement(GPU_FIRMWARE);
        _refused(_registration(_gpus(2)), IAttestationPolicy.AttestationPolicy_GpuMeasurementNotAccepted.selector);
    }

    function _aBlockLater(Draft memory draft) private returns (Draft memory) {
        vm.roll(block.number + 1);
        vm.setBlockhash(block.number - 1, keccak256("a block later"));
        (draft.l1BlockNumber, draft.l1BlockHash) = (block.number - 1, keccak256("a block later"));
        return draft;
    }

    function _gpus(uint256 count) private view returns (Draft memory draft) {
        draft = _gpu();
        draft.devices = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            draft.devices[i] = keccak256(abi.encode("device", i));
        }
    }
}
