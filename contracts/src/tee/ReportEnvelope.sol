// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ReportEnvelope
/// @notice A report that carries no certificate, and the certificate of the key that signed it, in one sequence of bytes:
///
///         hint 1 | length of the report 3, big-endian | report | certificate, DER
///
///         The hint is `oddFirst` of `ISignatureVerifier`: 0 or 1, and it can cost gas and nothing else.
library ReportEnvelope {
    /// @notice The bytes end before the report does.
    error ReportEnvelope_Truncated(uint256 wanted, uint256 found);

    /// @notice Neither 0 nor 1.
    error ReportEnvelope_InvalidHint(uint8 hint);

    uint256 private constant HEADER_BYTES = 4;

    /// @notice The parts. The certificate may be empty here; whoever reads it refuses that.
    function open(bytes calldata envelope)
        internal
        pure
        returns (bool oddFirst, bytes calldata report, bytes calldata certificate)
    {
        require(envelope.length >= HEADER_BYTES, ReportEnvelope_Truncated(HEADER_BYTES, envelope.length));
        uint8 hint = uint8(envelope[0]);
        require(hint <= 1, ReportEnvelope_InvalidHint(hint));
        uint256 end = HEADER_BYTES + uint24(bytes3(envelope[1:HEADER_BYTES]));
        require(envelope.length >= end, ReportEnvelope_Truncated(end, envelope.length));
        return (hint == 1, envelope[HEADER_BYTES:end], envelope[end:]);
    }
}
