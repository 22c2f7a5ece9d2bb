// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdExtensions, AmdKey} from "../certificates/AmdExtensions.sol";
import {CommonNames} from "../certificates/CommonNames.sol";
import {Der} from "../certificates/Der.sol";
import {KeyKind} from "../certificates/SignatureScheme.sol";
import {Certificate, X509} from "../certificates/X509.sol";
import {ICertificateCache} from "../interfaces/ICertificateCache.sol";
import {IProverRegistry} from "../interfaces/IProverRegistry.sol";
import {ISignatureVerifier} from "../interfaces/ISignatureVerifier.sol";
import {ISnpReportVerifier} from "../interfaces/ISnpReportVerifier.sol";
import {ISnpTcbPolicy} from "../interfaces/ISnpTcbPolicy.sol";
import {ITeeVerifier} from "../interfaces/ITeeVerifier.sol";
import {ReportEnvelope} from "../ReportEnvelope.sol";
import {AmdLeaf, SnpLeaf} from "./SnpLeaf.sol";
import {SnpPlatform} from "./SnpPlatform.sol";
import {SnpReport} from "./SnpReport.sol";
import {AmdProduct} from "./SnpTcb.sol";

/// @title SnpReportVerifier
/// @notice See `ISnpReportVerifier`. Without state and without an owner: it trusts the certificate cache, and asks the
///         policy for the minimum TCB.
contract SnpReportVerifier is ISnpReportVerifier {
    /// @notice Where AMD's certificates stand.
    ICertificateCache public immutable cache;

    /// @notice Checks signatures.
    ISignatureVerifier public immutable signatures;

    /// @notice Says which TCB is good enough.
    ISnpTcbPolicy public immutable tcbPolicy;

    /// @notice Ids of the roots (ARK) of both products.
    bytes32 public immutable genoaRoot;
    bytes32 public immutable turinRoot;

    /// @notice What the hash of an image begins with.
    bytes public constant IMAGE_TAG = "phala-l2 sev-snp image 1";

    /// @dev ASK or ASVK, and ARK.
    uint8 private constant LEAF_DEPTH = 2;

    /// @param cache_ Holds AMD's certificates.
    /// @param signatures_ Checks signatures.
    /// @param tcbPolicy_ Names the minimum TCB of each product.
    /// @param genoaRoot_ `VendorRoots.AMD_GENOA`, but for development.
    /// @param turinRoot_ `VendorRoots.AMD_TURIN`, but for development.
    constructor(
        ICertificateCache cache_,
        ISignatureVerifier signatures_,
        ISnpTcbPolicy tcbPolicy_,
        bytes32 genoaRoot_,
        bytes32 turinRoot_
    ) {
        (cache, signatures, tcbPolicy) = (cache_, signatures_, tcbPolicy_);
        (genoaRoot, turinRoot) = (genoaRoot_, turinRoot_);
    }

    /// @inheritdoc ITeeVerifier
    function verify(bytes calldata evidence) external view returns (Report memory result) {
        (bool oddFirst, bytes calldata report, bytes calldata certificate) = ReportEnvelope.open(evidence);
        (uint256 version, bool isVlek) = SnpReport.parse(report); // 1
        (AmdLeaf memory leaf, bytes memory publicKey) = _readLeaf(certificate, isVlek); // 2, 3
        _requireSigned(report, publicKey, oddFirst); // 5: revocation, which is 4, is the cache's
        result.advisories = SnpPlatform.check(report, version, leaf, tcbPolicy.minimumTcb(leaf.product)); // 6, 7
        result.vendor = IProverRegistry.HostVendor.AMD;
        result.tcbStatus = uint8(result.advisories == 0 ? TcbStatus.UP_TO_DATE : TcbStatus.OUT_OF_DATE);
        result.measurement = _image(report);
        result.platformId = keccak256(leaf.holder);
        result.certificate = leaf.id;
        result.reportData = report[SnpReport.REPORT_DATA:SnpReport.MEASUREMENT];
    }

    /// @dev Steps 2 and 3: the leaf stands in the cache and is valid, under a product's root and of its role.
    function _readLeaf(bytes memory der, bool isVlek)
        private
        view
        returns (AmdLeaf memory leaf, bytes memory publicKey)
    {
        Certificate memory certificate = X509.parse(der);
        bytes32 id = Der.digest(der, certificate.signedFrom, certificate.signedTo);
        AmdProduct product = _productOf(id, cache.rootOf(id));
        uint8 depth = cache.entryOf(id).depth;
        require(depth == LEAF_DEPTH, SnpReportVerifier_ChainLength(id, depth));
        require(!certificate.isAuthority, SnpReportVerifier_LeafIsAuthority(id));
        _requireRole(id, der, certificate, product, isVlek);
        require(certificate.keyKind == KeyKind.P384, SnpReportVerifier_LeafKey(id));
        AmdKey memory key = AmdExtensions.read(der, certificate);
        leaf = SnpLeaf.read(id, key, product, isVlek);
        publicKey = certificate.publicKey;
    }

    /// @dev A root is trusted for one product alone.
    function _productOf(bytes32 id, bytes32 root) private view returns (AmdProduct) {
        if (root == genoaRoot) return AmdProduct.GENOA;
        require(root == turinRoot, SnpReportVerifier_ForeignRoot(id, root));
        return AmdProduct.TURIN;
    }

    /// @dev Each certificate has the name of its place: an ASVK issues no VCEK (AMD's "VCEK Certificate and KDS Interface
    ///      Specification", 57230, sections 3.2 to 3.4).
    function _requireRole(
        bytes32 id,
        bytes memory der,
        Certificate memory certificate,
        AmdProduct product,
        bool isVlek
    ) private pure {
        (bytes32 issuer, bytes32 subject) = CommonNames.ofCertificate(der, certificate);
        require(subject == (isVlek ? keccak256("SEV-VLEK") : keccak256("SEV-VCEK")), SnpReportVerifier_LeafKind(id));
        bytes32 wanted = keccak256(bytes.concat(isVlek ? bytes("SEV-VLEK-") : bytes("SEV-"), SnpLeaf.nameOf(product)));
        require(issuer == wanted, SnpReportVerifier_ChainRole(id));
    }

    /// @dev Step 5: the leaf's key signed bytes 0 to 29Fh.
    function _requireSigned(bytes calldata report, bytes memory publicKey, bool oddFirst) private view {
        bytes memory signature = SnpReport.signature(report);
        bytes calldata signed = report[:SnpReport.SIGNED_BYTES];
        require(
            signatures.verify(KeyKind.P384, publicKey, signed, signature, oddFirst),
            SnpReportVerifier_SignatureInvalid()
        );
    }

    /// @dev Identity of the image: what was measured, what the host and the image's author declared, where it runs.
    function _image(bytes calldata report) private pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                IMAGE_TAG,
                report[SnpReport.MEASUREMENT:SnpReport.ID_KEY_DIGEST],
                SnpReport.u64(report, SnpReport.GUEST_POLICY),
                uint32(SnpReport.u32(report, SnpReport.VMPL)),
                report[SnpReport.ID_KEY_DIGEST:SnpReport.REPORT_ID],
                report[SnpReport.FAMILY_ID:SnpReport.VMPL],
                uint32(SnpReport.u32(report, SnpReport.GUEST_SVN))
            )
        );
    }
}
