// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IOptimismPortal} from "../../src/settlement/interfaces/IOptimismPortal.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Types} from "../../src/types/Types.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {IStandardBridge} from "../../src/bridging/interfaces/IStandardBridge.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {BridgingFixture, PlainToken} from "./BridgingFixture.sol";
import {SettlementFixture} from "./SettlementFixture.sol";
import {VerdictDouble} from "./WithdrawalQuota.t.sol";

/// @notice The quota of ether, through the real portal and real games.
contract EtherQuotaTest is SettlementFixture {
    uint256 private constant SNP_GPU_KEY = 0x5e02;
    address private recipient = account("recipient");

    Types.WithdrawalTransaction private withdrawal;
    Types.OutputRootProof private output;
    bytes[] private proof;
    MultiProofGame private game;
    uint256 private dueAt;

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), 10_000 ether);
        _register(SNP_GPU_KEY, IProverRegistry.Kind.SEV_SNP_GPU, SNP_GPU_IMAGE);
    }

    function test_two_vendors_are_the_minimum_and_the_quota_applies() public {
        _due(60 ether, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
        _due(60 ether, false);
        uint256 passesAt = quota.passesAt(address(0), 60 ether, dueAt, game);
        assertTrue(passesAt > block.timestamp, "the day's quota is used up");
        _refused(passesAt);
        bytes32 withdrawalHash = Hashing.hashWithdrawal(withdrawal);
        assertFalse(portal.finalizedWithdrawals(withdrawalHash), "still open");
        // Wallets still call it ready: nothing but the quota stands against it.
        portal.checkWithdrawal(withdrawalHash, address(this));
        vm.warp(passesAt - 1);
        _refused(passesAt);
        vm.warp(passesAt);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(recipient.balance, 120 ether);
    }

    function test_a_withdrawal_of_everything_waits_to_the_hard_limit() public {
        _due(10_000 ether, false);
        uint256 limit = dueAt + quota.MAX_DELAY();
        _refused(limit);
        vm.warp(limit);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(recipient.balance, 10_000 ether);
    }

    /// @dev The hard limit is of the exit, not of the last attempt: a pause in between does not start it anew.
    function test_a_pause_and_the_quota_together_are_bounded() public {
        _due(10_000 ether, false);
        vm.warp(dueAt + quota.MAX_DELAY() - 1);
        vm.prank(guardian);
        systemConfig.pause();
        vm.expectRevert(IOptimismPortal.OptimismPortal_CallPaused.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.prank(guardian);
        quota.setQuota(address(0), ETHER_FLOOR);
        vm.warp(systemConfig.pausedUntil());
        assertTrue(block.timestamp < dueAt + quota.MAX_DELAY() + systemConfig.PAUSE_DURATION(), "bounded");
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(recipient.balance, 10_000 ether);
    }

    function test_gpus_of_both_vendors_lift_the_quota() public {
        _due(1000 ether, true);
        assertTrue(game.exceedsThreshold() && quota.isLifted(game), "beyond the threshold");
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(recipient.balance, 1000 ether);
        assertEq(quota.quotaOf(address(0)).used, 0);
    }

    /// @dev Live means now: what a key lifted it no longer lifts when it is revoked.
    function test_a_revoked_prover_lifts_nothing() public {
        _due(1000 ether, true);
        vm.prank(guardian);
        registry.revoke(vm.addr(SNP_GPU_KEY));
        assertFalse(game.exceedsThreshold(), "at the threshold");
        _refused(dueAt + quota.MAX_DELAY());
    }

    function test_one_vendors_gpu_lifts_nothing() public {
        _prepare(1000 ether);
        _prove(game, SNP_KEY, game.rootClaim());
        _prove(game, TDX_GPU_KEY, game.rootClaim());
        _finish();
        assertFalse(game.exceedsThreshold(), "one vendor's GPU");
        _refused(dueAt + quota.MAX_DELAY());
    }

    function test_slow_and_fallback_roots_are_under_the_quota() public {
        _prepare(1000 ether);
        _wait(SLOW);
        game.resolve();
        _wait(MATURITY + AIR_GAP + 1);
        assertFalse(quota.isLifted(game), "one vendor");
        vm.expectPartialRevert(IOptimismPortal.OptimismPortal_QuotaExceeded.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_a_message_without_ether_asks_for_no_quota() public {
        _due(100 ether, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
        _due(0, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_the_portal_tells_its_game_only_inside_a_withdrawal() public {
        GameSeer seer = new GameSeer(portal);
        recipient = address(seer);
        _due(1 ether, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(address(seer.seen()), address(game));
        assertEq(address(portal.finalizingGame()), address(0));
    }

    function _refused(uint256 passesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(IOptimismPortal.OptimismPortal_QuotaExceeded.selector, passesAt)
        );
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    /// @dev A withdrawal against which nothing stands but the quota, from the second `dueAt` + 1 on.
    function _due(uint256 value, bool gpus) private {
        _prepare(value);
        _prove(game, SNP_KEY, game.rootClaim());
        if (gpus) {
            _prove(game, TDX_GPU_KEY, game.rootClaim());
            _prove(game, SNP_GPU_KEY, game.rootClaim());
        }
        _finish();
    }

    function _finish() private {
        _wait(FAST);
        game.resolve();
        _wait(MATURITY);
    }

    function _prepare(uint256 value) private {
        withdrawal = Types.WithdrawalTransaction({
            nonce: (uint256(1) << 240) + factory.gameCount(),
            sender: account("l2 sender"),
            target: recipient,
            value: value,
            gasLimit: 100_000,
            data: ""
        });
        bytes32 slot = keccak256(abi.encode(Hashing.hashWithdrawal(withdrawal), uint256(0)));
        bytes memory leaf = abi.encodePacked(hex"e3a120", keccak256(abi.encode(slot)), hex"01");
        delete proof;
        proof.push(leaf);
        output = Types.OutputRootProof({
            version: 0,
            stateRoot: keccak256("state"),
            messagePasserStorageRoot: keccak256(leaf),
            latestBlockhash: keccak256("block")
        });
        game = _propose(TDX_KEY, Hashing.hashOutputRootProof(output), 10, address(0));
        _wait(12);
        portal.proveWithdrawalTransaction(withdrawal, factory.gameCount() - 1, output, proof);
        dueAt = block.timestamp + MATURITY;
    }
}

/// @notice Sees which game the portal says it finalises by.
contract GameSeer {
    IOptimismPortal private immutable PORTAL;
    IDisputeGame public seen;

    constructor(IOptimismPortal portal) {
        PORTAL = portal;
    }

    receive() external payable {
        seen = PORTAL.finalizingGame();
    }
}

/// @notice The quota of tokens, through the real messenger and bridge.
contract TokenQuotaTest is BridgingFixture {
    address private constant BOB = address(0xB0B);

    PlainToken private token;
    IDisputeGame private narrow = IDisputeGame(address(new VerdictDouble(false)));
    IDisputeGame private broad = IDisputeGame(address(new VerdictDouble(true)));
    uint256 private nonce = uint256(1) << 240;

    function setUp() public {
        vm.warp(100 days);
        setUpBridging();
        token = new PlainToken();
        token.mint(address(this), 10_000);
        token.approve(address(l1Bridge), 10_000);
        l1Bridge.bridgeERC20To(address(token), address(1), BOB, 10_000, 200_000, "");
        quota.list(address(token), 100, 1);
    }

    function test_a_relay_beyond_the_quota_leaves_no_trace_and_pays_once() public {
        portal.setGame(narrow);
        _paid(_message(100));
        assertEq(token.balanceOf(BOB), 100);
        bytes memory message = _message(50);
        uint256 dueAt = block.timestamp;
        portal.setDue(dueAt);
        _refused(message, dueAt + 12 hours);
        assertFalse(l1Messenger.failedMessages(keccak256(message)), "not remembered");
        assertEq(l1Bridge.deposits(address(token), address(1)), 9900);
        vm.warp(dueAt + 12 hours - 1);
        _refused(message, dueAt + 12 hours);
        (bool replayed,) = address(l1Messenger).call(message);
        assertFalse(replayed, "nobody replays what never failed");
        vm.warp(dueAt + 12 hours);
        _paid(message);
        assertEq(token.balanceOf(BOB), 150);
        (bool again,) = portal.deliver(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 0, 3_000_000, message);
        assertFalse(again, "pays once");
    }

    /// @dev The clock of the hard limit starts when the withdrawal is due, and attempts do not start it anew.
    function test_a_relay_passes_at_the_hard_limit_after_it_was_due() public {
        portal.setGame(narrow);
        bytes memory message = _message(10_000);
        portal.setDue(block.timestamp);
        uint256 limit = block.timestamp + quota.MAX_DELAY();
        for (uint256 day = 1; day < 7; ++day) {
            vm.warp(block.timestamp + 1 days);
            _refused(message, limit);
        }
        vm.warp(limit - 1);
        _refused(message, limit);
        vm.warp(limit);
        _paid(message);
        assertEq(token.balanceOf(BOB), 10_000);
    }

    /// @dev Every attempt is inside the withdrawal itself, so its game is asked anew: support that came late counts.
    function test_a_relay_by_a_game_beyond_the_threshold_is_free_at_any_attempt() public {
        portal.setGame(narrow);
        bytes memory message = _message(10_000);
        _refused(message, block.timestamp + quota.MAX_DELAY());
        portal.setGame(broad);
        _paid(message);
        assertEq(token.balanceOf(BOB), 10_000);
    }

    function test_a_message_does_not_borrow_anothers_game() public {
        portal.setGame(narrow);
        bytes memory message = _message(10_000);
        _refused(message, block.timestamp + quota.MAX_DELAY());
        portal.setGame(broad);
        (bool success,) = portal.deliver(account("l2 attacker"), address(l1Messenger), 0, 3_000_000, message);
        assertFalse(success, "only the messenger on L2 brings it");
        assertEq(token.balanceOf(BOB), 0);
    }

    function test_the_quota_is_asked_with_the_withdrawals_own_game_and_time() public {
        portal.setGame(narrow);
        portal.setDue(block.timestamp - 1 days);
        vm.expectCall(
            address(quota), abi.encodeCall(quota.consume, (address(token), 10, block.timestamp - 1 days, narrow))
        );
        _paid(_message(10));
    }

    function _message(uint256 amount) private returns (bytes memory) {
        bytes memory call_ = abi.encodeCall(
            IStandardBridge.finalizeBridgeERC20, (address(token), address(1), BOB, BOB, amount, "")
        );
        return abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (nonce++, Predeploys.L2_STANDARD_BRIDGE, address(l1Bridge), 0, 300_000, call_)
        );
    }

    function _paid(bytes memory message) private {
        (bool success,) = portal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 0, 3_000_000, message
        );
        assertTrue(success && l1Messenger.successfulMessages(keccak256(message)), "paid");
    }

    function _refused(bytes memory message, uint256 passesAt) private {
        (bool success, bytes memory reason) = portal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 0, 3_000_000, message
        );
        assertFalse(success, "refused");
        assertEq(
            reason,
            abi.encodeWithSelector(
                IL1StandardBridge.StandardBridge_QuotaExceeded.selector, address(token), passesAt
            )
        );
    }
}
