// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyKind} from "../certificates/SignatureScheme.sol";

/// @title ISignatureVerifier
/// @notice The signatures of Intel, AMD and NVIDIA, checked. Without state and without an owner.
interface ISignatureVerifier {
    /// @notice Whether `signature` is the key's over the message. False for whatever is not a key or a signature.
    /// @param kind P-256 (with SHA-256), P-384 (with SHA-384) or RSA-4096 (PSS with SHA-384).
    /// @param publicKey x and y, 32 or 48 bytes each; or the modulus of 512 bytes.
    /// @param message What was signed, not its digest.
    /// @param signature r and s, 32 or 48 bytes each; or 512 bytes.
    /// @param oddFirst For P-384: whether the signature's point has an odd y. A wrong answer doubles the gas, no more.
    function verify(
        KeyKind kind,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature,
        bool oddFirst
    ) external view returns (bool);
}
