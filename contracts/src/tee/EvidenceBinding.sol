// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title EvidenceBinding
/// @notice What evidence commits to, byte for byte as `tee-prover/attest/commitments.ts` says it: all numbers are
///         big-endian, nothing is padded, and each preimage has one length for its tag.
library EvidenceBinding {
    /// @notice The first half of report data: evidence serves one key for one registry, on one chain, under one policy,
    ///         and cannot be kept for later.
    function keyCommitment(address registry, address key, bytes32 l1BlockHash, uint64 policyVersion)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encodePacked("phala-l2 prover key 2", block.chainid, registry, key, l1BlockHash, policyVersion)
        );
    }

    /// @notice The nonce that GPU `index` is asked with: its report commits to the key.
    function gpuNonce(address registry, address key, bytes32 l1BlockHash, uint32 index)
        internal
        view
        returns (bytes32)
    {
        return sha256(abi.encodePacked("gpu-v1", block.chainid, registry, key, l1BlockHash, index));
    }

    /// @notice The second half of report data: what the CPU says of the GPUs beside it; zero where there are none.
    /// @param reportHashes keccak256 of each report, in the order of the GPUs' indices.
    function gpuReportsCommitment(bytes32[] memory reportHashes) internal pure returns (bytes32) {
        if (reportHashes.length == 0) return 0;
        // Elements of an array fill a word each, so that packing them adds nothing.
        return keccak256(abi.encodePacked("phala-l2 gpu reports 1", uint32(reportHashes.length), reportHashes));
    }
}
