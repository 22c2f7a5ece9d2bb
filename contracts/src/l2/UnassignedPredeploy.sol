// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title UnassignedPredeploy
/// @notice Implementation behind the predeploy addresses that have no contract yet. A proxy without implementation would
///         accept any call, and keep the ether sent with it; this one refuses by name.
contract UnassignedPredeploy {
    /// @notice No contract has been assigned to this address.
    error UnassignedPredeploy_NoImplementation();

    /// @notice Refuses.
    fallback() external payable {
        revert UnassignedPredeploy_NoImplementation();
    }

    /// @notice Refuses.
    receive() external payable {
        revert UnassignedPredeploy_NoImplementation();
    }
}
