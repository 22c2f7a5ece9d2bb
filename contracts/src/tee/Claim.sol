// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a prover signs: "executing the chain of `rollupConfigHash` from the state of `previousOutputRoot`, with
///         the L1 data up to and including the block `l1Head`, gives `outputRoot` at L2 block `l2BlockNumber`". A zero
///         `outputRoot` says that it gives no such block: that L1 data ends before it, or contradicts the start.
struct Claim {
    bytes32 rollupConfigHash;
    bytes32 l1Head;
    bytes32 previousOutputRoot;
    bytes32 outputRoot;
    uint64 l2BlockNumber;
}

/// @title ClaimLib
/// @notice EIP-712 struct hash of a claim. The domain (chain id and prover registry) is added by the registry, so that a
///         signature is worth nothing on another chain or for another registry.
library ClaimLib {
    bytes32 internal constant TYPEHASH = keccak256(
        "Claim(bytes32 rollupConfigHash,bytes32 l1Head,bytes32 previousOutputRoot,bytes32 outputRoot,uint64 l2BlockNumber)"
    );

    /// @notice `hashStruct` of EIP-712.
    function structHash(Claim memory claim) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TYPEHASH,
                claim.rollupConfigHash,
                claim.l1Head,
                claim.previousOutputRoot,
                claim.outputRoot,
                claim.l2BlockNumber
            )
        );
    }
}
