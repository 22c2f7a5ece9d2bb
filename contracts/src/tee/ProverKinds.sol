// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProverRegistry} from "./interfaces/IProverRegistry.sol";

/// @title ProverKinds
/// @notice What follows from the environment that a key was born in.
library ProverKinds {
    /// @notice Who made the CPU.
    function hostVendor(IProverRegistry.Kind kind) internal pure returns (IProverRegistry.HostVendor) {
        if (kind == IProverRegistry.Kind.TDX || kind == IProverRegistry.Kind.TDX_GPU) {
            return IProverRegistry.HostVendor.INTEL;
        }
        if (kind == IProverRegistry.Kind.SEV_SNP || kind == IProverRegistry.Kind.SEV_SNP_GPU) {
            return IProverRegistry.HostVendor.AMD;
        }
        return IProverRegistry.HostVendor.NONE;
    }

    /// @notice Whether GPUs stand beside the CPU.
    function hasGpu(IProverRegistry.Kind kind) internal pure returns (bool) {
        return kind == IProverRegistry.Kind.TDX_GPU || kind == IProverRegistry.Kind.SEV_SNP_GPU;
    }
}
