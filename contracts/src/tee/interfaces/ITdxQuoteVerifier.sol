// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITeeVerifier} from "./ITeeVerifier.sol";

/// @title ITdxQuoteVerifier
/// @notice Quotes of TDs, verified on L1 against cached certificates and collateral, by the steps of the verifier off-chain
///         and with its words for what fails. `tcbStatus` is a `TcbStatus`. What can be wrong with the quote's form stands
///         in `TdxQuote`, with a TCB in `IntelTcb`, with collateral in `IIntelCollateral`, with certificates in
///         `ICertificateCache`.
/// @dev Of the PCK chain that a quote carries only the first certificate is read: it must stand in the cache, whose own
///      chain above it is what counts.
interface ITdxQuoteVerifier is ITeeVerifier {
    /// @notice The PCK certificate, or its issuer, is not of its role.
    error TdxQuoteVerifier_PckIssuer(bytes32 certificate);
    /// @notice The platform's PCK key did not sign the quoting enclave's report.
    error TdxQuoteVerifier_QeReportSignatureInvalid();
    /// @notice The quoting enclave is not the one that Intel names.
    error TdxQuoteVerifier_QeIdentityMismatch(QeField field);
    /// @notice The quoting enclave's report does not commit to the attestation key.
    error TdxQuoteVerifier_AttestationKeyUnbound();
    /// @notice The attestation key did not sign this quote, or is no key.
    error TdxQuoteVerifier_QuoteSignatureInvalid();
    /// @notice The TD runs on a TDX module that is not Intel's.
    error TdxQuoteVerifier_TdxModuleMismatch();
    /// @notice The host can read the TD's memory.
    error TdxQuoteVerifier_DebugEnabled(bytes8 attributes);
    /// @notice A TCB that Intel revoked.
    error TdxQuoteVerifier_TcbRevoked();

    /// @notice What an identity fixes of a quoting enclave.
    enum QeField {
        MISC_SELECT,
        ATTRIBUTES,
        MRSIGNER,
        ISV_PROD_ID
    }
}
