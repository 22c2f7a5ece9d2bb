// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStandardBridge} from "./IStandardBridge.sol";

/// @title IL2StandardBridge
/// @notice The bridge on L2, with the functions and events that predate the symmetric ones and that clients still use.
interface IL2StandardBridge is IStandardBridge {
    /// @notice Ether or tokens left for L1. For ether, `l1Token` is zero and `l2Token` the legacy ether token.
    event WithdrawalInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Ether or tokens arrived from L1, named likewise.
    event DepositFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Sets the counterpart, once per proxy. The messenger is the predeploy.
    /// @param otherBridge_ The L1StandardBridge.
    function initialize(IStandardBridge otherBridge_) external;

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);

    /// @notice The bridge on L1.
    function l1TokenBridge() external view returns (address);

    /// @notice Withdraws to the caller's own address on L1: ether if `l2Token` is the legacy ether token, else a
    ///         mintable token, whose counterpart is the one it names itself.
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice As `withdraw`, to `to` on L1.
    function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable;
}
