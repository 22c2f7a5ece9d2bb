// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IFeeVault
/// @notice Collects one kind of fee. Anyone may push what is collected to the recipient, on L1 or L2.
interface IFeeVault {
    /// @notice Layer on which the recipient is paid.
    enum WithdrawalNetwork {
        L1,
        L2
    }

    /// @notice Fees were paid out (legacy twin of the next).
    event Withdrawal(uint256 value, address to, address from);

    /// @notice Fees were paid out by the call of `from`.
    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    /// @notice The least amount that can be paid out changed.
    event MinWithdrawalAmountUpdated(uint256 oldWithdrawalAmount, uint256 newWithdrawalAmount);

    /// @notice The recipient changed.
    event RecipientUpdated(address oldRecipient, address newRecipient);

    /// @notice The layer of payment changed.
    event WithdrawalNetworkUpdated(WithdrawalNetwork oldWithdrawalNetwork, WithdrawalNetwork newWithdrawalNetwork);

    /// @notice Less has been collected than is worth paying out.
    error FeeVault_BelowMinimum(uint256 balance, uint256 minimum);
    /// @notice The recipient refused the ether.
    error FeeVault_TransferFailed(address recipient);
    /// @notice Only the owner of the ProxyAdmin predeploy may change the settings.
    error FeeVault_NotProxyAdminOwner();
    /// @notice The recipient must not be zero.
    error FeeVault_ZeroAddress();

    /// @notice Settings, set once per proxy.
    function initialize(address recipient_, uint256 minWithdrawalAmount_, WithdrawalNetwork withdrawalNetwork_)
        external;

    /// @notice Pays all that is collected to the recipient.
    /// @return value Amount in wei.
    function withdraw() external returns (uint256 value);

    /// @notice Changes the least amount that can be paid out.
    function setMinWithdrawalAmount(uint256 newMinWithdrawalAmount) external;

    /// @notice Changes the recipient.
    function setRecipient(address newRecipient) external;

    /// @notice Changes the layer of payment.
    function setWithdrawalNetwork(WithdrawalNetwork newWithdrawalNetwork) external;

    /// @notice Sum of all payments, in wei.
    function totalProcessed() external view returns (uint256);

    /// @notice Who is paid.
    function recipient() external view returns (address);

    /// @notice The least amount that can be paid out, in wei.
    function minWithdrawalAmount() external view returns (uint256);

    /// @notice Layer on which the recipient is paid.
    function withdrawalNetwork() external view returns (WithdrawalNetwork);

    /// @notice `recipient()` under the name older clients use.
    function RECIPIENT() external view returns (address);

    /// @notice `minWithdrawalAmount()` under the name older clients use.
    function MIN_WITHDRAWAL_AMOUNT() external view returns (uint256);

    /// @notice `withdrawalNetwork()` under the name older clients use.
    function WITHDRAWAL_NETWORK() external view returns (WithdrawalNetwork);

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);
}
