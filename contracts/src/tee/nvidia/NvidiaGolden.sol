// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INvidiaReportVerifier} from "../interfaces/INvidiaReportVerifier.sol";
import {NvidiaOpaqueData} from "./NvidiaOpaque.sol";
import {NvidiaReportLayout} from "./NvidiaReport.sol";

/// @title NvidiaGolden
/// @notice Step 8: compares a report with golden measurements: what NVIDIA's RIMs of one driver and one VBIOS say of the
///         measurements that are active, in a form that is cheap to read:
///
///   length 1 | driver version | length 1 | VBIOS version | entries, in the order of their blocks
///   entry: block 1 | size of a value 1 | alternatives 1 | values
///
///         A RIM's index i is block i + 1. A measurement is right if it is any of its alternatives. One digest stands for a
///         pair of versions, however many alternatives there are: a driver's RIM alone has had 384 combinations.
library NvidiaGolden {
    /// @notice Golden measurements that cannot be read, from this byte on.
    error NvidiaGolden_Malformed(uint256 position);

    /// @notice What the digest begins with.
    bytes internal constant TAG = "phala-l2 nvidia gpu 1";

    uint256 private constant ENTRY_HEADER_BYTES = 3;

    /// @dev Measured only where NVDEC0 is on (NVIDIA/nvtrust, "MSR 35").
    uint256 private constant NVDEC0_BLOCK = 36;

    /// @notice Identity of what a GPU runs, as governance accepts it.
    function digest(bytes calldata golden) internal pure returns (bytes32) {
        return keccak256(bytes.concat(TAG, golden));
    }

    /// @notice Reverts unless the report is of these versions and has these measurements.
    function requireMatch(
        bytes calldata golden,
        bytes calldata report,
        NvidiaReportLayout memory places,
        NvidiaOpaqueData memory opaque
    ) internal pure {
        uint256 position = _requireVersion(golden, 0, opaque.driver);
        position = _requireVersion(golden, position, opaque.vbios);
        require(position < golden.length, NvidiaGolden_Malformed(position));
        uint256 last;
        while (position < golden.length) {
            require(golden.length - position >= ENTRY_HEADER_BYTES, NvidiaGolden_Malformed(position));
            uint256 index = uint8(golden[position]);
            uint256 size = uint8(golden[position + 1]);
            uint256 start = position + ENTRY_HEADER_BYTES;
            uint256 end = start + size * uint8(golden[position + 2]);
            require(index > last && end <= golden.length, NvidiaGolden_Malformed(position));
            if (index != NVDEC0_BLOCK || !opaque.withoutNvdec0) {
                require(
                    _isAmong(golden[start:end], size, _value(report, places, index)),
                    INvidiaReportVerifier.NvidiaReportVerifier_MeasurementMismatch(index)
                );
            }
            (last, position) = (index, end);
        }
    }

    /// @dev Returns where the version ends.
    function _requireVersion(bytes calldata golden, uint256 position, bytes memory wanted)
        private
        pure
        returns (uint256 end)
    {
        require(position < golden.length, NvidiaGolden_Malformed(position));
        uint256 start = position + 1;
        end = start + uint8(golden[position]);
        require(end <= golden.length, NvidiaGolden_Malformed(position));
        require(
            keccak256(golden[start:end]) == keccak256(wanted),
            INvidiaReportVerifier.NvidiaReportVerifier_RimVersionMismatch(wanted, golden[start:end])
        );
    }

    /// @dev The value of a block; empty if the report has no such block.
    function _value(bytes calldata report, NvidiaReportLayout memory places, uint256 index)
        private
        pure
        returns (bytes calldata)
    {
        if (index >= places.blocks.length) return report[:0];
        uint256 place = places.blocks[index];
        uint256 start = place >> 8;
        return report[start:start + (place & 0xff)];
    }

    function _isAmong(bytes calldata values, uint256 size, bytes calldata found) private pure returns (bool) {
        // A value in a report is never empty.
        if (found.length != size || size == 0) return false;
        bytes32 wanted = keccak256(found);
        for (uint256 position = 0; position < values.length; position += size) {
            if (keccak256(values[position:position + size]) == wanted) return true;
        }
        return false;
    }
}
