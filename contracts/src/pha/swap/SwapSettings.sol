// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A runtime of the parachain whose events provers can read.
/// @param specVersion As the runtime tells it.
/// @param metadataHash BLAKE2b-256 of its metadata, which say how to read them.
struct Runtime {
    uint32 specVersion;
    bytes32 metadataHash;
}

/// @title SwapSettings
/// @notice What a deposit is judged by, as a hash (protocol/swap-release.ts has the same): rules that never change, and the
///         runtimes whose events can be read.
library SwapSettings {
    bytes32 private constant RULES_TAG = keccak256("phala-l2 swap rules, version 1");
    bytes32 private constant SETTINGS_TAG = keccak256("phala-l2 swap settings, version 2");

    /// @notice All but the runtimes.
    function rulesHash(
        bytes32 genesisHash,
        uint64 firstHeight,
        uint64 lastHeight,
        uint128 minimum,
        address token,
        bytes32 finalityAnchor
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(RULES_TAG, genesisHash, firstHeight, lastHeight, minimum, token, finalityAnchor)
        );
    }

    /// @notice The settings of these rules and these runtimes.
    function settingsHash(bytes32 rules, Runtime[] memory runtimes) internal pure returns (bytes32) {
        uint256 count = runtimes.length;
        bytes32[] memory words = new bytes32[](2 * count);
        for (uint256 i = 0; i < count; ++i) {
            words[2 * i] = bytes32(uint256(runtimes[i].specVersion));
            words[2 * i + 1] = runtimes[i].metadataHash;
        }
        return keccak256(abi.encode(SETTINGS_TAG, rules, keccak256(abi.encodePacked(words))));
    }

    /// @notice Whether there is one way to read each runtime: at least one, each version once, in their order.
    function areSound(Runtime[] memory runtimes) internal pure returns (bool) {
        uint256 count = runtimes.length;
        for (uint256 i = 0; i < count; ++i) {
            if (runtimes[i].metadataHash == 0) return false;
            if (i > 0 && runtimes[i].specVersion <= runtimes[i - 1].specVersion) return false;
        }
        return count > 0;
    }
}
