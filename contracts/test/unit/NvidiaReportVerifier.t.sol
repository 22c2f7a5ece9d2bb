// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {INvidiaReportVerifier} from "../../src/tee/interfaces/INvidiaReportVerifier.sol";
import {NvidiaFirmwareId} from "../../src/tee/nvidia/NvidiaFirmwareId.sol";
import {NvidiaGolden} from "../../src/tee/nvidia/NvidiaGolden.sol";
import {ReportEnvelope} from "../../src/tee/ReportEnvelope.sol";
import {NvidiaFixture} from "./NvidiaFixture.sol";

contract NvidiaReportVerifierTest is NvidiaFixture {
    /// @dev A report may cost this much at most when its certificates stand in the cache, with the right hint.
    uint256 private constant GAS_OF_VERIFICATION = 7_000_000;

    /// @dev Bytes of the envelope before the golden measurements, and of the report's head within its own.
    uint256 private constant LENGTH_BYTES = 3;
    uint256 private constant HEAD_BYTES = 4;
    uint256 private constant SIGNATURE_BYTES = 96;

    function test_aReport_saysWhatItsGpuIs() external view {
        INvidiaReportVerifier.GpuReport memory result = _verify("plain");
        assertEq(result.nonce, bytes32(hex"5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b"));
        assertEq(result.certificate, leaf);
        assertEq(result.deviceId, cache.entryOf(authorities[BOOT_ROM]).keyHash);
        assertEq(result.reportHash, keccak256(_report("plain")));
        assertEq(result.measurement, keccak256(bytes.concat("phala-l2 nvidia gpu 1", _golden("plain"))));
    }

    function test_genuineForms_areAccepted() external view {
        string[9] memory names = [
            "whole",
            "blackwell",
            "protectedPcie",
            "withoutMode",
            "withoutFirmwareId",
            "nvdec0Untold",
            "anyOrder",
            "unknownFields",
            "alternative"
        ];
        bytes32 measurement = _verify("plain").measurement;
        for (uint256 i = 0; i < names.length; ++i) {
            assertEq(_verify(names[i]).measurement, measurement);
        }
    }

    function test_versions_areComparedInUpperCase() external view {
        verifier.verify(_envelope("plain", "textVbios"));
        verifier.verify(_envelope("lowerCase", "lowerCase"));
        verifier.verify(_envelope("longText", "longText"));
    }

    function test_theDevice_isTheBootRoms_whateverFirmwareRuns() external {
        bytes32 deviceId = _verify("plain").deviceId;
        bytes32 other = cache.add(_read(".leaves.blackwell"), authorities[BOOT_ROM], false);
        INvidiaReportVerifier.GpuReport memory result = verifier.verify(_ofLeaf("blackwell"));
        assertEq(result.certificate, other);
        assertEq(result.deviceId, deviceId);
    }

    function test_aVerification_staysBelowItsGas() external view {
        bool odd = vm.parseJsonBool(json, ".plainIsOdd");
        bytes memory envelope = _seal(_golden("plain"), odd, _report("plain"), _read(".leaf"));
        uint256 before = gasleft();
        verifier.verify(envelope);
        assertTrue(before - gasleft() < GAS_OF_VERIFICATION, "gas");
    }

    function test_aWrongHint_onlyCosts() external view {
        bool odd = vm.parseJsonBool(json, ".plainIsOdd");
        bytes memory envelope = _seal(_golden("plain"), !odd, _report("plain"), _read(".leaf"));
        assertEq(verifier.verify(envelope).certificate, leaf);
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_noBitOfTheReport_mayChange(uint256 bit) external {
        bytes memory report = _report("plain");
        _flip(report, bit % (8 * report.length));
        bytes memory envelope = _seal(_golden("plain"), false, report, _read(".leaf"));
        vm.expectRevert();
        verifier.verify(envelope);
    }

    /// @dev A measurement that is compared, or its place, changes what is wanted; all else changes the digest.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_aBitOfTheGoldenMeasurements_changesTheDigest(uint256 bit) external view {
        bytes memory golden = _golden("plain");
        _flip(golden, bit % (8 * golden.length));
        bytes memory envelope = _seal(golden, false, _report("plain"), _read(".leaf"));
        try verifier.verify(envelope) returns (INvidiaReportVerifier.GpuReport memory result) {
            assertFalse(result.measurement == keccak256(bytes.concat("phala-l2 nvidia gpu 1", _golden("plain"))), "digest");
        } catch {}
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_noBeginning_isEvidence(uint256 length) external {
        bytes memory envelope = _envelope("plain", "plain");
        vm.expectRevert();
        verifier.verify(_slice(envelope, 0, length % envelope.length));
    }

    function test_lengths_areKept() external {
        bytes memory envelope = _envelope("plain", "plain");
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_Truncated.selector, LENGTH_BYTES, 2)
        );
        verifier.verify(_slice(envelope, 0, 2));
        uint256 end = LENGTH_BYTES + _golden("plain").length;
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_Truncated.selector, end, end - 1)
        );
        verifier.verify(_slice(envelope, 0, end - 1));
        vm.expectRevert(abi.encodeWithSelector(ReportEnvelope.ReportEnvelope_Truncated.selector, HEAD_BYTES, 0));
        verifier.verify(_slice(envelope, 0, end));
        vm.expectRevert();
        verifier.verify(bytes.concat(envelope, hex"00"));
    }

    function test_partsOfTwoReports_areNone() external {
        bytes memory report = _report("plain");
        bytes memory other = _report("alternative");
        uint256 signedTo = report.length - SIGNATURE_BYTES;
        bytes memory mixed = bytes.concat(_slice(report, 0, signedTo), _slice(other, signedTo, other.length));
        vm.expectRevert(INvidiaReportVerifier.NvidiaReportVerifier_DeviceSignatureInvalid.selector);
        verifier.verify(_seal(_golden("plain"), false, mixed, _read(".leaf")));
        vm.expectRevert(INvidiaReportVerifier.NvidiaReportVerifier_DeviceSignatureInvalid.selector);
        verifier.verify(_seal(_golden("plain"), false, _read(".signedByOther"), _read(".leaf")));
        vm.expectRevert(INvidiaReportVerifier.NvidiaReportVerifier_DeviceSignatureInvalid.selector);
        verifier.verify(_seal(_golden("plain"), false, _read(".foreignReport"), _read(".leaf")));
    }

    function test_aCertificateThatIsNotInTheCache_isRefused() external {
        bytes memory other = _read(".leaves.blackwell");
        bytes32 id = _id(other);
        vm.expectRevert(_invalid(id, ICertificateCache.Status.UNKNOWN, id));
        verifier.verify(_seal(_golden("plain"), false, _report("plain"), other));
        vm.expectRevert();
        verifier.verify(_seal(_golden("plain"), false, _report("plain"), ""));
    }

    function test_aCertificateUnderAnotherRoot_isRefused() external {
        bytes32[] memory ids = _addAuthorities("foreignAuthorities");
        bytes32 id = cache.add(_read(".foreignLeaf"), ids[BOOT_ROM], false);
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_ForeignRoot.selector, id, ids[ROOT])
        );
        verifier.verify(_seal(_golden("plain"), false, _read(".foreignReport"), _read(".foreignLeaf")));
    }

    function test_aChainOfAnotherLength_isRefused() external {
        bytes4 selector = INvidiaReportVerifier.NvidiaReportVerifier_DeviceChainLength.selector;
        bytes32 id = cache.add(_read(".ofProvisioner"), authorities[PROVISIONER], false);
        vm.expectRevert(abi.encodeWithSelector(selector, id, 3));
        verifier.verify(_seal(_golden("plain"), false, _report("plain"), _read(".ofProvisioner")));
        bytes32 further = cache.add(_read(".furtherAuthority"), authorities[BOOT_ROM], false);
        id = cache.add(_read(".ofFurtherAuthority"), further, false);
        vm.expectRevert(abi.encodeWithSelector(selector, id, 5));
        verifier.verify(_seal(_golden("plain"), false, _report("plain"), _read(".ofFurtherAuthority")));
        vm.expectRevert(abi.encodeWithSelector(selector, authorities[BOOT_ROM], 3));
        verifier.verify(_seal(_golden("plain"), false, _report("plain"), _authority("authorities", BOOT_ROM)));
    }

    function test_leavesOfOtherRolesOrKeys_areRefused() external {
        bytes4 role = INvidiaReportVerifier.NvidiaReportVerifier_LeafRole.selector;
        _refusesLeaf("authority", role);
        _refusesLeaf("signsCertificates", role);
        _refusesLeaf("signsNothing", role);
        _refusesLeaf("ofP256", INvidiaReportVerifier.NvidiaReportVerifier_DeviceKeyType.selector);
    }

    function test_otherFirmware_isRefused() external {
        bytes4 mismatch = INvidiaReportVerifier.NvidiaReportVerifier_FirmwareIdMismatch.selector;
        _refusesLeaf("ofOtherFirmware", mismatch);
        _refusesLeaf("ofOtherTcb", mismatch);
        bytes4 missing = INvidiaReportVerifier.NvidiaReportVerifier_FirmwareIdMissing.selector;
        _refusesLeaf("withoutFirmwareId", missing);
        _refusesLeaf("emptyTcb", missing);
        vm.expectRevert(abi.encodeWithSelector(mismatch, leaf));
        _verify("otherFirmware");
        cache.add(_read(".leaves.inBothForms"), authorities[BOOT_ROM], false);
        vm.expectRevert(NvidiaFirmwareId.NvidiaFirmwareId_Malformed.selector);
        verifier.verify(_ofLeaf("inBothForms"));
        cache.add(_read(".leaves.binary"), authorities[BOOT_ROM], false);
        vm.expectRevert();
        verifier.verify(_ofLeaf("binary"));
    }

    function test_aLeafWithoutUsages_mayDoAll() external {
        cache.add(_read(".leaves.withoutUsage"), authorities[BOOT_ROM], false);
        verifier.verify(_ofLeaf("withoutUsage"));
    }

    function test_debug_isRefused() external {
        bytes4 selector = INvidiaReportVerifier.NvidiaReportVerifier_DeviceDebug.selector;
        string[3] memory names = ["debug", "recovery", "notSecure"];
        for (uint256 i = 0; i < names.length; ++i) {
            cache.add(_read(string.concat(".leaves.", names[i])), authorities[BOOT_ROM], false);
            vm.expectRevert(abi.encodeWithSelector(selector, 1 << i));
            verifier.verify(_ofLeaf(names[i]));
        }
    }

    function test_otherModes_areRefused() external {
        bytes4 selector = INvidiaReportVerifier.NvidiaReportVerifier_GpuModeNotAccepted.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, 3));
        _verify("unknownMode");
        vm.expectRevert(abi.encodeWithSelector(selector, 256));
        _verify("largeMode");
    }

    function test_aSwitch_isRefusedByName() external {
        vm.expectRevert(INvidiaReportVerifier.NvidiaReportVerifier_SwitchNotAccepted.selector);
        _verify("ofASwitch");
    }

    function test_otherVersions_areRefused() external {
        bytes4 selector = INvidiaReportVerifier.NvidiaReportVerifier_RimVersionMismatch.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, bytes("580.95.06"), bytes("580.95.05")));
        _verify("otherDriver");
        vm.expectRevert(abi.encodeWithSelector(selector, bytes("96.00.74.00.1B"), bytes("96.00.74.00.1A")));
        _verify("otherVbios");
        vm.expectRevert(abi.encodeWithSelector(selector, bytes("580.95.05"), bytes("580.95.06")));
        verifier.verify(_envelope("ofOtherDriver", "plain"));
        vm.expectRevert(abi.encodeWithSelector(selector, bytes("96.00.74.00.1A"), bytes("96.00.74.00.1B")));
        verifier.verify(_envelope("ofOtherVbios", "plain"));
    }

    function test_otherMeasurements_areRefused() external {
        _refusesMeasurement("plain", "otherMeasurement", 1);
        _refusesMeasurement("plain", "shorterMeasurement", 1);
        _refusesMeasurement("plain", "missingMeasurement", 13);
        _refusesMeasurement("otherValue", "plain", 1);
        _refusesMeasurement("otherSize", "plain", 1);
        _refusesMeasurement("beyondTheLast", "whole", 41);
        _refusesMeasurement("withOtherNvdec0", "nvdec0On", 36);
        _refusesMeasurement("withOtherNvdec0", "nvdec0Untold", 36);
    }

    function test_nvdec0_isMeasuredWhereItIsOn() external view {
        bytes32 measurement = verifier.verify(_envelope("withNvdec0", "whole")).measurement;
        assertEq(verifier.verify(_envelope("withNvdec0", "nvdec0On")).measurement, measurement);
        assertEq(verifier.verify(_envelope("withNvdec0", "nvdec0Untold")).measurement, measurement);
        verifier.verify(_envelope("withOtherNvdec0", "whole"));
        verifier.verify(_envelope("ofAll", "whole"));
    }

    function test_goldenMeasurements_areReadStrictly() external {
        bytes memory golden = _golden("plain");
        uint256 versions = 2 + 9 + 14;
        _refusesGolden("", 0);
        _refusesGolden(_slice(golden, 0, 5), 0);
        _refusesGolden(_slice(golden, 0, 10), 10);
        _refusesGolden(_slice(golden, 0, versions), versions);
        _refusesGolden(bytes.concat(golden, hex"0f30"), golden.length);
        _refusesGolden(bytes.concat(golden, hex"0f3001"), golden.length);
        _refusesGolden(bytes.concat(golden, _slice(golden, versions, golden.length)), golden.length);
        _refusesGolden(bytes.concat(_slice(golden, 0, versions), hex"003000"), versions);
    }

    function test_anEntryWithoutAlternatives_acceptsNothing() external {
        bytes memory golden = bytes.concat(_slice(_golden("plain"), 0, 25), hex"013000");
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_MeasurementMismatch.selector, 1)
        );
        verifier.verify(_seal(golden, false, _report("plain"), _read(".leaf")));
        golden = bytes.concat(_slice(_golden("plain"), 0, 25), hex"010001");
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_MeasurementMismatch.selector, 1)
        );
        verifier.verify(_seal(golden, false, _report("plain"), _read(".leaf")));
    }

    function test_whateverEndsAboveTheLeaf_endsItAtOnce() external {
        bytes memory envelope = _envelope("plain", "plain");
        bytes32 deviceId = verifier.verify(envelope).deviceId;
        vm.startPrank(guardian);
        cache.revokeKey(deviceId);
        vm.expectRevert(_invalid(leaf, ICertificateCache.Status.REVOKED, authorities[BOOT_ROM]));
        verifier.verify(envelope);
        cache.unpinRoot(authorities[ROOT]);
        vm.stopPrank();
        vm.prank(owner);
        cache.reinstateKey(deviceId);
        vm.expectRevert(_invalid(leaf, ICertificateCache.Status.ROOT_NOT_PINNED, authorities[ROOT]));
        verifier.verify(envelope);
        vm.warp(present + 366 days);
        vm.expectRevert(_invalid(leaf, ICertificateCache.Status.EXPIRED, leaf));
        verifier.verify(envelope);
    }

    /// @dev The development GPU's report, under another certificate of its key.
    function _ofLeaf(string memory name) private view returns (bytes memory) {
        return _seal(_golden("plain"), false, _report("plain"), _read(string.concat(".leaves.", name)));
    }

    function _refusesLeaf(string memory name, bytes4 selector) private {
        bytes32 id = cache.add(_read(string.concat(".leaves.", name)), authorities[BOOT_ROM], false);
        vm.expectRevert(abi.encodeWithSelector(selector, id));
        verifier.verify(_ofLeaf(name));
    }

    function _refusesMeasurement(string memory golden, string memory report, uint256 index) private {
        vm.expectRevert(
            abi.encodeWithSelector(INvidiaReportVerifier.NvidiaReportVerifier_MeasurementMismatch.selector, index)
        );
        verifier.verify(_envelope(golden, report));
    }

    function _refusesGolden(bytes memory golden, uint256 position) private {
        bytes memory envelope = _seal(golden, false, _report("plain"), _read(".leaf"));
        vm.expectRevert(abi.encodeWithSelector(NvidiaGolden.NvidiaGolden_Malformed.selector, position));
        verifier.verify(envelope);
    }

    function _invalid(bytes32 id, ICertificateCache.Status status, bytes32 culprit)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICertificateCache.CertificateCache_InvalidCertificate.selector, id, status, culprit
        );
    }
}
