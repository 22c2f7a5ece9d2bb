// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";
import {KeyKind, SignatureScheme} from "./SignatureScheme.sol";

/// @notice What a certificate says. Times in seconds since 1970; places are offsets into the certificate's bytes.
/// @param signedFrom Where the signed part (tbsCertificate) begins, with its tag.
/// @param signedTo Where it ends.
/// @param signatureKind The kind of key that the signature is said to be made by.
/// @param signature r and s at full width, or the number of RSA.
/// @param serial Serial number, big-endian, without leading zeros; one zero byte for zero.
/// @param issuer keccak256 of the issuer's name as it is encoded.
/// @param subject keccak256 of the subject's name as it is encoded.
/// @param notBefore First second of validity.
/// @param notAfter Last second of validity.
/// @param keyKind Kind of the subject's key.
/// @param publicKey x and y at full width, or the modulus.
/// @param isAuthority basicConstraints: the subject may sign certificates.
/// @param limitsPath Whether basicConstraints limits the authorities below this one.
/// @param pathLength How many authorities may follow, if limited.
/// @param usages keyUsage: bit i of RFC 5280 section 4.2.1.3 is bit 15 - i here; all bits if the extension is absent.
/// @param extensionsFrom Where the content of the list of extensions begins.
/// @param extensionsTo Where it ends; equal if there are none.
struct Certificate {
    uint256 signedFrom;
    uint256 signedTo;
    KeyKind signatureKind;
    bytes signature;
    bytes serial;
    bytes32 issuer;
    bytes32 subject;
    uint64 notBefore;
    uint64 notAfter;
    KeyKind keyKind;
    bytes publicKey;
    bool isAuthority;
    bool limitsPath;
    uint64 pathLength;
    uint16 usages;
    uint256 extensionsFrom;
    uint256 extensionsTo;
}

/// @title X509
/// @notice Reads certificates of version 3 (RFC 5280 section 4.1) strictly: DER without a byte too many, no extension
///         twice among those read here, none that is critical and unknown. It reads; it trusts nothing.
library X509 {
    /// @notice A certificate of another version than 3.
    error X509_UnsupportedVersion(uint64 version);

    /// @notice The algorithm in the signed part and the one beside the signature differ (RFC 5280 section 4.1.1.2).
    error X509_AlgorithmMismatch();

    /// @notice A certificate that ends before it begins.
    error X509_InvalidValidity(uint64 notBefore, uint64 notAfter);

    /// @notice A critical extension that is not understood here (section 4.2).
    error X509_UnknownCriticalExtension(bytes oid);

    /// @notice An extension that stands twice.
    error X509_RepeatedExtension(bytes oid);

    /// @notice A limit on the path of one who is no authority (section 4.2.1.9).
    error X509_InvalidConstraints();

    /// @notice An extension that is asked for, but absent.
    error X509_MissingExtension(bytes oid);

    /// @notice Bits of keyUsage.
    uint16 internal constant SIGNS_CERTIFICATES = 1 << 10;
    uint16 internal constant SIGNS_REVOCATIONS = 1 << 9;

    /// @dev Tags of [0] (version) and [3] (extensions), both constructed.
    uint8 private constant VERSION = 0xa0;
    uint8 private constant EXTENSIONS = 0xa3;

    /// @dev Contents of the object identifiers 2.5.29.15 and 2.5.29.19.
    bytes private constant KEY_USAGE = hex"551d0f";
    bytes private constant BASIC_CONSTRAINTS = hex"551d13";

    /// @notice Reads a certificate, from the first of its bytes to the last.
    function parse(bytes memory der) internal pure returns (Certificate memory certificate) {
        uint256 start = Der.expectLast(der, 0, der.length, Der.SEQUENCE);
        (uint256 signed, uint256 signedEnd) = Der.expect(der, start, der.length, Der.SEQUENCE);
        (, uint256 algorithmEnd) = Der.expect(der, signedEnd, der.length, Der.SEQUENCE);
        certificate.signedFrom = start;
        certificate.signedTo = signedEnd;
        certificate.signatureKind = SignatureScheme.algorithm(der, signedEnd, algorithmEnd);
        (uint256 content, uint256 end) = Der.wholeBits(der, algorithmEnd, der.length);
        require(end == der.length, Der.Der_TrailingBytes(end));
        certificate.signature = SignatureScheme.signature(certificate.signatureKind, der, content, end);
        _parseSigned(der, signed, signedEnd, Der.digest(der, signedEnd, algorithmEnd), certificate);
    }

    /// @notice The content (of the OCTET STRING) of the extension whose object identifier has this content.
    function extension(bytes memory der, Certificate memory certificate, bytes memory oid)
        internal
        pure
        returns (bytes memory content)
    {
        bool found;
        for (uint256 position = certificate.extensionsFrom; position < certificate.extensionsTo;) {
            bytes32 name;
            uint256 start;
            uint256 next;
            (name,, start, next, position) = readExtension(der, position, certificate.extensionsTo);
            if (name != keccak256(oid)) continue;
            require(!found, X509_RepeatedExtension(oid));
            found = true;
            content = Der.slice(der, start, next);
        }
        require(found, X509_MissingExtension(oid));
    }

    /// @notice A serial number at `position`: not negative, at most 20 bytes. Zero occurs: AMD's VCEK all have it.
    function readSerial(bytes memory der, uint256 position, uint256 end)
        internal
        pure
        returns (bytes memory serial, uint256 next)
    {
        uint256 start;
        (start, next) = Der.unsigned(der, position, end, 20);
        serial = Der.slice(der, start, next);
    }

    /// @dev TBSCertificate, RFC 5280 section 4.1.2, after the outer fields.
    function _parseSigned(
        bytes memory der,
        uint256 position,
        uint256 end,
        bytes32 algorithm,
        Certificate memory certificate
    ) private pure {
        position = _readVersion(der, position, end);
        (certificate.serial, position) = readSerial(der, position, end);
        uint256 next;
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        require(Der.digest(der, position, next) == algorithm, X509_AlgorithmMismatch());
        position = next;
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        certificate.issuer = Der.digest(der, position, next);
        position = _readValidity(der, next, end, certificate);
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        certificate.subject = Der.digest(der, position, next);
        (certificate.keyKind, certificate.publicKey, position) = SignatureScheme.publicKey(der, next, end);
        certificate.usages = type(uint16).max;
        // The unique identifiers of version 2 ([1] and [2]) would be found here and refused.
        if (position < end) {
            position = Der.expectLast(der, position, end, EXTENSIONS);
            position = Der.expectLast(der, position, end, Der.SEQUENCE);
            (certificate.extensionsFrom, certificate.extensionsTo) = (position, end);
            _readExtensions(der, certificate);
        }
    }

    /// @dev [0] EXPLICIT INTEGER 2: version 3.
    function _readVersion(bytes memory der, uint256 position, uint256 end) private pure returns (uint256) {
        (uint256 start, uint256 next) = Der.expect(der, position, end, VERSION);
        (uint64 version, uint256 last) = Der.small(der, start, next);
        require(last == next, Der.Der_TrailingBytes(last));
        require(version == 2, X509_UnsupportedVersion(version + 1));
        return next;
    }

    function _readValidity(bytes memory der, uint256 position, uint256 end, Certificate memory certificate)
        private
        pure
        returns (uint256)
    {
        (uint256 start, uint256 next) = Der.expect(der, position, end, Der.SEQUENCE);
        (certificate.notBefore, start) = Der.time(der, start, next);
        (certificate.notAfter, start) = Der.time(der, start, next);
        require(start == next, Der.Der_TrailingBytes(start));
        require(
            certificate.notBefore <= certificate.notAfter,
            X509_InvalidValidity(certificate.notBefore, certificate.notAfter)
        );
        return next;
    }

    /// @dev The two extensions understood; others may stand there unless they are critical.
    function _readExtensions(bytes memory der, Certificate memory certificate) private pure {
        bool hasUsage;
        bool hasConstraints;
        for (uint256 position = certificate.extensionsFrom; position < certificate.extensionsTo;) {
            (bytes32 name, bool critical, uint256 start, uint256 end, uint256 next) =
                readExtension(der, position, certificate.extensionsTo);
            if (name == keccak256(KEY_USAGE)) {
                require(!hasUsage, X509_RepeatedExtension(KEY_USAGE));
                hasUsage = true;
                uint256 last;
                (certificate.usages, last) = Der.namedBits(der, start, end);
                require(last == end, Der.Der_TrailingBytes(last));
            } else if (name == keccak256(BASIC_CONSTRAINTS)) {
                require(!hasConstraints, X509_RepeatedExtension(BASIC_CONSTRAINTS));
                hasConstraints = true;
                _readConstraints(der, start, end, certificate);
            } else {
                require(!critical, X509_UnknownCriticalExtension(_oid(der, position, next)));
            }
            position = next;
        }
    }

    /// @dev Section 4.2.1.9.
    function _readConstraints(bytes memory der, uint256 position, uint256 end, Certificate memory certificate)
        private
        pure
    {
        position = Der.expectLast(der, position, end, Der.SEQUENCE);
        if (Der.isNext(der, position, end, Der.BOOLEAN)) {
            (certificate.isAuthority, position) = Der.boolean(der, position, end);
        }
        if (position < end) {
            require(certificate.isAuthority, X509_InvalidConstraints());
            certificate.limitsPath = true;
            (certificate.pathLength, position) = Der.small(der, position, end);
        }
        require(position == end, Der.Der_TrailingBytes(position));
    }

    /// @notice The extension at `position`: keccak256 of its object identifier's content, whether it is critical, where its
    ///         content begins and ends, and where the next one begins.
    /// @dev Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }, section 4.1.
    function readExtension(bytes memory der, uint256 position, uint256 end)
        internal
        pure
        returns (bytes32 name, bool critical, uint256 start, uint256 contentEnd, uint256 next)
    {
        (position, next) = Der.expect(der, position, end, Der.SEQUENCE);
        (start, contentEnd) = Der.expect(der, position, next, Der.OBJECT_IDENTIFIER);
        name = Der.digest(der, start, contentEnd);
        if (Der.isNext(der, contentEnd, next, Der.BOOLEAN)) (critical, contentEnd) = Der.boolean(der, contentEnd, next);
        (start, contentEnd) = Der.expect(der, contentEnd, next, Der.OCTET_STRING);
        require(contentEnd == next, Der.Der_TrailingBytes(contentEnd));
    }

    /// @dev The object identifier of the extension from `position` to `end`, for errors.
    function _oid(bytes memory der, uint256 position, uint256 end) private pure returns (bytes memory) {
        (uint256 start,) = Der.expect(der, position, end, Der.SEQUENCE);
        (uint256 content, uint256 next) = Der.expect(der, start, end, Der.OBJECT_IDENTIFIER);
        return Der.slice(der, content, next);
    }
}
