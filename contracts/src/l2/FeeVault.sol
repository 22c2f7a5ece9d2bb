// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Predeploys} from "../types/Predeploys.sol";
import {SafeCall} from "../types/SafeCall.sol";
import {IFeeVault} from "./interfaces/IFeeVault.sol";
import {IL2ToL1MessagePasser} from "./interfaces/IL2ToL1MessagePasser.sol";

/// @title FeeVault
/// @notice See IFeeVault. Four predeploys share this code: execution credits sequencer tips, base fees, L1 data fees and
///         operator fees to one each, without a call.
contract FeeVault is IFeeVault, Initializable {
    /// @notice Gas on L1 for the recipient of a payment there.
    uint256 public constant WITHDRAWAL_MIN_GAS = 400_000;

    /// @inheritdoc IFeeVault
    uint256 public totalProcessed; // slot 0

    /// @inheritdoc IFeeVault
    address public recipient; // slot 1

    /// @inheritdoc IFeeVault
    WithdrawalNetwork public withdrawalNetwork; // slot 1

    /// @inheritdoc IFeeVault
    uint256 public minWithdrawalAmount; // slot 2

    modifier onlyProxyAdminOwner() {
        require(msg.sender == Ownable(Predeploys.PROXY_ADMIN).owner(), FeeVault_NotProxyAdminOwner());
        _;
    }

    constructor() {
        _disableInitializers();
    }

    /// @notice Takes ether that anyone adds to the fees.
    receive() external payable {}

    /// @inheritdoc IFeeVault
    function initialize(address recipient_, uint256 minWithdrawalAmount_, WithdrawalNetwork withdrawalNetwork_)
        external
        initializer
    {
        require(recipient_ != address(0), FeeVault_ZeroAddress());
        recipient = recipient_;
        minWithdrawalAmount = minWithdrawalAmount_;
        withdrawalNetwork = withdrawalNetwork_;
    }

    /// @inheritdoc IFeeVault
    function withdraw() external returns (uint256 value) {
        value = address(this).balance;
        require(value >= minWithdrawalAmount, FeeVault_BelowMinimum(value, minWithdrawalAmount));
        totalProcessed += value;
        emit Withdrawal(value, recipient, msg.sender);
        emit Withdrawal(value, recipient, msg.sender, withdrawalNetwork);

        if (withdrawalNetwork == WithdrawalNetwork.L2) {
            require(SafeCall.send(recipient, value), FeeVault_TransferFailed(recipient));
        } else {
            IL2ToL1MessagePasser(Predeploys.L2_TO_L1_MESSAGE_PASSER).initiateWithdrawal{value: value}(
                recipient, WITHDRAWAL_MIN_GAS, ""
            );
        }
    }

    /// @inheritdoc IFeeVault
    function setMinWithdrawalAmount(uint256 newMinWithdrawalAmount) external onlyProxyAdminOwner {
        emit MinWithdrawalAmountUpdated(minWithdrawalAmount, newMinWithdrawalAmount);
        minWithdrawalAmount = newMinWithdrawalAmount;
    }

    /// @inheritdoc IFeeVault
    function setRecipient(address newRecipient) external onlyProxyAdminOwner {
        require(newRecipient != address(0), FeeVault_ZeroAddress());
        emit RecipientUpdated(recipient, newRecipient);
        recipient = newRecipient;
    }

    /// @inheritdoc IFeeVault
    function setWithdrawalNetwork(WithdrawalNetwork newWithdrawalNetwork) external onlyProxyAdminOwner {
        emit WithdrawalNetworkUpdated(withdrawalNetwork, newWithdrawalNetwork);
        withdrawalNetwork = newWithdrawalNetwork;
    }

    /// @inheritdoc IFeeVault
    function RECIPIENT() external view returns (address) {
        return recipient;
    }

    /// @inheritdoc IFeeVault
    function MIN_WITHDRAWAL_AMOUNT() external view returns (uint256) {
        return minWithdrawalAmount;
    }

    /// @inheritdoc IFeeVault
    function WITHDRAWAL_NETWORK() external view returns (WithdrawalNetwork) {
        return withdrawalNetwork;
    }

    /// @notice The recipient, under the first name it had.
    function l1FeeWallet() external view returns (address) {
        return recipient;
    }

    /// @inheritdoc IFeeVault
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
