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
/// @notice Provers of both vendors say this and that, any of them contradicts, some are shown to have said both, keys end,
///         the guardian freezes as often as he may, time passes. A root is final only by keys of two vendors that count when
///         it becomes final, a whole period after it was proposed; and what is final stays. Whoever said both loses his
///         bond once, whoever never did keeps it.
contract SunsetRegistryInvariantTest is AdmissionFixture {
    bytes32 private constant GENESIS = keccak256("parachain");
    uint64 private constant HEIGHT = 100;
    uint64 private constant WINDOW = 7 days;
    uint256 private constant FIRST_KEY = 0xa11ce;
    uint256 private constant KEYS = 8;
    /// @dev The first of them, one of each vendor, sign one root whatever they are asked.
    uint256 private constant HONEST = 2;

    SunsetRegistry private sunsets;
    uint256 private _proposedAt;
    uint256 private _frozen;
    uint256 private _vendorsAtEnd;
    uint256 private _waited;
    bytes32 private _finalRoot;
    /// @dev A bit for each key that was shown to have signed both roots.
    uint256 private _convicted;
    uint256 private _convictions;

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
        vm.prank(owner);
        registry.setCourt(address(sunsets), true);
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

    /// @dev One key and both roots; or one root twice, or two keys, of which nothing follows.
    function actReport(uint8 root, uint8 key, uint8 other) external {
        if (other % 4 != 0) return;
        uint256 first = key % KEYS;
        uint256 second = other % 8 == 0 ? first : (other / 8) % KEYS;
        (Sunset memory one, Sunset memory two) = (_sunset(0), _sunset(root % 2));
        try sunsets.reportEquivocation(one, _sign(one, first), two, _sign(two, second)) {
            assertTrue(first == second && root % 2 == 1, "no key said two things");
            assertTrue(first >= HONEST, "an honest key was convicted");
            assertTrue(_convicted >> first & 1 == 0, "convicted twice");
            _convicted |= 1 << first;
            ++_convictions;
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
    function invariant_who_said_both_loses_one_bond_and_nobody_else_any() public view {
        for (uint256 i = 0; i < KEYS; ++i) {
            bool slashed =
                registry.prover(vm.addr(FIRST_KEY + i)).bondState == IProverRegistry.BondState.SLASHED;
            assertTrue(slashed == (_convicted >> i & 1 == 1), "slashed otherwise");
        }
        assertEq(pha.balanceOf(address(registry)), (KEYS - _convictions) * uint256(PROVER_BOND));
        assertEq(pha.balanceOf(owner), _convictions * uint256(PROVER_BOND - PROVER_BOND / 10));
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

    function _sign(Sunset memory asked, uint256 key) private view returns (bytes memory) {
        Sunset memory sunset = key < HONEST ? _sunset(0) : asked;
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
