// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "./Der.sol";
import {Certificate, X509} from "./X509.sol";

/// @notice What AMD's key server certifies of the chip, or of the cloud, that holds a VCEK or VLEK, and of its firmware.
/// @param product IA5String: "Milan-B0", "Genoa", "Turin-B1" and the like.
/// @param hardwareId The chip: 64 bytes, from Turin on 8. Empty in a VLEK.
/// @param cloudId Whom a VLEK was given to. Empty in a VCEK.
/// @param bootLoader Security patch level (SPL) of the boot loader.
/// @param tee SPL of the PSP operating system.
/// @param snp SPL of the SNP firmware.
/// @param microcode SPL of the microcode.
/// @param hasFmc Whether there is a first mutable code with a level of its own: from Turin on.
/// @param fmc Its SPL.
struct AmdKey {
    bytes product;
    bytes hardwareId;
    bytes cloudId;
    uint8 bootLoader;
    uint8 tee;
    uint8 snp;
    uint8 microcode;
    bool hasFmc;
    uint8 fmc;
}

/// @title AmdExtensions
/// @notice Reads the extensions 1.3.6.1.4.1.3704.1 (AMD, VCEK Certificate and KDS Interface Specification, publication
///         57230, table 8).
library AmdExtensions {
    /// @notice A certificate that lacks one of the extensions that each VCEK and VLEK has; their bits are those of `found`.
    error AmdExtensions_Missing(uint256 found);

    /// @notice An extension stands twice.
    error AmdExtensions_Repeated(bytes32 name);

    /// @notice A certificate that names both a chip and a cloud, or neither.
    error AmdExtensions_AmbiguousHolder();

    /// @notice A security patch level above 255.
    error AmdExtensions_InvalidLevel(uint64 level);

    /// @notice A level that is reserved (3.4 to 3.7) and not zero: a certificate of a format that is not known.
    error AmdExtensions_ReservedLevel(uint64 level);

    /// @dev Which extensions were found.
    uint256 private constant PRODUCT = 1;
    uint256 private constant BOOT_LOADER = 2;
    uint256 private constant TEE = 4;
    uint256 private constant SNP = 8;
    uint256 private constant MICROCODE = 16;
    uint256 private constant ALWAYS = 31;
    uint256 private constant FMC = 32;
    uint256 private constant HARDWARE_ID = 64;
    uint256 private constant CLOUD_ID = 128;
    /// @dev One bit for each of 3.4 to 3.7, the first of them here.
    uint256 private constant RESERVED = 256;

    /// @notice Reads them all, each once. The structure's version is passed over.
    function read(bytes memory der, Certificate memory certificate) internal pure returns (AmdKey memory key) {
        uint256 found;
        for (uint256 position = certificate.extensionsFrom; position < certificate.extensionsTo;) {
            (bytes32 name,, uint256 start, uint256 end, uint256 next) =
                X509.readExtension(der, position, certificate.extensionsTo);
            uint256 bit = _bit(name);
            require(found & bit == 0, AmdExtensions_Repeated(name));
            found |= bit;
            if (bit == PRODUCT) key.product = _product(der, start, end);
            else if (bit == HARDWARE_ID) key.hardwareId = Der.slice(der, start, end);
            else if (bit == CLOUD_ID) key.cloudId = Der.slice(der, start, end);
            else if (bit >= RESERVED) _requireZero(_level(der, start, end));
            else if (bit != 0) _setLevel(key, bit, _byte(_level(der, start, end)));
            position = next;
        }
        require(found & ALWAYS == ALWAYS, AmdExtensions_Missing(found));
        require(
            (found & HARDWARE_ID == 0) != (found & CLOUD_ID == 0), AmdExtensions_AmbiguousHolder()
        );
    }

    /// @dev The contents of the object identifiers; 3704 is 9c 78.
    function _bit(bytes32 name) private pure returns (uint256) {
        if (name == keccak256(hex"2b060104019c780102")) return PRODUCT;
        if (name == keccak256(hex"2b060104019c78010301")) return BOOT_LOADER;
        if (name == keccak256(hex"2b060104019c78010302")) return TEE;
        if (name == keccak256(hex"2b060104019c78010303")) return SNP;
        if (name == keccak256(hex"2b060104019c78010308")) return MICROCODE;
        if (name == keccak256(hex"2b060104019c78010309")) return FMC;
        if (name == keccak256(hex"2b060104019c780104")) return HARDWARE_ID;
        if (name == keccak256(hex"2b060104019c780105")) return CLOUD_ID;
        if (name == keccak256(hex"2b060104019c78010304")) return RESERVED;
        if (name == keccak256(hex"2b060104019c78010305")) return RESERVED << 1;
        if (name == keccak256(hex"2b060104019c78010306")) return RESERVED << 2;
        if (name == keccak256(hex"2b060104019c78010307")) return RESERVED << 3;
        return 0;
    }

    function _setLevel(AmdKey memory key, uint256 bit, uint8 level) private pure {
        if (bit == BOOT_LOADER) key.bootLoader = level;
        else if (bit == TEE) key.tee = level;
        else if (bit == SNP) key.snp = level;
        else if (bit == MICROCODE) key.microcode = level;
        else (key.hasFmc, key.fmc) = (true, level);
    }

    function _product(bytes memory der, uint256 position, uint256 end) private pure returns (bytes memory) {
        return Der.slice(der, Der.expectLast(der, position, end, Der.IA5_STRING), end);
    }

    function _level(bytes memory der, uint256 position, uint256 end) private pure returns (uint64 level) {
        uint256 next;
        (level, next) = Der.small(der, position, end);
        require(next == end, Der.Der_TrailingBytes(next));
    }

    function _byte(uint64 level) private pure returns (uint8) {
        require(level <= type(uint8).max, AmdExtensions_InvalidLevel(level));
        return uint8(level);
    }

    function _requireZero(uint64 level) private pure {
        require(level == 0, AmdExtensions_ReservedLevel(level));
    }
}
