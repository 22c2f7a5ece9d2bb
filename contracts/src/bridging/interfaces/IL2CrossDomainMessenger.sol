// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @title IL2CrossDomainMessenger
/// @notice The messenger on L2: it sends through the message passer and is called by deposits of the L1 messenger,
///         which arrive under that contract's alias.
interface IL2CrossDomainMessenger is ICrossDomainMessenger {
    /// @notice Sets the counterpart, once per proxy.
    function initialize(ICrossDomainMessenger l1CrossDomainMessenger_) external;

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);

    /// @notice The messenger on L1.
    function l1CrossDomainMessenger() external view returns (ICrossDomainMessenger);
}
