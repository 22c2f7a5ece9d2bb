// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../certificates/Der.sol";
import {KeyKind} from "../certificates/SignatureScheme.sol";
import {Certificate, X509} from "../certificates/X509.sol";
import {ICertificateCache} from "../interfaces/ICertificateCache.sol";
import {INvidiaReportVerifier} from "../interfaces/INvidiaReportVerifier.sol";
import {ISignatureVerifier} from "../interfaces/ISignatureVerifier.sol";
import {ReportEnvelope} from "../ReportEnvelope.sol";
import {FirmwareId, NvidiaFirmwareId} from "./NvidiaFirmwareId.sol";
import {NvidiaGolden} from "./NvidiaGolden.sol";
import {NvidiaOpaque, NvidiaOpaqueData} from "./NvidiaOpaque.sol";
import {NvidiaReport, NvidiaReportLayout} from "./NvidiaReport.sol";

/// @notice What NVIDIA says of the key that signed a report.
/// @param id The certificate's, in the cache.
/// @param deviceId Hash of the key of the boot ROM that certified it.
/// @param publicKey x and y.
/// @param firmware What firmware the key was made for.
struct NvidiaLeaf {
    bytes32 id;
    bytes32 deviceId;
    bytes publicKey;
    FirmwareId firmware;
}

/// @title NvidiaReportVerifier
/// @notice See `INvidiaReportVerifier`. Without state and without an owner: it trusts the certificate cache.
contract NvidiaReportVerifier is INvidiaReportVerifier {
    /// @notice Where NVIDIA's certificates stand.
    ICertificateCache public immutable cache;

    /// @notice Checks signatures.
    ISignatureVerifier public immutable signatures;

    /// @notice Id of the root of NVIDIA's devices.
    bytes32 public immutable deviceRoot;

    /// @dev Bytes that tell the length of the golden measurements.
    uint256 private constant LENGTH_BYTES = 3;

    /// @dev Root, architecture, provisioner, the device's boot ROM, its firmware.
    uint8 private constant LEAF_DEPTH = 4;

    /// @dev The bit of keyUsage (RFC 5280 section 4.2.1.3), and all bits, which stand for its absence.
    uint16 private constant DIGITAL_SIGNATURE = 1 << 15;
    uint16 private constant ANY_USAGE = type(uint16).max;

    /// @dev Modes: one GPU a TD, several with NVLink encrypted, protected PCIe.
    uint256 private constant LAST_MODE = 2;

    /// @param cache_ Holds NVIDIA's certificates.
    /// @param signatures_ Checks signatures.
    /// @param deviceRoot_ `VendorRoots.NVIDIA_DEVICE`, but for development.
    constructor(ICertificateCache cache_, ISignatureVerifier signatures_, bytes32 deviceRoot_) {
        (cache, signatures, deviceRoot) = (cache_, signatures_, deviceRoot_);
    }

    /// @inheritdoc INvidiaReportVerifier
    function verify(bytes calldata envelope) external view returns (GpuReport memory result) {
        (bytes calldata golden, bytes calldata rest) = _split(envelope);
        (
            bytes calldata report,
            NvidiaReportLayout memory places,
            NvidiaOpaqueData memory opaque,
            NvidiaLeaf memory leaf
        ) = _openGenuine(rest);
        require(opaque.driver.length != 0, NvidiaReportVerifier_SwitchNotAccepted());
        NvidiaGolden.requireMatch(golden, report, places, opaque); // 8: the nonce, which is 7, is the caller's
        uint256 flags = leaf.firmware.flags;
        require(flags == 0, NvidiaReportVerifier_DeviceDebug(flags)); // 9
        require(!opaque.hasMode || opaque.mode <= LAST_MODE, NvidiaReportVerifier_GpuModeNotAccepted(opaque.mode));
        result.nonce = bytes32(report[NvidiaReport.NONCE:]);
        result.deviceId = leaf.deviceId;
        result.measurement = NvidiaGolden.digest(golden);
        result.certificate = leaf.id;
        result.reportHash = keccak256(report);
    }

    /// @dev Steps 1 to 5: a report that a device of NVIDIA's signed, a GPU or not.
    function _openGenuine(bytes calldata envelope)
        private
        view
        returns (
            bytes calldata report,
            NvidiaReportLayout memory places,
            NvidiaOpaqueData memory opaque,
            NvidiaLeaf memory leaf
        )
    {
        bool oddFirst;
        bytes calldata certificate;
        (oddFirst, report, certificate) = ReportEnvelope.open(envelope);
        places = NvidiaReport.parse(report); // 1
        opaque = NvidiaOpaque.read(report[places.opaque:places.signedTo]);
        leaf = _readLeaf(certificate); // 2
        _requireSigned(report, places.signedTo, leaf.publicKey, oddFirst); // 4: revocation, which is 3, is the cache's
        _requireFirmware(opaque.firmwareId, leaf); // 5
    }

    /// @dev The golden measurements, and the envelope of the report.
    function _split(bytes calldata envelope) private pure returns (bytes calldata golden, bytes calldata rest) {
        require(envelope.length >= LENGTH_BYTES, NvidiaReportVerifier_Truncated(LENGTH_BYTES, envelope.length));
        uint256 end = LENGTH_BYTES + uint24(bytes3(envelope));
        require(envelope.length >= end, NvidiaReportVerifier_Truncated(end, envelope.length));
        return (envelope[LENGTH_BYTES:end], envelope[end:]);
    }

    /// @dev Step 2: the leaf stands in the cache and is valid, under NVIDIA's root and of its role. Its issuer is the boot
    ///      ROM, whose key names the GPU.
    function _readLeaf(bytes memory der) private view returns (NvidiaLeaf memory leaf) {
        Certificate memory certificate = X509.parse(der);
        bytes32 id = Der.digest(der, certificate.signedFrom, certificate.signedTo);
        bytes32 root = cache.rootOf(id);
        require(root == deviceRoot, NvidiaReportVerifier_ForeignRoot(id, root));
        ICertificateCache.Entry memory entry = cache.entryOf(id);
        require(entry.depth == LEAF_DEPTH, NvidiaReportVerifier_DeviceChainLength(id, entry.depth));
        bool signsCertificates = certificate.usages != ANY_USAGE && certificate.usages & X509.SIGNS_CERTIFICATES != 0;
        require(
            !certificate.isAuthority && !signsCertificates && certificate.usages & DIGITAL_SIGNATURE != 0,
            NvidiaReportVerifier_LeafRole(id)
        );
        require(certificate.keyKind == KeyKind.P384, NvidiaReportVerifier_DeviceKeyType(id));
        (leaf.id, leaf.deviceId) = (id, cache.entryOf(entry.issuer).keyHash);
        (leaf.publicKey, leaf.firmware) = (certificate.publicKey, NvidiaFirmwareId.read(der, certificate));
    }

    /// @dev Step 4: the leaf's key signed request and response.
    function _requireSigned(bytes calldata report, uint256 signedTo, bytes memory publicKey, bool oddFirst) private view {
        require(
            signatures.verify(KeyKind.P384, publicKey, report[:signedTo], report[signedTo:], oddFirst),
            NvidiaReportVerifier_DeviceSignatureInvalid()
        );
    }

    /// @dev Step 5: the firmware that signs is the one that the boot ROM certified the key for. Firmware of 2023 does not
    ///      report its id; the signature then still is the certified key's.
    function _requireFirmware(bytes memory reported, NvidiaLeaf memory leaf) private pure {
        if (reported.length == 0) return;
        require(leaf.firmware.found, NvidiaReportVerifier_FirmwareIdMissing(leaf.id));
        require(leaf.firmware.hash == keccak256(reported), NvidiaReportVerifier_FirmwareIdMismatch(leaf.id));
    }
}
