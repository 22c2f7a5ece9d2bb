// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {QeIdentity, TcbInfo} from "../intel/IntelTcb.sol";

/// @title IIntelCollateral
/// @notice What Intel publishes about platforms and its quoting enclave, each statement verified once, in a transaction of
///         its own. Anyone may bring what Intel signed. Statements hold for the time that Intel gives them, and as long as
///         the certificate that signed them is valid.
interface IIntelCollateral {
    /// @param issueDate First second for which it holds.
    /// @param nextUpdate Last one.
    /// @param evaluation Number of Intel's evaluation of TCBs (tcbEvaluationDataNumber).
    /// @param content Account whose code is the statement's content.
    /// @param signer Id of the certificate that signed it.
    struct Statement {
        uint64 issueDate;
        uint64 nextUpdate;
        uint32 evaluation;
        address content;
        bytes32 signer;
    }

    event TcbInfoRecorded(
        bytes6 indexed fmspc, bytes2 indexed pceId, uint32 indexed evaluation, uint64 issueDate, uint64 nextUpdate
    );
    event QeIdentityRecorded(uint32 indexed evaluation, uint64 issueDate, uint64 nextUpdate);
    event MinimumEvaluationChanged(uint32 minimum);
    event MaximumEvaluationChanged(uint32 maximum);

    /// @notice Neither the owner nor, for a higher number, the guardian.
    error IntelCollateral_Unauthorized(address caller);
    /// @notice The certificate is not under Intel's root.
    error IntelCollateral_ForeignRoot(bytes32 id, bytes32 root);
    /// @notice The certificate has another place, name or usage than its role demands.
    error IntelCollateral_PckIssuer(bytes32 id);
    /// @notice The authority's revocation list is not known, or not of now.
    error IntelCollateral_CrlExpired(bytes32 authority, uint64 nextUpdate);
    /// @notice Intel did not sign this text.
    error IntelCollateral_TcbInfoSignatureInvalid();
    error IntelCollateral_TcbInfoNotYetValid(uint64 issueDate);
    error IntelCollateral_TcbInfoExpired(uint64 nextUpdate);
    /// @notice TCB information of something else than TDX, or none that is known of this family of platforms.
    error IntelCollateral_TcbInfoMismatch(bytes6 fmspc, bytes2 pceId);
    /// @notice Intel did not sign this text.
    error IntelCollateral_QeIdentitySignatureInvalid();
    error IntelCollateral_QeIdentityNotYetValid(uint64 issueDate);
    error IntelCollateral_QeIdentityExpired(uint64 nextUpdate);
    /// @notice The identity of something else than the quoting enclave of TDX, or none is known.
    error IntelCollateral_QeIdentityMismatch();
    /// @notice The certificate that signed the statement is no longer valid.
    error IntelCollateral_SignerInvalid(bytes32 signer);
    /// @notice A statement that is as new, or newer, stands here.
    error IntelCollateral_NotNewer(uint32 evaluation, uint64 issueDate);
    /// @notice Of an older evaluation than governance demands.
    error IntelCollateral_TcbEvaluationOutdated(uint32 evaluation, uint32 minimum);
    /// @notice Of a newer evaluation than governance waits for.
    error IntelCollateral_TcbEvaluationEarly(uint32 evaluation, uint32 maximum);

    /// @notice Records TCB information of TDX platforms. It replaces what is of an older evaluation, or of the same one and
    ///         issued earlier; never the reverse, unless what stands here was signed by a certificate no longer valid, or
    ///         is above the maximum.
    /// @param json The object that Intel signed, to the byte.
    /// @param signature r and s.
    /// @param signer Id in the certificate cache of Intel's TCB signing certificate.
    /// @param signerName That certificate's subject as it is encoded: the cache holds its hash only.
    function recordTcbInfo(bytes calldata json, bytes calldata signature, bytes32 signer, bytes calldata signerName)
        external;

    /// @notice Records the identity of the quoting enclave of TDX, by the same rules.
    function recordQeIdentity(bytes calldata json, bytes calldata signature, bytes32 signer, bytes calldata signerName)
        external;

    /// @notice Changes the lowest evaluation that statements may be of, at their use too. The owner; to raise it, also the
    ///         guardian.
    function setMinimumEvaluation(uint32 minimum) external;

    /// @notice Changes the highest evaluation that statements may be of, at their use too; none at first. The owner; to
    ///         raise it, also the guardian.
    /// @dev Intel publishes an evaluation early, and months later for all. Whoever brings the early edition makes platforms
    ///      that have not been updated out of date; if governance would rather wait, it says so here.
    function setMaximumEvaluation(uint32 maximum) external;

    function minimumEvaluation() external view returns (uint32);

    function maximumEvaluation() external view returns (uint32);

    /// @notice TCB information that holds now; else it reverts with the reason.
    function tcbInfoOf(bytes6 fmspc, bytes2 pceId) external view returns (TcbInfo memory info, uint32 evaluation);

    /// @notice The quoting enclave's identity that holds now; else it reverts with the reason.
    function qeIdentity() external view returns (QeIdentity memory identity, uint32 evaluation);

    /// @notice Reverts unless a certificate is valid, under Intel's root, not an authority, for signatures, `depth` steps
    ///         below the root, and the list of each authority above it is of now.
    function requireLeaf(bytes32 id, uint8 depth) external view returns (bytes memory publicKey, bytes32 subject);

    /// @notice What is known of a family of platforms, whether it holds or not.
    function tcbInfoStatement(bytes6 fmspc, bytes2 pceId) external view returns (Statement memory);

    /// @notice What is known of the quoting enclave, whether it holds or not.
    function qeIdentityStatement() external view returns (Statement memory);
}
