// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IL2ToL1MessagePasser
/// @notice Where withdrawals start (OP Stack specs, withdrawals.md). Its storage root is part of each output root, so a
///         storage proof of `sentMessages` proves a withdrawal on L1.
interface IL2ToL1MessagePasser {
    /// @notice A withdrawal began. Clients rebuild the withdrawal from this event alone.
    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );

    /// @notice Ether of withdrawals left the supply of L2.
    event WithdrawerBalanceBurnt(uint256 indexed amount);

    /// @notice The balance could not be burnt.
    error L2ToL1MessagePasser_BurnFailed();

    /// @notice Begins a withdrawal of `msg.value` wei: a call of `target` on L1 with `data` and at least `gasLimit` gas.
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable;

    /// @notice Removes from L2 the ether that withdrawals have left here. Anyone may call.
    function burn() external;

    /// @notice Whether a withdrawal of that hash was begun.
    function sentMessages(bytes32 withdrawalHash) external view returns (bool);

    /// @notice Nonce of the next withdrawal, its version included.
    function messageNonce() external view returns (uint256);

    /// @notice Version in the upper bytes of each nonce.
    function MESSAGE_VERSION() external view returns (uint16);

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);
}
