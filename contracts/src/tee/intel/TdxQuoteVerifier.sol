// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonNames} from "../certificates/CommonNames.sol";
import {Der} from "../certificates/Der.sol";
import {IntelExtensions, IntelPck} from "../certificates/IntelExtensions.sol";
import {Certificate, X509} from "../certificates/X509.sol";
import {P256} from "../crypto/P256.sol";
import {IIntelCollateral} from "../interfaces/IIntelCollateral.sol";
import {IProverRegistry} from "../interfaces/IProverRegistry.sol";
import {ITdxQuoteVerifier} from "../interfaces/ITdxQuoteVerifier.sol";
import {ITeeVerifier} from "../interfaces/ITeeVerifier.sol";
import {IntelNames} from "./IntelNames.sol";
import {IntelTcb, QeIdentity, TcbInfo, TcbParts, TcbStatus, TdxModule} from "./IntelTcb.sol";
import {Pem} from "./Pem.sol";
import {TdxQuote, TdxQuoteLayout} from "./TdxQuote.sol";

/// @title TdxQuoteVerifier
/// @notice See `ITdxQuoteVerifier`. Without state and without an owner: it trusts what the collateral's contract holds.
contract TdxQuoteVerifier is ITdxQuoteVerifier {
    /// @notice Where Intel's statements stand, and which certificates are Intel's.
    IIntelCollateral public immutable collateral;

    /// @notice What the hash of an image begins with.
    bytes public constant IMAGE_TAG = "phala-l2 tdx image 1";

    /// @dev Root, PCK CA, PCK certificate.
    uint8 private constant PCK_DEPTH = 2;

    /// @dev ATTRIBUTES.DEBUG of an enclave (Intel SDM, volume 3D, "ATTRIBUTES").
    bytes16 private constant ENCLAVE_DEBUG = bytes16(bytes1(0x02));

    uint256 private constant MEASUREMENT_BYTES = 48;

    /// @param collateral_ Holds Intel's statements.
    constructor(IIntelCollateral collateral_) {
        collateral = collateral_;
    }

    /// @inheritdoc ITeeVerifier
    function verify(bytes calldata evidence) external view returns (Report memory report) {
        TdxQuoteLayout memory places = TdxQuote.parse(evidence);
        (IntelPck memory pck, bytes memory pckKey) = _readPck(evidence, places, report);
        (TcbInfo memory info, uint32 evaluation) = collateral.tcbInfoOf(pck.fmspc, pck.pceId);
        (QeIdentity memory identity, uint32 qeEvaluation) = collateral.qeIdentity();
        _requireQe(evidence, places, pckKey, identity);
        _requireQuoteSigned(evidence, places);
        _requireModule(evidence, places, info);
        _requireNoDebug(evidence, places);
        TcbStatus status;
        (status, report.advisories) = IntelTcb.appraise(_tcbParts(evidence, places, pck), info, identity.levels);
        require(status != TcbStatus.REVOKED, TdxQuoteVerifier_TcbRevoked());
        report.vendor = IProverRegistry.HostVendor.INTEL;
        report.tcbStatus = uint8(status);
        report.tcbEvaluation = evaluation < qeEvaluation ? evaluation : qeEvaluation;
        report.measurement = _image(evidence, places);
        report.platformId = keccak256(abi.encodePacked(pck.ppid));
        uint256 reportData = places.body + TdxQuote.REPORT_DATA;
        report.reportData = evidence[reportData:reportData + TdxQuote.REPORT_DATA_BYTES];
    }

    /// @dev Steps 3 and 4: the PCK certificate of the quote stands in the cache and is valid, Intel's and of its role.
    function _readPck(bytes calldata quote, TdxQuoteLayout memory places, Report memory report)
        private
        view
        returns (IntelPck memory pck, bytes memory publicKey)
    {
        bytes memory der = Pem.first(quote[places.chain:places.chainTo]);
        Certificate memory certificate = X509.parse(der);
        report.certificate = Der.digest(der, certificate.signedFrom, certificate.signedTo);
        (publicKey,) = collateral.requireLeaf(report.certificate, PCK_DEPTH);
        (bytes32 issuer, bytes32 subject) = CommonNames.ofCertificate(der, certificate);
        require(
            subject == IntelNames.PCK
                && (issuer == IntelNames.PCK_PLATFORM_CA || issuer == IntelNames.PCK_PROCESSOR_CA),
            TdxQuoteVerifier_PckIssuer(report.certificate)
        );
        pck = IntelExtensions.read(der, certificate);
    }

    /// @dev Steps 7 and 8: the platform vouches for the quoting enclave, which is Intel's, and which vouches for the
    ///      attestation key: SHA-256(key | data) and 32 zeros (4.1.2.4.12 to .14 of Intel's verification library).
    function _requireQe(
        bytes calldata quote,
        TdxQuoteLayout memory places,
        bytes memory pckKey,
        QeIdentity memory identity
    ) private view {
        uint256 end = places.qeReport + TdxQuote.ENCLAVE_REPORT_BYTES;
        bytes calldata report = quote[places.qeReport:end];
        require(
            P256.verify(pckKey, quote[end:end + TdxQuote.SIGNATURE_BYTES], sha256(report)),
            TdxQuoteVerifier_QeReportSignatureInvalid()
        );
        _requireQeIdentity(report, identity);
        bytes32 wanted = sha256(
            bytes.concat(_attestationKey(quote, places), quote[places.qeData:places.qeDataTo])
        );
        require(
            bytes32(report[TdxQuote.QE_REPORT_DATA:]) == wanted && bytes32(report[TdxQuote.QE_REPORT_DATA + 32:]) == 0,
            TdxQuoteVerifier_AttestationKeyUnbound()
        );
    }

    function _requireQeIdentity(bytes calldata report, QeIdentity memory identity) private pure {
        bytes4 miscSelect = bytes4(report[TdxQuote.QE_MISC_SELECT:]);
        _requireField(miscSelect & identity.miscSelectMask == identity.miscSelect, QeField.MISC_SELECT);
        bytes16 attributes = bytes16(report[TdxQuote.QE_ATTRIBUTES:]);
        _requireField(
            attributes & identity.attributesMask == identity.attributes && attributes & ENCLAVE_DEBUG == 0,
            QeField.ATTRIBUTES
        );
        _requireField(bytes32(report[TdxQuote.QE_MRSIGNER:]) == identity.mrSigner, QeField.MRSIGNER);
        _requireField(TdxQuote.u16(report, TdxQuote.QE_ISV_PROD_ID) == identity.isvProdId, QeField.ISV_PROD_ID);
    }

    function _requireField(bool holds, QeField field) private pure {
        require(holds, TdxQuoteVerifier_QeIdentityMismatch(field));
    }

    /// @dev Step 9: the attestation key vouches for header and body (4.1.2.4.16).
    function _requireQuoteSigned(bytes calldata quote, TdxQuoteLayout memory places) private view {
        bytes calldata signature = quote[places.signature:places.signature + TdxQuote.SIGNATURE_BYTES];
        require(
            P256.verify(_attestationKey(quote, places), signature, sha256(quote[:places.signedTo])),
            TdxQuoteVerifier_QuoteSignatureInvalid()
        );
    }

    /// @dev Step 10: the module under the TD is Intel's (4.1.2.4.11): its signer, and no attribute set.
    function _requireModule(bytes calldata quote, TdxQuoteLayout memory places, TcbInfo memory info) private pure {
        TdxModule memory module = IntelTcb.moduleOf(info, _teeTcbSvn(quote, places));
        uint256 signer = places.body + TdxQuote.MRSIGNERSEAM;
        bytes8 attributes = bytes8(quote[places.body + TdxQuote.SEAM_ATTRIBUTES:]);
        require(
            keccak256(quote[signer:signer + MEASUREMENT_BYTES]) == module.signer && attributes == 0
                && attributes & module.attributesMask == module.attributes,
            TdxQuoteVerifier_TdxModuleMismatch()
        );
    }

    /// @dev TUD, the low byte of a TD's attributes ("TD Under Debug"): any bit makes it untrusted.
    function _requireNoDebug(bytes calldata quote, TdxQuoteLayout memory places) private pure {
        bytes8 attributes = bytes8(quote[places.body + TdxQuote.TD_ATTRIBUTES:]);
        require(attributes[0] == 0, TdxQuoteVerifier_DebugEnabled(attributes));
    }

    function _tcbParts(bytes calldata quote, TdxQuoteLayout memory places, IntelPck memory pck)
        private
        pure
        returns (TcbParts memory parts)
    {
        (parts.components, parts.pceSvn) = (pck.tcbComponents, pck.pceSvn);
        parts.teeTcbSvn = _teeTcbSvn(quote, places);
        parts.relaunchable = places.extended;
        if (places.extended) parts.teeTcbSvn2 = bytes16(quote[places.body + TdxQuote.TEE_TCB_SVN_2:]);
        parts.qeIsvSvn = uint16(TdxQuote.u16(quote, places.qeReport + TdxQuote.QE_ISV_SVN));
    }

    /// @dev Identity of the image: every register and every choice of the host that changes what runs. Attributes, XFAM,
    ///      MRTD, MRCONFIGID, MROWNER, MROWNERCONFIG and RTMR0 to 3 as they stand, MRSERVICETD, zeros for a TD 1.0.
    function _image(bytes calldata quote, TdxQuoteLayout memory places) private pure returns (bytes32) {
        bytes calldata registers =
            quote[places.body + TdxQuote.TD_ATTRIBUTES:places.body + TdxQuote.REPORT_DATA];
        uint256 start = places.body + TdxQuote.MRSERVICETD;
        bytes memory serviceTd =
            places.extended ? bytes(quote[start:start + MEASUREMENT_BYTES]) : new bytes(MEASUREMENT_BYTES);
        return keccak256(bytes.concat(IMAGE_TAG, registers, serviceTd));
    }

    function _teeTcbSvn(bytes calldata quote, TdxQuoteLayout memory places) private pure returns (bytes16) {
        return bytes16(quote[places.body + TdxQuote.TEE_TCB_SVN:]);
    }

    function _attestationKey(bytes calldata quote, TdxQuoteLayout memory places) private pure returns (bytes memory) {
        uint256 start = places.signature + TdxQuote.SIGNATURE_BYTES;
        return quote[start:start + TdxQuote.KEY_BYTES];
    }
}
