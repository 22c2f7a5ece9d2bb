// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISnpReportVerifier} from "../interfaces/ISnpReportVerifier.sol";
import {AmdLeaf, SnpLeaf} from "./SnpLeaf.sol";
import {SnpReport} from "./SnpReport.sol";
import {AmdProduct, SnpTcb} from "./SnpTcb.sol";

/// @title SnpPlatform
/// @notice Steps 6 and 7: a signed report is of the leaf's TCB, chip and product, and says nothing that is never accepted.
library SnpPlatform {
    /// @dev Bits of GUEST_POLICY (table 9 of AMD 56860).
    uint64 private constant MIGRATION_AGENT = 1 << 18;
    uint64 private constant DEBUG = 1 << 19;

    /// @dev Bits of PLATFORM_INFO that have a name (table 24): 0 to 5, and 7.
    uint64 private constant PLATFORM_BITS = 0xbf;

    /// @notice Returns zero where the TCB is settled and at least the minimum; else the digest of what it is.
    function check(bytes calldata report, uint256 version, AmdLeaf memory leaf, uint40 minimum)
        internal
        pure
        returns (bytes32 outOfDate)
    {
        outOfDate = _checkTcb(report, leaf, minimum);
        bool masked = _checkChip(report, leaf);
        if (version >= 3) _checkCpuid(report, leaf.product);
        _checkGuest(report);
        require(!masked || leaf.isVlek, ISnpReportVerifier.SnpReportVerifier_ChipIdMasked());
        uint64 info = SnpReport.u64(report, SnpReport.PLATFORM_INFO);
        require(info & ~PLATFORM_BITS == 0, ISnpReportVerifier.SnpReportVerifier_PlatformInfoNotAccepted(info));
    }

    /// @dev The leaf's TCB is the reported one; of the reported and the committed one no part is above the running one.
    function _checkTcb(bytes calldata report, AmdLeaf memory leaf, uint40 minimum) private pure returns (bytes32) {
        uint40 current = _tcb(report, SnpReport.CURRENT_TCB, leaf.product);
        uint40 reported = _tcb(report, SnpReport.REPORTED_TCB, leaf.product);
        uint40 committed = _tcb(report, SnpReport.COMMITTED_TCB, leaf.product);
        uint40 launch = _tcb(report, SnpReport.LAUNCH_TCB, leaf.product);
        require(reported == leaf.tcb, ISnpReportVerifier.SnpReportVerifier_TcbMismatch(leaf.tcb, reported));
        require(
            SnpTcb.isAtLeast(current, reported), ISnpReportVerifier.SnpReportVerifier_TcbInconsistent(current, reported)
        );
        require(
            SnpTcb.isAtLeast(current, committed),
            ISnpReportVerifier.SnpReportVerifier_TcbInconsistent(current, committed)
        );
        bool upToDate = reported == current && committed == current && SnpTcb.isAtLeast(current, minimum)
            && SnpTcb.isAtLeast(launch, minimum);
        return upToDate ? bytes32(0) : keccak256(abi.encode(leaf.product, current, reported, committed, launch));
    }

    function _tcb(bytes calldata report, uint256 position, AmdProduct product) private pure returns (uint40 tcb) {
        bool valid;
        (tcb, valid) = SnpTcb.read(SnpReport.raw8(report, position), product);
        require(valid, SnpReport.SnpReport_Reserved(position));
    }

    /// @dev CHIP_ID is the chip's identity and zeros after it; all zeros where the host masks it.
    function _checkChip(bytes calldata report, AmdLeaf memory leaf) private pure returns (bool masked) {
        uint256 end = SnpReport.CHIP_ID + SnpLeaf.chipIdBytes(leaf.product);
        require(
            SnpReport.isZero(report, end, SnpReport.COMMITTED_TCB), SnpReport.SnpReport_Reserved(SnpReport.CHIP_ID)
        );
        masked = SnpReport.isZero(report, SnpReport.CHIP_ID, end);
        require(
            masked || leaf.isVlek || keccak256(report[SnpReport.CHIP_ID:end]) == keccak256(leaf.holder),
            ISnpReportVerifier.SnpReportVerifier_ChipIdMismatch()
        );
    }

    /// @dev Family, and models with the extended fields combined (AMD's processor programming references): Genoa with
    ///      Bergamo and Siena; Turin with Turin Dense. Steppings are revisions: any may come.
    function _checkCpuid(bytes calldata report, AmdProduct product) private pure {
        (uint8 family, uint8 model) = (uint8(report[SnpReport.CPUID]), uint8(report[SnpReport.CPUID + 1]));
        bool known = product == AmdProduct.GENOA
            ? family == 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf))
            : family == 0x1a && model <= 0x1f;
        require(known, ISnpReportVerifier.SnpReportVerifier_CpuidMismatch(family, model));
    }

    /// @dev Step 7: no debug, no migration (neither by policy nor by an agent: REPORT_ID_MA is then all ones, or zeros),
    ///      and asked for from the most privileged level.
    function _checkGuest(bytes calldata report) private pure {
        uint64 policy = SnpReport.u64(report, SnpReport.GUEST_POLICY);
        require(policy & DEBUG == 0, ISnpReportVerifier.SnpReportVerifier_DebugEnabled(policy));
        bytes32 agent = bytes32(report[SnpReport.REPORT_ID_MA:SnpReport.REPORTED_TCB]);
        require(
            policy & MIGRATION_AGENT == 0 && (agent == 0 || agent == bytes32(type(uint256).max)),
            ISnpReportVerifier.SnpReportVerifier_MigrationEnabled()
        );
        uint256 vmpl = SnpReport.u32(report, SnpReport.VMPL);
        require(vmpl == 0, ISnpReportVerifier.SnpReportVerifier_VmplNotAccepted(vmpl));
    }
}
