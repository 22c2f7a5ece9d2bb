// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title INvidiaReportVerifier
/// @notice Reports of NVIDIA's GPUs, verified on L1 against cached certificates, by the steps of the verifier off-chain and
///         with its words for what fails. A report of an NVSwitch is refused: a switch computes nothing.
/// @dev A GPU vouches for its own firmware and for a nonce, and for nothing that runs beside it: it is no host and counts
///      for no vendor. The evidence is
///
///         length of the golden measurements 3, big-endian | golden measurements | ReportEnvelope of report and leaf
///
///      NVIDIA signs in XML which values each measurement may have (RIMs), which is too dear to read here. So evidence
///      brings these values along in a form of a few kB (`NvidiaGolden`), the report is compared with them here, and
///      `measurement` is their digest: governance accepts it after `l2 measure --kind nvidia` derived it from the signed
///      RIMs. What can be wrong with a report's form stands in `NvidiaReport`, with golden measurements in `NvidiaGolden`,
///      with a firmware id in `NvidiaFirmwareId`, with certificates in `ICertificateCache`.
interface INvidiaReportVerifier {
    /// @notice What a genuine report of a GPU says.
    /// @param nonce What the GPU was asked with.
    /// @param deviceId Which GPU: `keyHash`, in the certificate cache, of the certificate of its boot ROM. That key is made
    ///        of the chip's fuses and certified once, where the chip was made; the leaf's key, and with it the serial
    ///        number that NVIDIA calls UEID, are those of firmware and may change with it, so that they could make two
    ///        devices of one. `revokeKey` of the cache takes it.
    /// @param measurement keccak256("phala-l2 nvidia gpu 1" | golden measurements): versions of driver and VBIOS, and the
    ///        values that NVIDIA published for them.
    /// @param certificate Id of the leaf's certificate in the cache.
    /// @param reportHash keccak256 of the report, to which the host's own evidence commits.
    struct GpuReport {
        bytes32 nonce;
        bytes32 deviceId;
        bytes32 measurement;
        bytes32 certificate;
        bytes32 reportHash;
    }

    /// @notice The evidence ends before its golden measurements do.
    error NvidiaReportVerifier_Truncated(uint256 wanted, uint256 found);
    /// @notice A certificate under another root than NVIDIA's of devices.
    error NvidiaReportVerifier_ForeignRoot(bytes32 certificate, bytes32 root);
    /// @notice Not the certificate of a leaf: not four others above it.
    error NvidiaReportVerifier_DeviceChainLength(bytes32 certificate, uint8 depth);
    /// @notice Not a certificate of a key that signs reports: an authority's, or for another use.
    error NvidiaReportVerifier_LeafRole(bytes32 certificate);
    /// @notice The leaf's key is not of P-384.
    error NvidiaReportVerifier_DeviceKeyType(bytes32 certificate);
    /// @notice The leaf's key did not sign this report.
    error NvidiaReportVerifier_DeviceSignatureInvalid();
    /// @notice The report names its firmware, and the leaf does not.
    error NvidiaReportVerifier_FirmwareIdMissing(bytes32 certificate);
    /// @notice The firmware that reports is not the one that the key was made for.
    error NvidiaReportVerifier_FirmwareIdMismatch(bytes32 certificate);
    /// @notice The report is of an NVSwitch.
    error NvidiaReportVerifier_SwitchNotAccepted();
    /// @notice The golden measurements are of another driver or VBIOS than the GPU's.
    error NvidiaReportVerifier_RimVersionMismatch(bytes wanted, bytes found);
    /// @notice A measurement is none of those that NVIDIA published, or is not there.
    error NvidiaReportVerifier_MeasurementMismatch(uint256 block_);
    /// @notice The firmware is in debug or recovery mode, or not secured.
    error NvidiaReportVerifier_DeviceDebug(uint256 flags);
    /// @notice A mode that is none of confidential computing.
    error NvidiaReportVerifier_GpuModeNotAccepted(uint256 mode);

    /// @notice Verifies evidence of one GPU, and tells what it says. Reverts with the reason if anything is amiss.
    function verify(bytes calldata envelope) external view returns (GpuReport memory);
}
