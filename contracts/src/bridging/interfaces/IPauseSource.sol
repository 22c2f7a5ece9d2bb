// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IPauseSource
/// @notice The one place on L1 (SystemConfig) that says whether value may leave the system now.
interface IPauseSource {
    /// @notice Whether a pause is in force.
    function paused() external view returns (bool);
}
