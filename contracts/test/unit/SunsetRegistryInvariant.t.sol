// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SunsetRegistry} from "../../src/pha/sunset/SunsetRegistry.sol";
import {Sunset} from "../../src/pha/sunset/SunsetStatement.sol";
import {ISunsetRegistry, RegistryTerms} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {AdmissionFixture} from "./AdmissionFixture.sol";
import {SunsetGuardianDouble} from "./SunsetRegistryFixture.sol";

/// @title SunsetRegistryInvariantTest
/// @notice Provers of both vendors say this and that, any of them contradicts, keys end, the guardian freezes as often as he
///         may, time passes. A root is final only by keys of two vendors that count when it becomes final, a whole period
///         after it was proposed; and what is final stays.
contract SunsetRegistryInvariantTest is AdmissionFixture {
    bytes32 private constant GENESIS = keccak256("parachain");
    uint64 private constant HEIGHT = 100;
    uint64 private constant WINDOW = 7 days;
    uint256 private constant FIRST_KEY = 0xa11ce;
    uint256 private constant KEYS = 8;

    SunsetRegistry private sunsets;
    uint256 private _proposedAt;
    uint256 private _frozen;
    uint256 private _vendorsAtEnd;
    uint256 private _waited;
    bytes32 private _finalRoot;

    function setUp() public {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        _deployFoundations();
        ISystemConfig config = ISystemConfig(address(new SunsetGuardianDouble(guardian)));
        _deployAdmission(config);
        for (uint256 i = 0; i < KEYS; ++i) {
            if (_vendor(i) == 0) _register(FIRST_KEY + i, IProverRegistry.Kind.TDX, TDX_IMAGE);
            else _register(FIRST_KEY + i, IProverRegistry.Kind.SEV_SNP, SNP_IMAGE);
        }
        sunsets = new SunsetRegistry(
            RegistryTerms(registry, config, 2, GENESIS, keccak256("authorities"), 2, HEIGHT, HEIGHT, WINDOW)
        );
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function actPropose(uint8 root, uint8 first, uint8 second) external {
        Sunset memory sunset = _sunset(root % 2);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = _sign(sunset, first % KEYS);
        signatures[1] = _sign(sunset, second % KEYS);
        (Sunset memory standing,) = sunsets.proposal();
        uint256 finalAt = sunsets.finalAt();
        try sunsets.propose(sunset, signatures) {
            bool isSame = standing.claimsRoot == sunset.claimsRoot;
            uint256 wanted = isSame ? finalAt : block.timestamp + WINDOW;
            assertTrue(sunsets.finalAt() == wanted, "time begun anew");
            if (isSame) return;
            assertTrue(_vendor(first % KEYS) != _vendor(second % KEYS), "one vendor proposed");
            _proposedAt = block.timestamp;
        } catch {}
    }

    function actContradict(uint8 root, uint8 key) external {
        // Most of the time provers agree.
        if (uint256(keccak256(abi.encode(root, key))) % 4 != 0) return;
        Sunset memory sunset = _sunset(root % 2);
        bool counts = registry.isValid(vm.addr(FIRST_KEY + key % KEYS));
        try sunsets.contradict(sunset, _sign(sunset, key % KEYS)) {
            assertTrue(counts, "contradicted by no prover");
        } catch {}
    }

    function actFreeze(uint8 seldom) external {
        if (seldom % 4 != 0) return;
        vm.prank(guardian);
        try sunsets.freeze() {
            ++_frozen;
        } catch {}
    }

    function actRevoke(uint8 key, uint8 seldom) external {
        if (seldom % 4 != 0) return;
        vm.prank(guardian);
        try registry.revoke(vm.addr(FIRST_KEY + key % KEYS)) {} catch {}
    }

    function actWait(uint32 time) external {
        vm.warp(block.timestamp + uint256(keccak256(abi.encode(time))) % 10 days);
    }

    function actFinalize(uint8 fresh, bool none) external {
        (Sunset memory sunset,) = sunsets.proposal();
        bytes[] memory signatures = new bytes[](none ? 0 : 1);
        if (!none) signatures[0] = _sign(sunset, fresh % KEYS);
        try sunsets.finalize(signatures) {
            (, address[] memory keys) = sunsets.proposal();
            _finalRoot = sunsets.finalClaimsRoot();
            _waited = block.timestamp - _proposedAt;
            uint256 vendors;
            for (uint256 i = 0; i < keys.length; ++i) {
                if (!registry.isValid(keys[i])) continue;
                vendors |= registry.prover(keys[i]).kind == IProverRegistry.Kind.TDX ? 1 : 2;
            }
            _vendorsAtEnd = vendors;
        } catch {}
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_only_two_vendors_make_a_root_final_and_it_stays() public view {
        bool final_ = sunsets.status() == ISunsetRegistry.Status.FINAL;
        assertTrue(final_ == (_finalRoot != 0), "final by another way");
        assertTrue(final_ == (sunsets.finalizedAt() != 0), "dated otherwise");
        if (!final_) return;
        assertEq(sunsets.finalClaimsRoot(), _finalRoot);
        assertEq(_vendorsAtEnd, 3);
        assertTrue(_waited >= WINDOW, "too early");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_guardian_freezes_a_few_times() public view {
        assertTrue(_frozen <= sunsets.MAX_FREEZES(), "froze too often");
        assertEq(sunsets.freezesLeft(), sunsets.MAX_FREEZES() - _frozen);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_nobody_waits_for_ever() public view {
        assertTrue(sunsets.reopensAt() <= block.timestamp + WINDOW, "closed for longer");
        assertTrue(sunsets.finalAt() <= block.timestamp + WINDOW, "open for longer");
    }

    function _sign(Sunset memory sunset, uint256 key) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(FIRST_KEY + key, sunsets.digest(sunset));
        return abi.encodePacked(r, s, v);
    }

    function _vendor(uint256 key) private pure returns (uint256) {
        return key % 2;
    }

    function _sunset(uint256 root) private pure returns (Sunset memory) {
        bytes32 claims = keccak256(abi.encode(root));
        return Sunset(GENESIS, HEIGHT, keccak256("block"), keccak256("state"), claims, 3, 1, 1, 1);
    }
}
