// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITeeVerifier} from "./ITeeVerifier.sol";

/// @title ISnpReportVerifier
/// @notice Reports of guests under SEV-SNP, verified on L1 against cached certificates, by the steps of the verifier
///         off-chain and with its words for what fails. The evidence is a `ReportEnvelope` of the report and its VCEK's or
///         VLEK's certificate, which must stand in the cache. `tcbStatus` is a `TcbStatus`. `platformId` is keccak256 of
///         the chip's identity, as AMD certifies it, or, under a VLEK, of the name of the cloud that it was lent to: which
///         of the cloud's machines it is nobody but the cloud can say. AMD signs no advisories; `advisories` of a TCB that
///         is out of date tells which one it is, so that a grace is for one TCB and for none below it:
///
///         keccak256(abi.encode(product, current, reported, committed, launch)), each as `SnpTcb` packs it
///
///         `measurement` is
///
///         keccak256("phala-l2 sev-snp image 1" | MEASUREMENT 48 | HOST_DATA 32 | guest policy 8 | VMPL 4 |
///                   ID_KEY_DIGEST 48 | AUTHOR_KEY_DIGEST 48 | FAMILY_ID 16 | IMAGE_ID 16 | guest SVN 4)
///
///         What can be wrong with a report's form stands in `SnpReport`, with a leaf's extensions in `AmdExtensions`, with
///         certificates in `ICertificateCache`.
interface ISnpReportVerifier is ITeeVerifier {
    /// @notice UP_TO_DATE: the platform reports, and has committed to, all that it runs, and neither that nor what the
    ///         guest was launched on is below the policy's minimum. Else the host may go back, or runs behind.
    enum TcbStatus {
        UP_TO_DATE,
        OUT_OF_DATE
    }

    /// @notice A certificate under a root of no product that is trusted, Milan's among them.
    error SnpReportVerifier_ForeignRoot(bytes32 certificate, bytes32 root);
    /// @notice Not the certificate of a leaf: not two others above it.
    error SnpReportVerifier_ChainLength(bytes32 certificate, uint8 depth);
    /// @notice The certificate of an authority, which signs certificates and no reports.
    error SnpReportVerifier_LeafIsAuthority(bytes32 certificate);
    /// @notice A leaf of another kind than the key that signed the report.
    error SnpReportVerifier_LeafKind(bytes32 certificate);
    /// @notice The leaf's issuer has another role or product than its place demands.
    error SnpReportVerifier_ChainRole(bytes32 certificate);
    /// @notice The leaf's key is not of P-384.
    error SnpReportVerifier_LeafKey(bytes32 certificate);
    /// @notice The leaf's extensions are not those of its kind and product.
    error SnpReportVerifier_LeafExtensions(bytes32 certificate);
    /// @notice The leaf is for another product than its root.
    error SnpReportVerifier_LeafProduct(bytes32 certificate, bytes product);
    /// @notice The leaf's key did not sign this report.
    error SnpReportVerifier_SignatureInvalid();
    /// @notice The leaf is for another TCB than the report's.
    error SnpReportVerifier_TcbMismatch(uint40 wanted, uint40 found);
    /// @notice The TCB that is reported, or committed to, is above the one that runs: no firmware says so.
    error SnpReportVerifier_TcbInconsistent(uint40 current, uint40 found);
    /// @notice The leaf is for another chip than the report's.
    error SnpReportVerifier_ChipIdMismatch();
    /// @notice The report is of another product than the leaf.
    error SnpReportVerifier_CpuidMismatch(uint8 family, uint8 model);
    /// @notice The host can read the guest's memory.
    error SnpReportVerifier_DebugEnabled(uint64 policy);
    /// @notice The guest can be moved to another machine.
    error SnpReportVerifier_MigrationEnabled();
    /// @notice Not asked for from the guest's most privileged level.
    error SnpReportVerifier_VmplNotAccepted(uint256 vmpl);
    /// @notice The host hides which chip this is, although the chip's own key signed.
    error SnpReportVerifier_ChipIdMasked();
    /// @notice Settings of the platform of which nobody has judged yet what they tell.
    error SnpReportVerifier_PlatformInfoNotAccepted(uint64 platformInfo);
}
