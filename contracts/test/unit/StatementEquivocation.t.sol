// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release, ReleaseLib} from "../../src/pha/swap/Release.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {SunsetRegistry} from "../../src/pha/sunset/SunsetRegistry.sol";
import {Sunset, SunsetLib} from "../../src/pha/sunset/SunsetStatement.sol";
import {ISunsetRegistry, RegistryTerms} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @title StatementEquivocationTest
/// @notice A key that says two things of one frozen block, or of one deposit, pays; and nobody makes an honest one pay.
contract StatementEquivocationTest is SwapFixture {
    uint64 private constant HEIGHT = LAST;
    address private reporter = account("reporter");
    address private tdx = vm.addr(TDX_KEY);
    SunsetRegistry private sunsets;

    function setUp() public override {
        super.setUp();
        sunsets = _registryOf(ANCHOR);
        vm.startPrank(owner);
        registry.setCourt(address(sunsets), true);
        registry.setCourt(address(swap), true);
        vm.stopPrank();
    }

    // Of a sunset.

    function test_two_sunsets_of_one_block_cost_the_bond_and_the_vendor() public {
        (Sunset memory one, Sunset memory other) = (_sunset(), _sunset());
        other.claimsRoot = keccak256("claims that pay the prover");
        (bytes memory first, bytes memory second) = (_sign(one), _sign(other));
        vm.expectEmit(address(sunsets));
        emit ISunsetRegistry.Equivocation(tdx, SunsetLib.structHash(one), SunsetLib.structHash(other));
        vm.prank(reporter);
        sunsets.reportEquivocation(one, first, other, second);
        _punished();
        // Once: the bond is gone, whatever else the key has signed.
        other.rounding += 1;
        other.excluded -= 1;
        second = _sign(other);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        sunsets.reportEquivocation(one, first, other, second);
    }

    function test_its_proposal_falls_with_the_key() public {
        (Sunset memory one, Sunset memory other) = (_sunset(), _sunset());
        other.claimsRoot = keccak256("other");
        bytes[] memory proposers = new bytes[](2);
        (proposers[0], proposers[1]) = (_sign(one), _signSunset(one, SNP_KEY));
        sunsets.propose(one, proposers);
        sunsets.reportEquivocation(one, proposers[0], other, _sign(other));
        vm.warp(sunsets.finalAt());
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_TooFewVendors.selector);
        sunsets.finalize(new bytes[](0));
    }

    function test_no_sunset_that_was_signed_once_is_an_equivocation() public {
        Sunset memory one = _sunset();
        bytes memory first = _sign(one);
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoContradiction.selector);
        sunsets.reportEquivocation(one, first, one, first);
        // The same signature over another statement is some stranger's.
        Sunset memory other = _sunset();
        other.claimsRoot = keccak256("forged");
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherKey.selector);
        sunsets.reportEquivocation(one, first, other, first);
        // Two keys of one vendor.
        bytes memory second = _signSunset(other, TDX_KEY_2);
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_OtherKey.selector, tdx, vm.addr(TDX_KEY_2))
        );
        sunsets.reportEquivocation(one, first, other, second);
        // The same key about another block, or another parachain.
        other.height += 1;
        second = _sign(other);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherHeight.selector);
        sunsets.reportEquivocation(one, first, other, second);
        (other.height, other.genesisHash) = (HEIGHT, keccak256("another parachain"));
        second = _sign(other);
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherGenesis.selector);
        sunsets.reportEquivocation(other, second, one, first);
        _unharmed();
    }

    function test_a_sunset_signed_for_another_registry_is_none_here() public {
        (Sunset memory one, Sunset memory other) = (_sunset(), _sunset());
        other.claimsRoot = keccak256("other");
        bytes memory first = _sign(one);
        SunsetRegistry elsewhere = _registryOf(keccak256("authorities of my own"));
        bytes memory second = _signBytes(TDX_KEY, elsewhere.digest(other));
        vm.expectPartialRevert(ISunsetRegistry.SunsetRegistry_OtherKey.selector);
        sunsets.reportEquivocation(one, first, other, second);
        // Nor is one there that nobody has made a court.
        first = _signBytes(TDX_KEY, elsewhere.digest(one));
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, address(elsewhere))
        );
        elsewhere.reportEquivocation(one, first, other, second);
        _unharmed();
    }

    /// @dev Without an anchor anybody has an honest enclave sign two blocks of one height.
    function test_without_an_anchor_nothing_is_proven() public {
        SunsetRegistry open = _registryOf(0);
        vm.prank(owner);
        registry.setCourt(address(open), true);
        (Sunset memory one, Sunset memory other) = (_sunset(), _sunset());
        other.blockHash = keccak256("a block that somebody made up");
        (bytes memory first, bytes memory second) =
            (_signBytes(TDX_KEY, open.digest(one)), _signBytes(TDX_KEY, open.digest(other)));
        vm.expectRevert(ISunsetRegistry.SunsetRegistry_NoAnchor.selector);
        open.reportEquivocation(one, first, other, second);

        SwapTerms memory terms = _terms();
        terms.finalityAnchor = 0;
        swap = new ParachainSwap(terms);
        settings = _settingsOf(_runtimes(1));
        vm.prank(owner);
        registry.setCourt(address(swap), true);
        (Release memory release, Release memory told) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        (first, second) = (_sign(release, TDX_KEY), _sign(told, TDX_KEY));
        vm.expectRevert(IParachainSwap.ParachainSwap_NoAnchor.selector);
        swap.reportEquivocation(release, first, told, second, settings);
        _unharmed();
    }

    // Of a release.

    function test_two_releases_of_one_event_cost_the_bond_and_the_vendor() public {
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 1000 * PHA));
        (bytes memory first, bytes memory second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
        vm.expectEmit(address(swap));
        emit IParachainSwap.Equivocation(tdx, ReleaseLib.structHash(one), ReleaseLib.structHash(other));
        vm.prank(reporter);
        swap.reportEquivocation(one, first, other, second, settings);
        _punished();
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        swap.reportEquivocation(other, second, one, first, settings);
    }

    /// @dev The guardian stops what is paid, not what is shown.
    function test_a_pause_hides_no_liar() public {
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        (bytes memory first, bytes memory second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
        vm.prank(guardian);
        swap.pause();
        vm.prank(reporter);
        swap.reportEquivocation(one, first, other, second, settings);
        _punished();
    }

    function test_each_fact_of_an_event_can_be_contradicted_once() public {
        for (uint256 field = 0; field < 4; ++field) {
            (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, PHA));
            if (field == 0) other.blockHash = keccak256("another block");
            if (field == 1) other.extrinsicIndex += 1;
            if (field == 2) other.sender = keccak256("another sender");
            if (field == 3) other.planck += 1;
            (bytes memory first, bytes memory second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
            uint256 snapshot = vm.snapshotState();
            swap.reportEquivocation(one, first, other, second, settings);
            assertFalse(registry.isValid(tdx), "punished");
            vm.revertToState(snapshot);
        }
    }

    /// @dev The attack: a deposit without a remark is refused, and its sender repairs it twice, to two receivers. Every
    ///      honest prover signs both, if it is asked; the first to arrive is paid.
    function test_a_deposit_that_is_repaired_twice_makes_nobody_a_liar() public {
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, PHA));
        other.receiver = relayer;
        (bytes memory first, bytes memory second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
        vm.expectRevert(IParachainSwap.ParachainSwap_NoEquivocation.selector);
        swap.reportEquivocation(one, first, other, second, settings);
        _unharmed();
    }

    function test_no_release_that_was_signed_once_is_an_equivocation() public {
        Release memory one = _deposit(0, PHA);
        bytes memory first = _sign(one, TDX_KEY);
        bytes memory refusal = abi.encodeWithSelector(IParachainSwap.ParachainSwap_NoEquivocation.selector);
        vm.expectRevert(refusal);
        swap.reportEquivocation(one, first, one, first, settings);
        // Forged, another key's, and of another event, height or parachain.
        Release memory other = _deposit(0, 2 * PHA);
        vm.expectRevert(refusal);
        swap.reportEquivocation(one, first, other, first, settings);
        bytes memory second = _sign(other, SNP_KEY);
        vm.expectRevert(refusal);
        swap.reportEquivocation(one, first, other, second, settings);
        for (uint256 field = 0; field < 3; ++field) {
            other = _deposit(0, 2 * PHA);
            if (field == 0) other.eventIndex += 1;
            if (field == 1) other.height += 1;
            if (field == 2) other.genesisHash = keccak256("another parachain");
            second = _sign(other, TDX_KEY);
            vm.expectRevert(refusal);
            swap.reportEquivocation(one, first, other, second, settings);
        }
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_OtherGenesis.selector);
        swap.reportEquivocation(other, second, one, first, settings);
        _unharmed();
    }

    /// @dev Whoever hands an enclave metadata of his own has it read events as he likes.
    function test_two_releases_by_two_settings_or_by_unknown_ones_are_none() public {
        bytes32 further = _nameRuntimes(2);
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        bytes memory first = _signBy(settings, one, TDX_KEY);
        bytes memory second = _signBy(further, other, TDX_KEY);
        vm.expectRevert(IParachainSwap.ParachainSwap_NoEquivocation.selector);
        swap.reportEquivocation(one, first, other, second, settings);
        vm.expectRevert(IParachainSwap.ParachainSwap_NoEquivocation.selector);
        swap.reportEquivocation(one, first, other, second, further);
        bytes32 own = keccak256("settings of a host");
        (first, second) = (_signBy(own, one, TDX_KEY), _signBy(own, other, TDX_KEY));
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_UnknownSettings.selector, own));
        swap.reportEquivocation(one, first, other, second, own);
        _unharmed();
    }

    // Of both.

    function test_malleable_and_short_signatures_are_refused() public {
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        bytes memory first = _sign(one, TDX_KEY);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(TDX_KEY, swap.digest(other, settings));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory mirrored = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidSignature.selector, 1));
        swap.reportEquivocation(one, first, other, mirrored, settings);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidSignature.selector, 0));
        swap.reportEquivocation(one, abi.encodePacked(r, s), other, first, settings);
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidSignature.selector, 0));
        sunsets.reportEquivocation(_sunset(), mirrored, _otherSunset(), mirrored);
        first = _sign(_sunset());
        vm.expectRevert(abi.encodeWithSelector(ISunsetRegistry.SunsetRegistry_InvalidSignature.selector, 1));
        sunsets.reportEquivocation(_sunset(), first, _otherSunset(), mirrored);
        _unharmed();
    }

    function test_a_key_without_a_bond_and_one_whose_bond_has_left_harm_nobody() public {
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        (bytes memory first, bytes memory second) = (_sign(one, NEW_KEY), _sign(other, NEW_KEY));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        swap.reportEquivocation(one, first, other, second, settings);
        _unharmed();

        (first, second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
        uint256 until = registry.prover(tdx).expiresAt + registry.BOND_HOLD();
        vm.warp(until - 1);
        uint256 snapshot = vm.snapshotState();
        swap.reportEquivocation(one, first, other, second, settings);
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "expired, and held");
        vm.revertToState(snapshot);
        vm.warp(until);
        registry.returnBond(tdx);
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_BondState.selector);
        swap.reportEquivocation(one, first, other, second, settings);
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "the vendor lives");
    }

    function test_a_key_that_left_in_time_does_not_escape() public {
        vm.prank(operator);
        registry.retire(tdx);
        (Sunset memory one, Sunset memory other) = (_sunset(), _otherSunset());
        (bytes memory first, bytes memory second) = (_sign(one), _sign(other));
        vm.prank(reporter);
        sunsets.reportEquivocation(one, first, other, second);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.RETIRED, "ended before");
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed all the same");
    }

    // Courts.

    function test_the_owner_alone_makes_courts_and_a_court_alone_convicts() public {
        address[4] memory others = [address(this), guardian, address(swap), tdx];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert();
            registry.setCourt(others[i], true);
            if (others[i] == address(swap)) continue;
            vm.prank(others[i]);
            vm.expectRevert(
                abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, others[i])
            );
            registry.convict(tdx, others[i]);
        }
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IProverRegistry.ProverRegistry_Unauthorized.selector, owner));
        registry.convict(tdx, owner);
        _unharmed();
    }

    function test_a_court_that_was_closed_convicts_nobody() public {
        vm.expectEmit(address(registry));
        emit IProverRegistry.CourtChanged(address(swap), false);
        vm.prank(owner);
        registry.setCourt(address(swap), false);
        (Release memory one, Release memory other) = (_deposit(0, PHA), _deposit(0, 2 * PHA));
        (bytes memory first, bytes memory second) = (_sign(one, TDX_KEY), _sign(other, TDX_KEY));
        vm.expectPartialRevert(IProverRegistry.ProverRegistry_Unauthorized.selector);
        swap.reportEquivocation(one, first, other, second, settings);
        _unharmed();
    }

    function _punished() private view {
        assertEq(pha.balanceOf(reporter), PROVER_BOND / 10);
        assertEq(pha.balanceOf(owner), PROVER_BOND - PROVER_BOND / 10);
        assertTrue(registry.prover(tdx).ending == IProverRegistry.Ending.EQUIVOCATED, "ended");
        assertTrue(registry.prover(tdx).bondState == IProverRegistry.BondState.SLASHED, "slashed");
        assertTrue(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.INTEL), "vendor");
        assertFalse(attestationPolicy.isVendorNullified(IProverRegistry.HostVendor.AMD), "the other lives");
    }

    function _unharmed() private view {
        assertTrue(registry.isValid(tdx) && registry.isValid(vm.addr(SNP_KEY)), "keys count");
        assertEq(pha.balanceOf(reporter) + pha.balanceOf(owner), 0);
    }

    function _registryOf(bytes32 anchor) private returns (SunsetRegistry) {
        return new SunsetRegistry(
            RegistryTerms(registry, attestationPolicy.systemConfig(), 2, GENESIS, anchor, 2, 0, HEIGHT, 7 days)
        );
    }

    function _sunset() private pure returns (Sunset memory) {
        return Sunset({
            genesisHash: GENESIS,
            height: HEIGHT,
            blockHash: keccak256("block"),
            stateRoot: keccak256("state"),
            claimsRoot: keccak256("claims"),
            issuance: 1000,
            claimable: 900,
            excluded: 93,
            rounding: 7
        });
    }

    function _otherSunset() private pure returns (Sunset memory sunset) {
        sunset = _sunset();
        sunset.stateRoot = keccak256("another state");
    }

    function _sign(Sunset memory sunset) private view returns (bytes memory) {
        return _signSunset(sunset, TDX_KEY);
    }

    function _signSunset(Sunset memory sunset, uint256 key) private view returns (bytes memory) {
        return _signBytes(key, sunsets.digest(sunset));
    }

    function _signBytes(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
