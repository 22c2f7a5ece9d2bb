// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeGame} from "../../settlement/interfaces/IDisputeGame.sol";

/// @title IDepositPortal
/// @notice What the messenger and the bridge on L1 need of the OptimismPortal.
interface IDepositPortal {
    /// @notice Puts a deposit on the queue of L2. The portal aliases the caller if it is a contract.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

    /// @notice L2 account whose withdrawal the portal is executing right now.
    function l2Sender() external view returns (address);

    /// @notice The game against which that withdrawal was proven.
    function finalizingGame() external view returns (IDisputeGame);

    /// @notice Unix seconds from which nothing but the quota stood against that withdrawal.
    function finalizingDueAt() external view returns (uint256);
}
