// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IOptimismPortal} from "../../src/settlement/interfaces/IOptimismPortal.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Types} from "../../src/types/Types.sol";
import {TokenExitFixture} from "./TokenExitFixture.sol";

/// @notice Every vendor of the threshold is forged, and the forger takes tokens. Whatever he does, they stay within reach of
///         a guardian who blacklists the game, until the quota lets them pass.
contract TokenExitAttacksTest is TokenExitFixture {
    uint256 private constant GAS = 1_000_000;

    function test_a_token_beyond_the_quota_stays_open_and_is_paid_when_it_passes() public {
        (Types.WithdrawalTransaction memory withdrawal, MultiProofGame game) = _due(_message(LOCKED, 200_000), 0, GAS);
        uint256 passesAt = quota.passesAt(address(token), LOCKED, _dueAt(withdrawal), game);
        assertEq(passesAt, _dueAt(withdrawal) + quota.MAX_DELAY());
        vm.warp(passesAt - 1);
        _refused(withdrawal, passesAt);
        // Wallets still call it ready: nothing but the quota stands against it.
        portal.checkWithdrawal(Hashing.hashWithdrawal(withdrawal), address(this));
        assertFalse(messenger.failedMessages(keccak256(withdrawal.data)), "not with the messenger");
        vm.warp(passesAt);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(token.balanceOf(recipient), LOCKED);
        vm.expectRevert(IOptimismPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_blacklisting_ends_tokens_that_wait() public {
        (Types.WithdrawalTransaction memory withdrawal, MultiProofGame game) = _due(_message(LOCKED, 200_000), 0, GAS);
        _refused(withdrawal, _dueAt(withdrawal) + quota.MAX_DELAY());
        _blacklist(game);
        vm.warp(block.timestamp + 30 days);
        vm.expectRevert(IOptimismPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        _replay(withdrawal);
        assertEq(token.balanceOf(recipient), 0);
    }

    /// @dev An honest withdrawal whose game is retired waits for another game, not for ever.
    function test_a_retired_games_token_is_proven_again_and_paid() public {
        (Types.WithdrawalTransaction memory withdrawal,) = _due(_message(LOCKED, 200_000), 0, GAS);
        _refused(withdrawal, _dueAt(withdrawal) + quota.MAX_DELAY());
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _wait(12);
        MultiProofGame game = _provenAgainst(withdrawal, 99);
        _wait(FAST);
        game.resolve();
        vm.warp(_dueAt(withdrawal) + quota.MAX_DELAY());
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(token.balanceOf(recipient), LOCKED);
    }

    /// @dev The forger writes his own gas limits: one that starves the bridge would push the message to the messenger.
    function testFuzz_no_gas_limit_and_no_caller_gets_it_out_of_the_portal(
        uint256 gasLimit,
        uint256 minGasLimit,
        uint256 callerGas
    ) public {
        bytes memory message = _message(LOCKED, bound(minGasLimit, 0, 500_000));
        (Types.WithdrawalTransaction memory withdrawal, MultiProofGame game) =
            _due(message, 0, bound(gasLimit, 0, 500_000));
        try portal.finalizeWithdrawalTransaction{gas: bound(callerGas, 30_000, 1_000_000)}(withdrawal) {
            assertTrue(false, "finalised");
        } catch {}
        _open(withdrawal);
        _blacklist(game);
        _replay(withdrawal);
        assertEq(token.balanceOf(recipient), 0);
    }

    /// @dev A caller who gives too little gas delays nothing: the next one pays it out.
    function testFuzz_an_honest_token_is_paid_however_often_it_was_starved(uint256 callerGas) public {
        (Types.WithdrawalTransaction memory withdrawal,) = _due(_message(TOKEN_QUOTA, 200_000), 0, GAS);
        try portal.finalizeWithdrawalTransaction{gas: bound(callerGas, 30_000, 2_000_000)}(withdrawal) {
            assertEq(token.balanceOf(recipient), TOKEN_QUOTA);
            return;
        } catch {}
        _open(withdrawal);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertEq(token.balanceOf(recipient), TOKEN_QUOTA);
    }

    /// @dev Inside the replay of another message the messenger executes nothing, and would remember it as failed.
    function test_a_withdrawal_inside_a_replay_stays_open() public {
        (Types.WithdrawalTransaction memory withdrawal,) = _due(_message(LOCKED, 200_000), 0, GAS);
        Nester nester = new Nester(portal);
        bytes memory outer =
            _messageOf(account("forger"), address(nester), 0, 200_000, abi.encodeCall(Nester.go, ()));
        (Types.WithdrawalTransaction memory first,) = _due(outer, 0, GAS);
        portal.finalizeWithdrawalTransaction(first);
        assertTrue(messenger.failedMessages(keccak256(outer)), "fails at first, for a replay");
        nester.plan(withdrawal, address(this));
        (bool success,) = address(messenger).call(outer);
        assertTrue(success, "replayed");
        assertEq(
            nester.refusal(), abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_RelayFailed.selector)
        );
        _open(withdrawal);
    }

    /// @dev The legacy function releases tokens as well, and ether along with it does not make it another message.
    function test_every_way_to_release_a_token_is_limited() public {
        bytes memory legacy = abi.encodeCall(
            IL1StandardBridge.finalizeERC20Withdrawal, (address(token), L2_TOKEN, recipient, recipient, LOCKED, "")
        );
        (Types.WithdrawalTransaction memory withdrawal,) =
            _due(_messageOf(Predeploys.L2_STANDARD_BRIDGE, address(bridge), 0, 200_000, legacy), 0, GAS);
        _refused(withdrawal, _dueAt(withdrawal) + quota.MAX_DELAY());

        vm.deal(address(portal), 1);
        (withdrawal,) =
            _due(_messageOf(Predeploys.L2_STANDARD_BRIDGE, address(bridge), 1, 200_000, legacy), 1, GAS);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.warp(block.timestamp + 30 days);
        _replay(withdrawal);
        assertEq(token.balanceOf(recipient), 0);
    }

    /// @dev Who is not the bridge on L2 cannot keep a withdrawal open by the bytes of the bridge's refusal, nor drain the
    ///      gas of who finalises it by long ones.
    function test_a_target_that_imitates_the_refusal_is_kept_for_replay_like_any_other() public {
        Imitator imitator = new Imitator();
        (Types.WithdrawalTransaction memory withdrawal,) =
            _due(_messageOf(account("forger"), address(imitator), 0, 200_000, ""), 0, GAS);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertTrue(portal.finalizedWithdrawals(Hashing.hashWithdrawal(withdrawal)), "finalised");
        assertTrue(messenger.failedMessages(keccak256(withdrawal.data)), "replayable");

        // Straight from L2, without the messenger.
        (withdrawal,) = _due("", 0, GAS);
        withdrawal.sender = account("forger");
        withdrawal.target = address(imitator);
        MultiProofGame game = _provenAgainst(withdrawal, 98);
        _wait(FAST);
        game.resolve();
        _wait(MATURITY);
        portal.finalizeWithdrawalTransaction(withdrawal);
        assertTrue(portal.finalizedWithdrawals(Hashing.hashWithdrawal(withdrawal)), "finalised");
    }

    function test_a_long_reason_is_not_copied() public {
        Imitator imitator = new Imitator();
        imitator.setLength(100_000);
        (Types.WithdrawalTransaction memory withdrawal,) =
            _due(_messageOf(Predeploys.L2_STANDARD_BRIDGE, address(imitator), 0, 200_000, ""), 0, GAS);
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_RelayFailed.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        withdrawal.target = address(imitator);
        MultiProofGame game = _provenAgainst(withdrawal, 97);
        _wait(FAST);
        game.resolve();
        _wait(MATURITY);
        vm.expectRevert(IOptimismPortal.OptimismPortal_MessageRefused.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_outside_a_withdrawal_the_portal_names_no_time() public view {
        assertEq(portal.finalizingDueAt(), 0);
    }

    function _dueAt(Types.WithdrawalTransaction memory withdrawal) private view returns (uint256) {
        (IDisputeGame game, uint64 provenAt) =
            portal.provenWithdrawals(Hashing.hashWithdrawal(withdrawal), address(this));
        uint256 finalAt = game.resolvedAt() + AIR_GAP;
        return finalAt > provenAt + MATURITY ? finalAt : provenAt + MATURITY;
    }

    function _refused(Types.WithdrawalTransaction memory withdrawal, uint256 passesAt) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IL1StandardBridge.StandardBridge_QuotaExceeded.selector, address(token), passesAt
            )
        );
        portal.finalizeWithdrawalTransaction(withdrawal);
        _open(withdrawal);
    }

    function _open(Types.WithdrawalTransaction memory withdrawal) private view {
        assertFalse(portal.finalizedWithdrawals(Hashing.hashWithdrawal(withdrawal)), "open at the portal");
        assertFalse(messenger.failedMessages(keccak256(withdrawal.data)), "unknown to the messenger");
        assertEq(token.balanceOf(recipient), 0);
    }

    function _replay(Types.WithdrawalTransaction memory withdrawal) private {
        (bool success,) = address(messenger).call(withdrawal.data);
        assertFalse(success && messenger.successfulMessages(keccak256(withdrawal.data)), "paid by a replay");
    }

    function _blacklist(MultiProofGame game) private {
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
    }
}

/// @notice Any order of attempts: gas as it likes, replays, time, pauses, and a guardian who blacklists some time. What was
///         not paid before is never paid afterwards, and no token message is ever the messenger's.
contract TokenExitInvariantTest is TokenExitFixture {
    Types.WithdrawalTransaction[] private _withdrawals;
    MultiProofGame[] private _games;
    uint256[] private _amounts;
    bool[] private _ended;
    uint256 private _wentAfterwards;
    uint256 private _paid;
    uint256 private _since;

    function setUp() public override {
        super.setUp();
        uint256[3] memory amounts = [uint256(60), 60, 5000];
        for (uint256 i = 0; i < amounts.length; ++i) {
            // The second has the gas limits of a forger.
            (Types.WithdrawalTransaction memory withdrawal, MultiProofGame game) =
                _due(_message(amounts[i], i == 1 ? 0 : 200_000), 0, i == 1 ? 0 : 1_000_000);
            _withdrawals.push(withdrawal);
            _games.push(game);
            _amounts.push(amounts[i]);
            _ended.push(false);
        }
        _since = block.timestamp;
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function actFinalize(uint8 which, uint256 gas_, uint32 time) external {
        uint256 i = which % 3;
        uint256 before = token.balanceOf(recipient);
        try portal.finalizeWithdrawalTransaction{gas: bound(gas_, 50_000, 3_000_000)}(_withdrawals[i]) {} catch {}
        uint256 paid = token.balanceOf(recipient) - before;
        _paid += paid;
        if (_ended[i]) _wentAfterwards += paid;
        _pass(time);
    }

    function actReplay(uint8 which, uint32 time) external {
        uint256 before = token.balanceOf(recipient);
        (bool success,) = address(messenger).call(_withdrawals[which % 3].data);
        assertFalse(success, "known as failed");
        _wentAfterwards += token.balanceOf(recipient) - before;
        _pass(time);
    }

    function actBlacklist(uint8 which, uint32 time) external {
        uint256 i = which % 12;
        if (i < 3) {
            _ended[i] = true;
            vm.prank(guardian);
            anchors.blacklistDisputeGame(IDisputeGame(address(_games[i])));
        }
        _pass(time);
    }

    function actPause(uint32 time) external {
        vm.prank(guardian);
        try systemConfig.pause() {} catch {}
        _pass(time);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_nothing_leaves_after_its_game_was_blacklisted() public view {
        assertEq(_wentAfterwards, 0);
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 message = keccak256(_withdrawals[i].data);
            assertFalse(messenger.failedMessages(message), "never the messenger's");
            bool finalised = portal.finalizedWithdrawals(Hashing.hashWithdrawal(_withdrawals[i]));
            assertTrue(finalised == messenger.successfulMessages(message), "finalised if and only if paid");
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_tokens_leave_no_faster_than_the_quota() public view {
        assertEq(bridge.deposits(address(token), L2_TOKEN), LOCKED - _paid);
        uint256 quotas = 2 + (block.timestamp - _since) / 1 days;
        bool hardLimit = block.timestamp >= _since + quota.MAX_DELAY() - 1 days;
        assertTrue(hardLimit || _paid <= quotas * TOKEN_QUOTA, "more than the quota left");
    }

    function _pass(uint32 time) private {
        vm.warp(block.timestamp + uint256(keccak256(abi.encode(time))) % 1 days);
    }
}

/// @notice Finalises a withdrawal while a message is being relayed to it.
contract Nester {
    error NotYet();

    IOptimismPortal private immutable PORTAL;
    Types.WithdrawalTransaction private _withdrawal;
    address private _submitter;
    bytes public refusal;

    constructor(IOptimismPortal portal) {
        PORTAL = portal;
    }

    function plan(Types.WithdrawalTransaction calldata withdrawal, address submitter) external {
        (_withdrawal, _submitter) = (withdrawal, submitter);
    }

    function go() external {
        require(_submitter != address(0), NotYet());
        try PORTAL.finalizeWithdrawalTransactionExternalProof(_withdrawal, _submitter) {}
        catch (bytes memory reason) {
            refusal = reason;
        }
    }
}

/// @notice Reverts with the bytes of the bridge's refusal, and as many zeros after them as it is told.
contract Imitator {
    uint256 private _length = 68;

    function setLength(uint256 length) external {
        _length = length;
    }

    fallback() external {
        bytes memory reason = new bytes(_length);
        bytes4 selector = IL1StandardBridge.StandardBridge_QuotaExceeded.selector;
        assembly ("memory-safe") {
            mstore(add(reason, 0x20), selector)
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
