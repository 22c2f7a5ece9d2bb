// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P384Field} from "../crypto/P384Field.sol";

/// @title SnpReport
/// @notice Reads ATTESTATION_REPORT, versions 2, 3 and 5 (table 23 of AMD's "SEV Secure Nested Paging Firmware ABI
///         Specification", 56860), strictly: every byte has a meaning or must be zero, also of those that nobody signed.
///         It reads; it trusts nothing. Names of errors are those of the verifier off-chain.
library SnpReport {
    /// @notice Not the length of a report.
    error SnpReport_Length(uint256 length);

    /// @notice A version that is not supported.
    error SnpReport_Version(uint256 version);

    /// @notice A signature that is not ECDSA on P-384 with SHA-384.
    error SnpReport_SignatureAlgorithm(uint256 algorithm);

    /// @notice Signed by no key that AMD certifies.
    error SnpReport_SigningKey(uint256 signingKey);

    /// @notice The host configured the platform not to sign with the chip's key.
    error SnpReport_KeyMasked();

    /// @notice Bytes from `position` on that must be zero, or bits there that must be set, are not.
    error SnpReport_Reserved(uint256 position);

    /// @notice No number that a P-384 signature can have; where it begins.
    error SnpReport_SignatureForm(uint256 position);

    /// @notice All of a report, and what is signed.
    uint256 internal constant BYTES = 0x4a0;
    uint256 internal constant SIGNED_BYTES = 0x2a0;

    /// @notice Where fields begin; those that are read in one piece, with where they end.
    uint256 internal constant GUEST_SVN = 0x04;
    uint256 internal constant GUEST_POLICY = 0x08;
    uint256 internal constant FAMILY_ID = 0x10;
    uint256 internal constant VMPL = 0x30;
    uint256 internal constant CURRENT_TCB = 0x38;
    uint256 internal constant PLATFORM_INFO = 0x40;
    uint256 internal constant REPORT_DATA = 0x50;
    uint256 internal constant MEASUREMENT = 0x90;
    uint256 internal constant ID_KEY_DIGEST = 0xe0;
    uint256 internal constant REPORT_ID = 0x140;
    uint256 internal constant REPORT_ID_MA = 0x160;
    uint256 internal constant REPORTED_TCB = 0x180;
    uint256 internal constant CPUID = 0x188;
    uint256 internal constant CHIP_ID = 0x1a0;
    uint256 internal constant COMMITTED_TCB = 0x1e0;
    uint256 internal constant LAUNCH_TCB = 0x1f0;

    uint256 private constant SIGNATURE_ALGORITHM = 0x34;
    uint256 private constant KEY_INFO = 0x48;
    uint256 private constant LAUNCH_MITIGATIONS = 0x1f8;

    /// @dev r and s: little-endian, 72 bytes each for every curve (chapter 10), zeros after both.
    uint256 private constant R = 0x2a0;
    uint256 private constant S = 0x2e8;
    uint256 private constant NUMBER_BYTES = 72;
    uint256 private constant SIGNATURE_END = 0x330;

    /// @dev The only algorithm that is not reserved (chapter 10).
    uint256 private constant ECDSA_P384_SHA384 = 1;

    /// @dev Bit 17 of GUEST_POLICY is always set, bits from 26 on never (table 9).
    uint256 private constant POLICY_ONE = 1 << 17;
    uint256 private constant POLICY_BITS = 26;

    /// @notice Step 1: reads a report. Returns its version, and whether a VLEK signed it: a key that AMD lent to a cloud.
    function parse(bytes calldata report) internal pure returns (uint256 version, bool isVlek) {
        require(report.length == BYTES, SnpReport_Length(report.length));
        version = u32(report, 0);
        require(version == 2 || version == 3 || version == 5, SnpReport_Version(version));
        uint256 algorithm = u32(report, SIGNATURE_ALGORITHM);
        require(algorithm == ECDSA_P384_SHA384, SnpReport_SignatureAlgorithm(algorithm));
        uint256 keyInfo = u32(report, KEY_INFO);
        // AUTHOR_KEY_EN, MASK_CHIP_KEY, SIGNING_KEY of three bits: 0 VCEK, 1 VLEK.
        uint256 signingKey = (keyInfo >> 2) & 7;
        require(signingKey <= 1, SnpReport_SigningKey(signingKey));
        isVlek = signingKey == 1;
        _requireReserved(report, version, keyInfo);
        require(keyInfo & 2 == 0 || isVlek, SnpReport_KeyMasked());
    }

    /// @notice r and s in the order of bytes that everybody else writes: big-endian, 48 bytes each. High s is genuine.
    function signature(bytes calldata report) internal pure returns (bytes memory) {
        (uint128 rh, uint256 rl) = _number(report, R);
        (uint128 sh, uint256 sl) = _number(report, S);
        return abi.encodePacked(rh, rl, sh, sl);
    }

    /// @notice A little-endian number of four bytes.
    function u32(bytes calldata report, uint256 position) internal pure returns (uint256) {
        return _reverse(uint256(uint32(bytes4(report[position:position + 4]))) << 224);
    }

    /// @notice A little-endian number of eight bytes.
    function u64(bytes calldata report, uint256 position) internal pure returns (uint64) {
        return uint64(_reverse(uint256(uint64(bytes8(report[position:position + 8]))) << 192));
    }

    /// @notice The eight bytes at a place, as they stand there.
    function raw8(bytes calldata report, uint256 position) internal pure returns (bytes8) {
        return bytes8(report[position:position + 8]);
    }

    /// @notice Whether the bytes from `position` to `end` are zero.
    function isZero(bytes calldata report, uint256 position, uint256 end) internal pure returns (bool) {
        for (; position + 32 <= end; position += 32) {
            if (bytes32(report[position:position + 32]) != 0) return false;
        }
        // What is shorter than a word is filled with zeros.
        return bytes32(report[position:end]) == 0;
    }

    /// @dev In the order of the fields; versions 2 and 3 lack what later ones tell.
    function _requireReserved(bytes calldata report, uint256 version, uint256 keyInfo) private pure {
        uint64 policy = u64(report, GUEST_POLICY);
        require(policy & POLICY_ONE != 0 && policy >> POLICY_BITS == 0, SnpReport_Reserved(GUEST_POLICY));
        require(keyInfo >> 5 == 0, SnpReport_Reserved(KEY_INFO));
        _requireZero(report, KEY_INFO + 4, REPORT_DATA);
        _requireZero(report, CPUID + 3, CHIP_ID);
        if (version < 3) _requireZero(report, CPUID, CPUID + 3);
        // Beside the versions of the firmware, current and committed.
        _requireZero(report, 0x1eb, 0x1ec);
        _requireZero(report, 0x1ef, LAUNCH_TCB);
        _requireZero(report, 0x208, SIGNED_BYTES);
        if (version < 5) _requireZero(report, LAUNCH_MITIGATIONS, 0x208);
        _requireZero(report, SIGNATURE_END, BYTES);
    }

    function _requireZero(bytes calldata report, uint256 position, uint256 end) private pure {
        require(isZero(report, position, end), SnpReport_Reserved(position));
    }

    /// @dev The upper 16 and the lower 32 bytes of a number of a signature, which is from 1 to the group's order less one.
    function _number(bytes calldata report, uint256 position) private pure returns (uint128 high, uint256 low) {
        low = _reverse(uint256(bytes32(report[position:position + 32])));
        high = uint128(_reverse(uint256(bytes32(report[position + 32:position + 48]))));
        require(
            isZero(report, position + 48, position + NUMBER_BYTES) && (high != 0 || low != 0)
                && (high < type(uint128).max || low < P384Field.N_LOW),
            SnpReport_SignatureForm(position)
        );
    }

    /// @dev The 32 bytes of a word in the opposite order.
    function _reverse(uint256 word) private pure returns (uint256) {
        uint256 mask = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        word = ((word >> 8) & mask) | ((word & mask) << 8);
        mask = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        word = ((word >> 16) & mask) | ((word & mask) << 16);
        mask = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        word = ((word >> 32) & mask) | ((word & mask) << 32);
        mask = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        word = ((word >> 64) & mask) | ((word & mask) << 64);
        return (word >> 128) | (word << 128);
    }
}
