// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Predeploys} from "../types/Predeploys.sol";
import {CrossDomainMessenger} from "./CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";
import {IDepositPortal} from "./interfaces/IDepositPortal.sol";
import {IL1CrossDomainMessenger} from "./interfaces/IL1CrossDomainMessenger.sol";
import {IPauseSource} from "./interfaces/IPauseSource.sol";

/// @title L1CrossDomainMessenger
/// @notice See IL1CrossDomainMessenger.
contract L1CrossDomainMessenger is CrossDomainMessenger, IL1CrossDomainMessenger {
    /// @inheritdoc IL1CrossDomainMessenger
    IPauseSource public systemConfig;

    /// @inheritdoc IL1CrossDomainMessenger
    IDepositPortal public portal;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IL1CrossDomainMessenger
    function initialize(IPauseSource systemConfig_, IDepositPortal portal_) external initializer {
        require(
            address(systemConfig_) != address(0) && address(portal_) != address(0), CrossDomainMessenger_ZeroAddress()
        );
        systemConfig = systemConfig_;
        portal = portal_;
        __CrossDomainMessenger_init(ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER));
    }

    /// @inheritdoc IL1CrossDomainMessenger
    function PORTAL() external view returns (IDepositPortal) {
        return portal;
    }

    /// @inheritdoc IL1CrossDomainMessenger
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc ICrossDomainMessenger
    function paused() public view override(CrossDomainMessenger, ICrossDomainMessenger) returns (bool) {
        return systemConfig.paused();
    }

    /// @inheritdoc CrossDomainMessenger
    function _sendMessage(address to, uint64 gasLimit, uint256 value, bytes memory data) internal override {
        portal.depositTransaction{value: value}(to, value, gasLimit, false, data);
    }

    /// @inheritdoc CrossDomainMessenger
    function _isOtherMessenger() internal view override returns (bool) {
        return msg.sender == address(portal) && portal.l2Sender() == address(otherMessenger);
    }

    /// @inheritdoc CrossDomainMessenger
    /// @dev Messages of the bridge on L2 that carry no ether, so all that release tokens. Were one of them known as failed
    ///      here, its withdrawal would be spent at the portal, and blacklisting the game that it was proven against could
    ///      not end it any more. Every failure counts: a forger chooses the gas limits of his messages, and may nest his
    ///      withdrawal in another relay. Ether is limited by the portal itself, before it gets here.
    function _isKeptByTransport(address sender, uint256 value) internal pure override returns (bool) {
        return sender == Predeploys.L2_STANDARD_BRIDGE && value == 0;
    }

    /// @inheritdoc CrossDomainMessenger
    function _isUnsafeTarget(address target) internal view override returns (bool) {
        return target == address(this) || target == address(portal);
    }
}
