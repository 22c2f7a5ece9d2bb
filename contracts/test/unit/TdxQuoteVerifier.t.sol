// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IntelTcb, TcbStatus} from "../../src/tee/intel/IntelTcb.sol";
import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {IIntelCollateral} from "../../src/tee/interfaces/IIntelCollateral.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {ITdxQuoteVerifier} from "../../src/tee/interfaces/ITdxQuoteVerifier.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {IntelFixture} from "./IntelFixture.sol";

contract TdxQuoteVerifierTest is IntelFixture {
    uint256 private constant DAY = 1 days;
    /// @dev A registration may cost 3M gas in all; a real quote's calldata costs another 0.1M.
    uint256 private constant GAS_OF_VERIFICATION = 1_200_000;
    /// @dev Where a TD 1.0's report begins in a quote of version 4.
    uint256 private constant BODY = 48;
    /// @dev Beginning of the PEM text in the quotes here, and characters of it that hold nothing but signed bytes.
    uint256 private constant CHAIN = 48 + 584 + 4 + 128 + 6 + 384 + 64 + 2 + 32 + 6;
    uint256 private constant SIGNED_CHARACTERS = 700;

    function setUp() public override {
        super.setUp();
        _recordTcbInfo("good");
        _recordQeIdentity("good");
    }

    function test_aQuote_saysWhatItsTdIs() external view {
        bytes memory quote = _quote("td10");
        ITeeVerifier.Report memory report = verifier.verify(quote);
        assertTrue(report.vendor == IProverRegistry.HostVendor.INTEL, "vendor");
        assertEq(report.tcbStatus, uint8(TcbStatus.UP_TO_DATE));
        assertEq(report.tcbEvaluation, 19);
        assertEq(report.advisories, bytes32(0));
        assertEq(report.certificate, pck);
        assertEq(report.platformId, keccak256(hex"0123456789abcdef0123456789abcdef"));
        assertEq(report.reportData, _slice(quote, BODY + 520, 64));
        bytes memory registers = _slice(quote, BODY + 120, 400);
        assertEq(report.measurement, keccak256(bytes.concat("phala-l2 tdx image 1", registers, new bytes(48))));
    }

    function test_aQuoteOfATd15_includesItsServiceTd() external view {
        bytes memory quote = _quote("td15");
        bytes memory registers = _slice(quote, BODY + 6 + 120, 400);
        bytes memory serviceTd = _slice(quote, BODY + 6 + 600, 48);
        assertEq(serviceTd[0] == 0x5e ? 1 : 0, 1);
        assertEq(
            verifier.verify(quote).measurement,
            keccak256(bytes.concat("phala-l2 tdx image 1", registers, serviceTd))
        );
    }

    function test_aVerification_staysBelowItsGas() external view {
        bytes memory quote = _quote("td10");
        uint256 before = gasleft();
        verifier.verify(quote);
        uint256 used = before - gasleft();
        assertTrue(used < GAS_OF_VERIFICATION, "gas");
    }

    function testFuzz_noBitOfTheSignedParts_mayChange(uint256 seed) external {
        bytes memory quote = _quote(seed & 1 == 0 ? "td10" : "td15");
        uint256 chain = CHAIN + (seed & 1 == 0 ? 0 : 70);
        _flip(quote, (seed >> 1) % (8 * (chain + SIGNED_CHARACTERS)));
        vm.expectRevert();
        verifier.verify(quote);
    }

    function testFuzz_noBeginning_isAQuote(uint256 length) external {
        bytes memory quote = _quote("td10");
        vm.expectRevert();
        verifier.verify(_slice(quote, 0, length % quote.length));
    }

    function testFuzz_padding_isZeros(uint256 length, uint256 bit) external {
        bytes memory quote = bytes.concat(_quote("td10"), new bytes(length % 3000 + 1));
        bytes32 measurement = verifier.verify(_quote("td10")).measurement;
        assertEq(verifier.verify(quote).measurement, measurement);
        uint256 padding = length % 3000 + 1;
        _flip(quote, 8 * (quote.length - padding) + bit % (8 * padding));
        vm.expectRevert();
        verifier.verify(quote);
    }

    function test_debug_isRefused() external {
        vm.expectRevert(
            abi.encodeWithSelector(ITdxQuoteVerifier.TdxQuoteVerifier_DebugEnabled.selector, bytes8(hex"01000010"))
        );
        verifier.verify(_quote("debug"));
    }

    function test_swappedParts_areRefused() external {
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_AttestationKeyUnbound.selector);
        verifier.verify(_quote("unbound"));
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_QuoteSignatureInvalid.selector);
        verifier.verify(_quote("otherKey"));
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_QeReportSignatureInvalid.selector);
        verifier.verify(_quote("byOtherPlatform"));
        // The body of one quote, the rest of another.
        bytes memory quote = _quote("td10");
        bytes memory other = _quote("oldModule");
        for (uint256 i = 0; i < BODY + 584; ++i) {
            quote[i] = other[i];
        }
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_QuoteSignatureInvalid.selector);
        verifier.verify(quote);
    }

    function test_aCertificateThatIsNotInTheCache_isRefused() external {
        bytes memory quote = _quote("foreign");
        bytes32 id = _id(_read(".foreignPck"));
        vm.expectRevert(_invalid(id, ICertificateCache.Status.UNKNOWN, id));
        verifier.verify(quote);
    }

    function test_aCertificateUnderAnotherRoot_isRefused() external {
        bytes32 foreignRoot = cache.addRoot(_read(".foreignRoot"), false);
        bytes32 foreignCa = cache.add(_read(".foreignPckCa"), foreignRoot, false);
        bytes32 id = cache.add(_read(".foreignPck"), foreignCa, false);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_ForeignRoot.selector, id, foreignRoot)
        );
        verifier.verify(_quote("foreign"));
    }

    function test_aCertificateOfAnotherAuthority_isRefused() external {
        bytes32 otherCa = cache.add(_read(".otherCa"), root, false);
        bytes32 id = cache.add(_read(".pckOfOtherCa"), otherCa, false);
        vm.expectRevert(abi.encodeWithSelector(IIntelCollateral.IntelCollateral_CrlExpired.selector, otherCa, 0));
        verifier.verify(_quote("ofOtherCa"));
        cache.addRevocations(_read(".otherCaCrl"), otherCa, false, 1);
        vm.expectRevert(abi.encodeWithSelector(ITdxQuoteVerifier.TdxQuoteVerifier_PckIssuer.selector, id));
        verifier.verify(_quote("ofOtherCa"));
    }

    function test_aRevokedCertificate_endsAtOnce() external {
        cache.addRevocations(_read(".pckCrlOfPck"), pckCa, false, 1);
        vm.expectRevert(_invalid(pck, ICertificateCache.Status.REVOKED, pck));
        verifier.verify(_quote("td10"));
    }

    function test_aRevokedSigner_endsItsStatements() external {
        cache.addRevocations(_read(".rootCrlOfSigner"), root, false, 1);
        vm.expectRevert(abi.encodeWithSelector(IIntelCollateral.IntelCollateral_SignerInvalid.selector, signer));
        verifier.verify(_quote("td10"));
    }

    function test_theGuardian_mayEndAll() external {
        vm.prank(guardian);
        cache.unpinRoot(root);
        vm.expectRevert(_invalid(pck, ICertificateCache.Status.ROOT_NOT_PINNED, root));
        verifier.verify(_quote("td10"));
    }

    function test_evidence_isJudgedAsOfNow() external {
        bytes memory quote = _quote("td10");
        uint64 nextUpdate = collateral.tcbInfoStatement(0x00a1b2c3d4e5, 0).nextUpdate;
        vm.warp(nextUpdate);
        verifier.verify(quote);
        vm.warp(nextUpdate + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbInfoExpired.selector, nextUpdate)
        );
        verifier.verify(quote);
        vm.warp(present - 2 * DAY);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbInfoNotYetValid.selector, present - DAY)
        );
        verifier.verify(quote);
        vm.warp(present + 366 * DAY);
        vm.expectRevert(_invalid(pck, ICertificateCache.Status.EXPIRED, pck));
        verifier.verify(quote);
    }

    function test_anIdentity_expires() external {
        _recordQeIdentity("short");
        vm.warp(present + DAY + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_QeIdentityExpired.selector, present + DAY)
        );
        verifier.verify(_quote("td10"));
    }

    function test_revocationLists_expire() external {
        cache.addRevocations(_read(".pckCrlShort"), pckCa, false, 1);
        vm.warp(present + DAY);
        verifier.verify(_quote("td10"));
        vm.warp(present + DAY + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_CrlExpired.selector, pckCa, present + DAY)
        );
        verifier.verify(_quote("td10"));
    }

    function test_statuses_areTold() external {
        assertEq(verifier.verify(_quote("newestModule")).tcbStatus, uint8(TcbStatus.UP_TO_DATE));
        assertEq(verifier.verify(_quote("qeOutOfDate")).tcbStatus, uint8(TcbStatus.OUT_OF_DATE));
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_TcbRevoked.selector);
        verifier.verify(_quote("qeRevoked"));
        vm.expectRevert(
            abi.encodeWithSelector(IntelTcb.IntelTcb_TcbLevelNotFound.selector, IntelTcb.Part.PLATFORM)
        );
        verifier.verify(_quote("oldModule"));
        // The list of advisories is compared as Intel wrote it.
        _recordTcbInfo("hardening");
        ITeeVerifier.Report memory report = verifier.verify(_quote("td10"));
        assertEq(report.tcbStatus, uint8(TcbStatus.SW_HARDENING_NEEDED));
        bytes32 list = keccak256("[\"INTEL-SA-1\",\"INTEL-SA-2\"]");
        assertEq(report.advisories, keccak256(abi.encode(list, bytes32(0), bytes32(0))));
        _recordTcbInfo("revoked");
        vm.expectRevert(ITdxQuoteVerifier.TdxQuoteVerifier_TcbRevoked.selector);
        verifier.verify(_quote("td10"));
        _recordTcbInfo("unreached");
        vm.expectRevert(
            abi.encodeWithSelector(IntelTcb.IntelTcb_TcbLevelNotFound.selector, IntelTcb.Part.PLATFORM)
        );
        verifier.verify(_quote("td10"));
    }

    function test_theLowerEvaluation_isTold() external {
        _recordTcbInfo("newer");
        assertEq(verifier.verify(_quote("td10")).tcbEvaluation, 19);
        _recordQeIdentity("newer");
        assertEq(verifier.verify(_quote("td10")).tcbEvaluation, 20);
        vm.prank(guardian);
        collateral.setMinimumEvaluation(21);
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbEvaluationOutdated.selector, 20, 21)
        );
        verifier.verify(_quote("td10"));
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

    function _slice(bytes memory data, uint256 start, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = data[start + i];
        }
    }
}
