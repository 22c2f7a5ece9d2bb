// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";
import {Certificate} from "./X509.sol";

/// @title CommonNames
/// @notice What vendors call their certificates: the common name tells the role (RFC 5280 section 4.1.2.4, and the
///         vendors' own profiles).
library CommonNames {
    /// @notice A name without, or with more than one, common name.
    error CommonNames_NoCommonName();

    /// @dev Tag of SET, and of [0] (version), constructed.
    uint8 private constant SET = 0x31;
    uint8 private constant VERSION = 0xa0;

    /// @dev Content of the object identifier 2.5.4.3.
    bytes32 private constant COMMON_NAME = keccak256(hex"550403");

    /// @notice Common names of a certificate's issuer and subject, as keccak256.
    function ofCertificate(bytes memory der, Certificate memory certificate)
        internal
        pure
        returns (bytes32 issuer, bytes32 subject)
    {
        uint256 end = certificate.signedTo;
        (uint256 position, uint256 next) = Der.expect(der, certificate.signedFrom, end, Der.SEQUENCE);
        // Version, serial number, algorithm; validity stands between the names.
        (, position) = Der.expect(der, position, end, VERSION);
        (, position) = Der.expect(der, position, end, Der.INTEGER);
        (, position) = Der.expect(der, position, end, Der.SEQUENCE);
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        issuer = ofName(Der.slice(der, position, next));
        (, position) = Der.expect(der, next, end, Der.SEQUENCE);
        (, next) = Der.expect(der, position, end, Der.SEQUENCE);
        subject = ofName(Der.slice(der, position, next));
    }

    /// @notice The common name in an encoded name, as keccak256.
    function ofName(bytes memory name) internal pure returns (bytes32 result) {
        uint256 position = Der.expectLast(name, 0, name.length, Der.SEQUENCE);
        while (position < name.length) {
            (uint256 content, uint256 next) = Der.expect(name, position, name.length, SET);
            content = Der.expectLast(name, content, next, Der.SEQUENCE);
            uint256 end;
            (content, end) = Der.expect(name, content, next, Der.OBJECT_IDENTIFIER);
            if (Der.digest(name, content, end) == COMMON_NAME) {
                require(result == 0, CommonNames_NoCommonName());
                // PrintableString or UTF8String.
                (, content, end) = Der.read(name, end, next);
                require(end == next, Der.Der_TrailingBytes(end));
                result = Der.digest(name, content, end);
            }
            position = next;
        }
        require(result != 0, CommonNames_NoCommonName());
    }
}
