// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title P256
/// @notice ECDSA over P-256 by the precompile of EIP-7951 (Osaka), which checks the ranges of r and s and that the key is
///         a point of the curve. Signatures with a high s are accepted, as Intel's certificates carry them.
/// @dev On a chain without the precompile the call answers nothing, and no signature is valid.
library P256 {
    /// @dev Address of P256VERIFY.
    address private constant P256_VERIFY = address(0x100);

    /// @notice Whether `signature` is the key's over the digest. False, never a revert, for what is not a key or signature.
    /// @param key x and y, 32 bytes each.
    /// @param signature r and s, 32 bytes each.
    function verify(bytes memory key, bytes memory signature, bytes32 digest) internal view returns (bool) {
        if (key.length != 64 || signature.length != 64) return false;
        (bool success, bytes memory answer) = P256_VERIFY.staticcall(bytes.concat(digest, signature, key));
        return success && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }
}
