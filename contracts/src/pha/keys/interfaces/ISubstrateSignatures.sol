// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ISubstrateSignatures
/// @notice Signatures of parachain accounts, verified on Ethereum: who owned an account there can show it here without
///         anybody's help. Stateless.
interface ISubstrateSignatures {
    /// @notice Signature schemes of Substrate's `MultiSignature`, in its own order but for the tag of each.
    enum KeyKind {
        /// Schnorr over Ristretto255 with a Merlin transcript, context "substrate" (schnorrkel). Public key 32 bytes.
        SR25519,
        /// RFC 8032. Public key 32 bytes.
        ED25519,
        /// secp256k1 over BLAKE2b-256 of the message: r, s, recovery id (65 bytes). Public key 33 bytes, compressed.
        ECDSA
    }

    /// @notice Bytes of a public key, or of a signature, that no key of this kind has.
    error SubstrateSignatures_Length(KeyKind kind, uint256 publicKey, uint256 signature);
    /// @notice Signatories must ascend strictly, be at least two, and the threshold be from one to as many as they are.
    error SubstrateSignatures_Multisig(uint256 signatories, uint16 threshold);

    /// @notice Whether `signature` is this key's over exactly these bytes. Malformed points and scalars are no signature:
    ///         false, never a revert.
    function isValid(KeyKind kind, bytes calldata publicKey, bytes calldata message, bytes calldata signature)
        external
        view
        returns (bool);

    /// @notice AccountId of a key: the public key itself, or BLAKE2b-256 of it for ECDSA.
    function accountOf(KeyKind kind, bytes calldata publicKey) external view returns (bytes32);

    /// @notice AccountId of a multisig (pallet-multisig): BLAKE2b-256 of "modlpy/utilisuba", the compact number of
    ///         signatories, the signatories, and the threshold as two bytes, least significant first.
    function multisigAccountOf(bytes32[] calldata signatories, uint16 threshold) external view returns (bytes32);
}
