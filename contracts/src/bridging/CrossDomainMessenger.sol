// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Hashing} from "../types/Hashing.sol";
import {MessageNonce} from "../types/MessageNonce.sol";
import {SafeCall} from "../types/SafeCall.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";

/// @title CrossDomainMessenger
/// @notice What both layers' messengers have in common. A layer adds how a message is sent, who speaks for the other
///         messenger, and which targets it must never call.
abstract contract CrossDomainMessenger is ICrossDomainMessenger, Initializable {
    /// @notice Version in the upper bytes of each nonce.
    uint16 public constant MESSAGE_VERSION = MessageNonce.VERSION;

    /// @notice Gas that `relayMessage` uses before its call, at most.
    uint64 public constant RELAY_CONSTANT_OVERHEAD = 200_000;
    /// @notice Ratio that undoes the 63/64 rule of EIP-150.
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR = 64;
    uint64 public constant MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR = 63;
    /// @notice Dynamic cost of the CALL itself, at most.
    uint64 public constant RELAY_CALL_OVERHEAD = 40_000;
    /// @notice Gas kept back for the bookkeeping after the call.
    uint64 public constant RELAY_RESERVED_GAS = 40_000;
    /// @notice Gas between the check of the remaining gas and the CALL, at most.
    uint64 public constant RELAY_GAS_CHECK_BUFFER = 5_000;

    /// @notice Intrinsic gas of a transaction.
    uint64 public constant TX_BASE_GAS = 21_000;
    /// @notice Gas of a calldata byte, priced as non-zero (EIP-2028).
    uint64 public constant MIN_GAS_CALLDATA_OVERHEAD = 16;
    /// @notice Floor gas of a calldata byte, priced as non-zero (EIP-7623).
    uint64 public constant FLOOR_CALLDATA_OVERHEAD = 40;
    /// @notice Bytes that the ABI encoding of `relayMessage` adds to a message: selector, six head words, length
    ///         and at most one word of padding.
    uint64 public constant ENCODING_OVERHEAD = 260;

    /// @dev Wallets and op-geth estimate gas from this address; a failed relay must then be an error.
    address private constant ESTIMATION_ADDRESS = address(1);

    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public successfulMessages;

    /// @inheritdoc ICrossDomainMessenger
    mapping(bytes32 msgHash => bool) public failedMessages;

    /// @inheritdoc ICrossDomainMessenger
    ICrossDomainMessenger public otherMessenger;

    /// @dev Counter of sent messages, without version.
    uint240 private _nonce;

    /// @dev Sender of the message in progress, zero between messages. It doubles as the lock against nested relays.
    address private transient _sender;

    /// @inheritdoc ICrossDomainMessenger
    function sendMessage(address target, bytes calldata message, uint32 minGasLimit) external payable {
        uint256 nonce = messageNonce();
        unchecked {
            // 2^240 messages cannot be sent.
            ++_nonce;
        }
        _sendMessage(
            address(otherMessenger),
            baseGas(message, minGasLimit),
            msg.value,
            Hashing.encodeCrossDomainMessage(nonce, msg.sender, target, msg.value, minGasLimit, message)
        );
        emit SentMessage(target, msg.sender, message, nonce, minGasLimit);
        emit SentMessageExtension1(msg.sender, msg.value);
    }

    /// @inheritdoc ICrossDomainMessenger
    /// @dev Three rules make replay safe. A first relay comes from the other messenger's authority, which delivers each
    ///      message once, with its value; a replay comes from anyone, without value, for a message known as failed; a
    ///      hash succeeds once. A nested relay is remembered as failed instead of executed: were it to revert, the portal
    ///      would have spent the withdrawal for nothing. For the same reason the message is in memory from the start: a
    ///      copy made after the check of the gas would be paid from the reserve. What the transport keeps itself is the
    ///      exception: its failed first relay reverts, whatever made it fail, and is never known as failed.
    function relayMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes memory message
    ) public payable {
        require(!paused(), CrossDomainMessenger_Paused());
        bytes32 msgHash = Hashing.hashCrossDomainMessage(nonce, sender, target, value, minGasLimit, message);

        require(!successfulMessages[msgHash], CrossDomainMessenger_AlreadyRelayed(msgHash));
        bool isKept = false;
        if (_isOtherMessenger()) {
            require(msg.value == value, CrossDomainMessenger_ValueMismatch(value, msg.value));
            require(!failedMessages[msgHash], CrossDomainMessenger_NotReplayable(msgHash));
            isKept = _isKeptByTransport(sender, value);
        } else {
            require(msg.value == 0, CrossDomainMessenger_ReplayWithValue());
            require(failedMessages[msgHash], CrossDomainMessenger_NotReplayable(msgHash));
        }
        require(!_isUnsafeTarget(target), CrossDomainMessenger_UnsafeTarget(target));

        bool callable =
            _sender == address(0) && SafeCall.hasMinGas(minGasLimit, RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER);
        require(callable || !isKept, CrossDomainMessenger_RelayFailed());
        if (callable && _call(sender, target, value, message)) {
            successfulMessages[msgHash] = true;
            emit RelayedMessage(msgHash);
            return;
        }
        if (isKept) SafeCall.revertWithReason(CrossDomainMessenger_RelayFailed.selector);

        failedMessages[msgHash] = true;
        emit FailedRelayedMessage(msgHash);
        // Without this an estimator would settle on a gas limit at which the call inside fails.
        // solhint-disable-next-line avoid-tx-origin
        require(tx.origin != ESTIMATION_ADDRESS, CrossDomainMessenger_EstimationFailed());
    }

    /// @inheritdoc ICrossDomainMessenger
    function xDomainMessageSender() external view returns (address) {
        require(_sender != address(0), CrossDomainMessenger_NoMessageInProgress());
        return _sender;
    }

    /// @inheritdoc ICrossDomainMessenger
    function OTHER_MESSENGER() external view returns (ICrossDomainMessenger) {
        return otherMessenger;
    }

    /// @inheritdoc ICrossDomainMessenger
    function messageNonce() public view returns (uint256) {
        return MessageNonce.encode(_nonce);
    }

    /// @inheritdoc ICrossDomainMessenger
    function baseGas(bytes calldata message, uint32 minGasLimit) public pure returns (uint64) {
        uint256 execution = RELAY_CONSTANT_OVERHEAD + RELAY_CALL_OVERHEAD + RELAY_RESERVED_GAS + RELAY_GAS_CHECK_BUFFER
            + (minGasLimit * MIN_GAS_DYNAMIC_OVERHEAD_NUMERATOR) / MIN_GAS_DYNAMIC_OVERHEAD_DENOMINATOR;
        uint256 size = message.length + ENCODING_OVERHEAD;
        // A transaction pays for its calldata and its execution, and at least the floor of its calldata (EIP-7623).
        return uint64(
            TX_BASE_GAS + Math.max(execution + size * MIN_GAS_CALLDATA_OVERHEAD, size * FLOOR_CALLDATA_OVERHEAD)
        );
    }

    /// @inheritdoc ICrossDomainMessenger
    function paused() public view virtual returns (bool) {
        return false;
    }

    function __CrossDomainMessenger_init(ICrossDomainMessenger other) internal onlyInitializing {
        require(address(other) != address(0), CrossDomainMessenger_ZeroAddress());
        otherMessenger = other;
    }

    /// @dev Hands an encoded message to the layer's own transport.
    function _sendMessage(address to, uint64 gasLimit, uint256 value, bytes memory data) internal virtual;

    /// @dev Whether the caller acts for the messenger on the other layer.
    function _isOtherMessenger() internal view virtual returns (bool);

    /// @dev Whether a message to `target` could act with the messenger's own authority.
    function _isUnsafeTarget(address target) internal view virtual returns (bool);

    /// @dev Whether what brings a message can bring it again, and does so if its first relay reverts.
    function _isKeptByTransport(address sender, uint256 value) internal view virtual returns (bool) {}

    /// @dev Calls with the sender visible, and keeps the reserve for what follows.
    function _call(address sender, address target, uint256 value, bytes memory message)
        private
        returns (bool success)
    {
        _sender = sender;
        // solhint-disable-next-line avoid-low-level-calls
        success = SafeCall.call(target, gasleft() - RELAY_RESERVED_GAS, value, message);
        _sender = address(0);
    }
}
