// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
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

    /// @dev A clone with the right code and arguments, but not made by the factory: it never starts, counts or pays.
    function test_a_clone_that_somebody_else_made_is_no_game() public {
        MultiProofGame real = _resolved(ROOT, 10, address(0));
        bytes memory args = abi.encodePacked(attacker, OTHER_ROOT, real.l1Head(), abi.encode(uint256(10), address(0)));
        MultiProofGame clone = MultiProofGame(Clones.cloneWithImmutableArgs(address(implementation), args));
        assertEq(clone.rootClaim(), OTHER_ROOT);
        vm.expectRevert(IMultiProofGame.MultiProofGame_OnlyFactory.selector);
        clone.initialize();
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        clone.resolve();
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        clone.prove(OTHER_ROOT, "");
        pha.transfer(address(clone), BOND);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        clone.claimCredit(attacker);
        assertFalse(anchors.isGameRegistered(clone), "not the factory's");
        _refusedParent(address(clone));
    }

    /// @dev Nor does a real game start with arguments of another length: one proposal has one encoding.
    function test_a_game_with_longer_arguments_takes_no_bond() public {
        _wait(SILENCE);
        _giveBond(address(this));
        uint256 before = pha.balanceOf(address(this));
        vm.expectRevert(IMultiProofGame.MultiProofGame_InvalidExtraData.selector);
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0), uint256(0)));
        assertEq(pha.balanceOf(address(this)), before);
    }

    // ---- one vendor against itself, and races

    /// @dev Two keys of one vendor contradict each other: the game is frozen, whatever else supports it.
    function test_a_vendor_that_contradicts_itself_freezes_the_game() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        _prove(game, TDX_KEY_2, OTHER_ROOT);
        assertTrue(game.status() == GameStatus.CHALLENGER_WINS && game.contradicted(), "frozen");
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.resolve();
    }

    /// @dev The same key on both sides is no supporter that proved already: its second word counts, against the game.
    function test_a_supporter_that_changes_its_word_freezes_the_game() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, TDX_KEY, OTHER_ROOT);
        assertEq(game.refuter(), vm.addr(TDX_KEY));
        assertTrue(game.status() == GameStatus.CHALLENGER_WINS, "lost");
    }

    /// @dev In the very second in which a game could be resolved, whichever comes first in the block decides; the loser of
    ///      the race has no effect.
    function test_a_race_of_refutation_and_resolution_has_one_winner() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        bytes memory refutation = _gameSignature(game, TDX_GPU_KEY, OTHER_ROOT);
        uint256 before = vm.snapshotState();
        game.prove(OTHER_ROOT, refutation);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.resolve();
        vm.revertToState(before);
        game.resolve();
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        game.prove(OTHER_ROOT, refutation);
        // What is left then is the air gap.
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        _wait(AIR_GAP + 1);
        assertFalse(anchors.isGameClaimValid(IDisputeGame(address(game))), "stopped");
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

    function _refusedParent(address parent) private {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, OTHER_ROOT, ROOT, 20));
        vm.expectRevert(abi.encodeWithSelector(IMultiProofGame.MultiProofGame_InvalidParent.selector, parent));
        factory.createWithProof(
            GAME_TYPE, ROOT, abi.encode(uint256(20), parent), head, uint64(block.number - 1), signature
        );
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
