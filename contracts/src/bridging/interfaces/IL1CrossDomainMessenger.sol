// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IDepositPortal} from "./IDepositPortal.sol";
import {IPauseSource} from "./IPauseSource.sol";

/// @title IL1CrossDomainMessenger
/// @notice The messenger on L1: it sends through the portal's deposits and is called by the portal's withdrawals.
interface IL1CrossDomainMessenger is ICrossDomainMessenger {
    /// @notice Sets the counterparts, once per proxy. The messenger on L2 is the predeploy.
    /// @param systemConfig_ Contract that says whether withdrawals are paused.
    /// @param portal_ The OptimismPortal.
    function initialize(IPauseSource systemConfig_, IDepositPortal portal_) external;

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);

    /// @notice Contract that says whether withdrawals are paused.
    function systemConfig() external view returns (IPauseSource);

    /// @notice The OptimismPortal.
    function portal() external view returns (IDepositPortal);

    /// @notice The same, under the name older clients use.
    function PORTAL() external view returns (IDepositPortal);
}
