// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ICrossDomainMessenger
/// @notice Calls from a contract on one layer to a contract on the other (OP Stack specs, messengers.md). A message is
///         executed at most once with success; one that fails can be replayed by anyone, and its value waits for it. Tokens
///         on their way to L1 are the exception: their withdrawal stays open at the portal, and is finalised again.
interface ICrossDomainMessenger {
    /// @notice A message left this layer. `sender` and `messageNonce` let the other side's hash be rebuilt.
    event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce, uint256 gasLimit);

    /// @notice Companion of `SentMessage`: the value in wei that the message carries.
    event SentMessageExtension1(address indexed sender, uint256 value);

    /// @notice A message from the other layer was executed.
    event RelayedMessage(bytes32 indexed msgHash);

    /// @notice A message from the other layer could not be executed and may be replayed.
    event FailedRelayedMessage(bytes32 indexed msgHash);

    /// @notice No message is being relayed, so there is no sender to ask for.
    error CrossDomainMessenger_NoMessageInProgress();
    /// @notice Relaying from L2 to L1 is paused.
    error CrossDomainMessenger_Paused();
    /// @notice The value that came with a first relay differs from the message's value.
    error CrossDomainMessenger_ValueMismatch(uint256 expected, uint256 actual);
    /// @notice A replay must carry no value: the messenger already holds it.
    error CrossDomainMessenger_ReplayWithValue();
    /// @notice Only a message that has failed can be replayed.
    error CrossDomainMessenger_NotReplayable(bytes32 msgHash);
    /// @notice The message was executed before.
    error CrossDomainMessenger_AlreadyRelayed(bytes32 msgHash);
    /// @notice A message may not call the system contracts in whose name it would act.
    error CrossDomainMessenger_UnsafeTarget(address target);
    /// @notice The relay failed in a gas estimation, which must search on for a higher limit.
    error CrossDomainMessenger_EstimationFailed();
    /// @notice A message that the portal keeps could not be executed, and its target gave no (short) reason.
    error CrossDomainMessenger_RelayFailed();
    /// @notice A counterpart's address must not be zero.
    error CrossDomainMessenger_ZeroAddress();

    /// @notice Sends `message` to `target` on the other layer, with `msg.value` wei.
    /// @param target Contract to call there.
    /// @param message Calldata of that call.
    /// @param minGasLimit Gas that the call is guaranteed there.
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable;

    /// @notice Executes a message of the other layer: first called by the other messenger's authority, later, if that
    ///         attempt failed, by anyone without value. All parameters are those of the message.
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes calldata message
    ) external payable;

    /// @notice Account on the other layer that sent the message now being relayed.
    function xDomainMessageSender() external view returns (address);

    /// @notice Nonce of the next message, its version included.
    function messageNonce() external view returns (uint256);

    /// @notice Gas limit a message needs on the other layer so that its call surely gets `minGasLimit`, or the message
    ///         is at least remembered as failed.
    function baseGas(bytes calldata message, uint32 minGasLimit) external pure returns (uint64);

    /// @notice Whether the message of that hash was executed.
    function successfulMessages(bytes32 msgHash) external view returns (bool);

    /// @notice Whether the message of that hash failed at least once. It stays true after a successful replay.
    function failedMessages(bytes32 msgHash) external view returns (bool);

    /// @notice Whether relaying is paused on this layer.
    function paused() external view returns (bool);

    /// @notice The messenger on the other layer.
    function otherMessenger() external view returns (ICrossDomainMessenger);

    /// @notice The same, under the name older clients use.
    function OTHER_MESSENGER() external view returns (ICrossDomainMessenger);
}
