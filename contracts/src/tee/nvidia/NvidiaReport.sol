// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Where the parts of a report stand: offsets into its bytes.
/// @param blocks By index, which is 1 to the number of blocks: where the value begins, and 8 bits lower its length.
/// @param opaque Where the opaque data begins.
/// @param signedTo Where it ends, and with it the signed part, from the first byte on; the signature follows.
struct NvidiaReportLayout {
    uint256[] blocks;
    uint256 opaque;
    uint256 signedTo;
}

/// @title NvidiaReport
/// @notice Reads reports of GPUs and NVSwitches: an SPDM 1.1 request for measurements and its response, one after the other
///         (DMTF DSP0274 1.1, section 10.11):
///
///   request:   version 1 (0x11) | code 1 (0xe0) | attributes 1 | operation 1 | nonce 32 | slot 1
///   response:  version 1 (0x11) | code 1 (0x60) | parameters 2 | blocks 1 | record length 3 | record
///              nonce 32 | opaque length 2 | opaque data | signature 96
///   block:     index 1 | specification 1 (DMTF) | size 2 | value type 1 | value size 2 | value
///
///         Numbers are little-endian. Each byte has a meaning, none follows; nothing is verified. Names of errors are those
///         of the verifier off-chain.
library NvidiaReport {
    /// @notice The report ends before its format does.
    error NvidiaReport_Truncated(uint256 wanted, uint256 length);

    /// @notice Bytes follow the report.
    error NvidiaReport_TrailingBytes(uint256 position);

    /// @notice Larger than any report.
    error NvidiaReport_TooLarge(uint256 length);

    /// @notice No SPDM 1.1 request for all measurements with a signature, or no such response.
    error NvidiaReport_NotSpdm(uint256 position);

    /// @notice Measurements that cannot be read.
    error NvidiaReport_MeasurementsMalformed(uint256 position);

    /// @notice Where the nonce of the request stands.
    uint256 internal constant NONCE = 4;

    /// @dev Reports have some 4 kB; a bound on what is worth reading.
    uint256 private constant MAX_BYTES = 65_536;

    /// @dev SPDM 1.1, GET_MEASUREMENTS, with a signature, all of them.
    bytes4 private constant REQUEST = 0x11e001ff;
    uint256 private constant REQUEST_BYTES = 37;

    /// @dev SPDM 1.1, MEASUREMENTS.
    bytes2 private constant RESPONSE = 0x1160;
    uint256 private constant BLOCK_COUNT = 41;
    uint256 private constant RECORD = 45;

    uint256 private constant NONCE_BYTES = 32;
    uint256 private constant SIGNATURE_BYTES = 96;
    uint256 private constant DMTF_SPECIFICATION = 1;
    uint256 private constant BLOCK_HEADER_BYTES = 7;

    /// @dev `value type 1 | value size 2`, which a block's size counts in.
    uint256 private constant VALUE_HEADER_BYTES = 3;

    /// @dev SHA-512 would be the longest digest.
    uint256 private constant MAX_VALUE_BYTES = 64;

    /// @notice Reads a report, from the first of its bytes to the last; the opaque data is left to `NvidiaOpaque`.
    function parse(bytes calldata report) internal pure returns (NvidiaReportLayout memory places) {
        require(report.length <= MAX_BYTES, NvidiaReport_TooLarge(report.length));
        _requireLength(report, REQUEST_BYTES);
        require(bytes4(report) == REQUEST, NvidiaReport_NotSpdm(0));
        _requireLength(report, REQUEST_BYTES + 2);
        require(bytes2(report[REQUEST_BYTES:]) == RESPONSE, NvidiaReport_NotSpdm(REQUEST_BYTES));
        _requireLength(report, RECORD);
        uint256 length = u16(report, BLOCK_COUNT + 1) | (uint256(uint8(report[BLOCK_COUNT + 3])) << 16);
        uint256 recordEnd = RECORD + length;
        places.opaque = recordEnd + NONCE_BYTES + 2;
        _requireLength(report, places.opaque);
        places.signedTo = places.opaque + u16(report, places.opaque - 2);
        uint256 end = places.signedTo + SIGNATURE_BYTES;
        _requireLength(report, end);
        require(report.length == end, NvidiaReport_TrailingBytes(end));
        places.blocks = _readBlocks(report[:recordEnd], uint8(report[BLOCK_COUNT]));
    }

    /// @notice A number of two bytes, which must be there.
    function u16(bytes calldata data, uint256 position) internal pure returns (uint256) {
        return uint256(uint8(data[position])) | (uint256(uint8(data[position + 1])) << 8);
    }

    /// @dev Each index from 1 to `count` once, in whatever order; `data` ends where the record does.
    function _readBlocks(bytes calldata data, uint256 count) private pure returns (uint256[] memory blocks) {
        blocks = new uint256[](count + 1);
        uint256 position = RECORD;
        require(count != 0, NvidiaReport_MeasurementsMalformed(position));
        for (uint256 i = 0; i < count; ++i) {
            uint256 value = position + BLOCK_HEADER_BYTES;
            require(value <= data.length, NvidiaReport_MeasurementsMalformed(position));
            // index | specification | size | value type | value size
            uint256 header = uint56(bytes7(data[position:value]));
            uint256 index = header >> 48;
            uint256 size = ((header & 0xff) << 8) | ((header >> 8) & 0xff);
            uint256 blockSize = ((header >> 24 & 0xff) << 8) | ((header >> 32) & 0xff);
            require(
                (header >> 40) & 0xff == DMTF_SPECIFICATION && blockSize == size + VALUE_HEADER_BYTES && size != 0
                    && size <= MAX_VALUE_BYTES && value + size <= data.length,
                NvidiaReport_MeasurementsMalformed(position)
            );
            require(
                index != 0 && index <= count && blocks[index] == 0, NvidiaReport_MeasurementsMalformed(position)
            );
            blocks[index] = (value << 8) | size;
            position = value + size;
        }
        require(position == data.length, NvidiaReport_MeasurementsMalformed(position));
    }

    function _requireLength(bytes calldata report, uint256 wanted) private pure {
        require(report.length >= wanted, NvidiaReport_Truncated(wanted, report.length));
    }
}
