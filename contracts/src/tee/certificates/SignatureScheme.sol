// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";

/// @notice The keys that the vendors' certificates carry.
enum KeyKind {
    P256,
    P384,
    RSA4096
}

/// @title SignatureScheme
/// @notice Keys, algorithms and signatures as certificates write them. Each kind of key signs in one way: P-256 with
///         SHA-256 (Intel), P-384 with SHA-384 (NVIDIA, and AMD's reports), RSA-4096 with PSS and SHA-384 (AMD).
library SignatureScheme {
    /// @notice An algorithm or parameters that none of the vendors uses.
    error SignatureScheme_UnknownAlgorithm(bytes algorithm);

    /// @notice A public key that is not of a supported kind, or not in the form it must have.
    error SignatureScheme_UnknownKey();

    /// @dev AlgorithmIdentifiers, whole. ecdsa-with-SHA256 and -SHA384: RFC 5758 section 3.2.
    bytes private constant ECDSA_SHA256 = hex"300a06082a8648ce3d040302";
    bytes private constant ECDSA_SHA384 = hex"300a06082a8648ce3d040303";

    /// @dev RSASSA-PSS with SHA-384, MGF1 of SHA-384 and a salt of 48 bytes: RFC 4055 section 3.1. AMD writes the trailer
    ///      field out; DER leaves it out, being the default.
    bytes private constant PSS_SHA384_TRAILER =
        hex"304606092a864886f70d01010a3039a00f300d06096086480165030402020500a11c301a06092a864886f70d010108"
        hex"300d06096086480165030402020500a203020130a303020101";
    bytes private constant PSS_SHA384 =
        hex"304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108"
        hex"300d06096086480165030402020500a203020130";

    /// @dev AlgorithmIdentifiers of keys: RFC 5480 section 2.1.1, RFC 3279 section 2.3.1.
    bytes private constant KEY_P256 = hex"301306072a8648ce3d020106082a8648ce3d030107";
    bytes private constant KEY_P384 = hex"301006072a8648ce3d020106052b81040022";
    bytes private constant KEY_RSA = hex"300d06092a864886f70d0101010500";

    /// @dev 65537, the one exponent.
    uint64 private constant EXPONENT = 65537;

    /// @notice The kind of key that signs by the algorithm written from `start` to `end`.
    function algorithm(bytes memory data, uint256 start, uint256 end) internal pure returns (KeyKind) {
        bytes32 name = Der.digest(data, start, end);
        if (name == keccak256(ECDSA_SHA256)) return KeyKind.P256;
        if (name == keccak256(ECDSA_SHA384)) return KeyKind.P384;
        require(
            name == keccak256(PSS_SHA384_TRAILER) || name == keccak256(PSS_SHA384),
            SignatureScheme_UnknownAlgorithm(Der.slice(data, start, end))
        );
        return KeyKind.RSA4096;
    }

    /// @notice A SubjectPublicKeyInfo at `position`: x and y, or the modulus.
    function publicKey(bytes memory data, uint256 position, uint256 end)
        internal
        pure
        returns (KeyKind kind, bytes memory key, uint256 next)
    {
        uint256 start;
        (start, next) = Der.expect(data, position, end, Der.SEQUENCE);
        (, uint256 bits) = Der.expect(data, start, next, Der.SEQUENCE);
        bytes32 name = Der.digest(data, start, bits);
        (uint256 content, uint256 last) = Der.wholeBits(data, bits, next);
        require(last == next, Der.Der_TrailingBytes(last));
        if (name == keccak256(KEY_RSA)) return (KeyKind.RSA4096, _modulus(data, content, last), next);
        kind = name == keccak256(KEY_P256) ? KeyKind.P256 : KeyKind.P384;
        require(kind == KeyKind.P256 || name == keccak256(KEY_P384), SignatureScheme_UnknownKey());
        // An uncompressed point: SEC 1 section 2.3.3.
        uint256 size = kind == KeyKind.P256 ? 64 : 96;
        require(last - content == 1 + size && data[content] == 0x04, SignatureScheme_UnknownKey());
        key = Der.slice(data, content + 1, last);
    }

    /// @notice The signature in a BIT STRING's content: r and s at full width, or the number of RSA.
    function signature(KeyKind kind, bytes memory data, uint256 start, uint256 end)
        internal
        pure
        returns (bytes memory result)
    {
        if (kind == KeyKind.RSA4096) return Der.slice(data, start, end);
        uint256 size = kind == KeyKind.P256 ? 32 : 48;
        uint256 content = Der.expectLast(data, start, end, Der.SEQUENCE);
        result = new bytes(2 * size);
        uint256 next;
        (content, next) = Der.unsigned(data, content, end, size);
        _place(result, size, data, content, next);
        (content, next) = Der.unsigned(data, next, end, size);
        require(next == end, Der.Der_TrailingBytes(next));
        _place(result, 2 * size, data, content, next);
    }

    /// @dev Copies the bytes so that they end at `target`.
    function _place(bytes memory result, uint256 target, bytes memory data, uint256 start, uint256 end) private pure {
        uint256 length = end - start;
        assembly ("memory-safe") {
            mcopy(add(add(result, 0x20), sub(target, length)), add(add(data, 0x20), start), length)
        }
    }

    /// @dev RSAPublicKey of exactly 4096 bits and the exponent 65537.
    function _modulus(bytes memory data, uint256 position, uint256 end) private pure returns (bytes memory) {
        uint256 start = Der.expectLast(data, position, end, Der.SEQUENCE);
        uint256 next;
        (start, next) = Der.unsigned(data, start, end, 512);
        require(next - start == 512 && data[start] >= 0x80, SignatureScheme_UnknownKey());
        (uint64 exponent, uint256 last) = Der.small(data, next, end);
        require(last == end, Der.Der_TrailingBytes(last));
        require(exponent == EXPONENT, SignatureScheme_UnknownKey());
        return Der.slice(data, start, next);
    }
}
