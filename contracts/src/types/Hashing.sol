// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Types} from "./Types.sol";
import {MessageNonce} from "./MessageNonce.sol";

/// @title Hashing
/// @notice The digests that L1, L2 and off-chain code must agree on. Each is keccak256 of an ABI encoding.
library Hashing {
    /// @notice The message's nonce carries a version whose encoding is unknown here.
    error Hashing_UnknownNonceVersion(uint16 version);

    /// @notice Selector of the version 1 message encoding: it is a call to the other side's messenger.
    bytes4 internal constant RELAY_MESSAGE_SELECTOR =
        bytes4(keccak256("relayMessage(uint256,address,address,uint256,uint256,bytes)"));

    /// @notice Hash of a withdrawal: the key of `sentMessages` on L2 and the withdrawal's name on L1 (withdrawals.md).
    function hashWithdrawal(Types.WithdrawalTransaction memory withdrawal) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                withdrawal.nonce,
                withdrawal.sender,
                withdrawal.target,
                withdrawal.value,
                withdrawal.gasLimit,
                withdrawal.data
            )
        );
    }

    /// @notice Output root of a version 0 proof (proposals.md). The version word is part of the preimage.
    function hashOutputRootProof(Types.OutputRootProof memory proof) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(proof.version, proof.stateRoot, proof.messagePasserStorageRoot, proof.latestBlockhash)
        );
    }

    /// @notice Hash under which both messengers remember a cross-domain message (messengers.md).
    function hashCrossDomainMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes memory data
    ) internal pure returns (bytes32) {
        uint16 version = MessageNonce.version(nonce);
        require(version == MessageNonce.VERSION, Hashing_UnknownNonceVersion(version));
        return keccak256(encodeCrossDomainMessage(nonce, sender, target, value, minGasLimit, data));
    }

    /// @notice The version 1 encoding: the calldata of `relayMessage` on the other side.
    function encodeCrossDomainMessage(
        uint256 nonce,
        address sender,
        address target,
        uint256 value,
        uint256 minGasLimit,
        bytes memory data
    ) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(RELAY_MESSAGE_SELECTOR, nonce, sender, target, value, minGasLimit, data);
    }
}
