// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {RegistryDependencies} from "../../src/tee/EvidenceAppraisal.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {GuardianStub} from "./IntelFixture.sol";

/// @notice A token that calls whoever it is told to in the middle of a transfer, or keeps a part of it.
contract HostileToken is ERC20 {
    address private _target;
    bytes private _call;
    uint256 public fee;
    bool public called;
    bool public succeeded;

    constructor(address holder) ERC20("hostile", "HOSTILE") {
        _mint(holder, 1_000_000e18);
    }

    function arm(address target, bytes calldata call_) external {
        (_target, _call, called) = (target, call_, false);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (fee != 0 && from != address(0)) super._update(to, address(0xfee), fee);
        if (_target == address(0) || called) return;
        called = true;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded,) = _target.call(_call);
    }
}

/// @notice The end of keys and what becomes of their bonds, attacked.
contract ProverRegistryBondsTest is AdmissionFixture {
    bytes32 private constant ROOT = keccak256("output");
    bytes32 private constant OTHER_ROOT = keccak256("other output");

    address private reporter = account("reporter");
    address private anyone = account("anyone");
    address private tdx = vm.addr(TDX_KEY);
    address private tdx2 = vm.addr(TDX_KEY_2);
    address private snp = vm.addr(SNP_KEY);

    function setUp() public {
        vm.roll(10_000);
        vm.warp(1_000_000);
        vm.setBlockhash(9_999, keccak256("block 9999"));
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianStub(guardian))));
        _register(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE);
        _register(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
    }

    // Bonds.

    function test_no_bond_no_key() public {
        IProverRegistry.Registration memory registration =
            _registration(_draft(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE));
        vm.expectRevert();
        registry.register(registration);
        vm.prank(registrant);
        pha.transfer(anyone, PROVER_BOND - 1);
        vm.startPrank(anyone);
        pha.approve(address(registry), type(uint256).max);
        vm.expectRevert();
        registry.register(registration);
        vm.stopPrank();
        assertFalse(registry.isRegistered(registration.key), "not registered");
    }

    function test_a_bond_returns_once_to_who_paid_it_and_not_before_its_time() public {
        uint64 expiresAt = registry.prover(tdx).expiresAt;
        uint64 until = expiresAt + registry.BOND_HOLD();
        _held(tdx, until);
        vm.warp(expiresAt);
        _held(tdx, until);
        vm.warp(until - 1);
        _held(tdx, until);
        vm.warp(until);
        uint256 before = pha.balanceOf(registrant);
        vm.prank(anyone);
        registry.returnBond(tdx);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND);
        _noBond(tdx, IProverRegistry.BondState.RETURNED);
        assertEq(pha.balanceOf(address(registry)), 2 * uint256(PROVER_BOND));
        _noBond(vm.addr(NEW_KEY), IProverRegistry.BondState.NONE);
    }

    function test_a_bond_is_held_from_the_end_of_its_key_however_it_ended() public {
        vm.warp(block.timestamp + 1 days);
        vm.prank(operator);
        registry.retire(tdx);
        vm.prank(guardian);
        registry.revoke(tdx2);
        certificates.revoke(CPU_LEAF);
        registry.invalidate(snp);
        uint64 until = uint64(block.timestamp) + registry.BOND_HOLD();
        _held(tdx, until);
        _held(tdx2, until);
        _held(snp, until);
        vm.warp(until);
        registry.returnBond(tdx);
        registry.returnBond(tdx2);
        registry.returnBond(snp);
        assertEq(pha.balanceOf(address(registry)), 0);
    }

    function test_ending_an_expired_key_does_not_hold_its_bond_longer() public {
        uint64 expiresAt = registry.prover(tdx).expiresAt;
        vm.warp(expiresAt + registry.BOND_HOLD());
        registry.invalidate(tdx);
        registry.returnBond(tdx);
    }

    // Ends.

    function test_a_key_that_is_what_was_admitted_stays() public {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_StillValid.selector, tdx));
        registry.invalidate(tdx);
        vm.warp(registry.prover(tdx).expiresAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_StillValid.selector, tdx));
        registry.invalidate(tdx);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_UnknownKey.selector, vm.addr(NEW_KEY))
        );
        registry.invalidate(vm.addr(NEW_KEY));
    }

    function test_anyone_ends_a_key_whose_certificate_was_revoked() public {
        Claim memory claim = _claim(ROOT);
        registry.verify(claim, _sign(TDX_KEY, ROOT));
        certificates.revoke(CPU_LEAF);
        vm.prank(anyone);
        registry.invalidate(tdx);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.INVALIDATED, "ended");
        bytes memory signature = _sign(TDX_KEY, ROOT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_EndedKey.selector, tdx, IProverRegistry.Ending.INVALIDATED
            )
        );
        registry.verify(claim, signature);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.invalidate(tdx);
    }

    function test_anyone_ends_a_key_whose_gpus_certificate_was_revoked() public {
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        certificates.revoke(GPU_LEAF);
        registry.invalidate(vm.addr(TDX_GPU_KEY));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidate(tdx);
    }

    function test_anyone_ends_a_key_that_expired_or_that_policy_shut_out() public {
        vm.prank(guardian);
        attestationPolicy.removeMeasurement(SNP_IMAGE);
        registry.invalidate(snp);
        vm.warp(registry.prover(tdx).expiresAt);
        registry.invalidate(tdx);
        assertTrue(registry.prover(snp).ending == IProverRegistry.Ending.INVALIDATED, "policy");
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.INVALIDATED, "expiry");
    }

    function test_evidence_judged_anew_ends_a_key_only_if_it_is_worse() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_OtherEvidence.selector);
        registry.invalidateByEvidence(tdx, bytes.concat(evidence, hex"00"));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_OtherEvidence.selector);
        registry.invalidateByEvidence(snp, evidence);

        tdxVerifier.worsen(2);
        _endByEvidence(tdx, evidence);
        assertFalse(registry.isValid(tdx), "the vendor thinks worse of it");
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.invalidateByEvidence(tdx, evidence);

        tdxVerifier.worsen(0);
        tdxVerifier.refuse(true);
        evidence = _registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        _endByEvidence(tdx2, evidence);
        assertFalse(registry.isValid(tdx2), "no longer genuine");
    }

    /// @dev Anyone may bring an early edition of the vendor's, or find the hour in which collateral has run out.
    function test_evidence_that_lapsed_can_be_mended_before_it_ends_a_key() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        tdxVerifier.worsen(2);
        uint64 endsAt = uint64(block.timestamp) + registry.NOTICE_PERIOD();
        vm.expectEmit();
        emit IProverRegistry.ProverNoticed(tdx, endsAt);
        registry.invalidateByEvidence(tdx, evidence);
        assertTrue(registry.isValid(tdx), "noticed");
        vm.warp(endsAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_NoticePeriod.selector, tdx, endsAt));
        registry.invalidateByEvidence(tdx, evidence);
        tdxVerifier.worsen(0);
        vm.warp(endsAt);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);

        // An old notice is none for a later lapse.
        vm.warp(endsAt + registry.NOTICE_VALIDITY());
        tdxVerifier.worsen(2);
        registry.invalidateByEvidence(tdx, evidence);
        assertTrue(registry.isValid(tdx), "noticed anew");
        assertEq(registry.noticedAt(tdx), block.timestamp);
    }

    function test_a_worse_status_that_a_grace_covers_ends_no_key() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        vm.prank(owner);
        attestationPolicy.setGrace(IProverRegistry.HostVendor.INTEL, 2, 0, uint64(block.timestamp + 1 days));
        tdxVerifier.worsen(2);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence(tdx, evidence);
        vm.warp(block.timestamp + 1 days);
        _endByEvidence(tdx, evidence);
    }

    function test_want_of_gas_is_no_refusal_of_evidence() public {
        bytes memory evidence = _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        uint256 little = registry.APPRAISAL_GAS();
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_TooLittleGas.selector);
        registry.invalidateByEvidence{gas: little}(tdx, evidence);
        assertTrue(registry.isValid(tdx), "lives");
    }

    function test_only_the_beneficiary_retires_and_only_owner_and_guardian_revoke() public {
        address[4] memory others = [anyone, registrant, owner, guardian];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.retire(tdx);
        }
        vm.prank(address(0));
        vm.expectRevert();
        registry.retire(vm.addr(NEW_KEY));
        others = [anyone, registrant, operator, reporter];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.revoke(tdx);
        }
        vm.prank(owner);
        registry.revoke(tdx);
        vm.prank(guardian);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.revoke(tdx);
        vm.prank(operator);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_EndedKey.selector);
        registry.retire(tdx);
    }

    // Two outputs by one key.

    function test_a_key_that_equivocates_is_slashed_and_its_vendor_nullified() public {
        bytes memory once = _sign(TDX_KEY, ROOT);
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(_claim(ROOT), once, ROOT, once);

        _report(TDX_KEY, TDX_KEY);
        assertEq(pha.balanceOf(reporter), PROVER_BOND / 10);
        assertEq(pha.balanceOf(owner), PROVER_BOND - PROVER_BOND / 10);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.EQUIVOCATED, "ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
        assertFalse(registry.isValid(tdx2), "no key of the vendor is valid");
        assertTrue(registry.isValid(snp), "the other vendor's is");
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
        vm.warp(block.timestamp + 400 days);
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
    }

    function test_an_equivocation_is_punished_once() public {
        _report(TDX_KEY, TDX_KEY);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    function test_whoever_slashes_himself_loses_nine_tenths() public {
        uint256 before = pha.balanceOf(registrant);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.prank(registrant);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND / 10);
        _noBond(tdx, IProverRegistry.BondState.SLASHED);
    }

    function test_a_key_that_was_retired_or_revoked_in_time_does_not_escape() public {
        vm.prank(operator);
        registry.retire(tdx);
        _report(TDX_KEY, TDX_KEY);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.RETIRED, "ended before");
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed all the same");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "and its vendor");
        vm.warp(registry.prover(snp).expiresAt + 1);
        _report(SNP_KEY, SNP_KEY);
        assertTrue(registry.prover(snp).bondState == IProverRegistry.BondState.SLASHED, "after expiry too");
    }

    function test_a_key_whose_bond_has_left_harms_nobody() public {
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        registry.returnBond(tdx);
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(TDX_KEY, ROOT), _sign(TDX_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "lives");
    }

    function test_old_keys_of_a_restored_vendor_are_slashed_but_do_not_end_it_again() public {
        _report(TDX_KEY, TDX_KEY);
        vm.prank(owner);
        attestationPolicy.restoreVendor(IProverRegistry.HostVendor.INTEL);
        assertFalse(registry.isValid(tdx2), "older than the end of its vendor");
        _report(TDX_KEY_2, TDX_KEY_2);
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.SLASHED, "slashed");
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "not again");
        _register(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        assertTrue(registry.isValid(vm.addr(NEW_KEY)), "new keys of the vendor count");
    }

    function test_signatures_over_different_inputs_are_no_equivocation() public {
        Claim memory claim = _claim(ROOT);
        Claim memory other = _claim(OTHER_ROOT);
        other.l2BlockNumber += 1;
        bytes memory first = _sign(TDX_KEY, ROOT);
        bytes memory second = _signClaim(TDX_KEY, other);
        // The second recovers to a key that nobody has.
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
        // A key that was never registered.
        (first, second) = (_sign(NEW_KEY, ROOT), _sign(NEW_KEY, OTHER_ROOT));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_UnknownKey.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    // Two outputs by two keys.

    function test_two_keys_of_a_vendor_that_contradict_wait_for_the_owner() public {
        _report(TDX_KEY, TDX_KEY_2);
        assertFalse(registry.isValid(tdx) || registry.isValid(tdx2), "both ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
        assertEq(pha.balanceOf(reporter), 0);
        vm.warp(block.timestamp + registry.BOND_HOLD());
        _held(tdx, registry.prover(tdx).endedAt + registry.DECISION_PERIOD());

        vm.prank(guardian);
        vm.expectPartialRevert(OwnableUpgradeable.OwnableUnauthorizedAccount.selector);
        registry.decideBond(tdx, true);
        uint256 before = pha.balanceOf(registrant);
        vm.startPrank(owner);
        registry.decideBond(tdx, true);
        registry.decideBond(tdx2, false);
        assertEq(pha.balanceOf(owner), PROVER_BOND);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.decideBond(tdx, false);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        registry.decideBond(snp, true);
        vm.stopPrank();
    }

    function test_the_owners_time_to_decide_is_bounded() public {
        _report(TDX_KEY, TDX_KEY_2);
        uint64 until = uint64(block.timestamp) + registry.DECISION_PERIOD();
        vm.warp(until - 1);
        _held(tdx, until);
        vm.warp(until);
        vm.prank(owner);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_DecisionPeriodOver.selector);
        registry.decideBond(tdx, true);
        registry.returnBond(tdx);
        registry.returnBond(tdx2);
    }

    function test_a_key_in_dispute_that_equivocates_is_slashed() public {
        _report(TDX_KEY, TDX_KEY_2);
        _report(TDX_KEY, TDX_KEY);
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "the other waits");
    }

    function test_keys_of_two_vendors_or_that_are_not_valid_accuse_nobody() public {
        _noContradiction(TDX_KEY, SNP_KEY);
        _noContradiction(TDX_KEY, NEW_KEY);
        vm.prank(guardian);
        registry.revoke(tdx2);
        _noContradiction(TDX_KEY, TDX_KEY_2);
        _noContradiction(TDX_KEY_2, TDX_KEY);
        assertTrue(registry.isValid(tdx) && registry.isValid(snp), "live on");
    }

    function test_who_contradicts_and_leaves_does_not_escape() public {
        vm.prank(operator);
        registry.retire(tdx2);
        _report(TDX_KEY, TDX_KEY_2);
        assertTrue(registry.prover(tdx2).ending == IProverRegistry.Ending.RETIRED, "it left");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "its bond did not");
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.CONTRADICTED, "the other ended");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
    }

    function test_who_contradicts_and_expires_does_not_escape() public {
        vm.warp(registry.prover(tdx).expiresAt);
        registry.invalidate(tdx2);
        _report(TDX_KEY, TDX_KEY_2);
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.DISPUTED, "expired");
        assertTrue(registry.prover(tdx2).bondState == IProverRegistry.BondState.DISPUTED, "ended for having expired");
    }

    function test_a_key_that_others_ended_or_whose_bond_has_left_accuses_nobody() public {
        // Its certificate was revoked: whoever has that key now may be anyone.
        certificates.revoke(CPU_LEAF);
        registry.invalidate(tdx2);
        _noContradiction(TDX_KEY, TDX_KEY_2);
        vm.prank(operator);
        registry.retire(tdx);
        vm.warp(block.timestamp + registry.BOND_HOLD());
        registry.returnBond(tdx);
        _noContradiction(TDX_KEY, TDX_KEY_2);
    }

    // Hostile tokens.

    function test_a_token_that_calls_back_gets_no_bond_twice() public {
        HostileToken token = _hostileRegistry();
        _submit(_registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        _submit(_registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        token.arm(address(registry), abi.encodeCall(registry.returnBond, (tdx)));
        registry.returnBond(tdx);
        assertTrue(token.called() && !token.succeeded(), "refused");
        assertEq(token.balanceOf(address(registry)), PROVER_BOND);
    }

    function test_a_token_that_calls_back_cannot_take_a_bond_out_while_one_comes_in() public {
        HostileToken token = _hostileRegistry();
        _submit(_registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        IProverRegistry.Registration memory second =
            _registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE));
        token.arm(address(registry), abi.encodeCall(registry.returnBond, (tdx)));
        vm.prank(registrant);
        vm.expectRevert();
        registry.register(second);
        assertEq(token.balanceOf(address(registry)), PROVER_BOND);
    }

    function test_a_token_that_keeps_a_part_is_refused() public {
        HostileToken token = _hostileRegistry();
        token.setFee(1);
        IProverRegistry.Registration memory registration =
            _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE));
        vm.prank(registrant);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_BondNotReceived.selector, PROVER_BOND, PROVER_BOND - 1
            )
        );
        registry.register(registration);
    }

    /// @notice Whatever happens to keys, the registry holds what it owes.
    function testFuzz_the_registry_holds_the_bonds_it_owes(uint8[12] calldata steps) public {
        uint256[3] memory keys = [TDX_KEY, TDX_KEY_2, SNP_KEY];
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(steps[i] % 8, keys[(steps[i] / 8) % 3], keys[(steps[i] / 24) % 3]);
            uint256 owed;
            for (uint256 j = 0; j < keys.length; ++j) {
                IProverRegistry.Prover memory found = registry.prover(vm.addr(keys[j]));
                bool here = found.bondState == IProverRegistry.BondState.HELD
                    || found.bondState == IProverRegistry.BondState.DISPUTED;
                if (here) owed += found.bond;
            }
            assertEq(pha.balanceOf(address(registry)), owed);
        }
    }

    /// @dev One call that may well be refused.
    function _step(uint256 action, uint256 key, uint256 other) private {
        bytes memory call_;
        address caller = anyone;
        if (action == 0) (caller, call_) = (operator, abi.encodeCall(registry.retire, (vm.addr(key))));
        if (action == 1) (caller, call_) = (guardian, abi.encodeCall(registry.revoke, (vm.addr(key))));
        if (action == 2) call_ = abi.encodeCall(registry.returnBond, (vm.addr(key)));
        if (action == 3) (caller, call_) = (owner, abi.encodeCall(registry.decideBond, (vm.addr(key), true)));
        if (action == 4) (caller, call_) = (owner, abi.encodeCall(registry.decideBond, (vm.addr(key), false)));
        if (action == 5) vm.warp(block.timestamp + 15 days);
        if (action == 6) call_ = abi.encodeCall(registry.invalidate, (vm.addr(key)));
        if (action == 7) {
            call_ = abi.encodeCall(
                registry.reportEquivocation, (_claim(ROOT), _sign(key, ROOT), OTHER_ROOT, _sign(other, OTHER_ROOT))
            );
        }
        if (call_.length == 0) return;
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted,) = address(registry).call(call_);
        accepted;
    }

    function _hostileRegistry() private returns (HostileToken token) {
        token = new HostileToken(registrant);
        RegistryDependencies memory dependencies = _dependencies(registry.systemConfig());
        dependencies.bondToken = IERC20(address(token));
        registry = ProverRegistry(
            address(
                new L1Proxy(
                    address(new ProverRegistry(dependencies)),
                    owner,
                    abi.encodeCall(ProverRegistry.initialize, (owner))
                )
            )
        );
        vm.prank(registrant);
        token.approve(address(registry), type(uint256).max);
    }

    function _report(uint256 key, uint256 other) private {
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(key, ROOT), _sign(other, OTHER_ROOT));
        vm.prank(reporter);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    function _endByEvidence(address key, bytes memory evidence) private {
        vm.startPrank(anyone);
        registry.invalidateByEvidence(key, evidence);
        vm.warp(block.timestamp + registry.NOTICE_PERIOD());
        registry.invalidateByEvidence(key, evidence);
        vm.stopPrank();
    }

    function _noContradiction(uint256 key, uint256 other) private {
        Claim memory claim = _claim(ROOT);
        (bytes memory first, bytes memory second) = (_sign(key, ROOT), _sign(other, OTHER_ROOT));
        vm.expectRevert(IProverRegistry.ProverRegistry_NoEquivocation.selector);
        registry.reportEquivocation(claim, first, OTHER_ROOT, second);
    }

    function _held(address key, uint64 until) private {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_BondHeld.selector, key, until));
        registry.returnBond(key);
    }

    function _noBond(address key, IProverRegistry.BondState state) private {
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_BondState.selector, key, state));
        registry.returnBond(key);
    }

    function _claim(bytes32 root) private pure returns (Claim memory) {
        return Claim(keccak256("rollup config"), keccak256("head"), keccak256("genesis output"), root, 5);
    }

    function _sign(uint256 key, bytes32 root) private view returns (bytes memory) {
        return _signClaim(key, _claim(root));
    }

    function _signClaim(uint256 key, Claim memory claim) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.claimDigest(claim));
        return abi.encodePacked(r, s, v);
    }
}
