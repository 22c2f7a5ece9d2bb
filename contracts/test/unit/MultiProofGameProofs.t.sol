// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {ProofPolicy} from "../../src/settlement/ProofPolicy.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {IProofPolicy} from "../../src/settlement/interfaces/IProofPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Which proofs count for a game, for how long, and what they decide.
contract MultiProofGameProofsTest is SettlementFixture {
    function test_fast_path_two_vendors_then_the_delay() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _wait(7);
        _prove(game, SNP_KEY, ROOT);
        uint256 reached = block.timestamp;
        _wait(FAST - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_DelayNotElapsed.selector, reached + FAST)
        );
        game.resolve();
        _wait(1);
        assertTrue(game.resolve() == GameStatus.DEFENDER_WINS, "won");
        assertEq(game.resolvedAt(), block.timestamp);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.resolve();
    }

    function test_views_show_what_was_claimed() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        assertEq(game.rootClaim(), ROOT);
        assertEq(game.gameCreator(), address(this));
        assertEq(game.l1Head(), blockhash(block.number - 1));
        assertEq(game.l2BlockNumber(), 10);
        assertEq(game.l2SequenceNumber(), 10);
        assertEq(game.extraData(), abi.encode(uint256(10), address(0)));
        assertEq(game.previousOutputRoot(), GENESIS_ROOT);
        assertEq(address(game.parentGame()), address(0));
        assertEq(game.rollupConfigHash(), CONFIG_HASH);
        assertEq(uint256(game.gameType()), uint256(GAME_TYPE));
        assertTrue(game.wasRespectedGameTypeWhenCreated(), "respected");
        (IDisputeGame listed, uint64 listedAt) = factory.games(GAME_TYPE, ROOT, game.extraData());
        assertEq(address(listed), address(game));
        assertEq(listedAt, block.timestamp);
    }

    function test_two_keys_of_one_vendor_are_one_vendor() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, TDX_GPU_KEY, ROOT);
        assertEq(game.supporters().length, 2);
        _wait(FAST);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
    }

    function test_a_second_key_of_a_class_is_refused_while_the_first_is_valid() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        bytes memory signature = _gameSignature(game, TDX_KEY_2, ROOT);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMultiProofGame.MultiProofGame_ClassAlreadyProved.selector, IProverRegistry.HostVendor.INTEL, false
            )
        );
        game.prove(ROOT, signature);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        game.prove(ROOT, signature);
        assertEq(game.supporters().length, 1);
        assertEq(game.supporters()[0].key, vm.addr(TDX_KEY_2));
    }

    function test_the_same_key_counts_once() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        bytes memory signature = _gameSignature(game, TDX_KEY, ROOT);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_AlreadyProved.selector, vm.addr(TDX_KEY))
        );
        game.prove(ROOT, signature);
    }

    function test_a_revoked_measurement_kills_support_that_has_not_resolved() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        vm.prank(guardian);
        attestationPolicy.removeMeasurement(SNP_IMAGE);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
    }

    function test_the_threshold_time_is_of_keys_that_are_still_valid() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST - 1);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        _prove(game, TDX_KEY_2, ROOT);
        uint256 reached = block.timestamp;
        assertEq(game.proofStatus().thresholdAt, reached);
        _wait(1);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_DelayNotElapsed.selector, reached + FAST)
        );
        game.resolve();
    }

    function test_expired_support_does_not_resolve() public {
        vm.warp(expiry - 5);
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(0), uint8(2))
        );
        game.resolve();
    }

    function test_unproven_window_is_no_way_out_of_revocation() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        vm.prank(guardian);
        attestationPolicy.removeMeasurement(TDX_IMAGE);
        _wait(WINDOW + SLOW);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(0), uint8(2))
        );
        game.resolve();
    }

    function test_slow_path_one_vendor_after_the_long_delay() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _wait(SLOW - 1);
        vm.expectRevert();
        game.resolve();
        _wait(1);
        assertTrue(game.resolve() == GameStatus.DEFENDER_WINS, "won");
    }

    function test_contradiction_freezes_for_ever() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _prove(game, TDX_GPU_KEY, OTHER_ROOT);
        assertTrue(game.contradicted() && game.status() == GameStatus.CHALLENGER_WINS, "frozen");
        _wait(WINDOW);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.resolve();
        bytes memory signature = _gameSignature(game, TDX_KEY_2, ROOT);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.prove(ROOT, signature);
    }

    function test_a_dead_key_cannot_contradict() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        bytes memory signature = _gameSignature(game, SNP_KEY, OTHER_ROOT);
        vm.prank(guardian);
        registry.revoke(vm.addr(SNP_KEY));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_EndedKey.selector, vm.addr(SNP_KEY), IProverRegistry.Ending.REVOKED
            )
        );
        game.prove(OTHER_ROOT, signature);
    }

    function test_a_proof_does_not_fit_another_game() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        bytes memory signature = _gameSignature(game, SNP_KEY, ROOT);
        _wait(12);
        MultiProofGame higher = _propose(TDX_KEY, ROOT, 11, address(0));
        vm.expectRevert();
        higher.prove(ROOT, signature);
        MultiProofGame child = _propose(TDX_KEY, OTHER_ROOT, 20, address(game));
        vm.expectRevert();
        child.prove(ROOT, signature);
        // As a refutation it is just as worthless.
        vm.expectRevert();
        child.prove(OTHER_ROOT, signature);
    }

    function test_anyone_submits_a_provers_signature() public {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        vm.prank(account("anyone"));
        IDisputeGame game = factory.createWithProof(
            GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), head, uint64(block.number - 1), signature
        );
        assertEq(game.gameCreator(), account("anyone"));
    }

    function test_the_maturity_must_cover_resolution_and_air_gap() public {
        uint64 tooLong = MATURITY - AIR_GAP + 1;
        ProofPolicy slow = _policy(false, tooLong, SLOW, WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMultiProofGame.MultiProofGame_MaturityTooShort.selector, uint256(MATURITY), uint256(MATURITY) + 1
            )
        );
        new MultiProofGame(anchors, registry, slow, rewards, CONFIG_HASH);
        vm.expectRevert(IMultiProofGame.MultiProofGame_ZeroRollupConfigHash.selector);
        new MultiProofGame(anchors, registry, policy, rewards, 0);
    }

    function test_a_policy_never_lets_one_vendor_suffice() public {
        for (uint8 vendors = 0; vendors < 2; ++vendors) {
            vm.expectRevert(
                abi.encodeWithSelector(IProofPolicy.ProofPolicy_InvalidHostVendors.selector, vendors)
            );
            new ProofPolicy(vendors, false, FAST, SLOW, SILENCE, WINDOW, BOND, pha);
        }
        vm.expectRevert(abi.encodeWithSelector(IProofPolicy.ProofPolicy_InvalidHostVendors.selector, uint8(3)));
        new ProofPolicy(3, false, FAST, SLOW, SILENCE, WINDOW, BOND, pha);
        vm.expectRevert(IProofPolicy.ProofPolicy_InvalidDelays.selector);
        new ProofPolicy(2, false, SLOW, SLOW, SILENCE, WINDOW, BOND, pha);
        vm.expectRevert(IProofPolicy.ProofPolicy_InvalidDelays.selector);
        new ProofPolicy(2, false, FAST, WINDOW, SILENCE, WINDOW, BOND, pha);
        vm.expectRevert(IProofPolicy.ProofPolicy_InvalidDelays.selector);
        new ProofPolicy(2, false, FAST, SLOW, 0, WINDOW, BOND, pha);
        vm.expectRevert(IProofPolicy.ProofPolicy_ZeroBond.selector);
        new ProofPolicy(2, false, FAST, SLOW, SILENCE, WINDOW, 0, pha);
        vm.expectRevert(
            abi.encodeWithSelector(IProofPolicy.ProofPolicy_TokenHasNoCode.selector, account("nothing"))
        );
        new ProofPolicy(2, false, FAST, SLOW, SILENCE, WINDOW, BOND, IERC20(account("nothing")));
    }

    function testFuzz_fast_path_never_before_the_delay(uint256 gap, uint256 waited) public {
        gap = bound(gap, 0, SLOW - FAST - 1);
        waited = bound(waited, 0, FAST - 1);
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        vm.warp(block.timestamp + gap);
        _prove(game, SNP_KEY, ROOT);
        vm.warp(block.timestamp + waited);
        vm.expectRevert();
        game.resolve();
    }
}
