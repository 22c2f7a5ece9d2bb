// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IL2ToL1MessagePasser} from "../l2/interfaces/IL2ToL1MessagePasser.sol";
import {AddressAliasing} from "../types/AddressAliasing.sol";
import {Predeploys} from "../types/Predeploys.sol";
import {CrossDomainMessenger} from "./CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";
import {IL2CrossDomainMessenger} from "./interfaces/IL2CrossDomainMessenger.sol";

/// @title L2CrossDomainMessenger
/// @notice See IL2CrossDomainMessenger.
contract L2CrossDomainMessenger is CrossDomainMessenger, IL2CrossDomainMessenger {
    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IL2CrossDomainMessenger
    function initialize(ICrossDomainMessenger l1CrossDomainMessenger_) external initializer {
        __CrossDomainMessenger_init(l1CrossDomainMessenger_);
    }

    /// @inheritdoc IL2CrossDomainMessenger
    function l1CrossDomainMessenger() external view returns (ICrossDomainMessenger) {
        return otherMessenger;
    }

    /// @inheritdoc IL2CrossDomainMessenger
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc CrossDomainMessenger
    function _sendMessage(address to, uint64 gasLimit, uint256 value, bytes memory data) internal override {
        IL2ToL1MessagePasser(Predeploys.L2_TO_L1_MESSAGE_PASSER).initiateWithdrawal{value: value}(to, gasLimit, data);
    }

    /// @inheritdoc CrossDomainMessenger
    function _isOtherMessenger() internal view override returns (bool) {
        return AddressAliasing.undoL1ToL2Alias(msg.sender) == address(otherMessenger);
    }

    /// @inheritdoc CrossDomainMessenger
    function _isUnsafeTarget(address target) internal view override returns (bool) {
        return target == address(this) || target == Predeploys.L2_TO_L1_MESSAGE_PASSER;
    }
}
