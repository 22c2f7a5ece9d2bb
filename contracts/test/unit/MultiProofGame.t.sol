// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {ProofPolicy} from "../../src/settlement/ProofPolicy.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "../../src/settlement/interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {IProofPolicy} from "../../src/settlement/interfaces/IProofPolicy.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {Impostor} from "./Impostor.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract MultiProofGameTest is SettlementFixture {
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

    function test_a_zero_root_is_never_proposed() public {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, 0, 10));
        vm.expectRevert(IDisputeGameFactory.DisputeGameFactory_ZeroRootClaim.selector);
        factory.createWithProof(
            GAME_TYPE, 0, abi.encode(uint256(10), address(0)), head, uint64(block.number - 1), signature
        );
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

    function test_anyone_submits_a_provers_signature() public {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, GENESIS_ROOT, ROOT, 10));
        vm.prank(account("anyone"));
        IDisputeGame game = factory.createWithProof(
            GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)), head, uint64(block.number - 1), signature
        );
        assertEq(game.gameCreator(), account("anyone"));
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

    function _refusedParent(address parent) private {
        bytes32 head = blockhash(block.number - 1);
        bytes memory signature = _signature(TDX_KEY, _claim(head, ROOT, OTHER_ROOT, 20));
        vm.expectRevert(abi.encodeWithSelector(IMultiProofGame.MultiProofGame_InvalidParent.selector, parent));
        factory.createWithProof(
            GAME_TYPE, OTHER_ROOT, abi.encode(uint256(20), parent), head, uint64(block.number - 1), signature
        );
    }
}

contract GpuPolicyTest is SettlementFixture {
    function requiresGpu() internal pure override returns (bool) {
        return true;
    }

    function test_two_vendors_without_the_gpu_leg_do_not_suffice() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        vm.expectRevert(IMultiProofGame.MultiProofGame_GpuProofMissing.selector);
        game.resolve();
        _prove(game, TDX_GPU_KEY, ROOT);
        assertEq(game.proofStatus().thresholdAt, block.timestamp);
        _wait(FAST);
        game.resolve();
    }

    function test_the_gpu_leg_is_no_vendor() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, TDX_GPU_KEY, ROOT);
        _wait(FAST);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
    }
}
