// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ISystemConfig} from "../../settlement/interfaces/ISystemConfig.sol";
import {CommonNames} from "../certificates/CommonNames.sol";
import {KeyKind} from "../certificates/SignatureScheme.sol";
import {X509} from "../certificates/X509.sol";
import {P256} from "../crypto/P256.sol";
import {ICertificateCache} from "../interfaces/ICertificateCache.sol";
import {IIntelCollateral} from "../interfaces/IIntelCollateral.sol";
import {CodeBlob} from "./CodeBlob.sol";
import {IntelNames} from "./IntelNames.sol";
import {IntelStatements, StatementHead} from "./IntelStatements.sol";
import {QeIdentity, TcbInfo} from "./IntelTcb.sol";

/// @title IntelCollateral
/// @notice See `IIntelCollateral`. The JSON is read here, from the bytes that Intel signed: nobody's reading of it has to
///         be trusted.
contract IntelCollateral is IIntelCollateral, Ownable {
    /// @notice Where certificates and revocations stand.
    ICertificateCache public immutable cache;

    /// @notice Where the guardian is named.
    ISystemConfig public immutable systemConfig;

    /// @notice Intel's root key, as the cache hashes keys: the root's certificate may be renewed.
    bytes32 public immutable rootKey;

    /// @inheritdoc IIntelCollateral
    uint32 public minimumEvaluation;

    /// @inheritdoc IIntelCollateral
    uint32 public maximumEvaluation = type(uint32).max;

    mapping(bytes6 fmspc => mapping(bytes2 pceId => Statement)) private _tcbInfos;
    Statement private _qeIdentity;

    bytes32 private constant TDX = keccak256("TDX");
    bytes32 private constant TD_QE = keccak256("TD_QE");

    /// @dev digitalSignature of a certificate's usages, and what stands for usages that are not told (see `Certificate`).
    uint16 private constant SIGNS_DATA = 1 << 15;
    uint16 private constant UNTOLD = type(uint16).max;

    /// @dev Certificates between Intel's TCB signing certificate and the root, itself included.
    uint8 private constant SIGNER_DEPTH = 1;

    /// @param owner_ The timelock.
    /// @param systemConfig_ Names the guardian.
    /// @param cache_ Holds Intel's certificates.
    /// @param rootKey_ Hash of Intel's root key.
    /// @param minimum The lowest evaluation that statements may be of.
    constructor(
        address owner_,
        ISystemConfig systemConfig_,
        ICertificateCache cache_,
        bytes32 rootKey_,
        uint32 minimum
    ) Ownable(owner_) {
        (systemConfig, cache, rootKey) = (systemConfig_, cache_, rootKey_);
        minimumEvaluation = minimum;
        emit MinimumEvaluationChanged(minimum);
    }

    /// @inheritdoc IIntelCollateral
    function recordTcbInfo(bytes calldata json, bytes calldata signature, bytes32 signer, bytes calldata signerName)
        external
    {
        require(
            _isSigned(json, signature, signer, signerName), IntelCollateral_TcbInfoSignatureInvalid()
        );
        (StatementHead memory head, TcbInfo memory info) = IntelStatements.readTcbInfo(json);
        require(head.id == TDX, IntelCollateral_TcbInfoMismatch(head.fmspc, head.pceId));
        _requireTcbInfoCurrent(head.issueDate, head.nextUpdate);
        _replace(_tcbInfos[head.fmspc][head.pceId], head, signer, abi.encode(info));
        emit TcbInfoRecorded(head.fmspc, head.pceId, head.evaluation, head.issueDate, head.nextUpdate);
    }

    /// @inheritdoc IIntelCollateral
    function recordQeIdentity(bytes calldata json, bytes calldata signature, bytes32 signer, bytes calldata signerName)
        external
    {
        require(
            _isSigned(json, signature, signer, signerName), IntelCollateral_QeIdentitySignatureInvalid()
        );
        (StatementHead memory head, QeIdentity memory identity) = IntelStatements.readQeIdentity(json);
        require(head.id == TD_QE, IntelCollateral_QeIdentityMismatch());
        _requireQeIdentityCurrent(head.issueDate, head.nextUpdate);
        _replace(_qeIdentity, head, signer, abi.encode(identity));
        emit QeIdentityRecorded(head.evaluation, head.issueDate, head.nextUpdate);
    }

    /// @inheritdoc IIntelCollateral
    function setMinimumEvaluation(uint32 minimum) external {
        bool tightens = minimum > minimumEvaluation && msg.sender == systemConfig.guardian();
        require(tightens || msg.sender == owner(), IntelCollateral_Unauthorized(msg.sender));
        minimumEvaluation = minimum;
        emit MinimumEvaluationChanged(minimum);
    }

    /// @inheritdoc IIntelCollateral
    function setMaximumEvaluation(uint32 maximum) external {
        // Newer evaluations are stricter ones.
        bool tightens = maximum > maximumEvaluation && msg.sender == systemConfig.guardian();
        require(tightens || msg.sender == owner(), IntelCollateral_Unauthorized(msg.sender));
        maximumEvaluation = maximum;
        emit MaximumEvaluationChanged(maximum);
    }

    /// @inheritdoc IIntelCollateral
    function tcbInfoOf(bytes6 fmspc, bytes2 pceId) external view returns (TcbInfo memory info, uint32 evaluation) {
        Statement storage statement = _tcbInfos[fmspc][pceId];
        require(statement.content != address(0), IntelCollateral_TcbInfoMismatch(fmspc, pceId));
        _requireTcbInfoCurrent(statement.issueDate, statement.nextUpdate);
        _requireUsable(statement);
        info = abi.decode(CodeBlob.read(statement.content), (TcbInfo));
        evaluation = statement.evaluation;
    }

    /// @inheritdoc IIntelCollateral
    function qeIdentity() external view returns (QeIdentity memory identity, uint32 evaluation) {
        require(_qeIdentity.content != address(0), IntelCollateral_QeIdentityMismatch());
        _requireQeIdentityCurrent(_qeIdentity.issueDate, _qeIdentity.nextUpdate);
        _requireUsable(_qeIdentity);
        identity = abi.decode(CodeBlob.read(_qeIdentity.content), (QeIdentity));
        evaluation = _qeIdentity.evaluation;
    }

    /// @inheritdoc IIntelCollateral
    function tcbInfoStatement(bytes6 fmspc, bytes2 pceId) external view returns (Statement memory) {
        return _tcbInfos[fmspc][pceId];
    }

    /// @inheritdoc IIntelCollateral
    function qeIdentityStatement() external view returns (Statement memory) {
        return _qeIdentity;
    }

    /// @inheritdoc IIntelCollateral
    function requireLeaf(bytes32 id, uint8 depth) public view returns (bytes memory publicKey, bytes32 subject) {
        // Reverts unless the certificate and all above it are valid.
        bytes32 root = cache.rootOf(id);
        require(cache.entryOf(root).keyHash == rootKey, IntelCollateral_ForeignRoot(id, root));
        ICertificateCache.Entry memory entry = cache.entryOf(id);
        require(
            entry.depth == depth && entry.keyKind == KeyKind.P256 && _signsDataOnly(entry),
            IntelCollateral_PckIssuer(id)
        );
        (publicKey, subject) = (entry.publicKey, entry.subject);
        _requireListed(root);
        if (entry.issuer != root) _requireListed(entry.issuer);
    }

    /// @dev What ends a chain signs evidence and no certificates (RFC 5280, sections 4.2.1.3 and 4.2.1.9).
    function _signsDataOnly(ICertificateCache.Entry memory entry) private pure returns (bool) {
        if (entry.isAuthority) return false;
        if (entry.usages == UNTOLD) return true;
        return entry.usages & SIGNS_DATA != 0 && entry.usages & X509.SIGNS_CERTIFICATES == 0;
    }

    /// @dev The name is the signer's, and its role is to sign statements; and it signed this text.
    function _isSigned(bytes calldata json, bytes calldata signature, bytes32 signer, bytes calldata signerName)
        private
        view
        returns (bool)
    {
        (bytes memory publicKey, bytes32 subject) = requireLeaf(signer, SIGNER_DEPTH);
        require(
            keccak256(signerName) == subject && CommonNames.ofName(signerName) == IntelNames.TCB_SIGNING,
            IntelCollateral_PckIssuer(signer)
        );
        return P256.verify(publicKey, signature, sha256(json));
    }

    /// @dev A newer evaluation replaces an older one, and within one evaluation what was issued later. What is above the
    ///      maximum, or was left by a signer that is no longer valid, gives way to anything: a key that was stolen must not
    ///      be able to number a statement so high that nothing ever replaces it.
    function _replace(Statement storage statement, StatementHead memory head, bytes32 signer, bytes memory content)
        private
    {
        _requireEvaluation(head.evaluation);
        bool newer = head.evaluation > statement.evaluation
            || (head.evaluation == statement.evaluation && head.issueDate > statement.issueDate);
        bool givesWay = statement.content == address(0) || statement.evaluation > maximumEvaluation
            || !cache.isValid(statement.signer);
        require(newer || givesWay, IntelCollateral_NotNewer(statement.evaluation, statement.issueDate));
        (statement.issueDate, statement.nextUpdate) = (head.issueDate, head.nextUpdate);
        (statement.evaluation, statement.signer) = (head.evaluation, signer);
        statement.content = CodeBlob.write(content);
    }

    /// @dev A signer revoked since, or an evaluation excluded since, ends a statement at once.
    function _requireUsable(Statement storage statement) private view {
        require(cache.isValid(statement.signer), IntelCollateral_SignerInvalid(statement.signer));
        _requireEvaluation(statement.evaluation);
    }

    function _requireEvaluation(uint32 evaluation) private view {
        require(
            evaluation >= minimumEvaluation, IntelCollateral_TcbEvaluationOutdated(evaluation, minimumEvaluation)
        );
        require(evaluation <= maximumEvaluation, IntelCollateral_TcbEvaluationEarly(evaluation, maximumEvaluation));
    }

    /// @dev Unknown revocations are no revocations: an authority without a list of now vouches for nothing.
    function _requireListed(bytes32 authority) private view {
        uint64 nextUpdate = cache.revocationsOf(authority).nextUpdate;
        require(block.timestamp <= nextUpdate, IntelCollateral_CrlExpired(authority, nextUpdate));
    }

    function _requireTcbInfoCurrent(uint64 issueDate, uint64 nextUpdate) private view {
        require(issueDate <= block.timestamp, IntelCollateral_TcbInfoNotYetValid(issueDate));
        require(block.timestamp <= nextUpdate, IntelCollateral_TcbInfoExpired(nextUpdate));
    }

    function _requireQeIdentityCurrent(uint64 issueDate, uint64 nextUpdate) private view {
        require(issueDate <= block.timestamp, IntelCollateral_QeIdentityNotYetValid(issueDate));
        require(block.timestamp <= nextUpdate, IntelCollateral_QeIdentityExpired(nextUpdate));
    }
}
