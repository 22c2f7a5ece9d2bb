// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";
import {KeyKind, SignatureScheme} from "./SignatureScheme.sol";
import {X509} from "./X509.sol";

/// @notice What a list of revoked certificates says, without its entries.
/// @param signedFrom Where the signed part (tbsCertList) begins, with its tag.
/// @param signedTo Where it ends.
/// @param signatureKind The kind of key that the signature is said to be made by.
/// @param signature r and s at full width, or the number of RSA.
/// @param issuer keccak256 of the issuer's name as it is encoded.
/// @param thisUpdate When the list was made.
/// @param nextUpdate When the next one is made at the latest.
/// @param entriesFrom Where the first entry begins.
/// @param entriesTo Where the last one ends; equal if nothing is revoked.
struct RevocationList {
    uint256 signedFrom;
    uint256 signedTo;
    KeyKind signatureKind;
    bytes signature;
    bytes32 issuer;
    uint64 thisUpdate;
    uint64 nextUpdate;
    uint256 entriesFrom;
    uint256 entriesTo;
}

/// @title X509Crl
/// @notice Reads certificate revocation lists of version 2 (RFC 5280 section 5.1) as strictly as `X509` certificates. A
///         list must name its next update, and speak for its own issuer and completely: lists with a critical extension
///         (indirect, partial or delta lists) are refused, and so are such entries.
library X509Crl {
    /// @notice A list of another version than 2.
    error X509Crl_UnsupportedVersion(uint64 version);

    /// @notice The algorithm in the signed part and the one beside the signature differ (section 5.1.1.2).
    error X509Crl_AlgorithmMismatch();

    /// @notice A list that is replaced before it is made.
    error X509Crl_InvalidValidity(uint64 thisUpdate, uint64 nextUpdate);

    /// @notice A critical extension of the list or of an entry.
    error X509Crl_CriticalExtension(uint256 position);

    /// @dev Tag of [0] (crlExtensions), constructed.
    uint8 private constant EXTENSIONS = 0xa0;

    /// @notice Reads a list, from the first of its bytes to the last; the entries are only delimited.
    function parse(bytes memory der) internal pure returns (RevocationList memory list) {
        uint256 start = Der.expectLast(der, 0, der.length, Der.SEQUENCE);
        (uint256 signed, uint256 signedEnd) = Der.expect(der, start, der.length, Der.SEQUENCE);
        (, uint256 algorithmEnd) = Der.expect(der, signedEnd, der.length, Der.SEQUENCE);
        (list.signedFrom, list.signedTo) = (start, signedEnd);
        list.signatureKind = SignatureScheme.algorithm(der, signedEnd, algorithmEnd);
        (uint256 content, uint256 end) = Der.wholeBits(der, algorithmEnd, der.length);
        require(end == der.length, Der.Der_TrailingBytes(end));
        list.signature = SignatureScheme.signature(list.signatureKind, der, content, end);
        _parseSigned(der, signed, signedEnd, Der.digest(der, signedEnd, algorithmEnd), list);
    }

    /// @notice The entry at `position`: which certificate is revoked, and where the next entry begins.
    function entry(bytes memory der, uint256 position, uint256 end)
        internal
        pure
        returns (bytes memory serial, uint256 next)
    {
        (position, next) = Der.expect(der, position, end, Der.SEQUENCE);
        (serial, position) = X509.readSerial(der, position, next);
        (, position) = Der.time(der, position, next);
        if (position < next) {
            _refuseCritical(der, Der.expectLast(der, position, next, Der.SEQUENCE), next);
        }
    }

    /// @dev TBSCertList, section 5.1.2, after the outer fields.
    function _parseSigned(bytes memory der, uint256 position, uint256 end, bytes32 algorithm, RevocationList memory list)
        private
        pure
    {
        uint64 version;
        (version, position) = Der.small(der, position, end);
        require(version == 1, X509Crl_UnsupportedVersion(version + 1));
        (, uint256 next) = Der.expect(der, position, end, Der.SEQUENCE);
        require(Der.digest(der, position, next) == algorithm, X509Crl_AlgorithmMismatch());
        position = next;
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        list.issuer = Der.digest(der, position, next);
        (list.thisUpdate, position) = Der.time(der, next, end);
        (list.nextUpdate, position) = Der.time(der, position, end);
        require(list.thisUpdate <= list.nextUpdate, X509Crl_InvalidValidity(list.thisUpdate, list.nextUpdate));
        if (Der.isNext(der, position, end, Der.SEQUENCE)) {
            (list.entriesFrom, list.entriesTo) = Der.expect(der, position, end, Der.SEQUENCE);
            position = list.entriesTo;
        }
        if (position < end) {
            position = Der.expectLast(der, position, end, EXTENSIONS);
            _refuseCritical(der, Der.expectLast(der, position, end, Der.SEQUENCE), end);
        }
    }

    /// @dev Extensions from `position` to `end`, none of them critical.
    function _refuseCritical(bytes memory der, uint256 position, uint256 end) private pure {
        while (position < end) {
            uint256 next;
            uint256 content;
            (content, next) = Der.expect(der, position, end, Der.SEQUENCE);
            (, content) = Der.expect(der, content, next, Der.OBJECT_IDENTIFIER);
            bool critical;
            if (Der.isNext(der, content, next, Der.BOOLEAN)) (critical, content) = Der.boolean(der, content, next);
            require(!critical, X509Crl_CriticalExtension(position));
            (, content) = Der.expect(der, content, next, Der.OCTET_STRING);
            require(content == next, Der.Der_TrailingBytes(content));
            position = next;
        }
    }
}
