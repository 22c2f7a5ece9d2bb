// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {ProofPolicy} from "../../src/settlement/ProofPolicy.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {IProofPolicy} from "../../src/settlement/interfaces/IProofPolicy.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice What was tried against the games: by one broken vendor, by a liar, and by outsiders.
contract SettlementAttackTest is SettlementFixture {
    address private attacker = account("attacker");

    // ---- claims that no honest prover could contradict

    /// @dev One broken vendor claims a block that L1 does not hold yet. No other root exists that could contradict it:
    ///      honest provers say that there is no such block.
    function test_a_block_that_l1_does_not_give_is_refuted() public {
        MultiProofGame game = _propose(TDX_KEY, keccak256("forged"), 40_000, address(0));
        _prove(game, SNP_KEY, 0);
        assertTrue(game.contradicted(), "contradicted");
        assertTrue(game.status() == GameStatus.CHALLENGER_WINS, "lost");
    }

    /// @dev The same without any key, while provers were silent.
    function test_a_bonded_block_that_l1_does_not_give_is_refuted() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBonded(keccak256("forged"), 40_000, address(0));
        _prove(game, SNP_KEY, 0);
        assertTrue(game.status() == GameStatus.CHALLENGER_WINS, "lost");
    }

    /// @dev More blocks than an enclave executes for one claim could not be contradicted either.
    function test_a_claim_spans_no_more_blocks_than_a_prover_executes() public {
        uint256 most = implementation.MAX_BLOCKS();
        MultiProofGame parent = _propose(TDX_KEY, ROOT, 7, address(0));
        _refusedSpan(TDX_KEY, most + 1, address(0), most + 1);
        _refusedSpan(TDX_KEY, 7 + most + 1, address(parent), most + 1);
        _propose(TDX_KEY, OTHER_ROOT, most, address(0));
        _propose(TDX_KEY, OTHER_ROOT, 7 + most, address(parent));
        _wait(SILENCE);
        _giveBond(address(this));
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_TooManyBlocks.selector, most + 1, most)
        );
        factory.create(GAME_TYPE, ROOT, abi.encode(most + 1, address(0)));
    }

    // ---- one vendor with all its keys, GPUs included

    function test_a_whole_vendor_with_gpus_never_reaches_the_fast_path() public {
        MultiProofGame game = _propose(TDX_KEY, OTHER_ROOT, 10, address(0));
        _prove(game, TDX_GPU_KEY, OTHER_ROOT);
        _wait(SLOW - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
        // And one honest signature ends it, to the last second.
        _prove(game, SNP_KEY, ROOT);
        assertTrue(game.status() == GameStatus.CHALLENGER_WINS, "lost");
    }

    /// @dev The slow clock of a revoked key is not inherited by the key that proves after it.
    function test_a_dead_key_lends_its_clock_to_nobody() public {
        MultiProofGame game = _propose(TDX_KEY, OTHER_ROOT, 10, address(0));
        _wait(SLOW - 1);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        _prove(game, TDX_KEY_2, OTHER_ROOT);
        _wait(SLOW - 1);
        vm.expectRevert();
        game.resolve();
        _wait(1);
        game.resolve();
    }

    // ---- outsiders

    /// @dev A front-runner becomes the creator of the very same game, which is worth nothing.
    function test_a_copied_creation_changes_nothing_but_its_creator() public {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        bytes memory extraData = abi.encode(uint256(10), address(0));
        vm.prank(attacker);
        MultiProofGame game = MultiProofGame(
            address(factory.createWithProof(GAME_TYPE, ROOT, extraData, head, uint64(block.number - 1), signature))
        );
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        game.resolve();
        assertEq(game.supporters()[0].key, vm.addr(TDX_KEY));
        assertEq(game.credit(attacker), 0);
    }

    /// @dev A signature that was kept back cannot end the silence once its L1 head is too old.
    function test_a_withheld_signature_goes_stale() public {
        bytes32 head = blockhash(block.number - 1);
        uint64 number = uint64(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        vm.roll(block.number + 8192);
        vm.expectRevert();
        factory.createWithProof(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), head, number, signature);
    }

    // ---- the guardian's tools

    /// @dev By design: a game that has resolved stands on its own. Retirement is the tool against a whole line of games.
    function test_blacklisting_does_not_reach_resolved_children_but_retirement_does() public {
        MultiProofGame parent = _resolved(OTHER_ROOT, 10, address(0));
        MultiProofGame child = _resolved(keccak256("built on it"), 20, address(parent));
        _wait(AIR_GAP + 1);
        vm.startPrank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(parent)));
        assertTrue(anchors.isGameClaimValid(IDisputeGame(address(child))), "the child stands");
        anchors.updateRetirementTimestamp();
        vm.stopPrank();
        assertFalse(anchors.isGameClaimValid(IDisputeGame(address(child))), "the child is retired");
    }

    // ---- policies at the edge

    /// @dev A delay of "never" means never, and does not break the other paths by an overflow.
    function test_delays_at_the_edge_of_their_type_do_not_overflow() public {
        ProofPolicy never = _policy(false, FAST, type(uint64).max - 1, type(uint64).max);
        MultiProofGame impl = new MultiProofGame(anchors, registry, never, rewards, CONFIG_HASH);
        vm.prank(owner);
        factory.setImplementation(GAME_TYPE, IDisputeGame(address(impl)));
        _wait(SILENCE);
        MultiProofGame game = _proposeBonded(ROOT, 10, address(0));
        _prove(game, TDX_KEY, ROOT);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        assertTrue(game.resolve() == GameStatus.DEFENDER_WINS, "won");
    }

    function test_a_policy_leaves_time_to_contradict() public {
        vm.expectRevert(IProofPolicy.ProofPolicy_InvalidDelays.selector);
        new ProofPolicy(2, false, 0, SLOW, SILENCE, WINDOW, BOND, pha);
    }

    function _refusedSpan(uint256 key, uint256 number, address parent, uint256 blocks) private {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(key, _claim(head, _rootOf(parent), OTHER_ROOT, number));
        uint256 most = implementation.MAX_BLOCKS();
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_TooManyBlocks.selector, blocks, most)
        );
        factory.createWithProof(
            GAME_TYPE, OTHER_ROOT, abi.encode(number, parent), head, uint64(block.number - 1), signature
        );
    }
}
