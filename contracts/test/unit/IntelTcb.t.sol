// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    EnclaveLevel,
    IntelTcb,
    PlatformLevel,
    TcbInfo,
    TcbParts,
    TcbStatus,
    TdxModuleIdentity
} from "../../src/tee/intel/IntelTcb.sol";
import {Base} from "./Base.sol";

contract IntelTcbHarness {
    function appraise(TcbParts memory parts, TcbInfo memory info, EnclaveLevel[] memory levels)
        external
        pure
        returns (TcbStatus status, bytes32 advisories)
    {
        return IntelTcb.appraise(parts, info, levels);
    }

    function requireModule(TcbInfo memory info, bytes16 teeTcbSvn) external pure {
        IntelTcb.moduleOf(info, teeTcbSvn);
    }
}

contract IntelTcbTest is Base {
    IntelTcbHarness private immutable tcb = new IntelTcbHarness();

    /// @dev Statuses of a platform: all but those of a TD as a whole.
    uint256 private constant PLATFORM_STATUSES = 7;

    /// @dev Of each way in which a status comes about, what the verifier off-chain says: one digit each.
    function test_statuses_areThoseOfTheVerifierOffChain() external view {
        string memory json = vm.readFile("./protocol/vectors/attestation-tdx.json");
        bytes memory table = bytes(vm.parseJsonString(json, ".statusTable"));
        uint256 place;
        for (uint256 first = 0; first < PLATFORM_STATUSES; ++first) {
            for (uint256 second = 0; second < PLATFORM_STATUSES; ++second) {
                place = _compare(table, place, _info(TcbStatus(first), TcbStatus(second)));
            }
        }
        assertEq(place, table.length);
        assertEq(place, 2646);
    }

    function testFuzz_eachByteIsCompared(bytes16 found, bytes16 wanted) external pure {
        bool each = true;
        for (uint256 i = 0; i < 16; ++i) {
            each = each && uint8(found[i]) >= uint8(wanted[i]);
        }
        assertTrue(IntelTcb.reaches(found, wanted) == each, "as byte-by-byte");
    }

    function testFuzz_oneByteDecides(bytes16 found, uint256 index, uint8 wanted) external pure {
        uint256 shift = 8 * (15 - index % 16);
        bytes16 level = bytes16(
            (uint128(found) & ~(uint128(0xff) << uint128(shift))) | (uint128(wanted) << uint128(shift))
        );
        assertTrue(IntelTcb.reaches(found, level) == (uint8(found[index % 16]) >= wanted), "one byte");
        assertTrue(IntelTcb.reaches(found, found), "the same");
    }

    function test_aPart_thatNoLevelReaches_isNamed() external {
        TcbInfo memory info = _info(TcbStatus.UP_TO_DATE, TcbStatus.UP_TO_DATE);
        EnclaveLevel[] memory levels = _enclaveLevels();
        TcbParts memory parts = _parts(5, 5);
        info.levels[1].pceSvn = 1;
        vm.expectRevert(_notFound(IntelTcb.Part.PLATFORM));
        tcb.appraise(parts, info, levels);
        parts.pceSvn = 1;
        tcb.appraise(parts, info, levels);
        parts.teeTcbSvn = hex"01010700000000000000000000000000";
        vm.expectRevert(_notFound(IntelTcb.Part.TDX_MODULE));
        tcb.appraise(parts, info, levels);
        parts = _parts(5, 1);
        parts.pceSvn = 1;
        vm.expectRevert(_notFound(IntelTcb.Part.QE));
        tcb.appraise(parts, info, levels);
        info.levels = new PlatformLevel[](0);
        vm.expectRevert(_notFound(IntelTcb.Part.PLATFORM));
        tcb.appraise(parts, info, levels);
    }

    function test_aModule_thatIntelDoesNotName_isRefused() external {
        TcbInfo memory info = _info(TcbStatus.UP_TO_DATE, TcbStatus.UP_TO_DATE);
        tcb.requireModule(info, hex"05000700000000000000000000000000");
        tcb.requireModule(info, hex"05010700000000000000000000000000");
        vm.expectRevert(abi.encodeWithSelector(IntelTcb.IntelTcb_TdxModuleMismatch.selector, 2));
        tcb.requireModule(info, hex"05020700000000000000000000000000");
    }

    function test_advisories_areOfAllParts() external view {
        TcbInfo memory info = _info(TcbStatus.UP_TO_DATE, TcbStatus.UP_TO_DATE);
        EnclaveLevel[] memory levels = _enclaveLevels();
        TcbParts memory parts = _parts(5, 5);
        (, bytes32 none) = tcb.appraise(parts, info, levels);
        assertEq(none, bytes32(0));
        info.levels[1].advisories = bytes32(uint256(1));
        info.identities[0].levels[0].advisories = bytes32(uint256(2));
        levels[0].advisories = bytes32(uint256(3));
        (, bytes32 all) = tcb.appraise(parts, info, levels);
        assertEq(all, keccak256(abi.encode(1, 2, 3)));
    }

    function _compare(bytes memory table, uint256 place, TcbInfo memory info) private view returns (uint256) {
        EnclaveLevel[] memory levels = _enclaveLevels();
        uint8[3] memory svns = [5, 4, 2];
        bytes16[5] memory now_ = [
            bytes16(0x05010800000000000000000000000000),
            0x04010900000000000000000000000000,
            0x05020900000000000000000000000000,
            0x05010900000000000000000000000000,
            0x00000900000000000000000000000000
        ];
        for (uint256 i = 0; i < 9; ++i) {
            TcbParts memory parts = _parts(svns[i / 3], svns[i % 3]);
            for (uint256 body = 0; body < 6; ++body) {
                if (body > 0) (parts.relaunchable, parts.teeTcbSvn2) = (true, now_[body - 1]);
                (TcbStatus status,) = tcb.appraise(parts, info, levels);
                assertEq(0x30 + uint8(status), uint8(table[place++]));
            }
        }
        return place;
    }

    function _parts(uint8 moduleSvn, uint16 qeSvn) private pure returns (TcbParts memory parts) {
        parts.teeTcbSvn = bytes16(bytes.concat(bytes1(moduleSvn), hex"0107"));
        parts.qeIsvSvn = qeSvn;
    }

    /// @dev The first level is reached by the platform, but not by the TD; the second by both.
    function _info(TcbStatus first, TcbStatus second) private pure returns (TcbInfo memory info) {
        info.identities = new TdxModuleIdentity[](1);
        info.identities[0].version = 1;
        info.identities[0].levels = _enclaveLevels();
        info.levels = new PlatformLevel[](2);
        info.levels[0].tdxComponents = 0x00010900000000000000000000000000;
        (info.levels[0].status, info.levels[1].status) = (first, second);
    }

    function _enclaveLevels() private pure returns (EnclaveLevel[] memory levels) {
        levels = new EnclaveLevel[](3);
        levels[0] = EnclaveLevel(5, TcbStatus.UP_TO_DATE, 0);
        levels[1] = EnclaveLevel(4, TcbStatus.OUT_OF_DATE, 0);
        levels[2] = EnclaveLevel(2, TcbStatus.REVOKED, 0);
    }

    function _notFound(IntelTcb.Part part) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IntelTcb.IntelTcb_TcbLevelNotFound.selector, part);
    }
}
