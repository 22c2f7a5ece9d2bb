// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NvidiaReport} from "./NvidiaReport.sol";

/// @notice What a device says of itself beside its measurements; the signature covers it.
/// @param driver Version of the driver in upper case; empty for an NVSwitch.
/// @param vbios Version of the VBIOS as people write it: 96.00.74.00.1A.
/// @param firmwareId SHA-384 of the firmware that holds the key; empty where old firmware does not tell it.
/// @param hasMode Whether the device tells its mode: old firmware does not.
/// @param mode Feature flag: 0 one GPU a TD, 1 several with NVLink encrypted, 2 protected PCIe.
/// @param withoutNvdec0 NVDEC0 is off: its microcode is not measured.
struct NvidiaOpaqueData {
    bytes driver;
    bytes vbios;
    bytes firmwareId;
    bool hasMode;
    uint256 mode;
    bool withoutNvdec0;
}

/// @title NvidiaOpaque
/// @notice Reads a report's opaque data (public sources of NVIDIA/nvtrust and NVIDIA/attestation-sdk): fields of
///         `type 2 | size 2 | data`, little-endian, until the end, no type twice. A field of a type that is not known means
///         nothing here.
library NvidiaOpaque {
    /// @notice Opaque data that cannot be read, from this byte of it on.
    error NvidiaReport_OpaqueDataMalformed(uint256 position);

    /// @dev Types of fields.
    uint256 private constant DRIVER_VERSION = 3;
    uint256 private constant VBIOS_VERSION = 6;
    uint256 private constant NVDEC0_STATUS = 11;
    uint256 private constant FIRMWARE_ID = 20;
    uint256 private constant PROTECTED_PCIE_STATUS = 21;
    uint256 private constant PDIS = 22;
    uint256 private constant OPAQUE_DATA_VERSION = 34;
    uint256 private constant FEATURE_FLAG = 36;

    uint256 private constant FIRMWARE_ID_BYTES = 48;
    uint256 private constant PDI_BYTES = 8;
    uint256 private constant VBIOS_BYTES = 8;
    bytes1 private constant NVDEC0_ENABLED = 0xaa;
    bytes1 private constant NVDEC0_DISABLED = 0x55;

    /// @dev Longest text.
    uint256 private constant MAX_TEXT_BYTES = 64;

    bytes16 private constant DIGITS = "0123456789ABCDEF";

    /// @notice Reads all of it.
    function read(bytes calldata data) internal pure returns (NvidiaOpaqueData memory opaque) {
        // A bit for each type.
        uint256[] memory seen = new uint256[](256);
        uint256 position;
        while (position < data.length) {
            uint256 start = position + 4;
            require(start <= data.length, NvidiaReport_OpaqueDataMalformed(position));
            uint256 fieldType = NvidiaReport.u16(data, position);
            uint256 end = start + NvidiaReport.u16(data, position + 2);
            uint256 bit = 1 << (fieldType & 0xff);
            require(
                end <= data.length && seen[fieldType >> 8] & bit == 0, NvidiaReport_OpaqueDataMalformed(position)
            );
            seen[fieldType >> 8] |= bit;
            require(_take(opaque, fieldType, data[start:end]), NvidiaReport_OpaqueDataMalformed(position));
            position = end;
        }
        require(opaque.vbios.length != 0, NvidiaReport_OpaqueDataMalformed(position));
    }

    /// @dev Keeps what is asked for later. False where the data is not of its type.
    function _take(NvidiaOpaqueData memory opaque, uint256 fieldType, bytes calldata data)
        private
        pure
        returns (bool)
    {
        if (fieldType == DRIVER_VERSION) {
            opaque.driver = _text(data);
            return opaque.driver.length != 0;
        }
        if (fieldType == VBIOS_VERSION) {
            opaque.vbios = data.length == VBIOS_BYTES ? _vbios(data) : _text(data);
            return opaque.vbios.length != 0;
        }
        if (fieldType == NVDEC0_STATUS) {
            if (data.length != 1) return false;
            opaque.withoutNvdec0 = data[0] == NVDEC0_DISABLED;
            return opaque.withoutNvdec0 || data[0] == NVDEC0_ENABLED;
        }
        if (fieldType == FIRMWARE_ID) {
            opaque.firmwareId = data;
            return data.length == FIRMWARE_ID_BYTES;
        }
        if (fieldType == FEATURE_FLAG) {
            if (data.length != 2) return false;
            (opaque.hasMode, opaque.mode) = (true, NvidiaReport.u16(data, 0));
            return true;
        }
        if (fieldType == PROTECTED_PCIE_STATUS) return data.length == 1;
        if (fieldType == OPAQUE_DATA_VERSION) return data.length == 2;
        return fieldType != PDIS || data.length % PDI_BYTES == 0;
    }

    /// @dev Printable ASCII, as C ends it with zeros, in upper case. Empty if it is no text.
    function _text(bytes calldata data) private pure returns (bytes memory text) {
        uint256 length = data.length;
        while (length != 0 && data[length - 1] == 0) --length;
        if (length > MAX_TEXT_BYTES) return "";
        text = data[:length];
        for (uint256 i = 0; i < length; ++i) {
            uint8 character = uint8(text[i]);
            if (character < 0x20 || character > 0x7e) return "";
            if (character >= 0x61 && character <= 0x7a) text[i] = bytes1(character - 0x20);
        }
    }

    /// @dev A number of 8 bytes, little-endian, whose low four bytes stand before the fifth. Empty if it is larger.
    function _vbios(bytes calldata data) private pure returns (bytes memory text) {
        if (bytes3(data[5:]) != 0) return "";
        text = new bytes(14);
        for (uint256 i = 0; i < 5; ++i) {
            uint8 value = uint8(data[i == 4 ? 4 : 3 - i]);
            text[3 * i] = DIGITS[value >> 4];
            text[3 * i + 1] = DIGITS[value & 0xf];
            if (i < 4) text[3 * i + 2] = ".";
        }
    }
}
