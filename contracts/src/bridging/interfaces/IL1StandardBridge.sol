// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWithdrawalQuota} from "../../settlement/interfaces/IWithdrawalQuota.sol";
import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";
import {IPauseSource} from "./IPauseSource.sol";
import {IStandardBridge} from "./IStandardBridge.sol";

/// @title IL1StandardBridge
/// @notice The bridge on L1, with the functions and events that predate the symmetric ones and that clients still use.
interface IL1StandardBridge is IStandardBridge {
    /// @notice Ether left for L2 (legacy twin of `ETHBridgeInitiated`).
    event ETHDepositInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);

    /// @notice Ether arrived from L2 (legacy twin of `ETHBridgeFinalized`).
    event ETHWithdrawalFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);

    /// @notice Tokens left for L2 (legacy twin of `ERC20BridgeInitiated`).
    event ERC20DepositInitiated(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Tokens arrived from L2 (legacy twin of `ERC20BridgeFinalized`).
    event ERC20WithdrawalFinalized(
        address indexed l1Token,
        address indexed l2Token,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice The day's quota of the token is used up. The withdrawal stays open at the portal, and passes at
    ///         `passesAt` (Unix seconds), or, if others take that room, later, but never more than
    ///         `IWithdrawalQuota.MAX_DELAY` after it was due.
    error StandardBridge_QuotaExceeded(address token, uint256 passesAt);

    /// @notice Sets the counterparts, once per proxy. The bridge on L2 is the predeploy.
    /// @param messenger_ The L1CrossDomainMessenger.
    /// @param systemConfig_ Contract that says whether withdrawals are paused.
    function initialize(ICrossDomainMessenger messenger_, IPauseSource systemConfig_) external;

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);

    /// @notice Contract that says whether withdrawals are paused.
    function systemConfig() external view returns (IPauseSource);

    /// @notice What limits tokens while only as many vendors as needed stand behind them.
    function withdrawalQuota() external view returns (IWithdrawalQuota);

    /// @notice The bridge on L2.
    function l2TokenBridge() external view returns (address);

    /// @notice As `bridgeETH`.
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice As `bridgeETHTo`.
    function depositETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice As `bridgeERC20`.
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice As `bridgeERC20To`.
    function depositERC20To(
        address l1Token,
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice As `finalizeBridgeETH`.
    function finalizeETHWithdrawal(address from, address to, uint256 amount, bytes calldata extraData)
        external
        payable;

    /// @notice As `finalizeBridgeERC20`.
    function finalizeERC20Withdrawal(
        address l1Token,
        address l2Token,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;
}
