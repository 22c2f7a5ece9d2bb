// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {OptimismPortal} from "../../src/settlement/OptimismPortal.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IOptimismPortal} from "../../src/settlement/interfaces/IOptimismPortal.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {SafeCall} from "../../src/types/SafeCall.sol";
import {Types} from "../../src/types/Types.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Withdrawals: one withdrawal is the only entry of the message passer's storage, so its trie is one leaf.
contract OptimismPortalWithdrawalTest is SettlementFixture {
    address private constant DEFAULT_SENDER = 0x000000000000000000000000000000000000dEaD;

    Receiver private receiver;
    Types.WithdrawalTransaction private withdrawal;
    bytes32 private withdrawalHash;
    Types.OutputRootProof private output;
    bytes[] private proof;
    MultiProofGame private game;
    uint256 private gameIndex;

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), 10 ether);
        receiver = new Receiver(portal);
        withdrawal = Types.WithdrawalTransaction({
            nonce: uint256(1) << 240,
            sender: account("l2 sender"),
            target: address(receiver),
            value: 1 ether,
            gasLimit: 100_000,
            data: abi.encodeCall(Receiver.take, ())
        });
        _prepare();
    }

    function test_prove_wait_finalize_pays_once() public {
        _proveWithdrawal();
        assertEq(portal.numProofSubmitters(withdrawalHash), 1);
        assertEq(portal.proofSubmitters(withdrawalHash, 0), address(this));
        _resolveGame();
        _wait(MATURITY);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(address(receiver).balance, 1 ether);
        assertEq(receiver.l2Sender(), withdrawal.sender);
        assertEq(portal.l2Sender(), DEFAULT_SENDER);
        assertTrue(portal.finalizedWithdrawals(withdrawalHash), "finalised");
        vm.expectRevert(IOptimismPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.prank(account("second submitter"));
        _proveWithdrawal();
        vm.expectRevert(IOptimismPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.finalizeWithdrawalTransactionExternalProof(withdrawal, account("second submitter"));
    }

    function test_proving_in_the_games_own_block_fails() public {
        withdrawal.nonce += 1;
        _prepareRoot();
        game = _propose(TDX_KEY, Hashing.hashOutputRootProof(output), 12, address(0));
        uint256 index = factory.gameCount() - 1;
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidProofTimestamp.selector);
        portal.proveWithdrawalTransaction(withdrawal, index, output, proof);
    }

    function test_maturity_is_strict() public {
        _proveWithdrawal();
        uint256 proven = block.timestamp;
        _resolveGame();
        vm.warp(proven + MATURITY);
        _refusedFinalization(IOptimismPortal.OptimismPortal_ProofNotOldEnough.selector);
        vm.warp(proven + MATURITY + 1);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_proving_again_starts_the_wait_again_without_a_second_entry() public {
        _proveWithdrawal();
        _wait(MATURITY);
        _proveWithdrawal();
        assertEq(portal.numProofSubmitters(withdrawalHash), 1);
        _resolveGame();
        _wait(AIR_GAP);
        _refusedFinalization(IOptimismPortal.OptimismPortal_ProofNotOldEnough.selector);
    }

    function test_unproven_and_foreign_proofs_do_not_finalize() public {
        _refusedFinalization(IOptimismPortal.OptimismPortal_Unproven.selector);
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY);
        vm.prank(account("other"));
        vm.expectRevert(IOptimismPortal.OptimismPortal_Unproven.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.prank(account("other"));
        portal.finalizeWithdrawalTransactionExternalProof(withdrawal, address(this));
    }

    function test_an_unresolved_lost_blacklisted_or_retired_game_does_not_finalize() public {
        _proveWithdrawal();
        _wait(MATURITY + 1);
        bytes4 invalid = IOptimismPortal.OptimismPortal_InvalidRootClaim.selector;
        _refusedFinalization(invalid);
        uint256 before = vm.snapshotState();
        _prove(game, SNP_KEY, OTHER_ROOT);
        _wait(AIR_GAP + 1);
        _refusedFinalization(invalid);
        vm.revertToState(before);
        _resolveGame();
        _refusedFinalization(invalid);
        _wait(AIR_GAP + 1);
        before = vm.snapshotState();
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        _refusedFinalization(invalid);
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _refusedFinalization(invalid);
        vm.revertToState(before);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_a_bad_game_is_not_proven_against() public {
        uint256 before = vm.snapshotState();
        _prove(game, SNP_KEY, OTHER_ROOT);
        _refusedProof(IOptimismPortal.OptimismPortal_InvalidDisputeGame.selector);
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        _refusedProof(IOptimismPortal.OptimismPortal_ImproperDisputeGame.selector);
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _refusedProof(IOptimismPortal.OptimismPortal_ImproperDisputeGame.selector);
        vm.revertToState(before);
        _admitOtherType();
        vm.prank(guardian);
        anchors.setRespectedGameType(OTHER_TYPE);
        MultiProofGame unrespected = _propose(TDX_KEY, game.rootClaim(), 11, address(0));
        _wait(12);
        uint256 index = factory.gameCount() - 1;
        assertFalse(unrespected.wasRespectedGameTypeWhenCreated(), "unrespected");
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidDisputeGame.selector);
        portal.proveWithdrawalTransaction(withdrawal, index, output, proof);
    }

    function test_a_pause_stops_exits_but_not_for_ever() public {
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY + 1);
        vm.prank(guardian);
        systemConfig.pause();
        _refusedFinalization(IOptimismPortal.OptimismPortal_CallPaused.selector);
        _refusedProof(IOptimismPortal.OptimismPortal_CallPaused.selector);
        vm.warp(systemConfig.pausedUntil());
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_a_wrong_output_or_trie_proof_is_refused_by_name() public {
        Types.OutputRootProof memory wrong = output;
        wrong.stateRoot = keccak256("wrong");
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidOutputRootProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 0, wrong, proof);
        Types.WithdrawalTransaction memory greedy = withdrawal;
        greedy.value = 10 ether;
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidMerkleProof.selector);
        portal.proveWithdrawalTransaction(greedy, 0, output, proof);
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidMerkleProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 0, output, new bytes[](0));
        bytes[] memory twice = new bytes[](2);
        (twice[0], twice[1]) = (proof[0], proof[0]);
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidMerkleProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, 0, output, twice);
    }

    function test_a_reentrant_receiver_finalizes_nothing_more() public {
        _target(abi.encodeCall(Receiver.reenter, ()));
        Types.WithdrawalTransaction memory second = _second();
        receiver.plan(second, address(this));
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY + 1);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(receiver.reentryError(), abi.encodeWithSelector(IOptimismPortal.OptimismPortal_NoReentrancy.selector));
        assertEq(address(receiver).balance, 1 ether);
    }

    function test_an_under_gassed_call_reverts_whole_and_stays_open() public {
        withdrawal.gasLimit = 2_000_000;
        _prepare();
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY + 1);
        vm.expectRevert(SafeCall.SafeCall_NotEnoughGas.selector);
        portal.finalizeWithdrawalTransaction{gas: 1_900_000}(withdrawal);
        assertFalse(portal.finalizedWithdrawals(withdrawalHash), "still open");
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(address(receiver).balance, 1 ether);
    }

    function test_a_failing_call_with_its_gas_is_final() public {
        _target(abi.encodeCall(Receiver.fail, ()));
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY + 1);
        uint256 before = vm.snapshotState();
        vm.expectEmit(address(portal));
        emit IOptimismPortal.WithdrawalFinalized(withdrawalHash, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(address(receiver).balance, 0);
        vm.revertToState(before);
        // An estimation sees the failure.
        vm.prank(address(this), address(1));
        vm.expectRevert(IOptimismPortal.OptimismPortal_GasEstimation.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    /// @dev Were the call to fail for want of ether, the withdrawal would be spent for nothing.
    function test_a_withdrawal_that_the_portal_cannot_pay_stays_open() public {
        _proveWithdrawal();
        _resolveGame();
        _wait(MATURITY + 1);
        vm.deal(address(portal), 1 ether - 1);
        _refusedFinalization(IOptimismPortal.OptimismPortal_InsufficientBalance.selector);
        assertFalse(portal.finalizedWithdrawals(withdrawalHash), "still open");
        portal.donateETH{value: 1}();
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(address(receiver).balance, 1 ether);
    }

    function test_the_portal_is_no_target() public {
        withdrawal.target = address(portal);
        _prepare();
        _refusedProof(IOptimismPortal.OptimismPortal_BadTarget.selector);
        _refusedFinalization(IOptimismPortal.OptimismPortal_BadTarget.selector);
    }

    function test_initialises_once() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        portal.initialize(systemConfig, anchors);
    }

    function _target(bytes memory data) private {
        withdrawal.data = data;
        _prepare();
    }

    function _second() private view returns (Types.WithdrawalTransaction memory second) {
        second = withdrawal;
        second.nonce += 1;
    }

    /// @dev Rebuilds proof and game for `withdrawal`; the game is the newest of the factory.
    function _prepare() private {
        _prepareRoot();
        game = _propose(TDX_KEY, Hashing.hashOutputRootProof(output), 10, address(0));
        gameIndex = factory.gameCount() - 1;
        _wait(12);
    }

    function _prepareRoot() private {
        withdrawalHash = Hashing.hashWithdrawal(withdrawal);
        bytes32 key = keccak256(abi.encode(keccak256(abi.encode(withdrawalHash, uint256(0)))));
        bytes memory leaf = abi.encodePacked(hex"e3a120", key, hex"01");
        delete proof;
        proof.push(leaf);
        output = Types.OutputRootProof({
            version: 0,
            stateRoot: keccak256("state"),
            messagePasserStorageRoot: keccak256(leaf),
            latestBlockhash: keccak256("block")
        });
    }

    function _proveWithdrawal() private {
        portal.proveWithdrawalTransaction(withdrawal, gameIndex, output, proof);
    }

    function _resolveGame() private {
        _prove(game, SNP_KEY, game.rootClaim());
        _wait(FAST);
        game.resolve();
    }

    function _refusedProof(bytes4 reason) private {
        vm.expectRevert(reason);
        portal.proveWithdrawalTransaction(withdrawal, gameIndex, output, proof);
    }

    function _refusedFinalization(bytes4 reason) private {
        vm.expectRevert(reason);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }
}

/// @notice A target of withdrawals that notes what it sees, fails, or tries to enter again.
contract Receiver {
    error Refused();

    OptimismPortal private immutable PORTAL;
    address public l2Sender;
    bytes public reentryError;
    Types.WithdrawalTransaction private _planned;
    address private _submitter;

    constructor(OptimismPortal portal) {
        PORTAL = portal;
    }

    function plan(Types.WithdrawalTransaction memory planned, address submitter) external {
        _planned = planned;
        _submitter = submitter;
    }

    function take() external payable {
        l2Sender = PORTAL.l2Sender();
    }

    function fail() external payable {
        revert Refused();
    }

    function reenter() external payable {
        try PORTAL.finalizeWithdrawalTransactionExternalProof(_planned, _submitter) {
            reentryError = "entered";
        } catch (bytes memory reason) {
            reentryError = reason;
        }
    }
}
