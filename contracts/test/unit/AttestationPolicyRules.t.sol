// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdProduct} from "../../src/tee/amd/SnpTcb.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {AttestationPolicyFixture} from "./AttestationPolicyFixture.sol";

/// @notice What the rules do to keys: whom they let in, whom they end, and that nobody comes back.
contract AttestationPolicyRulesTest is AttestationPolicyFixture {
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

    function _asOwner(bytes memory call_) private {
        vm.prank(owner);
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted,) = address(policy).call(call_);
        accepted;
    }

    function _standingNow() private view returns (IAttestationPolicy.Standing) {
        return _of(TDX_IMAGE, policy.version());
    }
}
