// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../../src/tee/certificates/Der.sol";
import {CodeBlob} from "../../src/tee/intel/CodeBlob.sol";
import {IntelFields} from "../../src/tee/intel/IntelFields.sol";
import {QeIdentity, TcbInfo, TcbStatus} from "../../src/tee/intel/IntelTcb.sol";
import {Json} from "../../src/tee/intel/Json.sol";
import {IIntelCollateral} from "../../src/tee/interfaces/IIntelCollateral.sol";
import {IntelFixture} from "./IntelFixture.sol";

contract Blobs {
    function blob(bytes memory data) external returns (bytes memory) {
        return CodeBlob.read(CodeBlob.write(data));
    }

    function nothing() external view returns (bytes memory) {
        return CodeBlob.read(address(1));
    }
}

contract IntelCollateralTest is IntelFixture {
    bytes6 private constant FMSPC = 0x00a1b2c3d4e5;
    /// @dev Recording a statement of three levels; Intel's have twenty, and stay far below a transaction's 16.7M.
    uint256 private constant GAS_OF_RECORDING = 1_500_000;

    Blobs private immutable blobs = new Blobs();

    function test_tcbInfo_isReadAsItIsWritten() external {
        _recordTcbInfo("good");
        (TcbInfo memory info, uint32 evaluation) = collateral.tcbInfoOf(FMSPC, 0);
        assertEq(evaluation, 19);
        assertEq(info.module.signer, keccak256(new bytes(48)));
        assertEq(bytes32(info.module.attributesMask), bytes32(bytes8(type(uint64).max)));
        assertEq(info.identities.length, 2);
        assertEq(info.identities[0].version, 3);
        assertEq(info.identities[1].version, 1);
        assertEq(info.identities[1].levels.length, 3);
        assertEq(info.identities[1].levels[1].isvSvn, 4);
        assertTrue(info.identities[1].levels[2].status == TcbStatus.REVOKED, "revoked");
        assertEq(info.levels.length, 1);
        assertEq(bytes32(info.levels[0].components), bytes32(bytes16(0x07070202030100030000000000000000)));
        assertEq(bytes32(info.levels[0].tdxComponents), bytes32(bytes16(0x05000700000000000000000000000000)));
        assertEq(info.levels[0].pceSvn, 11);
        assertTrue(info.levels[0].status == TcbStatus.UP_TO_DATE, "up to date");
    }

    function test_theQeIdentity_isReadAsItIsWritten() external {
        _recordQeIdentity("good");
        (QeIdentity memory identity, uint32 evaluation) = collateral.qeIdentity();
        assertEq(evaluation, 19);
        assertEq(identity.isvProdId, 2);
        assertEq(identity.mrSigner, bytes32(0x1111111111111111111111111111111111111111111111111111111111111111));
        assertEq(bytes32(identity.miscSelectMask), bytes32(bytes4(type(uint32).max)));
        assertEq(bytes32(identity.attributes), bytes32(bytes16(0x11000000000000000000000000000000)));
        assertEq(identity.levels.length, 3);
        assertTrue(identity.levels[1].advisories == keccak256("[\"QE-1\"]"), "advisories");
    }

    function test_recording_staysBelowItsGas() external {
        (bytes memory text, bytes memory signature) = _tcbInfo("good");
        bytes memory name = _read(".signerName");
        uint256 before = gasleft();
        collateral.recordTcbInfo(text, signature, signer, name);
        assertTrue(before - gasleft() < GAS_OF_RECORDING, "gas");
    }

    function test_nothing_isKnownAtFirst() external {
        vm.expectRevert(
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbInfoMismatch.selector, FMSPC, bytes2(0))
        );
        collateral.tcbInfoOf(FMSPC, 0);
        vm.expectRevert(IIntelCollateral.IntelCollateral_QeIdentityMismatch.selector);
        collateral.qeIdentity();
    }

    function testFuzz_noBitOfAStatement_mayChange(uint256 seed, bool ofSignature, bool ofQe) external {
        (bytes memory text, bytes memory signature) = ofQe ? _qeIdentity("good") : _tcbInfo("good");
        if (ofSignature) _flip(signature, seed % (8 * signature.length));
        else _flip(text, seed % (8 * text.length));
        bytes memory name = _read(".signerName");
        if (ofQe) {
            vm.expectRevert(IIntelCollateral.IntelCollateral_QeIdentitySignatureInvalid.selector);
            collateral.recordQeIdentity(text, signature, signer, name);
        } else {
            vm.expectRevert(IIntelCollateral.IntelCollateral_TcbInfoSignatureInvalid.selector);
            collateral.recordTcbInfo(text, signature, signer, name);
        }
    }

    function test_statements_areOfTheirSigner() external {
        // A platform's key signs what it likes: its certificate is another's and another step below the root.
        _refuse("byPck", pck, ".pckName", _pckIssuer(pck));
        bytes32 otherLeaf = cache.add(_read(".otherLeaf"), root, false);
        _refuse("byOtherLeaf", otherLeaf, ".otherLeafName", _pckIssuer(otherLeaf));
        _refuse("byOtherLeaf", otherLeaf, ".signerName", _pckIssuer(otherLeaf));
        _refuse("good", signer, ".otherLeafName", _pckIssuer(signer));
        _refuse("good", pckCa, ".signerName", _pckIssuer(pckCa));
        bytes4 forged = IIntelCollateral.IntelCollateral_TcbInfoSignatureInvalid.selector;
        _refuse("byPck", signer, ".signerName", abi.encodePacked(forged));
        bytes32 foreignRoot = cache.addRoot(_read(".foreignRoot"), false);
        cache.addRevocations(_read(".foreignRootCrl"), foreignRoot, false, 1);
        bytes32 foreignSigner = cache.add(_read(".foreignSigner"), foreignRoot, false);
        _refuse(
            "byForeign",
            foreignSigner,
            ".signerName",
            abi.encodeWithSelector(
                IIntelCollateral.IntelCollateral_ForeignRoot.selector, foreignSigner, foreignRoot
            )
        );
    }

    function test_statements_areOfNow() external {
        _refuseTcbInfo("expired", IIntelCollateral.IntelCollateral_TcbInfoExpired.selector, present - 1);
        _refuseTcbInfo("future", IIntelCollateral.IntelCollateral_TcbInfoNotYetValid.selector, present + 1);
        _refuseQeIdentity("expired", IIntelCollateral.IntelCollateral_QeIdentityExpired.selector, present - 1);
        _refuseQeIdentity("future", IIntelCollateral.IntelCollateral_QeIdentityNotYetValid.selector, present + 1);
    }

    function test_statements_areOfTdx() external {
        bytes memory tcbInfo = abi.encodeWithSelector(
            IIntelCollateral.IntelCollateral_TcbInfoMismatch.selector, FMSPC, bytes2(0)
        );
        _refuse("ofSgx", signer, ".signerName", tcbInfo);
        (bytes memory text, bytes memory signature) = _qeIdentity("ofSgx");
        bytes memory name = _read(".signerName");
        vm.expectRevert(IIntelCollateral.IntelCollateral_QeIdentityMismatch.selector);
        collateral.recordQeIdentity(text, signature, signer, name);
        _recordTcbInfo("ofOtherFamily");
        _recordTcbInfo("ofOtherPce");
        vm.expectRevert(tcbInfo);
        collateral.tcbInfoOf(FMSPC, 0);
        collateral.tcbInfoOf(0x00a1b2c3d4e6, 0);
        collateral.tcbInfoOf(FMSPC, 0x0001);
    }

    function test_aNewerStatement_replacesAnOlderOne_neverTheReverse() external {
        vm.prank(owner);
        collateral.setMinimumEvaluation(18);
        _recordTcbInfo("good");
        uint64 issued = collateral.tcbInfoStatement(FMSPC, 0).issueDate;
        _refuse("good", signer, ".signerName", _notNewer(19, issued));
        _refuse("issuedEarlier", signer, ".signerName", _notNewer(19, issued));
        _refuse("older", signer, ".signerName", _notNewer(19, issued));
        _recordTcbInfo("reissued");
        assertEq(collateral.tcbInfoStatement(FMSPC, 0).issueDate, issued + 1);
        _refuse("good", signer, ".signerName", _notNewer(19, issued + 1));
        _recordTcbInfo("newer");
        assertEq(collateral.tcbInfoStatement(FMSPC, 0).evaluation, 20);
        _refuse("reissued", signer, ".signerName", _notNewer(20, issued));
        _recordQeIdentity("newer");
        (bytes memory text, bytes memory signature) = _qeIdentity("good");
        bytes memory name = _read(".signerName");
        vm.expectRevert(_notNewer(20, issued));
        collateral.recordQeIdentity(text, signature, signer, name);
    }

    function test_whatARevokedSignerLeft_givesWay() external {
        _recordTcbInfo("newer");
        bytes32 second = cache.add(_read(".secondSigner"), root, false);
        (bytes memory text, bytes memory signature) = _tcbInfo("bySecondSigner");
        bytes memory name = _read(".signerName");
        uint64 issued = collateral.tcbInfoStatement(FMSPC, 0).issueDate;
        vm.expectRevert(_notNewer(20, issued));
        collateral.recordTcbInfo(text, signature, second, name);
        vm.prank(guardian);
        cache.revoke(signer);
        collateral.recordTcbInfo(text, signature, second, name);
        (, uint32 evaluation) = collateral.tcbInfoOf(FMSPC, 0);
        assertEq(evaluation, 19);
    }

    function test_theMinimum_isTightenedByTheGuardian_andLoosenedByTheOwner() external {
        _recordTcbInfo("good");
        _recordQeIdentity("good");
        bytes4 unauthorized = IIntelCollateral.IntelCollateral_Unauthorized.selector;
        vm.expectRevert(abi.encodeWithSelector(unauthorized, address(this)));
        collateral.setMinimumEvaluation(20);
        vm.prank(guardian);
        collateral.setMinimumEvaluation(20);
        bytes memory outdated =
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbEvaluationOutdated.selector, 19, 20);
        vm.expectRevert(outdated);
        collateral.tcbInfoOf(FMSPC, 0);
        vm.expectRevert(outdated);
        collateral.qeIdentity();
        _refuse("reissued", signer, ".signerName", outdated);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(unauthorized, guardian));
        collateral.setMinimumEvaluation(19);
        vm.prank(owner);
        collateral.setMinimumEvaluation(19);
        collateral.tcbInfoOf(FMSPC, 0);
    }

    function test_whatIsPublishedEarly_waitsForGovernance_ifItSaysSo() external {
        _recordTcbInfo("good");
        _recordTcbInfo("newer");
        _recordQeIdentity("newer");
        uint64 issued = collateral.tcbInfoStatement(FMSPC, 0).issueDate;
        _refuse("good", signer, ".signerName", _notNewer(20, issued));
        bytes memory unauthorized =
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_Unauthorized.selector, guardian);
        // To wait is to loosen.
        vm.prank(guardian);
        vm.expectRevert(unauthorized);
        collateral.setMaximumEvaluation(19);
        vm.prank(owner);
        collateral.setMaximumEvaluation(19);
        bytes memory early =
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_TcbEvaluationEarly.selector, 20, 19);
        vm.expectRevert(early);
        collateral.tcbInfoOf(FMSPC, 0);
        vm.expectRevert(early);
        collateral.qeIdentity();
        _refuse("newer", signer, ".signerName", early);
        _recordTcbInfo("good");
        _recordQeIdentity("good");
        (, uint32 evaluation) = collateral.tcbInfoOf(FMSPC, 0);
        assertEq(evaluation, 19);
        _refuse("good", signer, ".signerName", _notNewer(19, issued));
        vm.prank(guardian);
        collateral.setMaximumEvaluation(20);
        _recordTcbInfo("newer");
        vm.expectRevert(abi.encodeWithSelector(IIntelCollateral.IntelCollateral_Unauthorized.selector, address(this)));
        collateral.setMaximumEvaluation(21);
    }

    function test_aStatement_needsAListOfNow() external {
        vm.warp(present + 30 days + 1);
        bytes memory expired =
            abi.encodeWithSelector(IIntelCollateral.IntelCollateral_CrlExpired.selector, root, present + 30 days);
        _refuse("good", signer, ".signerName", expired);
    }

    function test_malformedStatements_areRefused() external {
        _refuseForm("version2", IntelFields.IntelFields_UnknownVersion.selector);
        _refuseForm("type1", IntelFields.IntelFields_UnknownVersion.selector);
        _refuseForm("unknownStatus", IntelFields.IntelFields_UnknownStatus.selector);
        _refuseForm("moduleHardening", IntelFields.IntelFields_UnknownStatus.selector);
        _refuseForm("fifteenComponents", IntelFields.IntelFields_InvalidList.selector);
        _refuseForm("tooManyLevels", IntelFields.IntelFields_InvalidList.selector);
        _refuseForm("largeComponent", Json.Json_InvalidNumber.selector);
        _refuseForm("padded", Json.Json_InvalidNumber.selector);
        _refuseForm("negative", Json.Json_Unexpected.selector);
        _refuseForm("spaced", Json.Json_Unexpected.selector);
        _refuseForm("escaped", Json.Json_Unexpected.selector);
        _refuseForm("trailing", Json.Json_Unexpected.selector);
        _refuseForm("cut", Json.Json_Unexpected.selector);
        _refuseForm("deep", Json.Json_TooDeep.selector);
        _refuseForm("noTime", Json.Json_InvalidTime.selector);
        _refuseForm("noCalendar", Der.Der_InvalidTime.selector);
        _refuseForm("repeated", IntelFields.IntelFields_Repeated.selector);
        _refuseForm("withoutModule", IntelFields.IntelFields_Missing.selector);
        _recordTcbInfo("unknownFields");
        _recordTcbInfo("withoutLevelsNewer");
    }

    function test_malformedIdentities_areRefused() external {
        _refuseQeForm("version3", IntelFields.IntelFields_UnknownVersion.selector);
        _refuseQeForm("hardening", IntelFields.IntelFields_UnknownStatus.selector);
        _refuseQeForm("shortSigner", Json.Json_InvalidHex.selector);
        _refuseQeForm("withoutMask", IntelFields.IntelFields_Missing.selector);
        _refuseQeForm("byPck", IIntelCollateral.IntelCollateral_QeIdentitySignatureInvalid.selector);
    }

    function testFuzz_blobs_keepWhatIsWritten(bytes memory data) external {
        assertEq(blobs.blob(data), data);
    }

    function test_blobs_haveABound() external {
        assertEq(blobs.blob(new bytes(24_575)), new bytes(24_575));
        vm.expectRevert(abi.encodeWithSelector(CodeBlob.CodeBlob_TooLarge.selector, 24_576));
        blobs.blob(new bytes(24_576));
        vm.expectRevert(CodeBlob.CodeBlob_NotCreated.selector);
        blobs.nothing();
    }

    function _refuse(string memory statement, bytes32 id, string memory nameOf, bytes memory reason) private {
        (bytes memory text, bytes memory signature) = _tcbInfo(statement);
        bytes memory name = _read(nameOf);
        vm.expectRevert(reason);
        collateral.recordTcbInfo(text, signature, id, name);
    }

    function _refuseTcbInfo(string memory statement, bytes4 selector, uint256 when) private {
        _refuse(statement, signer, ".signerName", abi.encodeWithSelector(selector, when));
    }

    function _refuseQeIdentity(string memory statement, bytes4 selector, uint256 when) private {
        (bytes memory text, bytes memory signature) = _qeIdentity(statement);
        bytes memory name = _read(".signerName");
        vm.expectRevert(abi.encodeWithSelector(selector, when));
        collateral.recordQeIdentity(text, signature, signer, name);
    }

    function _refuseForm(string memory statement, bytes4 selector) private {
        (bytes memory text, bytes memory signature) = _tcbInfo(statement);
        bytes memory name = _read(".signerName");
        vm.expectPartialRevert(selector);
        collateral.recordTcbInfo(text, signature, signer, name);
    }

    function _refuseQeForm(string memory statement, bytes4 selector) private {
        (bytes memory text, bytes memory signature) = _qeIdentity(statement);
        bytes memory name = _read(".signerName");
        vm.expectPartialRevert(selector);
        collateral.recordQeIdentity(text, signature, signer, name);
    }

    function _pckIssuer(bytes32 id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IIntelCollateral.IntelCollateral_PckIssuer.selector, id);
    }

    function _notNewer(uint32 evaluation, uint64 issueDate) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IIntelCollateral.IntelCollateral_NotNewer.selector, evaluation, issueDate);
    }
}
