// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Types
/// @notice The tuples that the OP Stack's ABI shares between the portal, the message passer and clients.
library Types {
    /// @notice Preimage of an output root, version 0 (OP Stack specs, proposals.md).
    struct OutputRootProof {
        bytes32 version;
        bytes32 stateRoot;
        bytes32 messagePasserStorageRoot;
        bytes32 latestBlockhash;
    }

    /// @notice A withdrawal as initiated on L2; its hash is the key in the message passer (withdrawals.md).
    struct WithdrawalTransaction {
        uint256 nonce;
        address sender;
        address target;
        uint256 value;
        uint256 gasLimit;
        bytes data;
    }
}
