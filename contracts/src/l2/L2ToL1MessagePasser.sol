// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hashing} from "../types/Hashing.sol";
import {MessageNonce} from "../types/MessageNonce.sol";
import {Types} from "../types/Types.sol";
import {IL2ToL1MessagePasser} from "./interfaces/IL2ToL1MessagePasser.sol";

/// @title L2ToL1MessagePasser
/// @notice See IL2ToL1MessagePasser. The layout is part of the protocol: the portal checks storage proofs against slot 0.
contract L2ToL1MessagePasser is IL2ToL1MessagePasser {
    /// @inheritdoc IL2ToL1MessagePasser
    uint16 public constant MESSAGE_VERSION = MessageNonce.VERSION;

    /// @dev Gas on L1 for ether sent here without a call.
    uint256 internal constant RECEIVE_DEFAULT_GAS_LIMIT = 100_000;

    /// @dev ADDRESS SELFDESTRUCT: a contract that, while it is created, destroys itself with all its ether. Within the
    ///      transaction of its creation this still removes the ether (EIP-6780).
    bytes2 private constant BURNER = 0x30ff;

    /// @inheritdoc IL2ToL1MessagePasser
    mapping(bytes32 withdrawalHash => bool) public sentMessages; // slot 0

    /// @dev Counter of withdrawals, without version.
    uint240 private _nonce; // slot 1

    /// @notice Ether sent without a call is withdrawn to the sender's own address on L1.
    receive() external payable {
        _initiateWithdrawal(msg.sender, RECEIVE_DEFAULT_GAS_LIMIT, "");
    }

    /// @inheritdoc IL2ToL1MessagePasser
    function initiateWithdrawal(address target, uint256 gasLimit, bytes calldata data) external payable {
        _initiateWithdrawal(target, gasLimit, data);
    }

    /// @inheritdoc IL2ToL1MessagePasser
    function burn() external {
        uint256 amount = address(this).balance;
        bytes32 code = BURNER;
        address burner;
        assembly ("memory-safe") {
            mstore(0, code)
            burner := create(amount, 0, 2)
        }
        require(burner != address(0), L2ToL1MessagePasser_BurnFailed());
        emit WithdrawerBalanceBurnt(amount);
    }

    /// @inheritdoc IL2ToL1MessagePasser
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IL2ToL1MessagePasser
    function messageNonce() public view returns (uint256) {
        return MessageNonce.encode(_nonce);
    }

    function _initiateWithdrawal(address target, uint256 gasLimit, bytes memory data) private {
        uint256 nonce = messageNonce();
        bytes32 withdrawalHash = Hashing.hashWithdrawal(
            Types.WithdrawalTransaction({
                nonce: nonce,
                sender: msg.sender,
                target: target,
                value: msg.value,
                gasLimit: gasLimit,
                data: data
            })
        );
        sentMessages[withdrawalHash] = true;
        unchecked {
            // 2^240 withdrawals cannot be made.
            ++_nonce;
        }
        emit MessagePassed(nonce, msg.sender, target, msg.value, gasLimit, data, withdrawalHash);
    }
}
