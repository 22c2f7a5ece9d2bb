// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "../../src/settlement/interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {Impostor} from "./Impostor.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice How a game begins: what it claims, what it builds on, and the fallback without any prover.
contract MultiProofGameStartTest is SettlementFixture {
    function test_a_zero_root_is_never_proposed() public {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, 0, 10));
        vm.expectRevert(IDisputeGameFactory.DisputeGameFactory_ZeroRootClaim.selector);
        factory.createWithProof(
            GAME_TYPE, 0, abi.encode(uint256(10), address(0)), head, uint64(block.number - 1), signature
        );
    }

    function test_nobody_creates_a_proven_game_without_a_valid_key() public {
        bytes32 head = blockhash(block.number - 1);
        uint64 number = uint64(block.number - 1);
        bytes memory signature = _signature(0xbad, _claim(head, GENESIS_ROOT, ROOT, 10));
        vm.expectRevert(
            abi.encodeWithSelector(IProverRegistry.ProverRegistry_UnknownKey.selector, vm.addr(0xbad))
        );
        factory.createWithProof(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), head, number, signature);
        assertEq(factory.gameCount(), 0);
    }

    function test_games_start_only_from_the_factory_and_once() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        vm.expectRevert(IMultiProofGame.MultiProofGame_OnlyFactory.selector);
        game.initialize();
        vm.expectRevert(IMultiProofGame.MultiProofGame_OnlyFactory.selector);
        implementation.initializeWithProof("");
        bytes memory signature = _gameSignature(game, TDX_KEY, ROOT);
        vm.prank(address(factory));
        vm.expectRevert(IMultiProofGame.MultiProofGame_AlreadyInitialized.selector);
        game.initializeWithProof(signature);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NotInProgress.selector);
        implementation.resolve();
    }

    function test_extra_data_has_one_encoding() public {
        bytes32 head = blockhash(block.number - 1);
        uint64 number = uint64(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        bytes[4] memory bad = [
            abi.encode(uint256(10)),
            abi.encode(uint256(10), address(0), uint256(0)),
            abi.encode(uint256(10), uint256(1) << 160),
            abi.encode(uint256(type(uint64).max) + 1, address(0))
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(IMultiProofGame.MultiProofGame_InvalidExtraData.selector);
            factory.createWithProof(GAME_TYPE, ROOT, bad[i], head, number, signature);
        }
    }

    function test_a_game_lies_beyond_what_it_builds_on() public {
        MultiProofGame parent = _propose(TDX_KEY, ROOT, 10, address(0));
        for (uint256 number = 9; number <= 10; ++number) {
            bytes32 head = blockhash(block.number - 1);
            bytes memory signature = _signature(TDX_KEY, _claim(head, ROOT, OTHER_ROOT, number));
            vm.expectRevert(
                abi.encodeWithSelector(
                    IMultiProofGame.MultiProofGame_BlockNotAfterParent.selector, number, uint256(10)
                )
            );
            factory.createWithProof(
                GAME_TYPE, OTHER_ROOT, abi.encode(number, address(parent)), head, uint64(block.number - 1), signature
            );
        }
    }

    function test_a_child_of_a_lost_foreign_or_codeless_parent_is_refused() public {
        MultiProofGame lost = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(lost, SNP_KEY, OTHER_ROOT);
        _refusedParent(address(lost));
        _refusedParent(account("codeless"));
        MultiProofGame real = _propose(TDX_KEY, ROOT, 12, address(0));
        _refusedParent(address(new Impostor(real)));
        MultiProofGame banned = _propose(TDX_KEY, ROOT, 11, address(0));
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(banned)));
        _refusedParent(address(banned));
    }

    function test_a_child_waits_for_its_parent_and_falls_with_it() public {
        MultiProofGame parent = _propose(TDX_KEY, ROOT, 10, address(0));
        MultiProofGame child = _propose(TDX_KEY, OTHER_ROOT, 20, address(parent));
        _prove(child, SNP_KEY, OTHER_ROOT);
        _wait(FAST);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_ParentNotResolved.selector, address(parent))
        );
        child.resolve();
        _prove(parent, SNP_KEY, OTHER_ROOT);
        assertTrue(child.resolve() == GameStatus.CHALLENGER_WINS, "lost with its parent");
    }

    function test_a_child_of_a_blacklisted_or_retired_parent_loses() public {
        MultiProofGame parent = _resolved(ROOT, 10, address(0));
        MultiProofGame child = _propose(TDX_KEY, OTHER_ROOT, 20, address(parent));
        _prove(child, SNP_KEY, OTHER_ROOT);
        _wait(FAST);
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(parent)));
        assertTrue(child.resolve() == GameStatus.CHALLENGER_WINS, "blacklisted");
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        assertTrue(child.resolve() == GameStatus.CHALLENGER_WINS, "retired");
        vm.revertToState(before);
        assertTrue(child.resolve() == GameStatus.DEFENDER_WINS, "neither");
    }

    function test_a_pause_is_no_verdict_on_children() public {
        MultiProofGame parent = _resolved(ROOT, 10, address(0));
        MultiProofGame child = _propose(TDX_KEY, OTHER_ROOT, 20, address(parent));
        _prove(child, SNP_KEY, OTHER_ROOT);
        _wait(FAST);
        vm.prank(guardian);
        systemConfig.pause();
        assertTrue(child.resolve() == GameStatus.DEFENDER_WINS, "won");
    }

    function test_fallback_opens_only_after_silence() public {
        uint256 opensAt = uint256(factory.lastProofAt()) + SILENCE;
        assertEq(implementation.fallbackOpensAt(), opensAt);
        _giveBond(address(this));
        bytes memory closed =
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_FallbackClosed.selector, opensAt);
        vm.expectRevert(closed);
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
        vm.warp(opensAt - 1);
        vm.expectRevert(closed);
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
        vm.warp(opensAt);
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
    }

    function test_only_a_new_proven_game_ends_the_silence() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        uint64 proven = factory.lastProofAt();
        assertEq(proven, block.timestamp);
        _wait(SILENCE);
        // A withheld signature for an old game does not.
        _prove(game, SNP_KEY, ROOT);
        assertEq(factory.lastProofAt(), proven);
        // Nor does a failed creation.
        vm.expectRevert();
        factory.createWithProof(GAME_TYPE, ROOT, abi.encode(uint256(11), address(0)), bytes32(0), 0, "");
        assertEq(factory.lastProofAt(), proven);
        _proposeBonded(OTHER_ROOT, 10, address(0));
        assertEq(factory.lastProofAt(), proven);
    }

    function test_a_bonded_game_wins_after_the_window() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBonded(ROOT, 10, address(0));
        assertTrue(game.bonded(), "bonded");
        _wait(WINDOW - 1);
        vm.expectRevert();
        game.resolve();
        _wait(1);
        assertTrue(game.resolve() == GameStatus.DEFENDER_WINS, "won");
    }

    function test_a_bonded_game_that_vendors_prove_takes_the_fast_path() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBonded(ROOT, 10, address(0));
        _prove(game, TDX_KEY, ROOT);
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        assertTrue(game.resolve() == GameStatus.DEFENDER_WINS, "won");
    }

    function _refusedParent(address parent) private {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, ROOT, OTHER_ROOT, 20));
        vm.expectRevert(abi.encodeWithSelector(IMultiProofGame.MultiProofGame_InvalidParent.selector, parent));
        factory.createWithProof(
            GAME_TYPE, OTHER_ROOT, abi.encode(uint256(20), parent), head, uint64(block.number - 1), signature
        );
    }
}
