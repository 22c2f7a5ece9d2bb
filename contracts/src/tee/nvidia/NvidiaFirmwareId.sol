// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../certificates/Der.sol";
import {Certificate, X509} from "../certificates/X509.sol";

/// @notice What firmware a certificate's key was made for.
/// @param found Whether the certificate says it, once.
/// @param hash keccak256 of the firmware's SHA-384.
/// @param flags Bits 2, 1 and 0: not secured, in recovery, debug. None where the certificate has none to tell.
struct FirmwareId {
    bool found;
    bytes32 hash;
    uint256 flags;
}

/// @title NvidiaFirmwareId
/// @notice Reads TCG DICE's extensions: Hopper has a composite device id, Blackwell DiceTcbInfo under an identifier one arc
///         longer ("DICE Attestation Architecture", section 6.1.1).
library NvidiaFirmwareId {
    /// @notice A firmware id that cannot be read.
    error NvidiaFirmwareId_Malformed();

    /// @dev Contents of the object identifiers 2.23.133.5.4.1, 2.23.133.5.4.1.1 and 2.16.840.1.101.3.4.2.2.
    bytes32 private constant COMPOSITE_DEVICE_ID = keccak256(hex"678105050401");
    bytes32 private constant TCB_INFO = keccak256(hex"67810505040101");
    bytes32 private constant SHA384 = keccak256(hex"608648016503040202");

    uint256 private constant FIRMWARE_ID_BYTES = 48;

    /// @dev Fields of DiceTcbInfo: [6] IMPLICIT FWIDLIST, [7] IMPLICIT OperationalFlags.
    uint8 private constant FWIDS = 0xa6;
    uint8 private constant FLAGS = 0x87;

    /// @notice The firmware id of a device's certificate, which has at most one, in either form.
    function read(bytes memory der, Certificate memory certificate) internal pure returns (FirmwareId memory id) {
        bool seen;
        for (uint256 position = certificate.extensionsFrom; position < certificate.extensionsTo;) {
            (bytes32 name,, uint256 start, uint256 end, uint256 next) =
                X509.readExtension(der, position, certificate.extensionsTo);
            if (name == COMPOSITE_DEVICE_ID || name == TCB_INFO) {
                require(!seen, NvidiaFirmwareId_Malformed());
                seen = true;
                start = Der.expectLast(der, start, end, Der.SEQUENCE);
                if (name == TCB_INFO) _readTcbInfo(der, start, end, id);
                else _readComposite(der, start, end, id);
            }
            position = next;
        }
    }

    /// @dev SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID }
    function _readComposite(bytes memory der, uint256 position, uint256 end, FirmwareId memory id) private pure {
        uint64 version;
        (version, position) = Der.small(der, position, end);
        require(version <= 1, NvidiaFirmwareId_Malformed());
        (, position) = Der.expect(der, position, end, Der.SEQUENCE);
        position = _readFwid(der, position, end, id);
        require(position == end, Der.Der_TrailingBytes(position));
    }

    /// @dev A SEQUENCE of tagged fields; the first of its firmware ids is the reporting firmware's.
    function _readTcbInfo(bytes memory der, uint256 position, uint256 end, FirmwareId memory id) private pure {
        uint256 least;
        while (position < end) {
            (uint8 tag, uint256 start, uint256 next) = Der.read(der, position, end);
            require(tag & 0x1f >= least, NvidiaFirmwareId_Malformed());
            least = (tag & 0x1f) + 1;
            if (tag == FWIDS) _readFwid(der, start, next, id);
            // The first byte counts unused bits; bits 1 to 3 are the flags.
            if (tag == FLAGS && next - start > 1) id.flags = (uint8(der[start + 1]) >> 4) & 7;
            position = next;
        }
    }

    /// @dev FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING }; returns where it ends.
    function _readFwid(bytes memory der, uint256 position, uint256 end, FirmwareId memory id)
        private
        pure
        returns (uint256 next)
    {
        (position, next) = Der.expect(der, position, end, Der.SEQUENCE);
        (uint256 start, uint256 stop) = Der.expect(der, position, next, Der.OBJECT_IDENTIFIER);
        require(Der.digest(der, start, stop) == SHA384, NvidiaFirmwareId_Malformed());
        start = Der.expectLast(der, stop, next, Der.OCTET_STRING);
        require(next - start == FIRMWARE_ID_BYTES, NvidiaFirmwareId_Malformed());
        (id.found, id.hash) = (true, Der.digest(der, start, next));
    }
}
