// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where the parts of a quote stand: offsets into its bytes.
/// @param extended Whether the body is of a TD 1.5.
/// @param body Where the TD's report begins.
/// @param signedTo End of header and body, which the attestation key signed from the first byte on.
/// @param signature The quote's signature, 64 bytes; the attestation key, 64 bytes, follows.
/// @param qeReport The quoting enclave's report, 384 bytes; its signature, 64 bytes, follows.
/// @param qeData The quoting enclave's own data.
/// @param qeDataTo Its end.
/// @param chain The PCK certificate chain in PEM.
/// @param chainTo Its end.
struct TdxQuoteLayout {
    bool extended;
    uint256 body;
    uint256 signedTo;
    uint256 signature;
    uint256 qeReport;
    uint256 qeData;
    uint256 qeDataTo;
    uint256 chain;
    uint256 chainTo;
}

/// @title TdxQuote
/// @notice Reads quotes of TDs, versions 4 and 5 (Intel TDX DCAP Quoting Library API, appendix A):
///
///   header 48 | v5: body type 2, body size 4 | body 584 or 648 | size 4 | authentication data | zeros
///   authentication data: signature 64 | key 64 | type 2 (= 6) | size 4 | certified report
///   certified report:    QE report 384 | signature 64 | size 2 | QE's data | type 2 (= 5) | size 4 | PEM chain
///
///         Numbers are little-endian. Each byte has a meaning or is a zero of the padding at the end; nothing is verified.
library TdxQuote {
    /// @notice The quote ends before its format does.
    error TdxQuote_Truncated(uint256 wanted, uint256 length);

    /// @notice Bytes follow the quote that are not zero.
    error TdxQuote_TrailingBytes(uint256 position);

    /// @notice Larger than any quote.
    error TdxQuote_TooLarge(uint256 length);

    /// @notice Neither 4 nor 5.
    error TdxQuote_Version(uint256 version);

    /// @notice Not of a TD.
    error TdxQuote_TeeType(uint256 teeType);

    /// @notice An attestation key that is not ECDSA on P-256.
    error TdxQuote_KeyType(uint256 keyType);

    /// @notice The quoting enclave is not Intel's.
    error TdxQuote_QeVendor(bytes16 vendor);

    /// @notice Neither a TD 1.0 nor a TD 1.5.
    error TdxQuote_BodyType(uint256 bodyType);

    /// @notice Sizes inside the quote contradict each other.
    error TdxQuote_SizeMismatch(uint256 position);

    /// @notice The quote does not carry the PCK certificate chain.
    error TdxQuote_CertificationType(uint256 wanted, uint256 found);

    uint256 internal constant ENCLAVE_REPORT_BYTES = 384;
    uint256 internal constant SIGNATURE_BYTES = 64;
    uint256 internal constant KEY_BYTES = 64;
    uint256 internal constant REPORT_DATA_BYTES = 64;

    /// @notice Places in a TD's report (appendix A.3). From the attributes on, up to the report data, stand attributes 8,
    ///         XFAM 8, MRTD, MRCONFIGID, MROWNER, MROWNERCONFIG and RTMR0 to 3, 48 each.
    uint256 internal constant TEE_TCB_SVN = 0;
    uint256 internal constant MRSIGNERSEAM = 64;
    uint256 internal constant SEAM_ATTRIBUTES = 112;
    uint256 internal constant TD_ATTRIBUTES = 120;
    uint256 internal constant REPORT_DATA = 520;
    uint256 internal constant TEE_TCB_SVN_2 = 584;
    uint256 internal constant MRSERVICETD = 600;

    /// @notice Places in an enclave's report (Intel SDM, volume 3D, "Structure of Report").
    uint256 internal constant QE_MISC_SELECT = 16;
    uint256 internal constant QE_ATTRIBUTES = 48;
    uint256 internal constant QE_MRSIGNER = 128;
    uint256 internal constant QE_ISV_PROD_ID = 256;
    uint256 internal constant QE_ISV_SVN = 258;
    uint256 internal constant QE_REPORT_DATA = 320;

    /// @dev Quotes have 5 kB, with padding 8 kB; a bound on what is worth reading.
    uint256 private constant MAX_BYTES = 32_768;
    uint256 private constant HEADER_BYTES = 48;
    uint256 private constant TD10_BYTES = 584;
    uint256 private constant TD15_BYTES = 648;

    uint256 private constant ECDSA_P256 = 2;
    uint256 private constant SGX = 0;
    uint256 private constant TDX = 129;
    uint256 private constant BODY_TD10 = 2;
    uint256 private constant BODY_TD15 = 3;

    /// @dev Types of certification data.
    uint256 private constant PCK_CHAIN = 5;
    uint256 private constant CERTIFIED_REPORT = 6;

    /// @dev Intel's quoting enclaves: 939a7233-f79c-4ca9-940a-0db3957f0607.
    bytes16 private constant INTEL = 0x939a7233f79c4ca9940a0db3957f0607;

    /// @notice Reads a quote, from the first of its bytes to the last.
    function parse(bytes calldata quote) internal pure returns (TdxQuoteLayout memory places) {
        require(quote.length <= MAX_BYTES, TdxQuote_TooLarge(quote.length));
        (places.body, places.extended) = _readHeader(quote);
        places.signedTo = places.body + (places.extended ? TD15_BYTES : TD10_BYTES);
        uint256 start = places.signedTo + 4;
        require(start <= quote.length, TdxQuote_Truncated(start, quote.length));
        uint256 end = start + u32(quote, places.signedTo);
        require(end <= quote.length, TdxQuote_Truncated(end, quote.length));
        _requireZeros(quote, end);
        _readAuthentication(quote[:end], start, places);
    }

    /// @notice A number of two bytes, which must be there.
    function u16(bytes calldata data, uint256 position) internal pure returns (uint256) {
        return uint256(uint8(data[position])) | (uint256(uint8(data[position + 1])) << 8);
    }

    /// @notice A number of four bytes, which must be there.
    function u32(bytes calldata data, uint256 position) internal pure returns (uint256) {
        return u16(data, position) | (u16(data, position + 2) << 16);
    }

    /// @dev Returns where the body begins and whether it is of a TD 1.5.
    function _readHeader(bytes calldata quote) private pure returns (uint256 body, bool extended) {
        require(quote.length >= HEADER_BYTES, TdxQuote_Truncated(HEADER_BYTES, quote.length));
        uint256 version = u16(quote, 0);
        require(version >= 3 && version <= 5, TdxQuote_Version(version));
        require(u16(quote, 2) == ECDSA_P256, TdxQuote_KeyType(u16(quote, 2)));
        uint256 teeType = u32(quote, 4);
        require(teeType == SGX || teeType == TDX, TdxQuote_TeeType(teeType));
        // Quotes of enclaves have version 3.
        require((version == 3) == (teeType == SGX), TdxQuote_Version(version));
        // Bytes 8 to 12 are reserved; user data of 20 bytes ends the header.
        bytes16 vendor = bytes16(quote[12:28]);
        require(vendor == INTEL, TdxQuote_QeVendor(vendor));
        require(teeType == TDX, TdxQuote_TeeType(teeType));
        if (version == 4) return (HEADER_BYTES, false);

        body = HEADER_BYTES + 6;
        require(quote.length >= body, TdxQuote_Truncated(body, quote.length));
        uint256 bodyType = u16(quote, HEADER_BYTES);
        require(bodyType == BODY_TD10 || bodyType == BODY_TD15, TdxQuote_BodyType(bodyType));
        extended = bodyType == BODY_TD15;
        uint256 size = u32(quote, HEADER_BYTES + 2);
        require(size == (extended ? TD15_BYTES : TD10_BYTES), TdxQuote_SizeMismatch(HEADER_BYTES + 2));
    }

    /// @dev `data` ends where the authentication data does.
    function _readAuthentication(bytes calldata data, uint256 position, TdxQuoteLayout memory places) private pure {
        places.signature = position;
        position += SIGNATURE_BYTES + KEY_BYTES;
        require(position <= data.length, TdxQuote_SizeMismatch(places.signature));
        places.qeReport = _readCertificationData(data, position, CERTIFIED_REPORT);
        position = places.qeReport + ENCLAVE_REPORT_BYTES + SIGNATURE_BYTES;
        places.qeData = position + 2;
        require(places.qeData <= data.length, TdxQuote_SizeMismatch(places.qeReport));
        places.qeDataTo = places.qeData + u16(data, position);
        require(places.qeDataTo <= data.length, TdxQuote_SizeMismatch(position));
        places.chain = _readCertificationData(data, places.qeDataTo, PCK_CHAIN);
        places.chainTo = data.length;
    }

    /// @dev type 2 | size 4 | data, which fills the rest exactly.
    function _readCertificationData(bytes calldata data, uint256 position, uint256 wanted)
        private
        pure
        returns (uint256 start)
    {
        start = position + 6;
        require(start <= data.length, TdxQuote_SizeMismatch(position));
        uint256 found = u16(data, position);
        require(found == wanted, TdxQuote_CertificationType(wanted, found));
        require(start + u32(data, position + 2) == data.length, TdxQuote_SizeMismatch(position + 2));
    }

    /// @dev From `position` to the end.
    function _requireZeros(bytes calldata data, uint256 position) private pure {
        for (; position + 32 <= data.length; position += 32) {
            require(bytes32(data[position:position + 32]) == 0, TdxQuote_TrailingBytes(position));
        }
        // What is shorter than a word is filled with zeros.
        require(bytes32(data[position:]) == 0, TdxQuote_TrailingBytes(position));
    }
}
