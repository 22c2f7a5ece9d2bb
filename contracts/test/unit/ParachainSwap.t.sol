// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release, ReleaseLib} from "../../src/pha/swap/Release.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @notice A token that keeps one wei of each transfer, or calls back whoever it is told to.
contract HostileToken is ERC20 {
    address private _target;
    bytes private _call;
    bool public takesFee;
    bool public refusedReentry;

    constructor(address holder) ERC20("hostile", "HOSTILE") {
        _mint(holder, 1_000_000 ether);
    }

    function setFee(bool takesFee_) external {
        takesFee = takesFee_;
    }

    function setCallback(address target, bytes calldata call_) external {
        (_target, _call) = (target, call_);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (takesFee && from != address(0)) {
            super._update(from, address(0xfee), 1);
            value -= 1;
        }
        super._update(from, to, value);
        if (_target != address(0)) {
            (bool done, bytes memory reason) = _target.call(_call);
            refusedReentry =
                !done && bytes4(reason) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;
        }
    }
}

/// @title ParachainSwapTest
/// @notice What a release pays, and all that it refuses.
contract ParachainSwapTest is SwapFixture {
    function test_release_pays_each_planck_a_million_wei_whoever_submits() public {
        Release memory deposit = _deposit(0, 123_456_789_012_345);
        bytes[] memory signatures = _signed(deposit);
        vm.expectEmit(address(swap));
        emit IParachainSwap.Released(
            _id(deposit), deposit.sender, receiver, deposit.planck, 123_456_789_012_345e6, 0
        );
        vm.prank(relayer);
        assertEq(swap.release(deposit, settings, signatures), 123_456_789_012_345e6);
        assertEq(pha.balanceOf(receiver), 123_456_789_012_345e6);
        assertEq(swap.paidOf(_id(deposit)), 123_456_789_012_345e6);
        assertEq(swap.totalReleased(), 123_456_789_012_345e6);
    }

    function testFuzz_one_planck_and_any_amount_within_the_limit(uint256 planck) public {
        planck = bound(planck, 1, PER_DAY / 1e6);
        Release memory deposit = _deposit(1, planck);
        swap.release(deposit, settings, _signed(deposit));
        assertEq(pha.balanceOf(receiver), planck * 1e6);
    }

    function test_signatures_of_more_keys_than_needed_do_not_hurt() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = new bytes[](4);
        signatures[0] = _sign(deposit, TDX_KEY);
        signatures[1] = _sign(deposit, TDX_KEY_2);
        signatures[2] = _sign(deposit, TDX_GPU_KEY);
        signatures[3] = _sign(deposit, SNP_KEY);
        swap.release(deposit, settings, signatures);
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    // --- whose word counts

    function test_no_signature_releases_nothing() public {
        Release memory deposit = _deposit(0, PHA);
        _expectTooFew(0);
        swap.release(deposit, settings, new bytes[](0));
    }

    function test_one_vendor_is_not_two_however_many_keys_of_it_sign() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit, TDX_KEY, TDX_KEY_2);
        _expectTooFew(1);
        swap.release(deposit, settings, signatures);
        // One key twice, and a GPU beside the CPU, which is no vendor of its own.
        signatures = _signed(deposit, SNP_KEY, SNP_KEY);
        _expectTooFew(1);
        swap.release(deposit, settings, signatures);
        signatures = _signed(deposit, TDX_KEY, TDX_GPU_KEY);
        _expectTooFew(1);
        swap.release(deposit, settings, signatures);
    }

    function test_a_key_that_is_no_prover_spoils_the_release() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit, TDX_KEY, NEW_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector, vm.addr(NEW_KEY))
        );
        swap.release(deposit, settings, signatures);
    }

    function test_a_revoked_key_no_longer_counts() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        vm.prank(guardian);
        registry.revoke(vm.addr(SNP_KEY));
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector, vm.addr(SNP_KEY))
        );
        swap.release(deposit, settings, signatures);
    }

    function test_keys_of_a_nullified_vendor_no_longer_count() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        vm.prank(guardian);
        attestationPolicy.nullifyVendor(IProverRegistry.HostVendor.AMD);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(deposit, settings, signatures);
    }

    function test_an_expired_key_no_longer_counts() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        vm.warp(block.timestamp + KEY_LIFETIME);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(deposit, settings, signatures);
    }

    function test_a_malleable_short_or_empty_signature_is_refused() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SNP_KEY, swap.digest(deposit, settings));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes[3] memory bad =
            [abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? 28 : 27), abi.encodePacked(r, s), bytes("")];
        for (uint256 i = 0; i < bad.length; ++i) {
            signatures[1] = bad[i];
            vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidSignature.selector, 1));
            swap.release(deposit, settings, signatures);
        }
    }

    function test_every_field_of_the_release_is_signed() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        for (uint256 field = 0; field < 6; ++field) {
            Release memory other = _deposit(0, PHA);
            if (field == 0) other.height += 1;
            if (field == 1) other.blockHash = keccak256("another block");
            if (field == 2) other.extrinsicIndex += 1;
            if (field == 3) other.eventIndex += 1;
            if (field == 4) other.sender = keccak256("another sender");
            if (field == 5) other.receiver = relayer;
            vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
            swap.release(other, settings, signatures);
        }
        deposit.planck += 1;
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(deposit, settings, signatures);
    }

    function test_the_digest_is_the_vectors_that_provers_compute_too() public {
        string memory json = vm.readFile("./protocol/vectors/swap-release.json");
        Release memory deposit = Release({
            genesisHash: vm.parseJsonBytes32(json, ".genesisHash"),
            height: uint64(vm.parseJsonUint(json, ".height")),
            blockHash: vm.parseJsonBytes32(json, ".blockHash"),
            extrinsicIndex: uint32(vm.parseJsonUint(json, ".extrinsicIndex")),
            eventIndex: uint32(vm.parseJsonUint(json, ".eventIndex")),
            sender: vm.parseJsonBytes32(json, ".sender"),
            receiver: vm.parseJsonAddress(json, ".receiver"),
            planck: vm.parseJsonUint(json, ".planck")
        });
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        address verifier = vm.parseJsonAddress(json, ".verifyingContract");
        bytes32 found = ReleaseLib.digest(deposit, verifier, vm.parseJsonBytes32(json, ".settingsHash"));
        assertEq(found, vm.parseJsonBytes32(json, ".digest"));
        bytes32 id = ReleaseLib.depositId(deposit.genesisHash, deposit.height, deposit.eventIndex);
        assertEq(id, vm.parseJsonBytes32(json, ".depositId"));
    }

    function test_a_signature_is_of_no_use_elsewhere() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        SwapTerms memory terms = _terms();
        ParachainSwap other = new ParachainSwap(terms);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        other.release(deposit, settings, signatures);
        // The same address with other settings, or on another chain.
        bytes32 here = swap.digest(deposit, settings);
        assertTrue(swap.digest(deposit, keccak256("what a lying host told its enclave")) != here, "other settings");
        vm.chainId(block.chainid + 1);
        assertTrue(swap.digest(deposit, settings) != here, "another chain");
    }

    // --- once, whatever else differs

    function test_a_deposit_is_released_once() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        swap.release(deposit, settings, signatures);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_AlreadyReleased.selector, _id(deposit)));
        swap.release(deposit, settings, signatures);
        // Another block at that height, another sender, receiver, amount or extrinsic: still the same event.
        deposit.blockHash = keccak256("fork");
        deposit.extrinsicIndex += 1;
        deposit.sender = keccak256("another");
        deposit.receiver = relayer;
        deposit.planck = 7;
        signatures = _signed(deposit);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_AlreadyReleased.selector, _id(deposit)));
        swap.release(deposit, settings, signatures);
    }

    function test_another_event_or_height_is_another_deposit() public {
        Release memory deposit = _deposit(0, PHA);
        swap.release(deposit, settings, _signed(deposit));
        deposit.eventIndex += 1;
        swap.release(deposit, settings, _signed(deposit));
        deposit.height += 1;
        swap.release(deposit, settings, _signed(deposit));
        assertEq(pha.balanceOf(receiver), 3 ether);
    }

    function test_another_genesis_is_refused() public {
        Release memory deposit = _deposit(0, PHA);
        deposit.genesisHash = keccak256("another parachain");
        bytes[] memory signatures = _signed(deposit);
        vm.expectRevert(
            abi.encodeWithSelector(
                IParachainSwap.ParachainSwap_OtherGenesis.selector, GENESIS, deposit.genesisHash
            )
        );
        swap.release(deposit, settings, signatures);
    }

    function test_only_blocks_of_the_swaps_life_count() public {
        uint64[4] memory heights = [0, FIRST - 1, LAST + 1, type(uint64).max];
        for (uint256 i = 0; i < heights.length; ++i) {
            Release memory outside = _deposit(0, PHA);
            outside.height = heights[i];
            bytes[] memory signatures = _signed(outside);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IParachainSwap.ParachainSwap_HeightOutOfRange.selector, FIRST, LAST, heights[i]
                )
            );
            swap.release(outside, settings, signatures);
        }
        Release memory last = _deposit(0, PHA);
        last.height = LAST;
        swap.release(last, settings, _signed(last));
    }

    function test_receivers_that_would_lose_it_are_refused() public {
        address[3] memory lost = [address(0), address(swap), address(pha)];
        for (uint256 i = 0; i < lost.length; ++i) {
            Release memory deposit = _deposit(0, PHA);
            deposit.receiver = lost[i];
            bytes[] memory signatures = _signed(deposit);
            vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidReceiver.selector, lost[i]));
            swap.release(deposit, settings, signatures);
        }
    }

    function test_nothing_and_more_than_a_parachain_holds_are_refused() public {
        uint256[3] memory amounts = [0, uint256(type(uint128).max) + 1, type(uint256).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            Release memory deposit = _deposit(0, amounts[i]);
            bytes[] memory signatures = _signed(deposit);
            vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidAmount.selector, amounts[i]));
            swap.release(deposit, settings, signatures);
        }
    }

    // --- the limit

    function test_the_limit_is_reached_exactly_and_not_passed() public {
        Release memory all = _deposit(0, PER_DAY / 1e6);
        swap.release(all, settings, _signed(all));
        assertEq(swap.available(), 0);
        Release memory more = _deposit(1, 1);
        bytes[] memory signatures = _signed(more);
        // One planck comes back in less than a second.
        vm.expectRevert(
            abi.encodeWithSelector(
                IParachainSwap.ParachainSwap_AboveLimit.selector, 1e6, 0, block.timestamp + 1
            )
        );
        swap.release(more, settings, signatures);
        vm.warp(block.timestamp + 1);
        swap.release(more, settings, signatures);
        vm.warp(block.timestamp + 1 days);
        assertEq(swap.available(), PER_DAY);
    }

    function test_what_is_refused_above_the_limit_opens_when_the_error_says() public {
        Release memory first = _deposit(0, 900 * PHA);
        swap.release(first, settings, _signed(first));
        Release memory second = _deposit(1, 200 * PHA);
        bytes[] memory signatures = _signed(second);
        uint256 opensAt = block.timestamp + uint256(100 ether) * 1 days / PER_DAY;
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_AboveLimit.selector, 200 ether, 100 ether, opensAt)
        );
        swap.release(second, settings, signatures);
        vm.warp(opensAt - 1);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AboveLimit.selector);
        swap.release(second, settings, signatures);
        vm.warp(opensAt);
        assertEq(swap.release(second, settings, signatures), 200 ether);
    }

    function test_a_release_above_the_whole_limit_is_paid_in_parts_exactly() public {
        Release memory whale = _deposit(0, 2300 * PHA + 1);
        bytes[] memory signatures = _signed(whale);
        uint256 owed = 2300 ether + 1e6;
        assertEq(swap.release(whale, settings, signatures), PER_DAY);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AboveLimit.selector);
        swap.release(whale, settings, signatures);
        vm.warp(block.timestamp + 6 hours);
        assertEq(swap.release(whale, settings, signatures), 250 ether);
        vm.warp(block.timestamp + 2 days);
        assertEq(swap.release(whale, settings, signatures), PER_DAY);
        vm.warp(block.timestamp + 2 days);
        assertEq(swap.release(whale, settings, signatures), owed - 2250 ether);
        assertEq(pha.balanceOf(receiver), owed);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_AlreadyReleased.selector);
        swap.release(whale, settings, signatures);
    }

    function test_a_release_under_way_stops_when_a_key_no_longer_counts() public {
        Release memory whale = _deposit(0, 2000 * PHA);
        bytes[] memory signatures = _signed(whale);
        swap.release(whale, settings, signatures);
        vm.warp(block.timestamp + 1 days);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_KeyDoesNotCount.selector);
        swap.release(whale, settings, signatures);
        // Other keys finish it.
        assertEq(swap.release(whale, settings, _signed(whale, TDX_KEY_2, SNP_KEY)), 1000 ether);
    }

    function test_a_release_under_way_keeps_what_it_says() public {
        Release memory whale = _deposit(0, 2000 * PHA);
        swap.release(whale, settings, _signed(whale));
        vm.warp(block.timestamp + 1 days);
        whale.receiver = relayer;
        bytes[] memory signatures = _signed(whale);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_OtherRelease.selector, _id(whale)));
        swap.release(whale, settings, signatures);
    }

    function testFuzz_what_leaves_within_any_day_is_at_most_two_limits(uint256[8] memory amounts, uint256[8] memory waits)
        public
    {
        uint256 start = block.timestamp;
        uint256 paid;
        for (uint32 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + bound(waits[i], 0, 4 hours));
            if (block.timestamp > start + 1 days) break;
            Release memory deposit = _deposit(i, bound(amounts[i], 1, 3000 * PHA));
            try swap.release(deposit, settings, _signed(deposit)) returns (uint256 amount) {
                paid += amount;
            } catch {}
            // Exact: a full limit, and what came back since.
            assertTrue(paid <= PER_DAY + PER_DAY * (block.timestamp - start) / 1 days, "above the limit");
        }
    }

    // --- funds

    function test_what_is_not_funded_yet_is_refused_and_paid_later() public {
        ParachainSwap empty = new ParachainSwap(_terms());
        (ParachainSwap full, ParachainSwap poor) = (swap, empty);
        swap = poor;
        Release memory deposit = _deposit(0, 5 * PHA);
        bytes[] memory signatures = _signed(deposit);
        pha.transfer(address(poor), 5 ether - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Underfunded.selector, 5 ether, 5 ether - 1)
        );
        poor.release(deposit, settings, signatures);
        assertEq(poor.available(), PER_DAY);
        pha.transfer(address(poor), 1);
        poor.release(deposit, settings, signatures);
        assertEq(pha.balanceOf(address(poor)), 0);
        swap = full;
    }

    function test_a_token_that_keeps_a_part_is_refused() public {
        HostileToken hostile = _hostileSwap();
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        hostile.setFee(true);
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_NotReceived.selector, 1 ether, 1 ether - 1)
        );
        swap.release(deposit, settings, signatures);
        hostile.setFee(false);
        swap.release(deposit, settings, signatures);
    }

    function test_a_token_that_calls_back_gains_nothing() public {
        HostileToken hostile = _hostileSwap();
        Release memory deposit = _deposit(0, PHA);
        Release memory other = _deposit(1, PHA);
        hostile.setCallback(address(swap), abi.encodeCall(ParachainSwap.release, (other, settings, _signed(other))));
        swap.release(deposit, settings, _signed(deposit));
        assertTrue(hostile.refusedReentry(), "the second release inside the first is refused");
        assertEq(hostile.balanceOf(receiver), 1 ether);
        hostile.setCallback(address(0), "");
        swap.release(other, settings, _signed(other));
        assertEq(hostile.balanceOf(receiver), 2 ether);
    }

    // --- pauses, the end

    function test_a_pause_ends_by_itself() public {
        Release memory deposit = _deposit(0, PHA);
        bytes[] memory signatures = _signed(deposit);
        vm.prank(guardian);
        swap.pause();
        uint256 until = block.timestamp + swap.PAUSE_PERIOD();
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_Paused.selector, until));
        swap.release(deposit, settings, signatures);
        vm.warp(until);
        swap.release(deposit, settings, signatures);
    }

    function test_only_the_guardian_pauses_and_ends_a_pause() public {
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Unauthorized.selector, address(this))
        );
        swap.pause();
        vm.startPrank(guardian);
        vm.expectRevert(IParachainSwap.ParachainSwap_NotPaused.selector);
        swap.unpause();
        swap.pause();
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_Unauthorized.selector, address(this))
        );
        swap.unpause();
        vm.prank(guardian);
        swap.unpause();
        assertFalse(swap.paused(), "ended early");
    }

    function test_pauses_cannot_be_strung_together_nor_repeated_for_ever() public {
        uint256 most = swap.MAX_PAUSES();
        vm.startPrank(guardian);
        for (uint256 i = 0; i < most; ++i) {
            swap.pause();
            vm.expectPartialRevert(IParachainSwap.ParachainSwap_Paused.selector);
            swap.pause();
            vm.warp(swap.pausedUntil());
            if (i + 1 < most) {
                vm.expectPartialRevert(IParachainSwap.ParachainSwap_PauseCoolingDown.selector);
                swap.pause();
            }
            vm.warp(block.timestamp + swap.PAUSE_COOLDOWN());
        }
        vm.expectRevert(IParachainSwap.ParachainSwap_NoPauseLeft.selector);
        swap.pause();
    }

    function test_what_is_left_leaves_after_the_date_alone_and_not_in_a_pause() public {
        uint256 closesAt = swap.closesAt();
        vm.warp(closesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IParachainSwap.ParachainSwap_NotClosed.selector, closesAt));
        swap.sweep();
        vm.prank(guardian);
        swap.pause();
        vm.warp(closesAt);
        vm.expectPartialRevert(IParachainSwap.ParachainSwap_Paused.selector);
        swap.sweep();
        vm.warp(swap.pausedUntil());
        swap.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    // --- terms

    function test_terms_that_make_no_swap_are_refused() public {
        _refuses(0, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(1, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(2, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(3, abi.encodeWithSelector(IParachainSwap.ParachainSwap_TokenHasNoCode.selector, address(0x70)));
        _refuses(4, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHostVendors.selector, 1));
        _refuses(5, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHostVendors.selector, 3));
        _refuses(6, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroHash.selector));
        _refuses(7, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroAddress.selector));
        _refuses(8, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHeights.selector, 0, LAST));
        _refuses(9, abi.encodeWithSelector(IParachainSwap.ParachainSwap_InvalidHeights.selector, LAST + 1, LAST));
        _refuses(10, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ZeroLimit.selector));
        uint256 least = block.timestamp + swap.LEAST_OPEN_PERIOD();
        _refuses(11, abi.encodeWithSelector(IParachainSwap.ParachainSwap_ClosesTooSoon.selector, least - 1, least));
    }

    function _refuses(uint256 fault, bytes memory reason) private {
        SwapTerms memory terms = _terms();
        if (fault == 0) terms.registry = IProverRegistry(address(0));
        if (fault == 1) terms.systemConfig = ISystemConfig(address(0));
        if (fault == 2) terms.leftoverTo = address(0);
        if (fault == 3) terms.token = IERC20(address(0x70));
        if (fault == 4) terms.minHostVendors = 1;
        if (fault == 5) terms.minHostVendors = 3;
        if (fault == 6) terms.genesisHash = 0;
        if (fault == 7) terms.governance = address(0);
        if (fault == 8) terms.firstHeight = 0;
        if (fault == 9) terms.firstHeight = LAST + 1;
        if (fault == 10) terms.perDay = 0;
        if (fault == 11) terms.closesAt = uint64(block.timestamp + swap.LEAST_OPEN_PERIOD() - 1);
        vm.expectRevert(reason);
        new ParachainSwap(terms);
    }

    function _hostileSwap() private returns (HostileToken hostile) {
        hostile = new HostileToken(address(this));
        SwapTerms memory terms = _terms();
        terms.token = hostile;
        swap = new ParachainSwap(terms);
        settings = _settingsOf(_runtimes(1));
        hostile.transfer(address(swap), 10 ether);
    }

    function _expectTooFew(uint256 found) private {
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_TooFewVendors.selector, 2, found)
        );
    }
}
