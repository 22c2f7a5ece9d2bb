// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IPauseSource} from "../../src/bridging/interfaces/IPauseSource.sol";
import {Timelock} from "../../src/deployment/Timelock.sol";
import {L1Executor} from "../../src/governance/L1Executor.sol";
import {IL1Executor} from "../../src/governance/interfaces/IL1Executor.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {PortalDouble} from "./BridgingFixture.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Takes ether, and calls back into the timelock once, while it is called.
contract CallsBack {
    TimelockController private immutable TIMELOCK;
    bytes private _call;

    constructor(TimelockController timelock) {
        TIMELOCK = timelock;
    }

    function arm(bytes calldata call_) external {
        _call = call_;
    }

    function strike() external payable returns (bool returned) {
        bytes memory call_ = _call;
        delete _call;
        // solhint-disable-next-line avoid-low-level-calls
        if (call_.length != 0) (returned,) = address(TIMELOCK).call(call_);
    }
}

/// @notice The way from L2's timelock to L1's, and the attempts to go around it. The timelock owns the settlement; messages
///         are relayed by the real messenger, for which a double of the portal speaks.
contract L1ExecutorTest is SettlementFixture {
    uint64 private constant MARGIN = 15 days;
    uint64 private constant VETO = 3 days;
    uint256 private constant MIN_DELAY = 60;
    uint256 private constant EXIT = uint256(MATURITY) + SLOW + AIR_GAP + MARGIN;
    uint256 private constant RELAY_GAS = 3_000_000;
    bytes32 private constant SALT = keccak256("salt");

    address private l2Timelock = account("L2 timelock");
    address private anyone = account("anyone");
    PortalDouble private messagePortal;
    L1CrossDomainMessenger private messenger;
    Timelock private timelock;
    L1Executor private executor;
    uint256 private sent;

    address[] private targets;
    uint256[] private values;
    bytes[] private payloads;

    function setUp() public override {
        timelock = new Timelock(MIN_DELAY, _list(address(this)), _list(address(0)));
        owner = address(timelock);
        super.setUp();
        messagePortal = new PortalDouble();
        messenger = L1CrossDomainMessenger(
            address(
                new ERC1967Proxy(
                    address(new L1CrossDomainMessenger()),
                    abi.encodeCall(L1CrossDomainMessenger.initialize, (IPauseSource(address(systemConfig)), messagePortal))
                )
            )
        );
        executor = new L1Executor(_executorParameters());
        vm.startPrank(address(timelock));
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(executor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(executor));
        timelock.revokeRole(timelock.PROPOSER_ROLE(), address(this));
        timelock.revokeRole(timelock.CANCELLER_ROLE(), address(this));
        vm.stopPrank();
        _batch(address(systemConfig), 0, abi.encodeCall(SystemConfig.setGasLimit, (70_000_000)));
    }

    // ---- the way

    function test_what_l2_decides_happens_on_l1_after_everybody_could_leave() public {
        bytes32 id = _id(SALT);
        assertEq(executor.delay(), EXIT);
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "relayed");
        assertEq(timelock.getTimestamp(id), block.timestamp + EXIT);
        assertEq(executor.vetoableUntil(id), block.timestamp + VETO);
        _wait(EXIT - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
        _wait(1);
        vm.prank(anyone);
        _execute(SALT);
        assertEq(systemConfig.gasLimit(), 70_000_000);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
    }

    function test_a_value_is_kept_for_the_batch_and_spent_by_it() public {
        _batch(anyone, 2 ether, "");
        vm.deal(address(messagePortal), 2 ether);
        assertTrue(_relay(l2Timelock, 2 ether, _schedule(SALT)), "relayed");
        assertEq(address(timelock).balance, 2 ether);
        assertEq(address(executor).balance, 0);
        _wait(EXIT);
        _execute(SALT);
        assertEq(anyone.balance, 2 ether);
    }

    function test_whoever_executes_may_bring_the_value() public {
        _batch(anyone, 1 ether, "");
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        vm.expectRevert();
        _execute(SALT);
        vm.deal(address(this), 1 ether);
        timelock.executeBatch{value: 1 ether}(targets, values, payloads, 0, SALT);
        assertEq(anyone.balance, 1 ether);
    }

    // ---- who may

    function test_the_batch_has_the_timelocks_own_id() public view {
        assertEq(_id(SALT), timelock.hashOperationBatch(targets, values, payloads, 0, SALT));
    }

    function test_nobody_but_the_messenger_is_heard() public {
        for (uint256 i = 0; i < 3; ++i) {
            address caller = [l2Timelock, guardian, address(timelock)][i];
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheMessenger.selector, caller));
            executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheMessenger.selector, caller));
            executor.withdraw(_id(SALT));
        }
    }

    function test_another_sender_on_l2_is_not_the_timelock() public {
        assertFalse(_relay(anyone, 0, _schedule(SALT)), "another sender");
        assertFalse(_relay(address(timelock), 0, _schedule(SALT)), "L1's timelock on L2");
        _relay(l2Timelock, 0, _schedule(SALT));
        assertFalse(_relay(anyone, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "another withdraws");
        assertTrue(timelock.isOperationPending(_id(SALT)), "still there");
    }

    /// @dev The messenger asks nobody outside a message, so that not even its own address would help.
    function test_the_messenger_has_no_sender_outside_a_message() public {
        vm.prank(address(messenger));
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_NoMessageInProgress.selector);
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_nobody_else_schedules_in_the_timelock() public {
        for (uint256 i = 0; i < 4; ++i) {
            vm.prank([guardian, anyone, address(this), address(messenger)][i]);
            vm.expectRevert();
            timelock.scheduleBatch(targets, values, payloads, 0, SALT, EXIT);
        }
    }

    // ---- the same again

    function test_a_message_is_relayed_once() public {
        bytes memory call = _schedule(SALT);
        assertTrue(_relay(l2Timelock, 0, call), "first");
        bytes memory relay = abi.encodeCall(
            messenger.relayMessage, (sent - 1, l2Timelock, address(executor), 0, 0, call)
        );
        (bool success,) = address(messenger).call(relay);
        assertFalse(success, "replayed by anyone");
        (success,) = _deliver(relay, 0);
        assertFalse(success, "delivered twice");
    }

    function test_the_same_batch_again_is_refused_before_and_after_its_execution() public {
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "first");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "while it waits");
        uint256 readyAt = timelock.getTimestamp(_id(SALT));
        _wait(EXIT);
        assertEq(timelock.getTimestamp(_id(SALT)), readyAt);
        _execute(SALT);
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "after it was done");
        assertTrue(_relay(l2Timelock, 0, _schedule(keccak256("other salt"))), "under another salt");
    }

    function test_a_relay_that_fails_stays_replayable_with_its_value_and_waits_anew() public {
        _batch(anyone, 1 ether, "");
        bytes memory call = _schedule(SALT);
        vm.deal(address(messagePortal), 1 ether);
        // Too little gas for the call, enough for the messenger.
        bytes memory relay = abi.encodeCall(
            messenger.relayMessage, (_nonce(), l2Timelock, address(executor), 1 ether, 0, call)
        );
        (bool delivered,) = messagePortal.deliver{value: 0}(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(messenger), 1 ether, 160_000, relay
        );
        assertTrue(delivered, "delivered");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
        uint256 before = vm.snapshotState();
        _wait(60 days);
        vm.prank(anyone);
        (bool success,) = address(messenger).call(relay);
        assertTrue(success, "replayed");
        assertEq(timelock.getTimestamp(_id(SALT)), block.timestamp + EXIT);
        assertEq(address(timelock).balance, 1 ether);
        vm.revertToState(before);
        _wait(60 days + 1);
        (success,) = address(messenger).call(relay);
        assertTrue(success, "the messenger keeps it again");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
    }

    // ---- the delay

    function test_governance_cannot_shrink_the_delay_below_an_exit() public {
        _batch(address(timelock), 0, abi.encodeCall(TimelockController.updateDelay, (0)));
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        _execute(SALT);
        assertEq(timelock.getMinDelay(), 0);
        assertEq(executor.delay(), EXIT);
        _batch(address(systemConfig), 0, abi.encodeCall(SystemConfig.setGasLimit, (70_000_000)));
        _relay(l2Timelock, 0, _schedule(SALT));
        assertEq(timelock.getTimestamp(_id(SALT)), block.timestamp + EXIT);
    }

    function test_a_longer_delay_of_the_timelock_holds() public {
        vm.prank(address(timelock));
        timelock.updateDelay(2 * EXIT);
        assertEq(executor.delay(), 2 * EXIT);
        _relay(l2Timelock, 0, _schedule(SALT));
        assertEq(timelock.getTimestamp(_id(SALT)), block.timestamp + 2 * EXIT);
    }

    function test_the_delay_follows_the_exit_at_that_moment() public {
        MultiProofGame slower =
            new MultiProofGame(anchors, registry, _policy(false, FAST, SLOW + 500, WINDOW), rewards, CONFIG_HASH);
        vm.prank(owner);
        factory.setImplementation(GAME_TYPE, IDisputeGame(address(slower)));
        assertEq(executor.delay(), EXIT + 500);
    }

    /// @dev Which games are respected is the guardian's to say; governance, which names the guardian, must not hang on it.
    function test_the_guardian_cannot_stop_governance_by_the_respected_game() public {
        _admitOtherType();
        vm.prank(guardian);
        anchors.setRespectedGameType(OTHER_TYPE);
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "scheduled");
        assertEq(executor.delay(), EXIT);
    }

    // ---- the veto

    function test_the_guardian_cancels_within_the_window() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(VETO - 1);
        vm.prank(guardian);
        executor.veto(_id(SALT));
        assertFalse(timelock.isOperation(_id(SALT)), "cancelled");
        assertEq(executor.firstVetoAt(executor.contentOf(_id(SALT))), block.timestamp);
        _wait(EXIT);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
    }

    function test_after_the_window_he_cannot() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        uint256 until = block.timestamp + VETO;
        _wait(VETO);
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(IL1Executor.L1Executor_VetoWindowOver.selector, _id(SALT), until)
        );
        executor.veto(_id(SALT));
    }

    /// @dev One decision, many messages: twins under other salts, prepared before the veto, do not slip past it.
    function test_twins_prepared_beforehand_are_vetoed_too() public {
        bytes32 twin = keccak256("twin");
        bytes32 late = keccak256("late twin");
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "one");
        assertTrue(_relay(l2Timelock, 0, _schedule(twin)), "two");
        vm.startPrank(guardian);
        executor.veto(_id(SALT));
        executor.veto(_id(twin));
        vm.stopPrank();
        uint256 first = block.timestamp;
        _wait(executor.VETO_REPEAT() - 1);
        assertTrue(_relay(l2Timelock, 0, _schedule(late)), "three");
        vm.prank(guardian);
        executor.veto(_id(late));
        assertFalse(timelock.isOperation(_id(late)), "cancelled");
        assertEq(executor.firstVetoAt(executor.contentOf(_id(late))), first);
    }

    function test_what_is_voted_for_again_is_not_vetoed_again() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _wait(executor.VETO_REPEAT());
        bytes32 again = keccak256("again");
        assertTrue(_relay(l2Timelock, 0, _schedule(again)), "scheduled again");
        bytes32 content = executor.contentOf(_id(again));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_AlreadyVetoed.selector, content));
        executor.veto(_id(again));
        _wait(EXIT);
        _execute(again);
        assertEq(systemConfig.gasLimit(), 70_000_000);
    }

    function test_only_the_guardian_vetoes_and_only_what_was_scheduled_here() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_NotTheGuardian.selector, anyone));
        executor.veto(_id(SALT));
        bytes32 unknown = keccak256("unknown");
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_UnknownBatch.selector, unknown));
        executor.veto(unknown);
    }

    /// @dev Messages of the same batch that failed are kept by the messenger, and anyone replays them.
    function test_kept_messages_undo_neither_a_veto_nor_a_withdrawal() public {
        assertTrue(_relay(l2Timelock, 0, _schedule(SALT)), "scheduled");
        bytes memory call = _schedule(SALT);
        bytes memory kept =
            abi.encodeCall(messenger.relayMessage, (_nonce(), l2Timelock, address(executor), 0, 0, call));
        _deliver(kept, 0);
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _replayInVain(kept);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "once more");
        _replayInVain(kept);
        vm.revertToState(before);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "withdrawn");
        _replayInVain(kept);
    }

    function test_a_batch_is_withdrawn_before_it_arrives() public {
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "withdrawn");
        assertTrue(executor.isBarred(_id(SALT)), "barred");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "too late");
        _heard();
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_Barred.selector, _id(SALT)));
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_what_was_executed_is_not_withdrawn() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        _execute(SALT);
        assertFalse(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "done");
    }

    function test_a_decision_that_comes_too_late_is_refused_by_name() public {
        uint64 over = uint64(block.timestamp - 1);
        assertFalse(_relay(l2Timelock, 0, _scheduleUntil(SALT, over)), "expired");
        _heard();
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_Expired.selector, over));
        executor.schedule(targets, values, payloads, 0, SALT, over);
        assertTrue(_relay(l2Timelock, 0, _scheduleUntil(SALT, uint64(block.timestamp))), "in its last second");
    }

    /// @dev Nobody keeps a decision for a day after everybody forgot it: whoever brings it early ends it.
    function test_a_decision_that_is_good_for_too_long_is_refused_for_ever() public {
        uint64 longest = uint64(block.timestamp + executor.MAX_VALIDITY());
        uint256 before = vm.snapshotState();
        assertTrue(_relay(l2Timelock, 0, _scheduleUntil(SALT, longest)), "longest");
        assertTrue(timelock.isOperation(_id(SALT)), "scheduled");
        vm.revertToState(before);
        bytes memory call = _scheduleUntil(SALT, longest + 1);
        vm.expectEmit(address(executor));
        emit IL1Executor.BatchRefused(_id(SALT), longest + 1);
        assertTrue(_relay(l2Timelock, 0, call), "heard");
        assertFalse(timelock.isOperation(_id(SALT)), "not scheduled");
        _wait(1 days);
        assertFalse(_relay(l2Timelock, 0, call), "nor when it fits");
        assertFalse(timelock.isOperation(_id(SALT)), "never");
    }

    function test_the_guardian_has_no_role_in_the_timelock() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        vm.expectRevert();
        timelock.cancel(_id(SALT));
    }

    function test_governance_takes_back_what_it_scheduled_at_any_time() public {
        _relay(l2Timelock, 0, _schedule(SALT));
        _wait(EXIT);
        assertTrue(_relay(l2Timelock, 0, abi.encodeCall(L1Executor.withdraw, (_id(SALT)))), "taken back");
        assertFalse(timelock.isOperation(_id(SALT)), "gone");
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "never again");
        assertTrue(_relay(l2Timelock, 0, _schedule(keccak256("new decision"))), "a new decision");
    }

    /// @dev A new guardian is decided by a batch that the old one may veto for a while only.
    function test_a_guardian_who_vetoes_everything_is_replaced() public {
        address next = account("next guardian");
        _batch(address(systemConfig), 0, abi.encodeCall(SystemConfig.setGuardian, (next)));
        _relay(l2Timelock, 0, _schedule(SALT));
        vm.prank(guardian);
        executor.veto(_id(SALT));
        _wait(executor.VETO_REPEAT());
        _relay(l2Timelock, 0, _schedule(keccak256("again")));
        vm.prank(guardian);
        vm.expectPartialRevert(IL1Executor.L1Executor_AlreadyVetoed.selector);
        executor.veto(_id(keccak256("again")));
        _wait(EXIT);
        _execute(keccak256("again"));
        assertEq(systemConfig.guardian(), next);
    }

    // ---- what is malformed, or calls back

    function test_an_empty_or_crooked_batch_is_refused() public {
        values.push(1);
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "crooked");
        (targets, values, payloads) = (new address[](0), new uint256[](0), new bytes[](0));
        assertFalse(_relay(l2Timelock, 0, _schedule(SALT)), "empty");
        _heard();
        vm.expectRevert(IL1Executor.L1Executor_EmptyBatch.selector);
        executor.schedule(targets, values, payloads, 0, SALT, _validUntil());
    }

    function test_an_executed_call_cannot_execute_the_batch_again() public {
        CallsBack target = new CallsBack(timelock);
        _batch(address(target), 1 ether, abi.encodeCall(CallsBack.strike, ()));
        vm.deal(address(timelock), 5 ether);
        _relay(l2Timelock, 0, _schedule(SALT));
        target.arm(abi.encodeCall(timelock.executeBatch, (targets, values, payloads, 0, SALT)));
        _wait(EXIT);
        // The inner execution goes through, the outer finds the batch done: all is undone.
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute(SALT);
        assertEq(address(timelock).balance, 5 ether);
        assertEq(address(target).balance, 0);
    }

    function test_parameters_that_make_no_sense_are_refused_by_name() public {
        IL1Executor.Parameters memory wrong = _executorParameters();
        wrong.margin = 0;
        vm.expectRevert(IL1Executor.L1Executor_ZeroMargin.selector);
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.vetoWindow = MARGIN + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IL1Executor.L1Executor_InvalidVetoWindow.selector, MARGIN + 1, MARGIN)
        );
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.vetoWindow = 0;
        vm.expectRevert(abi.encodeWithSelector(IL1Executor.L1Executor_InvalidVetoWindow.selector, 0, MARGIN));
        new L1Executor(wrong);
        wrong = _executorParameters();
        wrong.l2Timelock = address(0);
        vm.expectRevert(IL1Executor.L1Executor_ZeroAddress.selector);
        new L1Executor(wrong);
    }

    // ---- verbs

    /// @notice The next call is a message of L2's timelock, whose errors are seen.
    function _heard() private {
        vm.mockCall(
            address(messenger), abi.encodeCall(messenger.xDomainMessageSender, ()), abi.encode(l2Timelock)
        );
        vm.prank(address(messenger));
    }

    function _replayInVain(bytes memory kept) private {
        vm.prank(anyone);
        (bool success,) = address(messenger).call(kept);
        assertTrue(success, "the messenger keeps it again");
        assertFalse(timelock.isOperation(_id(SALT)), "nothing is scheduled");
    }

    function _executorParameters() private view returns (IL1Executor.Parameters memory) {
        return IL1Executor.Parameters({
            messenger: messenger,
            l2Timelock: l2Timelock,
            timelock: timelock,
            systemConfig: systemConfig,
            portal: portal,
            gameFactory: factory,
            gameType: GAME_TYPE,
            margin: MARGIN,
            vetoWindow: VETO
        });
    }

    function _batch(address target, uint256 value, bytes memory payload) private {
        (targets, values, payloads) = (_list(target), new uint256[](1), new bytes[](1));
        (values[0], payloads[0]) = (value, payload);
    }

    function _schedule(bytes32 salt) private view returns (bytes memory) {
        return _scheduleUntil(salt, _validUntil());
    }

    function _scheduleUntil(bytes32 salt, uint64 validUntil) private view returns (bytes memory) {
        return abi.encodeCall(L1Executor.schedule, (targets, values, payloads, 0, salt, validUntil));
    }

    function _validUntil() private view returns (uint64) {
        return uint64(block.timestamp + 60 days);
    }

    function _id(bytes32 salt) private view returns (bytes32) {
        return keccak256(abi.encode(targets, values, payloads, bytes32(0), salt));
    }

    function _execute(bytes32 salt) private {
        timelock.executeBatch(targets, values, payloads, 0, salt);
    }

    function _nonce() private returns (uint256) {
        return (uint256(1) << 240) | sent++;
    }

    /// @notice Sends and relays; whether the message did what it says.
    function _relay(address sender, uint256 value, bytes memory call) private returns (bool) {
        uint256 nonce = _nonce();
        bytes memory relay =
            abi.encodeCall(messenger.relayMessage, (nonce, sender, address(executor), value, 0, call));
        _deliver(relay, value);
        return messenger.successfulMessages(
            Hashing.hashCrossDomainMessage(nonce, sender, address(executor), value, 0, call)
        );
    }

    function _deliver(bytes memory relay, uint256 value) private returns (bool success, bytes memory returned) {
        return messagePortal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(messenger), value, RELAY_GAS, relay
        );
    }

    function _list(address one) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = one;
    }
}
