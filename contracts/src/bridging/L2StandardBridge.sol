// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Predeploys} from "../types/Predeploys.sol";
import {StandardBridge} from "./StandardBridge.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";
import {IL2StandardBridge} from "./interfaces/IL2StandardBridge.sol";
import {ILegacyMintableERC20} from "./interfaces/IOptimismMintableERC20.sol";
import {IStandardBridge} from "./interfaces/IStandardBridge.sol";

/// @title L2StandardBridge
/// @notice See IL2StandardBridge.
contract L2StandardBridge is StandardBridge, IL2StandardBridge {
    /// @dev Address under which older clients name ether on L2. Nothing stands there.
    address private constant LEGACY_ETHER = 0xDeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IL2StandardBridge
    function initialize(IStandardBridge otherBridge_) external initializer {
        __StandardBridge_init(ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER), otherBridge_);
    }

    /// @inheritdoc IL2StandardBridge
    function withdraw(address l2Token, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
        onlyEOA
    {
        _initiateWithdrawal(l2Token, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function withdrawTo(address l2Token, address to, uint256 amount, uint32 minGasLimit, bytes calldata extraData)
        external
        payable
    {
        _initiateWithdrawal(l2Token, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IL2StandardBridge
    function l1TokenBridge() external view returns (address) {
        return address(otherBridge);
    }

    /// @inheritdoc IL2StandardBridge
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc StandardBridge
    function _emitETHBridgeInitiated(address from, address to, uint256 amount, bytes memory extraData)
        internal
        override
    {
        emit WithdrawalInitiated(address(0), LEGACY_ETHER, from, to, amount, extraData);
        super._emitETHBridgeInitiated(from, to, amount, extraData);
    }

    /// @inheritdoc StandardBridge
    function _emitETHBridgeFinalized(address from, address to, uint256 amount, bytes memory extraData)
        internal
        override
    {
        emit DepositFinalized(address(0), LEGACY_ETHER, from, to, amount, extraData);
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
        emit WithdrawalInitiated(remoteToken, localToken, from, to, amount, extraData);
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
        emit DepositFinalized(remoteToken, localToken, from, to, amount, extraData);
        super._emitERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @dev The two legacy entries in one.
    function _initiateWithdrawal(
        address l2Token,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) private {
        if (l2Token == LEGACY_ETHER) {
            _initiateBridgeETH(msg.sender, to, amount, minGasLimit, extraData);
            return;
        }
        require(l2Token.code.length > 0, StandardBridge_TokenHasNoCode(l2Token));
        address l1Token = ILegacyMintableERC20(l2Token).l1Token();
        _initiateBridgeERC20(l2Token, l1Token, msg.sender, to, amount, minGasLimit, extraData);
    }
}
