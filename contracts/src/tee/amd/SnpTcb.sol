// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice AMD's lines of processors that are trusted, each under a root of its own. Milan is not: a way to extract its
///         signing keys by software alone was reported (arXiv 2605.12990).
enum AmdProduct {
    GENOA,
    TURIN
}

/// @title SnpTcb
/// @notice Versions of a platform's TCB: five security patch levels in one number of 40 bits, the highest byte first:
///         FMC (Turin's alone, else 0), boot loader, TEE, SNP firmware, microcode.
/// @dev TCB_VERSION is table 3 of AMD's "SEV Secure Nested Paging Firmware ABI Specification" (56860); the order of its
///      bytes depends on the product.
library SnpTcb {
    /// @dev Bytes of TCB_VERSION that are reserved: 2 to 5, of Turin 4 to 6.
    bytes8 private constant GENOA_RESERVED = 0x0000ffffffff0000;
    bytes8 private constant TURIN_RESERVED = 0x00000000ffffff00;

    /// @notice Reads TCB_VERSION. Not `valid` where a reserved byte is set.
    function read(bytes8 raw, AmdProduct product) internal pure returns (uint40 tcb, bool valid) {
        if (product == AmdProduct.TURIN) {
            tcb = pack(uint8(raw[0]), uint8(raw[1]), uint8(raw[2]), uint8(raw[3]), uint8(raw[7]));
            return (tcb, raw & TURIN_RESERVED == 0);
        }
        tcb = pack(0, uint8(raw[0]), uint8(raw[1]), uint8(raw[6]), uint8(raw[7]));
        valid = raw & GENOA_RESERVED == 0;
    }

    /// @notice Five levels as one number.
    function pack(uint8 fmc, uint8 bootLoader, uint8 tee, uint8 snp, uint8 microcode) internal pure returns (uint40) {
        return (uint40(fmc) << 32) | (uint40(bootLoader) << 24) | (uint40(tee) << 16) | (uint40(snp) << 8)
            | uint40(microcode);
    }

    /// @notice Whether each level is at least the other's. Versions are a partial order: one newer part makes up for no
    ///         older one.
    function isAtLeast(uint40 tcb, uint40 least) internal pure returns (bool) {
        for (uint256 shift = 0; shift < 40; shift += 8) {
            if (uint8(tcb >> shift) < uint8(least >> shift)) return false;
        }
        return true;
    }
}
