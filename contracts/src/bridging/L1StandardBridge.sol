// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IWithdrawalQuota} from "../settlement/interfaces/IWithdrawalQuota.sol";
import {Predeploys} from "../types/Predeploys.sol";
import {StandardBridge} from "./StandardBridge.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";
import {IDepositPortal} from "./interfaces/IDepositPortal.sol";
import {IL1CrossDomainMessenger} from "./interfaces/IL1CrossDomainMessenger.sol";
import {IL1StandardBridge} from "./interfaces/IL1StandardBridge.sol";
import {IPauseSource} from "./interfaces/IPauseSource.sol";
import {IStandardBridge} from "./interfaces/IStandardBridge.sol";

/// @title L1StandardBridge
/// @notice See IL1StandardBridge.
contract L1StandardBridge is StandardBridge, IL1StandardBridge {
    /// @inheritdoc IL1StandardBridge
    IWithdrawalQuota public immutable withdrawalQuota;

    /// @inheritdoc IL1StandardBridge
    IPauseSource public systemConfig;

    /// @param quota Limits tokens.
    constructor(IWithdrawalQuota quota) {
        require(address(quota) != address(0), StandardBridge_ZeroAddress());
        withdrawalQuota = quota;
        _disableInitializers();
    }

    /// @inheritdoc IL1StandardBridge
    function initialize(ICrossDomainMessenger messenger_, IPauseSource systemConfig_) external initializer {
        require(address(systemConfig_) != address(0), StandardBridge_ZeroAddress());
        systemConfig = systemConfig_;
        __StandardBridge_init(messenger_, IStandardBridge(payable(Predeploys.L2_STANDARD_BRIDGE)));
    }

    /// @inheritdoc IL1StandardBridge
    function depositETH(uint32 minGasLimit, bytes calldata extraData) external payable onlyEOA {
        _initiateBridgeETH(msg.sender, msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable {
        _initiateBridgeETH(msg.sender, to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositERC20(
        address l1Token,
        address l2Token,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external onlyEOA {
        _initiateBridgeERC20(l1Token, l2Token, msg.sender, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function depositERC20To(
        address l1Token,
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _initiateBridgeERC20(l1Token, l2Token, msg.sender, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function finalizeETHWithdrawal(address from, address to, uint256 amount, bytes calldata extraData)
        external
        payable
    {
        finalizeBridgeETH(from, to, amount, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function finalizeERC20Withdrawal(
        address l1Token,
        address l2Token,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external {
        finalizeBridgeERC20(l1Token, l2Token, from, to, amount, extraData);
    }

    /// @inheritdoc IL1StandardBridge
    function l2TokenBridge() external view returns (address) {
        return address(otherBridge);
    }

    /// @inheritdoc IL1StandardBridge
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IStandardBridge
    function paused() public view override(StandardBridge, IStandardBridge) returns (bool) {
        return systemConfig.paused();
    }

    /// @inheritdoc StandardBridge
    /// @dev The messenger keeps no message that releases tokens for replay. So this is inside the withdrawal that carries
    ///      the message, and the portal's game and time are its own.
    function _beforeRelease(address localToken, uint256 amount) internal override {
        IDepositPortal portal = IL1CrossDomainMessenger(address(messenger)).portal();
        uint256 passesAt =
            withdrawalQuota.consume(localToken, amount, portal.finalizingDueAt(), portal.finalizingGame());
        require(passesAt <= block.timestamp, StandardBridge_QuotaExceeded(localToken, passesAt));
    }

    /// @inheritdoc StandardBridge
    function _emitETHBridgeInitiated(address from, address to, uint256 amount, bytes memory extraData)
        internal
        override
    {
        emit ETHDepositInitiated(from, to, amount, extraData);
        super._emitETHBridgeInitiated(from, to, amount, extraData);
    }

    /// @inheritdoc StandardBridge
    function _emitETHBridgeFinalized(address from, address to, uint256 amount, bytes memory extraData)
        internal
        override
    {
        emit ETHWithdrawalFinalized(from, to, amount, extraData);
        super._emitETHBridgeFinalized(from, to, amount, extraData);
    }

    /// @inheritdoc StandardBridge
    function _emitERC20BridgeInitiated(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal override {
        emit ERC20DepositInitiated(localToken, remoteToken, from, to, amount, extraData);
        super._emitERC20BridgeInitiated(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @inheritdoc StandardBridge
    function _emitERC20BridgeFinalized(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal override {
        emit ERC20WithdrawalFinalized(localToken, remoteToken, from, to, amount, extraData);
        super._emitERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }
}
