// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ParachainSwap} from "../../src/pha/swap/ParachainSwap.sol";
import {Release, ReleaseLib} from "../../src/pha/swap/Release.sol";
import {IParachainSwap, SwapTerms} from "../../src/pha/swap/interfaces/IParachainSwap.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SwapFixture} from "./SwapFixture.sol";

/// @title ParachainSwapReleaseTest
/// @notice What a release pays, whose word it takes, that it happens once, and all that it refuses.
contract ParachainSwapReleaseTest is SwapFixture {
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

    function _expectTooFew(uint256 found) private {
        vm.expectRevert(
            abi.encodeWithSelector(IParachainSwap.ParachainSwap_TooFewVendors.selector, 2, found)
        );
    }
}
