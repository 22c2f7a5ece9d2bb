// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {AmdProduct, SnpTcb} from "../../src/tee/amd/SnpTcb.sol";
import {AttestationPolicy} from "../../src/tee/AttestationPolicy.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {GuardianStub} from "./IntelFixture.sol";

/// @notice Who may change which rule, and that what a rule ended stays ended.
contract AttestationPolicyTest is AdmissionFixture {
    IProverRegistry.HostVendor private constant INTEL = IProverRegistry.HostVendor.INTEL;
    IProverRegistry.HostVendor private constant AMD = IProverRegistry.HostVendor.AMD;
    bytes32 private constant PLATFORM = keccak256("platform");
    bytes32 private constant IMAGE = keccak256("another image");

    AttestationPolicy private policy;

    function setUp() public {
        vm.roll(10_000);
        vm.warp(1_000_000);
        vm.setBlockhash(9_999, keccak256("block 9999"));
        _deployFoundations();
        _deployAdmission(ISystemConfig(address(new GuardianStub(guardian))));
        policy = attestationPolicy;
    }

    function test_begins_as_it_was_told_with_version_1() public view {
        assertEq(uint256(policy.version()), 1);
        assertEq(uint256(policy.leastVersion()), 1);
        assertTrue(policy.kindOf(TDX_IMAGE) == IProverRegistry.Kind.TDX, "image");
        assertTrue(policy.kindOf(IMAGE) == IProverRegistry.Kind.NONE, "no image");
        assertTrue(policy.isGpuMeasurementAccepted(GPU_FIRMWARE), "GPU");
        assertEq(uint256(policy.keyLifetime()), KEY_LIFETIME);
        assertEq(uint256(policy.minimumGpus()), 1);
        assertEq(uint256(policy.minimumTcbEvaluation()), EVALUATION);
        assertEq(uint256(policy.bond()), PROVER_BOND);
        assertFalse(policy.platformsListed() || policy.acceptsPresenceOnly(), "closed");
        assertFalse(policy.isVendorNullified(INTEL) || policy.isVendorNullified(AMD), "vendors");
        assertTrue(_standing() == IAttestationPolicy.Standing.ALLOWED, "allowed");
    }

    // Who.

    function test_only_the_owner_loosens() public {
        vm.startPrank(guardian);
        policy.setPlatformDenied(PLATFORM, true);
        policy.setPlatformsListed(true);
        policy.nullifyVendor(AMD);
        policy.setMinimumTcbEvaluation(EVALUATION + 1);
        policy.setMinimumTcb(AmdProduct.GENOA, SnpTcb.pack(0, 9, 0, 20, 80));
        policy.setMinimumGpus(2);
        policy.setKeyLifetime(1 days);
        vm.stopPrank();
        bytes[] memory calls = _loosenings();
        address[3] memory others = [guardian, address(registry), account("anyone")];
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 j = 0; j < others.length; ++j) {
                vm.prank(others[j]);
                // solhint-disable-next-line avoid-low-level-calls
                (bool accepted, bytes memory answer) = address(policy).call(calls[i]);
                assertFalse(accepted, "refused");
                bytes4 reason = bytes4(answer);
                assertTrue(
                    reason == IAttestationPolicy.AttestationPolicy_Unauthorized.selector
                        || reason == OwnableUpgradeable.OwnableUnauthorizedAccount.selector,
                    "for want of power"
                );
            }
            uint64 before = policy.version();
            uint64 least = policy.leastVersion();
            vm.prank(owner);
            // solhint-disable-next-line avoid-low-level-calls
            (bool done,) = address(policy).call(calls[i]);
            assertTrue(done, "the owner may");
            assertEq(uint256(policy.version()), before + 1);
            assertEq(uint256(policy.leastVersion()), least);
        }
    }

    function test_the_guardian_tightens_at_once_and_nobody_else_does() public {
        vm.prank(owner);
        policy.setAcceptsPresenceOnly(true);
        vm.prank(owner);
        policy.setGrace(INTEL, 2, 0, uint64(block.timestamp + 9 days));
        vm.prank(owner);
        policy.setPlatformListed(PLATFORM, true);
        (bytes[] memory calls, bool[] memory raises) = _tightenings();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(account("anyone"));
            // solhint-disable-next-line avoid-low-level-calls
            (bool accepted, bytes memory answer) = address(policy).call(calls[i]);
            assertFalse(accepted, "refused");
            assertTrue(bytes4(answer) == IAttestationPolicy.AttestationPolicy_Unauthorized.selector, "by its name");
            (uint64 before, uint64 least) = (policy.version(), policy.leastVersion());
            vm.prank(guardian);
            // solhint-disable-next-line avoid-low-level-calls
            (accepted,) = address(policy).call(calls[i]);
            assertTrue(accepted, "the guardian may");
            assertEq(uint256(policy.version()), before + 1);
            assertEq(uint256(policy.leastVersion()), raises[i] ? before + 1 : least);
        }
    }

    function test_the_registry_nullifies_a_vendor_and_nothing_else() public {
        vm.prank(address(registry));
        policy.nullifyVendor(INTEL);
        assertTrue(policy.isVendorNullified(INTEL), "nullified");
        uint64 before = policy.version();
        vm.prank(address(registry));
        policy.nullifyVendor(INTEL);
        assertEq(uint256(policy.version()), before);
        vm.prank(address(registry));
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_Unauthorized.selector);
        policy.removeMeasurement(TDX_IMAGE);
    }

    /// @dev A recovery of one vendor's TCB must not end the other's keys: then there would be no threshold left.
    function test_a_tightened_rule_on_one_vendor_ends_its_keys_and_no_others() public {
        vm.startPrank(owner);
        policy.setGrace(INTEL, 2, 0, uint64(block.timestamp + 9 days));
        policy.setGrace(AMD, 1, 0, uint64(block.timestamp + 9 days));
        bytes[4] memory calls = [
            abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION + 1)),
            abi.encodeCall(policy.setGrace, (INTEL, 2, 0, uint64(block.timestamp + 5))),
            abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, 1)),
            abi.encodeCall(policy.setGrace, (AMD, 1, 0, uint64(block.timestamp + 5)))
        ];
        vm.stopPrank();
        for (uint256 i = 0; i < calls.length; ++i) {
            bool ofIntel = i < 2;
            uint64 made = policy.version();
            (uint64 intel, uint64 amd) = (policy.leastVersionOf(INTEL), policy.leastVersionOf(AMD));
            vm.prank(guardian);
            // solhint-disable-next-line avoid-low-level-calls
            (bool accepted,) = address(policy).call(calls[i]);
            assertTrue(accepted, "tightened");
            assertEq(uint256(policy.leastVersionOf(INTEL)), ofIntel ? made + 1 : intel);
            assertEq(uint256(policy.leastVersionOf(AMD)), ofIntel ? amd : made + 1);
            assertEq(uint256(policy.leastVersion()), 1);
            IAttestationPolicy.Standing outdated = IAttestationPolicy.Standing.VERSION_OUTDATED;
            assertTrue((_of(TDX_IMAGE, made) == outdated) == ofIntel, "Intel's");
            assertTrue((policy.standingOf(SNP_IMAGE, PLATFORM, AMD, made) == outdated) == !ofIntel, "AMD's");
        }
    }

    /// @dev A rule that is tightened meanwhile must not restore a nullified vendor.
    function test_a_nullified_vendor_stays_so_whatever_is_tightened() public {
        vm.startPrank(guardian);
        policy.nullifyVendor(INTEL);
        policy.setMinimumTcbEvaluation(EVALUATION + 1);
        vm.stopPrank();
        assertTrue(policy.isVendorNullified(INTEL), "nullified");
        assertTrue(_standingNow() == IAttestationPolicy.Standing.VENDOR_NULLIFIED, "no key counts");
        assertEq(uint256(policy.leastVersionOf(INTEL)), policy.leastVersion());
        vm.prank(owner);
        policy.restoreVendor(INTEL);
        assertTrue(_of(TDX_IMAGE, policy.version() - 1) == IAttestationPolicy.Standing.VERSION_OUTDATED, "older keys");
        assertTrue(_standingNow() == IAttestationPolicy.Standing.ALLOWED, "new ones");
    }

    function test_mixed_changes_of_a_tcb_are_the_owners_and_raise_amds_least_version() public {
        uint40 first = SnpTcb.pack(0, 9, 0, 20, 80);
        uint40 mixed = SnpTcb.pack(0, 8, 0, 21, 80);
        vm.prank(guardian);
        policy.setMinimumTcb(AmdProduct.TURIN, first);
        assertEq(uint256(policy.minimumTcb(AmdProduct.TURIN)), first);
        assertEq(uint256(policy.minimumTcb(AmdProduct.GENOA)), 0);
        vm.prank(guardian);
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_Unauthorized.selector);
        policy.setMinimumTcb(AmdProduct.TURIN, mixed);
        vm.startPrank(owner);
        policy.setMinimumTcb(AmdProduct.TURIN, mixed);
        assertEq(uint256(policy.leastVersionOf(AMD)), policy.version());
        policy.setMinimumTcb(AmdProduct.TURIN, 0);
        assertEq(uint256(policy.leastVersionOf(AMD)), policy.version() - 1);
    }

    // What changes nothing, or makes no sense.

    function test_senseless_changes_are_refused_by_name() public {
        vm.startPrank(owner);
        _refused(abi.encodeCall(policy.acceptMeasurement, (0, IProverRegistry.Kind.TDX, false)), _image());
        _refused(abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.NONE, false)), _image());
        _refused(abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.TDX, true)), _image());
        _refused(
            abi.encodeCall(policy.acceptMeasurement, (TDX_IMAGE, IProverRegistry.Kind.SEV_SNP, false)),
            IAttestationPolicy.AttestationPolicy_AlreadyAccepted.selector
        );
        bytes4 zero = IAttestationPolicy.AttestationPolicy_ZeroId.selector;
        _refused(abi.encodeCall(policy.acceptGpuMeasurement, (0)), zero);
        _refused(abi.encodeCall(policy.setPlatformListed, (0, true)), zero);
        _refused(abi.encodeCall(policy.setPlatformDenied, (0, true)), zero);
        bytes4 lifetime = IAttestationPolicy.AttestationPolicy_InvalidKeyLifetime.selector;
        _refused(abi.encodeCall(policy.setKeyLifetime, (0)), lifetime);
        _refused(abi.encodeCall(policy.setKeyLifetime, (365 days + 1)), lifetime);
        _refused(
            abi.encodeCall(policy.setMinimumGpus, (0)), IAttestationPolicy.AttestationPolicy_InvalidMinimumGpus.selector
        );
        bytes4 grace = IAttestationPolicy.AttestationPolicy_InvalidGrace.selector;
        uint64 later = uint64(block.timestamp + 1);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 0, 0, later)), grace);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 1, 0, uint64(block.timestamp))), grace);
        _refused(abi.encodeCall(policy.setGrace, (IProverRegistry.HostVendor.NONE, 1, 0, later)), grace);
        _refused(
            abi.encodeCall(policy.nullifyVendor, (IProverRegistry.HostVendor.NONE)),
            IAttestationPolicy.AttestationPolicy_InvalidVendor.selector
        );
        _refusedAsVain();
    }

    function _refusedAsVain() private {
        bytes4 nothing = IAttestationPolicy.AttestationPolicy_NothingChanges.selector;
        _refused(abi.encodeCall(policy.removeMeasurement, (IMAGE)), nothing);
        _refused(abi.encodeCall(policy.acceptGpuMeasurement, (GPU_FIRMWARE)), nothing);
        _refused(abi.encodeCall(policy.removeGpuMeasurement, (IMAGE)), nothing);
        _refused(abi.encodeCall(policy.setPlatformListed, (PLATFORM, false)), nothing);
        _refused(abi.encodeCall(policy.setPlatformDenied, (PLATFORM, false)), nothing);
        _refused(abi.encodeCall(policy.setPlatformsListed, (false)), nothing);
        _refused(abi.encodeCall(policy.setGrace, (INTEL, 1, 0, 0)), nothing);
        _refused(abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION)), nothing);
        _refused(abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, 0)), nothing);
        _refused(abi.encodeCall(policy.setKeyLifetime, (KEY_LIFETIME)), nothing);
        _refused(abi.encodeCall(policy.setMinimumGpus, (1)), nothing);
        _refused(abi.encodeCall(policy.setAcceptsPresenceOnly, (false)), nothing);
        _refused(abi.encodeCall(policy.restoreVendor, (INTEL)), nothing);
        _refused(abi.encodeCall(policy.setBond, (PROVER_BOND)), nothing);
    }

    // What it says.

    function test_platforms_are_asked_when_listed_ones_alone_are_accepted() public {
        vm.prank(guardian);
        policy.setPlatformsListed(true);
        assertTrue(_standing() == IAttestationPolicy.Standing.PLATFORM_NOT_LISTED, "shut out");
        vm.prank(owner);
        policy.setPlatformListed(PLATFORM, true);
        assertFalse(_standing() == IAttestationPolicy.Standing.ALLOWED, "the old key stays out");
        assertTrue(_standingNow() == IAttestationPolicy.Standing.ALLOWED, "a new one is in");
        vm.prank(guardian);
        policy.setPlatformDenied(PLATFORM, true);
        assertTrue(_standingNow() == IAttestationPolicy.Standing.PLATFORM_DENIED, "listed and denied");
    }

    function test_a_platform_is_listed_before_others_are_shut_out_and_its_keys_live_on() public {
        vm.prank(owner);
        policy.setPlatformListed(PLATFORM, true);
        assertTrue(_standing() == IAttestationPolicy.Standing.ALLOWED, "listing ends nothing");
        vm.prank(guardian);
        policy.setPlatformsListed(true);
        assertTrue(_standing() == IAttestationPolicy.Standing.ALLOWED, "it is listed");
        vm.prank(owner);
        policy.setPlatformsListed(false);
        assertTrue(_standing() == IAttestationPolicy.Standing.ALLOWED, "and lives on");
    }

    function test_mere_presence_of_gpus_counts_where_policy_says_so() public {
        vm.startPrank(owner);
        policy.acceptMeasurement(IMAGE, IProverRegistry.Kind.TDX_GPU, true);
        uint64 made = policy.version();
        assertTrue(policy.isPresenceOnly(IMAGE), "told");
        assertTrue(_of(IMAGE, made) == IAttestationPolicy.Standing.PRESENCE_ONLY, "not accepted");
        policy.setAcceptsPresenceOnly(true);
        assertTrue(_of(IMAGE, policy.version()) == IAttestationPolicy.Standing.ALLOWED, "accepted");
        policy.setAcceptsPresenceOnly(false);
        policy.setAcceptsPresenceOnly(true);
        assertTrue(_of(IMAGE, made + 1) == IAttestationPolicy.Standing.PRESENCE_ONLY, "not again");
    }

    function test_a_grace_is_for_one_status_with_exactly_its_advisories_and_ends() public {
        bytes32 advisories = keccak256("INTEL-SA-00001");
        uint64 until = uint64(block.timestamp + 5 days);
        vm.prank(owner);
        policy.setGrace(INTEL, 2, advisories, until);
        assertTrue(policy.acceptsTcb(INTEL, 2, EVALUATION, advisories), "graced");
        assertFalse(policy.acceptsTcb(INTEL, 2, EVALUATION, 0), "other advisories");
        assertFalse(policy.acceptsTcb(INTEL, 3, EVALUATION, advisories), "another status");
        assertFalse(policy.acceptsTcb(AMD, 2, 0, advisories), "another vendor");
        assertFalse(policy.acceptsTcb(INTEL, 2, EVALUATION - 1, advisories), "an old evaluation");
        assertTrue(policy.acceptsTcb(AMD, 0, 0, 0), "the best needs none");
        ITeeVerifier.Report memory report;
        (report.vendor, report.tcbStatus, report.tcbEvaluation) = (INTEL, 2, EVALUATION);
        (report.measurement, report.advisories) = (TDX_IMAGE, advisories);
        uint64 now_ = policy.version();
        assertEq(uint256(policy.judge(IProverRegistry.Kind.TDX, now_, report, new bytes32[](0))), until);
        vm.warp(until);
        assertFalse(policy.acceptsTcb(INTEL, 2, EVALUATION, advisories), "over");
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_TcbStatusNotAccepted.selector);
        policy.judge(IProverRegistry.Kind.TDX, now_, report, new bytes32[](0));
    }

    // What ended stays ended.

    function test_no_loosening_brings_a_key_back() public {
        bytes[2][5] memory pairs = [
            [
                abi.encodeCall(policy.removeMeasurement, (TDX_IMAGE)),
                abi.encodeCall(policy.acceptMeasurement, (TDX_IMAGE, IProverRegistry.Kind.TDX, false))
            ],
            [
                abi.encodeCall(policy.setPlatformDenied, (PLATFORM, true)),
                abi.encodeCall(policy.setPlatformDenied, (PLATFORM, false))
            ],
            [
                abi.encodeCall(policy.setPlatformsListed, (true)),
                abi.encodeCall(policy.setPlatformsListed, (false))
            ],
            [abi.encodeCall(policy.nullifyVendor, (INTEL)), abi.encodeCall(policy.restoreVendor, (INTEL))],
            [
                abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION + 1)),
                abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION))
            ]
        ];
        for (uint256 i = 0; i < pairs.length; ++i) {
            uint64 made = policy.version();
            assertTrue(_of(TDX_IMAGE, made) == IAttestationPolicy.Standing.ALLOWED, "lives");
            _asOwner(pairs[i][0]);
            assertFalse(_of(TDX_IMAGE, made) == IAttestationPolicy.Standing.ALLOWED, "ended");
            _asOwner(pairs[i][1]);
            assertFalse(_of(TDX_IMAGE, made) == IAttestationPolicy.Standing.ALLOWED, "stays ended");
            assertFalse(
                policy.isKeyAllowed(TDX_IMAGE, PLATFORM, INTEL, made), "the same answer"
            );
            assertTrue(_of(TDX_IMAGE, policy.version()) == IAttestationPolicy.Standing.ALLOWED, "a new key counts");
        }
    }

    /// @notice Any history of changes: versions only rise, and a key that was shut out once never proves again. A key is
    ///         only ever registered while it is allowed.
    function testFuzz_whoever_is_shut_out_stays_out(uint8[24] calldata steps) public {
        bool[] memory in_ = new bool[](steps.length + 2);
        bool[] memory out = new bool[](steps.length + 2);
        in_[1] = true;
        for (uint256 i = 0; i < steps.length; ++i) {
            (uint64 before, uint64 least) = (policy.version(), policy.leastVersion());
            _asOwner(_change(steps[i] % 18));
            assertTrue(policy.version() >= before && policy.leastVersion() >= least, "monotonic");
            assertTrue(policy.leastVersion() <= policy.version(), "within versions");
            for (uint64 made = 1; made <= policy.version(); ++made) {
                bool allowed = policy.isKeyAllowed(TDX_IMAGE, PLATFORM, INTEL, made);
                assertFalse(allowed && out[made], "came back");
                out[made] = out[made] || (in_[made] && !allowed);
                in_[made] = in_[made] || allowed;
            }
        }
    }

    /// @notice The registry asks the policy only where something changed since it last allowed a key: that never makes
    ///         another answer, however often a key is affirmed.
    function testFuzz_the_registry_answers_as_the_policy_does(uint8[24] calldata steps) public {
        Draft memory draft = _draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE);
        draft.platformId = PLATFORM;
        _submit(_registration(draft));
        address key = vm.addr(TDX_KEY);
        bool out;
        for (uint256 i = 0; i < steps.length; ++i) {
            _asOwner(_change(steps[i] % 18));
            assertEq(uint256(registry.currentPolicyVersion()), policy.version());
            bool allowed = policy.isKeyAllowed(TDX_IMAGE, PLATFORM, INTEL, registry.prover(key).policyVersion);
            assertTrue(registry.isValid(key) == allowed, "one answer");
            assertFalse(allowed && out, "came back");
            out = out || !allowed;
            if (steps[i] < 128) continue;
            // solhint-disable-next-line avoid-low-level-calls
            (bool affirmed,) = address(registry).call(abi.encodeCall(registry.affirm, (key)));
            assertTrue(affirmed == allowed, "affirmed if allowed");
        }
    }

    function test_nobody_but_the_policy_says_that_it_changed() public {
        address[3] memory others = [owner, guardian, account("anyone")];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.policyChanged(1);
        }
    }

    function test_initialises_once_and_never_the_implementation() public {
        ISystemConfig config = policy.systemConfig();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        policy.initialize(address(this), config, registry, _rules());
        AttestationPolicy logic = new AttestationPolicy();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(address(this), config, registry, _rules());
        assertTrue(address(logic).code.length < 24_576, "size");
    }

    function _change(uint8 which) private view returns (bytes memory) {
        if (which == 0) return abi.encodeCall(policy.removeMeasurement, (TDX_IMAGE));
        if (which == 1) {
            return abi.encodeCall(policy.acceptMeasurement, (TDX_IMAGE, IProverRegistry.Kind.TDX, false));
        }
        if (which < 4) return abi.encodeCall(policy.setPlatformDenied, (PLATFORM, which == 2));
        if (which < 6) return abi.encodeCall(policy.setPlatformsListed, (which == 4));
        if (which < 8) return abi.encodeCall(policy.setPlatformListed, (PLATFORM, which == 6));
        if (which == 8) return abi.encodeCall(policy.nullifyVendor, (INTEL));
        if (which == 9) return abi.encodeCall(policy.restoreVendor, (INTEL));
        if (which == 10) return abi.encodeCall(policy.nullifyVendor, (AMD));
        if (which < 13) return abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION + which - 11));
        if (which < 15) return abi.encodeCall(policy.setMinimumGpus, (which - 12));
        return abi.encodeCall(policy.setPlatformListed, (PLATFORM, which % 2 == 0));
    }

    function _loosenings() private view returns (bytes[] memory calls) {
        calls = new bytes[](12);
        calls[0] = abi.encodeCall(policy.acceptMeasurement, (IMAGE, IProverRegistry.Kind.TDX, false));
        calls[1] = abi.encodeCall(policy.acceptGpuMeasurement, (IMAGE));
        calls[2] = abi.encodeCall(policy.setPlatformListed, (PLATFORM, true));
        calls[3] = abi.encodeCall(policy.setPlatformDenied, (PLATFORM, false));
        calls[4] = abi.encodeCall(policy.setPlatformsListed, (false));
        calls[5] = abi.encodeCall(policy.setGrace, (INTEL, 2, 0, uint64(block.timestamp + 5)));
        calls[6] = abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION));
        calls[7] = abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, SnpTcb.pack(0, 8, 0, 20, 80)));
        calls[8] = abi.encodeCall(policy.setKeyLifetime, (2 days));
        calls[9] = abi.encodeCall(policy.setMinimumGpus, (1));
        calls[10] = abi.encodeCall(policy.setAcceptsPresenceOnly, (true));
        calls[11] = abi.encodeCall(policy.restoreVendor, (AMD));
    }

    /// @dev With each, whether it raises the least version.
    function _tightenings() private view returns (bytes[] memory calls, bool[] memory raises) {
        (calls, raises) = (new bytes[](12), new bool[](12));
        calls[0] = abi.encodeCall(policy.removeMeasurement, (TDX_IMAGE));
        (calls[1], raises[1]) = (abi.encodeCall(policy.removeGpuMeasurement, (GPU_FIRMWARE)), true);
        calls[2] = abi.encodeCall(policy.setPlatformListed, (PLATFORM, false));
        calls[3] = abi.encodeCall(policy.setPlatformDenied, (PLATFORM, true));
        calls[4] = abi.encodeCall(policy.setPlatformsListed, (true));
        calls[5] = abi.encodeCall(policy.setGrace, (INTEL, 2, 0, uint64(block.timestamp + 5)));
        calls[6] = abi.encodeCall(policy.setMinimumTcbEvaluation, (EVALUATION + 1));
        calls[7] = abi.encodeCall(policy.setMinimumTcb, (AmdProduct.GENOA, 1));
        (calls[8], raises[8]) = (abi.encodeCall(policy.setKeyLifetime, (1 days)), true);
        (calls[9], raises[9]) = (abi.encodeCall(policy.setMinimumGpus, (2)), true);
        calls[10] = abi.encodeCall(policy.setAcceptsPresenceOnly, (false));
        calls[11] = abi.encodeCall(policy.nullifyVendor, (AMD));
    }

    function _asOwner(bytes memory call_) private {
        vm.prank(owner);
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted,) = address(policy).call(call_);
        accepted;
    }

    function _refused(bytes memory call_, bytes4 reason) private {
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted, bytes memory answer) = address(policy).call(call_);
        assertFalse(accepted, "refused");
        assertTrue(bytes4(answer) == reason, "by its name");
    }

    /// @dev Of a key that was registered at first.
    function _standing() private view returns (IAttestationPolicy.Standing) {
        return _of(TDX_IMAGE, 1);
    }

    function _standingNow() private view returns (IAttestationPolicy.Standing) {
        return _of(TDX_IMAGE, policy.version());
    }

    function _of(bytes32 measurement, uint64 version) private view returns (IAttestationPolicy.Standing) {
        return policy.standingOf(measurement, PLATFORM, INTEL, version);
    }

    function _image() private pure returns (bytes4) {
        return IAttestationPolicy.AttestationPolicy_InvalidImage.selector;
    }
}
