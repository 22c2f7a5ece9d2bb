// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @title HostVendors
/// @notice A set of host vendors, a bit each, so that several keys of one vendor count once.
library HostVendors {
    /// @notice One vendor alone must never be able to make a statement.
    uint8 internal constant LEAST = 2;

    /// @notice Vendors that exist: more could never be met.
    uint8 internal constant MOST = uint8(type(IProverRegistry.HostVendor).max);

    /// @notice The set, and the vendor that a registered key was born with.
    function with(uint256 set, IProverRegistry registry, address key) internal view returns (uint256) {
        return set | (1 << uint8(ProverKinds.hostVendor(registry.prover(key).kind)));
    }

    /// @notice How many there are.
    function count(uint256 set) internal pure returns (uint256 vendors) {
        for (; set != 0; set &= set - 1) ++vendors;
    }

    /// @notice Whether so many may be asked for.
    function canBeMet(uint8 vendors) internal pure returns (bool) {
        return vendors >= LEAST && vendors <= MOST;
    }
}
