// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {GuardianStub} from "./IntelFixture.sol";
import {RegistrationFixture} from "./RegistrationFixture.sol";

/// @notice Which evidence admits a key: of this key, registry, chain, version and block, by what policy lets in, once.
contract ProverRegistryAdmissionTest is RegistrationFixture {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    function test_honest_evidence_admits_a_key_with_all_that_it_said() public {
        _register(TDX_GPU_KEY, IProverRegistry.Kind.TDX_GPU, GPU_IMAGE);
        address key = vm.addr(TDX_GPU_KEY);
        IProverRegistry.Prover memory found = registry.prover(key);
        assertTrue(registry.isRegistered(key) && registry.isValid(key), "valid");
        assertTrue(found.kind == IProverRegistry.Kind.TDX_GPU, "kind");
        assertTrue(found.ending == IProverRegistry.Ending.NONE, "no end");
        assertTrue(found.bondState == IProverRegistry.BondState.HELD, "bond");
        assertEq(found.measurement, GPU_IMAGE);
        assertEq(found.platformId, _platform(TDX_GPU_KEY));
        assertEq(uint256(found.policyVersion), 1);
        assertEq(uint256(found.registeredAt), block.timestamp);
        assertEq(uint256(found.expiresAt), block.timestamp + KEY_LIFETIME);
        assertEq(uint256(found.tcbEvaluation), EVALUATION);
        assertEq(uint256(found.bond), PROVER_BOND);
        assertEq(found.beneficiary, operator);
        assertEq(found.registrant, registrant);
        assertEq(registry.beneficiaryOf(key), operator);
        assertEq(found.certificates.length, 2);
        assertEq(found.certificates[0], CPU_LEAF);
        assertEq(found.certificates[1], GPU_LEAF);
        assertEq(found.deviceIds.length, 1);
        assertEq(registry.keyOfDevice(found.deviceIds[0]), key);
        assertEq(pha.balanceOf(address(registry)), PROVER_BOND);
        assertEq(registry.proverCount(), 1);
        assertEq(registry.proverAt(0), key);
    }

    function test_evidence_copied_from_the_mempool_serves_no_other_beneficiary() public {
        IProverRegistry.Registration memory stolen = _honest();
        stolen.beneficiary = thief;
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_RegistrationNotSigned.selector);
        registry.register(stolen);
        // With a signature of the thief's own key it is the thief's key that evidence must be for.
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(0x7417ef, registry.registrationDigest(thief, stolen.policyVersion, blockhash(9_999)));
        stolen.signature = abi.encodePacked(r, s, v);
        stolen.key = vm.addr(0x7417ef);
        _refused(stolen, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
    }

    function test_who_copies_a_whole_registration_pays_the_bond_and_gains_nothing_else() public {
        IProverRegistry.Registration memory copied = _honest();
        vm.prank(registrant);
        pha.transfer(thief, PROVER_BOND);
        vm.startPrank(thief);
        pha.approve(address(registry), PROVER_BOND);
        registry.register(copied);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, thief));
        registry.retire(copied.key);
        vm.stopPrank();
        assertEq(registry.prover(copied.key).beneficiary, operator);
        assertEq(registry.prover(copied.key).registrant, thief);
        assertTrue(registry.isValid(copied.key), "the operator's key is registered, at the thief's expense");
    }

    function test_evidence_for_another_registry_chain_version_or_block_is_refused() public {
        Draft memory draft = _tdx();
        draft.registry = account("other registry");
        _refused(_registration(draft), IProverRegistry.ProverRegistry_ReportDataMismatch.selector);

        draft = _tdx();
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        IProverRegistry.Registration memory foreign = _registration(draft);
        vm.chainId(chain);
        IProverRegistry.Registration memory here = _registration(draft);
        here.evidence = foreign.evidence;
        _refused(here, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
        here.signature = foreign.signature;
        _refused(here, IProverRegistry.ProverRegistry_RegistrationNotSigned.selector);

        vm.prank(owner);
        attestationPolicy.setKeyLifetime(KEY_LIFETIME + 1);
        here = _registration(draft);
        bytes memory old = here.evidence;
        draft.policyVersion = 2;
        here = _registration(draft);
        here.evidence = old;
        _refused(here, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);

        Draft memory earlier = _tdx();
        earlier.l1BlockHash = blockhash(9_998);
        here = _registration(_tdx());
        here.evidence = _registration(earlier).evidence;
        _refused(here, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
    }

    function test_evidence_of_another_key_is_refused() public {
        IProverRegistry.Registration memory registration = _honest();
        registration.evidence = _registration(_draft(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)).evidence;
        _refused(registration, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
    }

    function test_evidence_that_names_gpus_beside_a_cpu_that_has_none_is_refused() public {
        Draft memory draft = _tdx();
        IProverRegistry.Registration memory registration = _registration(draft);
        registration.evidence = _evidence(draft, keccak256("some GPUs"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_ReportDataMismatch.selector, 1, bytes32(0), keccak256("some GPUs")
            )
        );
        registry.register(registration);
    }

    function test_a_block_that_is_too_old_or_not_yet_is_refused() public {
        Draft memory draft = _tdx();
        uint256[3] memory numbers = [block.number, block.number + 1, block.number - registry.MAX_EVIDENCE_AGE() - 1];
        for (uint256 i = 0; i < numbers.length; ++i) {
            draft.l1BlockNumber = numbers[i];
            IProverRegistry.Registration memory registration = _registration(draft);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProverRegistry.ProverRegistry_EvidenceAge.selector, numbers[i], block.number
                )
            );
            registry.register(registration);
        }
        draft.l1BlockNumber = type(uint256).max;
        _refused(_registration(draft), IProverRegistry.ProverRegistry_EvidenceAge.selector);
    }

    function test_older_blocks_come_from_the_history_contract_and_without_it_are_refused() public {
        Draft memory draft = _tdx();
        draft.l1BlockNumber = block.number - registry.MAX_EVIDENCE_AGE();
        draft.l1BlockHash = keccak256("old block");
        vm.etch(HISTORY, "");
        IProverRegistry.Registration memory registration = _registration(draft);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_BlockHashUnavailable.selector, draft.l1BlockNumber
            )
        );
        registry.register(registration);

        // mstore(0, keccak256("old block")), return(0, 32)
        vm.etch(HISTORY, bytes.concat(hex"7f", keccak256("old block"), hex"5f5260205ff3"));
        _submit(registration);
        assertTrue(registry.isValid(vm.addr(TDX_KEY)), "admitted");
    }

    function test_a_key_is_registered_once_even_after_its_end() public {
        _submit(_honest());
        _refused(_honest(), IProverRegistry.ProverRegistry_AlreadyRegistered.selector);
        vm.prank(owner);
        registry.revoke(vm.addr(TDX_KEY));
        _refused(_honest(), IProverRegistry.ProverRegistry_AlreadyRegistered.selector);
        vm.warp(block.timestamp + 400 days);
        _refused(_honest(), IProverRegistry.ProverRegistry_AlreadyRegistered.selector);
    }

    function test_nothing_is_registered_for_nobody() public {
        IProverRegistry.Registration memory registration = _honest();
        registration.key = address(0);
        _refused(registration, IProverRegistry.ProverRegistry_ZeroKey.selector);
        registration = _honest();
        registration.beneficiary = address(0);
        _refused(registration, IProverRegistry.ProverRegistry_ZeroBeneficiary.selector);
        registration = _honest();
        registration.kind = IProverRegistry.Kind.NONE;
        _refused(registration, IProverRegistry.ProverRegistry_UnknownKind.selector);
        registration = _honest();
        registration.signature = new bytes(65);
        _refused(registration, IProverRegistry.ProverRegistry_InvalidSignature.selector);
        registration.signature = "";
        _refused(registration, IProverRegistry.ProverRegistry_InvalidSignature.selector);
    }

    function test_evidence_that_the_verifier_refuses_admits_nobody() public {
        IProverRegistry.Registration memory registration = _honest();
        tdxVerifier.refuse(true);
        vm.expectRevert();
        registry.register(registration);
    }

    /// @dev Evidence has bytes that nobody signed: whoever copies it may fill them with what is dear to read.
    function test_evidence_that_could_not_be_judged_anew_admits_nobody() public {
        IProverRegistry.Registration memory registration = _honest();
        uint256 most = registry.MAX_EVIDENCE_GAS();
        tdxVerifier.spend(most);
        _refused(registration, IProverRegistry.ProverRegistry_EvidenceTooDear.selector);
        tdxVerifier.spend(most - 50_000);
        _submit(registration);
        // The least gas that is taken is enough, so that want of gas never looks like a refusal.
        uint256 least = registry.APPRAISAL_GAS() + 300_000;
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_StillValid.selector);
        registry.invalidateByEvidence{gas: least}(registration.key, registration.evidence);
        assertTrue(registry.isValid(registration.key), "lives");
    }

    function test_a_kind_is_never_claimed_against_its_evidence() public {
        // A TD without GPUs as one with: none are shown.
        IProverRegistry.Registration memory registration = _honest();
        registration.kind = IProverRegistry.Kind.TDX_GPU;
        _refused(registration, IProverRegistry.ProverRegistry_GpuCount.selector);
        // With a GPU shown, but an image for TDs without.
        Draft memory draft = _draft(TDX_KEY, IProverRegistry.Kind.TDX_GPU, TDX_IMAGE);
        _refused(_registration(draft), IAttestationPolicy.AttestationPolicy_KindMismatch.selector);
        // A TD with a GPU as one without.
        registration = _registration(_gpu());
        registration.kind = IProverRegistry.Kind.TDX;
        _refused(registration, IProverRegistry.ProverRegistry_GpuCount.selector);
        registration.gpuEvidence = new bytes[](0);
        _refused(registration, IProverRegistry.ProverRegistry_ReportDataMismatch.selector);
        draft = _draft(TDX_KEY, IProverRegistry.Kind.TDX, GPU_IMAGE);
        _refused(_registration(draft), IAttestationPolicy.AttestationPolicy_KindMismatch.selector);
        // A TD as a guest of AMD's: another verifier reads it, and whatever it says, it is not AMD's.
        draft = _draft(TDX_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        draft.vendor = IProverRegistry.HostVendor.INTEL;
        _refused(_registration(draft), IProverRegistry.ProverRegistry_VendorMismatch.selector);
        draft = _draft(TDX_KEY, IProverRegistry.Kind.TDX, SNP_IMAGE);
        _refused(_registration(draft), IAttestationPolicy.AttestationPolicy_KindMismatch.selector);
    }

    function test_what_the_policy_refuses_is_refused_by_its_name() public {
        Draft memory draft = _tdx();
        draft.measurement = keccak256("unknown image");
        _notAllowed(draft, IAttestationPolicy.Standing.MEASUREMENT_NOT_ACCEPTED);
        draft = _tdx();
        draft.policyVersion = 2;
        _notAllowed(draft, IAttestationPolicy.Standing.VERSION_OUTDATED);
        draft.policyVersion = 0;
        _notAllowed(draft, IAttestationPolicy.Standing.VERSION_OUTDATED);
        draft = _tdx();
        draft.tcbStatus = 3;
        _refused(_registration(draft), IAttestationPolicy.AttestationPolicy_TcbStatusNotAccepted.selector);
        draft = _tdx();
        draft.tcbEvaluation = EVALUATION - 1;
        _refused(_registration(draft), IAttestationPolicy.AttestationPolicy_TcbEvaluationOutdated.selector);
        vm.startPrank(guardian);
        attestationPolicy.setPlatformDenied(_platform(TDX_KEY), true);
        vm.stopPrank();
        _notAllowed(_tdx(), IAttestationPolicy.Standing.PLATFORM_DENIED);
        vm.prank(guardian);
        attestationPolicy.nullifyVendor(IProverRegistry.HostVendor.INTEL);
        _notAllowed(_tdx(), IAttestationPolicy.Standing.VENDOR_NULLIFIED);
    }

    function test_a_key_ends_with_the_first_of_its_lifetime_its_certificates_and_a_grace() public {
        bytes32 authority = keccak256("authority");
        uint64 now_ = uint64(block.timestamp);
        certificates.place(CPU_LEAF, now_ + 200 days, authority);
        certificates.place(authority, now_ + 100 days, 0);
        _submit(_honest());
        assertEq(uint256(registry.prover(vm.addr(TDX_KEY)).expiresAt), now_ + 100 days);

        certificates.place(GPU_LEAF, now_ + 50 days, 0);
        _submit(_registration(_gpu()));
        assertEq(uint256(registry.prover(vm.addr(TDX_GPU_KEY)).expiresAt), now_ + 50 days);

        vm.prank(owner);
        attestationPolicy.setGrace(IProverRegistry.HostVendor.AMD, 1, 0, now_ + 10 days);
        Draft memory draft = _draft(SNP_KEY, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        draft.tcbStatus = 1;
        _submit(_registration(draft));
        assertEq(uint256(registry.prover(vm.addr(SNP_KEY)).expiresAt), now_ + 10 days);
        assertEq(uint256(registry.prover(vm.addr(SNP_KEY)).tcbStatus), 1);
    }

    function test_initialises_once_and_never_the_implementation() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registry.initialize(thief);
        ProverRegistry logic =
            new ProverRegistry(_dependencies(ISystemConfig(address(new GuardianStub(guardian)))));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(thief);
    }

    function test_contracts_fit_into_their_limit() public {
        assertTrue(address(new ProverRegistry(_dependencies(registry.systemConfig()))).code.length < 24_576, "size");
    }

    function _tdx() private view returns (Draft memory) {
        return _draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
    }

    function _honest() private view returns (IProverRegistry.Registration memory) {
        return _registration(_tdx());
    }

    function _notAllowed(Draft memory draft, IAttestationPolicy.Standing standing) private {
        IProverRegistry.Registration memory registration = _registration(draft);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationPolicy.AttestationPolicy_NotAllowed.selector, standing)
        );
        registry.register(registration);
    }
}
