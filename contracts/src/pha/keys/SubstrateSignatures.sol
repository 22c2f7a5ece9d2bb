// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blake2b} from "./Blake2b.sol";
import {EcdsaKey} from "./EcdsaKey.sol";
import {Ed25519} from "./Ed25519.sol";
import {ISubstrateSignatures} from "./interfaces/ISubstrateSignatures.sol";
import {LittleEndian} from "./LittleEndian.sol";
import {Sr25519} from "./Sr25519.sol";

/// @title SubstrateSignatures
/// @notice See `ISubstrateSignatures`.
contract SubstrateSignatures is ISubstrateSignatures {
    /// @dev Bytes of a public key: of both schemes over Curve25519, and of ECDSA.
    uint256 private constant KEY = 32;
    uint256 private constant ECDSA_KEY = 33;

    /// @dev Bytes of a signature.
    uint256 private constant SIGNATURE = 64;
    uint256 private constant ECDSA_SIGNATURE = 65;

    /// @dev Bounds of SCALE's compact numbers in one and in two bytes.
    uint256 private constant COMPACT_ONE = 1 << 6;
    uint256 private constant COMPACT_TWO = 1 << 14;

    /// @inheritdoc ISubstrateSignatures
    function isValid(KeyKind kind, bytes calldata publicKey, bytes calldata message, bytes calldata signature)
        external
        view
        returns (bool)
    {
        bool isEcdsa = kind == KeyKind.ECDSA;
        require(
            _isKeyLength(kind, publicKey.length) && signature.length == (isEcdsa ? ECDSA_SIGNATURE : SIGNATURE),
            SubstrateSignatures_Length(kind, publicKey.length, signature.length)
        );
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        if (isEcdsa) return EcdsaKey.verify(publicKey, message, r, s, uint8(signature[64]));
        bytes32 key = bytes32(publicKey);
        return kind == KeyKind.SR25519 ? Sr25519.verify(key, message, r, s) : Ed25519.verify(key, message, r, s);
    }

    /// @inheritdoc ISubstrateSignatures
    function accountOf(KeyKind kind, bytes calldata publicKey) external view returns (bytes32) {
        require(_isKeyLength(kind, publicKey.length), SubstrateSignatures_Length(kind, publicKey.length, 0));
        return kind == KeyKind.ECDSA ? Blake2b.hash(publicKey) : bytes32(publicKey);
    }

    /// @inheritdoc ISubstrateSignatures
    function multisigAccountOf(bytes32[] calldata signatories, uint16 threshold) external view returns (bytes32) {
        uint256 count = signatories.length;
        bool holds = count > 1 && threshold != 0 && threshold <= count;
        for (uint256 i = 1; holds && i < count; ++i) {
            holds = signatories[i - 1] < signatories[i];
        }
        require(holds, SubstrateSignatures_Multisig(count, threshold));
        return Blake2b.hash(
            bytes.concat(
                "modlpy/utilisuba",
                _compact(count),
                abi.encodePacked(signatories),
                bytes2(uint16((threshold >> 8) | (threshold << 8)))
            )
        );
    }

    function _isKeyLength(KeyKind kind, uint256 length) private pure returns (bool) {
        return length == (kind == KeyKind.ECDSA ? ECDSA_KEY : KEY);
    }

    /// @dev SCALE: the two lowest bits tell how many bytes there are.
    function _compact(uint256 number) private pure returns (bytes memory) {
        bytes32 reversed = bytes32(LittleEndian.reverse(number << 2));
        if (number < COMPACT_ONE) return bytes.concat(bytes1(reversed));
        if (number < COMPACT_TWO) return bytes.concat(bytes2(reversed) | 0x0100);
        // Calldata does not hold so many signatories that four bytes were too few.
        return bytes.concat(bytes4(reversed) | 0x02000000);
    }
}
