// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SnpReport} from "../../src/tee/amd/SnpReport.sol";
import {SnpReportVerifier} from "../../src/tee/amd/SnpReportVerifier.sol";
import {AmdProduct} from "../../src/tee/amd/SnpTcb.sol";
import {AmdExtensions} from "../../src/tee/certificates/AmdExtensions.sol";
import {VendorRoots} from "../../src/tee/certificates/VendorRoots.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {ISnpReportVerifier} from "../../src/tee/interfaces/ISnpReportVerifier.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {SnpFixture, SnpSample} from "./SnpFixture.sol";

contract SnpReportVerifierTest is SnpFixture {
    uint256 private constant DAY = 1 days;
    /// @dev With a warm cache; a registration costs little more.
    uint256 private constant GAS_OF_VERIFICATION = 4_000_000;
    /// @dev Hint and length stand before the report.
    uint256 private constant REPORT = 4;
    uint256 private constant REPORT_BYTES = 0x4a0;
    uint256 private constant SIGNED_BYTES = 0x2a0;
    /// @dev All of r and s that is not zero.
    uint256 private constant NUMBERS = 0x330;

    function test_aReport_saysWhatItsGuestIs() external {
        bytes memory evidence = _evidence("genoa3");
        ITeeVerifier.Report memory found = verifier.verify(evidence);
        assertTrue(found.vendor == IProverRegistry.HostVendor.AMD, "vendor");
        assertEq(found.tcbStatus, uint8(ISnpReportVerifier.TcbStatus.UP_TO_DATE));
        assertEq(found.tcbEvaluation, 0);
        assertEq(found.advisories, bytes32(0));
        assertEq(found.certificate, _id("genoaVcek"));
        bytes memory report = _slice(evidence, REPORT, REPORT + REPORT_BYTES);
        assertEq(found.reportData, _slice(report, 0x50, 0x90));
        // As tee-prover/attest/measurement.ts: numbers are big-endian there.
        bytes memory image = bytes.concat(
            bytes.concat("phala-l2 sev-snp image 1", _slice(report, 0x90, 0xe0), hex"000000000003001f", hex"00000000"),
            bytes.concat(_slice(report, 0xe0, 0x140), _slice(report, 0x10, 0x30), hex"00000002")
        );
        assertEq(found.measurement, keccak256(image));
    }

    function test_thePlatform_isTheChip_orTheCloudThatAKeyWasLentTo() external {
        bytes memory chip = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            chip[i] = bytes1(uint8(0xa0 + i));
        }
        assertEq(_verified("genoa5").platformId, keccak256(chip));
        assertEq(_verified("wrappedChip").platformId, keccak256(chip));
        assertEq(_verified("turin5").platformId, keccak256(_slice(chip, 0, 8)));
        bytes32 cloud = keccak256("a-development-cloud.example");
        assertEq(_verified("genoaVlek").platformId, cloud);
        // What the host says of the chip is the host's word.
        assertEq(_verified("vlekWithChip").platformId, cloud);
        assertEq(_verified("turinVlek").platformId, cloud);
    }

    /// @dev The answers in the vectors are those of the verifier off-chain.
    function test_eachSample_isAnsweredAsOffChain() external {
        assertTrue(sampleCount > 130, "samples");
        for (uint256 i = 0; i < sampleCount; ++i) {
            SnpSample memory sample = _sampleAt(i);
            try verifier.verify(_evidenceOf(sample)) returns (ITeeVerifier.Report memory found) {
                assertEq(bytes(sample.code), bytes(""));
                assertEq(found.tcbStatus, sample.tcbStatus);
                assertEq(found.advisories, sample.advisories);
                assertEq(found.measurement, sample.measurement);
                assertEq(found.platformId, sample.platformId);
                assertEq(found.reportData, sample.reportData);
            } catch (bytes memory reason) {
                assertEq(bytes(_codeOf(bytes4(reason))), bytes(sample.code));
            }
        }
    }

    function test_aVerification_staysBelowItsGas() external {
        string[6] memory names = ["genoa3", "genoa5", "turin5", "highS", "genoaVlek", "runsAhead"];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory evidence = _evidence(names[i]);
            uint256 before = gasleft();
            verifier.verify(evidence);
            assertTrue(before - gasleft() < GAS_OF_VERIFICATION, "gas");
        }
    }

    function test_aWrongHint_costsGas_andNothingElse() external {
        bytes memory evidence = _evidence("genoa5");
        bytes32 expected = keccak256(abi.encode(verifier.verify(evidence)));
        evidence[0] ^= 0x01;
        assertEq(keccak256(abi.encode(verifier.verify(evidence))), expected);
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_noBitOfAReport_mayChange(uint256 seed) external {
        bytes memory evidence = _evidence(_kind(seed));
        _flip(evidence, 8 * REPORT + (seed >> 8) % (8 * REPORT_BYTES));
        vm.expectRevert();
        verifier.verify(evidence);
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_noBitOfASignature_mayChange(uint256 seed) external {
        bytes memory evidence = _evidence(_kind(seed));
        _flip(evidence, 8 * (REPORT + SIGNED_BYTES) + (seed >> 8) % (8 * (NUMBERS - SIGNED_BYTES)));
        vm.expectRevert();
        verifier.verify(evidence);
    }

    /// @dev Of the certificate what its issuer signed decides; the signature was checked when it was cached.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_noSignedBitOfACertificate_mayChange(uint256 seed) external {
        bytes memory evidence = _evidence(_kind(seed));
        bytes memory der = _der(_sample(_kind(seed)).leaf);
        uint256 start = evidence.length - der.length;
        Certificate memory certificate = X509.parse(der);
        uint256 signed = certificate.signedTo - certificate.signedFrom;
        _flip(evidence, 8 * (start + certificate.signedFrom) + (seed >> 8) % (8 * signed));
        vm.expectRevert();
        verifier.verify(evidence);
    }

    /// @dev A hint that was changed is another hint, or none.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_noBitOfTheHeader_mayChange(uint256 seed) external {
        bytes memory evidence = _evidence(_kind(seed));
        uint256 bit = 1 + (seed >> 8) % (8 * REPORT - 1);
        _flip(evidence, bit);
        vm.expectRevert();
        verifier.verify(evidence);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_noBeginning_isEvidence(uint256 length) external {
        bytes memory evidence = _evidence("genoa5");
        vm.expectRevert();
        verifier.verify(_slice(evidence, 0, length % evidence.length));
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_nothing_mayFollow(bytes memory more) external {
        vm.assume(more.length != 0);
        bytes memory evidence = _evidence("genoa5");
        vm.expectRevert();
        verifier.verify(bytes.concat(evidence, more));
    }

    function _kind(uint256 seed) private pure returns (string memory) {
        string[4] memory names = ["genoa2", "genoa5", "turin3", "genoaVlek"];
        return names[seed % 4];
    }

    function test_aReportUnderAnotherLeaf_isRefused() external {
        _added("steppingLeaf");
        bytes memory report = _sample("genoa5").sealed_;
        vm.expectRevert(ISnpReportVerifier.SnpReportVerifier_SignatureInvalid.selector);
        verifier.verify(bytes.concat(report, _der("steppingLeaf")));
        bytes32 vlek = _added("genoaVlek");
        vm.expectRevert(abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_LeafKind.selector, vlek));
        verifier.verify(bytes.concat(report, _der("genoaVlek")));
        _added("turinVcek");
        vm.expectRevert(ISnpReportVerifier.SnpReportVerifier_SignatureInvalid.selector);
        verifier.verify(bytes.concat(report, _der("turinVcek")));
        bytes32 ask = _added("genoaAsk");
        vm.expectRevert(abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_ChainLength.selector, ask, 1));
        verifier.verify(bytes.concat(report, _der("genoaAsk")));
        bytes32 ark = _added("genoaArk");
        vm.expectRevert(abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_ChainLength.selector, ark, 0));
        verifier.verify(bytes.concat(report, _der("genoaArk")));
    }

    function test_aLeafThatIsNotInTheCache_isRefused() external {
        bytes memory evidence = bytes.concat(_sample("genoa5").sealed_, _der("genoaVcek"));
        bytes32 id = _id("genoaVcek");
        vm.expectRevert(_invalid(id, ICertificateCache.Status.UNKNOWN, id));
        verifier.verify(evidence);
    }

    function test_Milan_isRefused_wherePinnedToo() external {
        bytes memory evidence = _evidence("milan");
        bytes32 id = _id("milanVcek");
        assertTrue(cache.isValid(id), "valid");
        vm.expectRevert(
            abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_ForeignRoot.selector, id, _id("milanArk"))
        );
        verifier.verify(evidence);
    }

    function test_development_isNotProduction() external {
        SnpReportVerifier production = new SnpReportVerifier(
            cache, verifier.signatures(), policy, VendorRoots.AMD_GENOA, VendorRoots.AMD_TURIN
        );
        bytes memory evidence = _evidence("genoa5");
        vm.expectRevert(
            abi.encodeWithSelector(
                ISnpReportVerifier.SnpReportVerifier_ForeignRoot.selector, _id("genoaVcek"), _id("genoaArk")
            )
        );
        production.verify(evidence);
    }

    function test_aRevokedAuthority_endsItsLeavesAtOnce() external {
        bytes memory ofChip = _evidence("genoa5");
        bytes memory ofCloud = _evidence("genoaVlek");
        bytes32 ark = _added("genoaArk");
        cache.addRevocations(genoaList, ark, false, 10);
        verifier.verify(ofChip);
        cache.addRevocations(genoaListOfAsk, ark, false, 10);
        vm.expectRevert(_invalid(_id("genoaVcek"), ICertificateCache.Status.REVOKED, _id("genoaAsk")));
        verifier.verify(ofChip);
        verifier.verify(ofCloud);
    }

    function test_theGuardian_mayEndALeaf_andARoot() external {
        bytes memory ofGenoa = _evidence("genoa5");
        bytes memory ofTurin = _evidence("turin5");
        bytes32 leaf = _id("genoaVcek");
        bytes32 root = _id("turinArk");
        vm.prank(guardian);
        cache.revoke(leaf);
        vm.expectRevert(_invalid(leaf, ICertificateCache.Status.REVOKED, leaf));
        verifier.verify(ofGenoa);
        vm.prank(guardian);
        cache.unpinRoot(root);
        vm.expectRevert(_invalid(_id("turinVcek"), ICertificateCache.Status.ROOT_NOT_PINNED, root));
        verifier.verify(ofTurin);
    }

    function test_evidence_isJudgedAsOfNow() external {
        bytes memory evidence = _evidence("genoa5");
        bytes32 id = _id("genoaVcek");
        vm.warp(present + 365 * DAY);
        verifier.verify(evidence);
        vm.warp(present + 365 * DAY + 1);
        vm.expectRevert(_invalid(id, ICertificateCache.Status.EXPIRED, id));
        verifier.verify(evidence);
        vm.warp(present - 30 * DAY - 1);
        vm.expectRevert(_invalid(id, ICertificateCache.Status.NOT_YET_VALID, id));
        verifier.verify(evidence);
    }

    function test_theMinimum_isAskedAtEachVerification() external {
        bytes memory evidence = _evidence("genoa5");
        assertEq(verifier.verify(evidence).tcbStatus, uint8(ISnpReportVerifier.TcbStatus.UP_TO_DATE));
        uint40 minimum = policy.minimumTcb(AmdProduct.GENOA);
        // Boot loader, TEE, SNP firmware, microcode: one newer part makes up for no older one.
        for (uint256 shift = 0; shift < 40; shift += 8) {
            policy.setMinimum(AmdProduct.GENOA, minimum + uint40(1 << shift));
            ITeeVerifier.Report memory found = verifier.verify(evidence);
            assertEq(found.tcbStatus, uint8(ISnpReportVerifier.TcbStatus.OUT_OF_DATE));
            assertEq(found.advisories, keccak256(abi.encode(AmdProduct.GENOA, minimum, minimum, minimum, minimum)));
        }
        policy.setMinimum(AmdProduct.GENOA, 0);
        assertEq(verifier.verify(evidence).tcbStatus, uint8(ISnpReportVerifier.TcbStatus.UP_TO_DATE));
        // One product's minimum is not the other's.
        policy.setMinimum(AmdProduct.TURIN, type(uint40).max);
        assertEq(verifier.verify(evidence).tcbStatus, uint8(ISnpReportVerifier.TcbStatus.UP_TO_DATE));
        assertEq(_verified("turin5").tcbStatus, uint8(ISnpReportVerifier.TcbStatus.OUT_OF_DATE));
    }

    /// @dev A grace is for one TCB: another one that is out of date has another digest.
    function test_aTcbThatIsOutOfDate_isNamed() external {
        uint40 tcb = policy.minimumTcb(AmdProduct.GENOA);
        uint40 ahead = tcb + 1;
        assertEq(
            _verified("runsAhead").advisories, keccak256(abi.encode(AmdProduct.GENOA, ahead, tcb, tcb, tcb))
        );
        uint40 behind = tcb - (1 << 24);
        assertEq(
            _verified("committedBehind").advisories, keccak256(abi.encode(AmdProduct.GENOA, tcb, tcb, behind, tcb))
        );
    }

    function test_whatTheHostMayRead_isNamed() external {
        bytes memory evidence = _evidence("debug");
        vm.expectRevert(
            abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_DebugEnabled.selector, uint64(0xb001f))
        );
        verifier.verify(evidence);
        evidence = _evidence("vmplOfHost");
        vm.expectRevert(
            abi.encodeWithSelector(ISnpReportVerifier.SnpReportVerifier_VmplNotAccepted.selector, type(uint32).max)
        );
        verifier.verify(evidence);
        evidence = _evidence("platformBit63");
        vm.expectRevert(
            abi.encodeWithSelector(
                ISnpReportVerifier.SnpReportVerifier_PlatformInfoNotAccepted.selector, uint64(1) << 63
            )
        );
        verifier.verify(evidence);
    }

    function test_extensionsThatAreNotAmds_areNamed() external {
        bytes memory evidence = _evidence("reservedLevel");
        vm.expectRevert(abi.encodeWithSelector(AmdExtensions.AmdExtensions_ReservedLevel.selector, 1));
        verifier.verify(evidence);
        evidence = _evidence("largeLevel");
        vm.expectRevert(abi.encodeWithSelector(AmdExtensions.AmdExtensions_InvalidLevel.selector, 256));
        verifier.verify(evidence);
        evidence = _evidence("cloudBesideChip");
        vm.expectRevert(AmdExtensions.AmdExtensions_AmbiguousHolder.selector);
        verifier.verify(evidence);
        evidence = _evidence("fmcOnGenoa");
        vm.expectRevert(
            abi.encodeWithSelector(
                ISnpReportVerifier.SnpReportVerifier_LeafExtensions.selector, _id("fmcOnGenoaLeaf")
            )
        );
        verifier.verify(evidence);
    }

    /// @dev The verifier off-chain calls these errors so.
    function _codeOf(bytes4 error_) private pure returns (string memory) {
        if (error_ == ISnpReportVerifier.SnpReportVerifier_ForeignRoot.selector) return "PRODUCT_NOT_ACCEPTED";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_ChainLength.selector) return "CHAIN_CERTIFICATES";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_LeafIsAuthority.selector) return "CERTIFICATE_IS_A_CA";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_LeafKind.selector) return "LEAF_KIND";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_ChainRole.selector) return "CHAIN_ROLE";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_LeafKey.selector) return "LEAF_KEY";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_LeafProduct.selector) return "LEAF_PRODUCT";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_SignatureInvalid.selector) return "REPORT_SIGNATURE_INVALID";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_TcbMismatch.selector) return "TCB_MISMATCH";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_TcbInconsistent.selector) return "TCB_INCONSISTENT";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_ChipIdMismatch.selector) return "CHIP_ID_MISMATCH";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_CpuidMismatch.selector) return "CPUID_MISMATCH";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_DebugEnabled.selector) return "DEBUG_ENABLED";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_MigrationEnabled.selector) return "MIGRATION_ENABLED";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_VmplNotAccepted.selector) return "VMPL_NOT_ACCEPTED";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_ChipIdMasked.selector) return "CHIP_ID_MASKED";
        if (error_ == ISnpReportVerifier.SnpReportVerifier_PlatformInfoNotAccepted.selector) {
            return "PLATFORM_INFO_NOT_ACCEPTED";
        }
        return _codeOfForm(error_);
    }

    function _codeOfForm(bytes4 error_) private pure returns (string memory) {
        if (error_ == SnpReport.SnpReport_Version.selector) return "REPORT_VERSION";
        if (error_ == SnpReport.SnpReport_SignatureAlgorithm.selector) return "REPORT_SIGNATURE_ALGORITHM";
        if (error_ == SnpReport.SnpReport_SigningKey.selector) return "REPORT_SIGNING_KEY";
        if (error_ == SnpReport.SnpReport_KeyMasked.selector) return "REPORT_KEY_MASKED";
        if (error_ == SnpReport.SnpReport_Reserved.selector) return "REPORT_RESERVED";
        if (error_ == SnpReport.SnpReport_SignatureForm.selector) return "REPORT_SIGNATURE_FORM";
        // The verifier's own word, or what the readers of extensions say.
        return "LEAF_EXTENSIONS";
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
