// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {CrossDomainMessenger} from "../../src/bridging/CrossDomainMessenger.sol";
import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IDepositPortal} from "../../src/bridging/interfaces/IDepositPortal.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {BridgingFixture, PortalDouble} from "./BridgingFixture.sol";

/// @notice Target of messages: notes what it saw, and fails while told to.
contract Target {
    error ToldToFail();

    CrossDomainMessenger private immutable _MESSENGER;
    bool public failing;
    address public seenSender;
    uint256 public seenGas;
    uint256 public calls;

    constructor(CrossDomainMessenger messenger) {
        _MESSENGER = messenger;
    }

    function setFailing(bool failing_) external {
        failing = failing_;
    }

    function hit() external payable {
        seenGas = gasleft();
        require(!failing, ToldToFail());
        seenSender = _MESSENGER.xDomainMessageSender();
        ++calls;
    }

    /// @notice Relays from inside a relay, and goes on whatever comes of it.
    function reenter(bytes calldata relay) external payable {
        ++calls;
        (bool success,) = address(_MESSENGER).call(relay);
        success;
    }
}

contract CrossDomainMessengerTest is BridgingFixture {
    address private constant ALICE = address(0xA11CE);
    uint256 private constant NONCE = uint256(1) << 240;

    Target private target;

    function setUp() public {
        setUpBridging();
        target = new Target(l1Messenger);
        vm.deal(address(portal), 100 ether);
    }

    // ---- sending

    function test_sending_encodesARelayOnTheOtherSide_countsAndTells() public {
        vm.deal(ALICE, 1 ether);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.SentMessage(address(target), ALICE, hex"1234", NONCE, 50_000);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.SentMessageExtension1(ALICE, 1 ether);
        vm.prank(ALICE);
        l1Messenger.sendMessage{value: 1 ether}(address(target), hex"1234", 50_000);

        PortalDouble.Deposit memory deposit = portal.last();
        assertEq(deposit.from, address(l1Messenger));
        assertEq(deposit.to, Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        assertEq(deposit.value, 1 ether);
        assertFalse(deposit.isCreation, "isCreation");
        assertEq(uint256(deposit.gasLimit), l1Messenger.baseGas(hex"1234", 50_000));
        assertEq(
            deposit.data,
            abi.encodeCall(
                ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(target), 1 ether, 50_000, hex"1234")
            )
        );
        assertEq(l1Messenger.messageNonce(), NONCE + 1);
    }

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_baseGas_coversIntrinsicFloorAndPromise(uint16 length, uint32 minGasLimit) public view {
        bytes memory message = new bytes(bound(length, 0, 4096));
        uint256 gas = l1Messenger.baseGas(message, minGasLimit);
        uint256 size = message.length + 260;
        assertTrue(gas >= 21_000 + 40 * size, "floor of EIP-7623");
        assertTrue(gas - 21_000 - 16 * size >= 285_000 + uint256(minGasLimit) * 64 / 63, "execution");
    }

    // ---- first relay

    function test_relay_showsTheSender_paysAndIsRemembered() public {
        bytes32 hash = messageHash(NONCE, 1 ether, 60_000);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.RelayedMessage(hash);
        assertTrue(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "delivered");
        assertEq(target.seenSender(), ALICE);
        assertEq(address(target).balance, 1 ether);
        assertTrue(l1Messenger.successfulMessages(hash), "successful");
        assertFalse(l1Messenger.failedMessages(hash), "failed");

        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_NoMessageInProgress.selector);
        l1Messenger.xDomainMessageSender();
    }

    function test_relay_byAStranger_isRefused() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICrossDomainMessenger.CrossDomainMessenger_NotReplayable.selector, messageHash(NONCE, 0, 60_000)
            )
        );
        this.relayAs(ALICE, relay(NONCE, 0, 60_000));
    }

    function test_relay_byThePortalForAnotherL2Account_isRefused() public {
        bytes memory data = relay(NONCE, 0, 60_000);
        (bool success, bytes memory returned) = portal.deliver(ALICE, address(l1Messenger), 0, 2_000_000, data);
        assertFalse(success, "delivered");
        assertEq(
            returned,
            abi.encodeWithSelector(
                ICrossDomainMessenger.CrossDomainMessenger_NotReplayable.selector, messageHash(NONCE, 0, 60_000)
            )
        );
    }

    function test_relay_withAnotherValueThanTheMessages_isRefused() public {
        (bool success, bytes memory returned) = portal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 1, 2_000_000, relay(NONCE, 2, 60_000)
        );
        assertFalse(success, "delivered");
        assertEq(
            returned, abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_ValueMismatch.selector, 2, 1)
        );
    }

    function test_relay_twice_isRefused() public {
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "first");
        assertFalse(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "second");
        assertEq(target.calls(), 1);
    }

    function testFuzz_relay_ofAnotherNonceVersion_isRefused(uint256 nonce) public {
        uint16 version = uint16(nonce >> 240);
        vm.assume(version != 1);
        (bool success, bytes memory returned) = portal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 0, 2_000_000, relay(nonce, 0, 60_000)
        );
        assertFalse(success, "delivered");
        assertEq(returned, abi.encodeWithSelector(Hashing.Hashing_UnknownNonceVersion.selector, version));
    }

    function test_relay_toTheMessengerOrThePortal_isRefused() public {
        address[2] memory unsafe = [address(l1Messenger), address(portal)];
        for (uint256 i = 0; i < unsafe.length; ++i) {
            bytes memory data =
                abi.encodeCall(ICrossDomainMessenger.relayMessage, (NONCE, ALICE, unsafe[i], 0, 60_000, hex""));
            (bool success, bytes memory returned) =
                portal.deliver(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), 0, 2_000_000, data);
            assertFalse(success, "delivered");
            assertEq(
                returned,
                abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_UnsafeTarget.selector, unsafe[i])
            );
        }
    }

    function test_relay_whilePaused_isRefusedAndPossibleAfterwards() public {
        pause.set(true);
        assertFalse(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "paused");
        pause.set(false);
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "unpaused");
    }

    // ---- failure and replay

    function test_failedRelay_keepsTheValue_andPaysOnceOnReplay() public {
        bytes memory data = relay(NONCE, 1 ether, 60_000);
        bytes32 hash = messageHash(NONCE, 1 ether, 60_000);
        target.setFailing(true);
        vm.expectEmit(address(l1Messenger));
        emit ICrossDomainMessenger.FailedRelayedMessage(hash);
        assertTrue(deliver(1 ether, 2_000_000, data), "a failing target does not fail the delivery");
        assertEq(address(l1Messenger).balance, 1 ether);
        assertTrue(l1Messenger.failedMessages(hash), "failed");

        // A replay that fails again changes nothing.
        this.relayAs(ALICE, data);
        assertEq(address(l1Messenger).balance, 1 ether);

        target.setFailing(false);
        this.relayAs(ALICE, data);
        assertEq(address(target).balance, 1 ether);
        assertEq(address(l1Messenger).balance, 0);
        assertTrue(l1Messenger.successfulMessages(hash), "successful");

        vm.deal(address(l1Messenger), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_AlreadyRelayed.selector, hash)
        );
        this.relayAs(ALICE, data);
        assertEq(target.calls(), 1);
    }

    function test_failedRelay_cannotBeDeliveredAgainByThePortal() public {
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "first");
        assertFalse(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "second");
    }

    function test_replay_withValue_isRefused() public {
        target.setFailing(true);
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "delivered");
        vm.deal(address(this), 1 ether);
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_ReplayWithValue.selector);
        l1Messenger.relayMessage{value: 1}(
            NONCE, ALICE, address(target), 0, 60_000, abi.encodeCall(Target.hit, ())
        );
    }

    function test_replay_withAnyFieldChanged_isRefused() public {
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, relay(NONCE, 1 ether, 60_000)), "delivered");
        target.setFailing(false);
        bytes[3] memory forged =
            [relay(NONCE + 1, 1 ether, 60_000), relay(NONCE, 2 ether, 60_000), relay(NONCE, 1 ether, 60_001)];
        for (uint256 i = 0; i < forged.length; ++i) {
            (bool success,) = address(l1Messenger).call(forged[i]);
            assertFalse(success, "forged");
        }
        assertEq(target.calls(), 0);
    }

    function test_estimation_ofAFailingRelay_reverts() public {
        target.setFailing(true);
        assertTrue(deliver(0, 2_000_000, relay(NONCE, 0, 60_000)), "delivered");
        vm.prank(ALICE, address(1));
        (bool success, bytes memory returned) = address(l1Messenger).call(relay(NONCE, 0, 60_000));
        assertFalse(success, "estimated");
        assertEq(
            returned, abi.encodeWithSelector(ICrossDomainMessenger.CrossDomainMessenger_EstimationFailed.selector)
        );
    }

    /// @dev Whatever gas a relayer gives: the delivery fails as a whole, or the target gets what it was promised, or the
    ///      message stays replayable with its value.
    function testFuzz_underGassedRelay_neverLosesTheMessage(uint256 gasLimit, uint32 minGasLimit) public {
        gasLimit = bound(gasLimit, 30_000, 1_000_000);
        minGasLimit = uint32(bound(minGasLimit, 50_000, 500_000));
        bytes32 hash = messageHash(NONCE, 1 ether, minGasLimit);
        bool delivered = deliver(1 ether, gasLimit, relay(NONCE, 1 ether, minGasLimit));
        if (!delivered) {
            assertEq(address(l1Messenger).balance, 0);
            assertFalse(l1Messenger.failedMessages(hash) || l1Messenger.successfulMessages(hash), "no trace");
        } else if (target.calls() == 1) {
            // 300 gas: the target's own entry before it looks at the gas.
            assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
            assertTrue(l1Messenger.successfulMessages(hash), "successful");
        } else {
            assertTrue(l1Messenger.failedMessages(hash), "failed");
            assertEq(address(l1Messenger).balance, 1 ether);
            this.relayAs(ALICE, relay(NONCE, 1 ether, minGasLimit));
            assertEq(address(target).balance, 1 ether);
        }
    }

    /// @dev With `baseGas` less the transaction's own cost, the call always gets its promise.
    function testFuzz_baseGas_isEnoughForThePromise(uint32 minGasLimit) public {
        minGasLimit = uint32(bound(minGasLimit, 60_000, 5_000_000));
        bytes memory message = abi.encodeCall(Target.hit, ());
        uint256 gas = l1Messenger.baseGas(message, minGasLimit) - 21_000 - 16 * (message.length + 260);
        assertTrue(deliver(1 ether, gas, relay(NONCE, 1 ether, minGasLimit)), "delivered");
        assertEq(target.calls(), 1);
        assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
    }

    /// @dev A target that burns all it is given must leave enough to remember the failure, however long the message:
    ///      a delivery that reverts is spent at the portal, and its value lost for ever.
    function test_relayOfALongMessage_thatBurnsItsGas_isNeverLost() public {
        Burner burner = new Burner();
        for (uint256 length = 0; length <= 110_000; length += 10_000) {
            bytes memory message = _nonZeroBytes(length);
            bytes memory data = abi.encodeCall(
                ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(burner), 1 ether, 0, message)
            );
            uint256 snapshot = vm.snapshotState();
            assertTrue(deliver(1 ether, l1Messenger.baseGas(message, 0), data), "delivered on L1");
            assertTrue(l1Messenger.failedMessages(keccak256(data)), "replayable on L1");
            // On L2 the transaction has paid for its calldata before.
            uint256 gas = l2Messenger.baseGas(message, 0) - 21_000 - 16 * data.length;
            address messenger = AddressAliasing.applyL1ToL2Alias(address(l1Messenger));
            vm.deal(messenger, 1 ether);
            vm.prank(messenger);
            (bool success,) = address(l2Messenger).call{value: 1 ether, gas: gas}(data);
            assertTrue(success && l2Messenger.failedMessages(keccak256(data)), "replayable on L2");
            vm.revertToState(snapshot);
        }
    }

    /// @dev What a message promises holds for long messages as well.
    function testFuzz_relayOfALongMessage_keepsThePromise(uint256 length, uint32 minGasLimit) public {
        bytes memory message = abi.encodePacked(abi.encodeCall(Target.hit, ()), _nonZeroBytes(bound(length, 0, 50_000)));
        minGasLimit = uint32(bound(minGasLimit, 60_000, 5_000_000));
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(target), 1 ether, minGasLimit, message)
        );
        assertTrue(deliver(1 ether, l1Messenger.baseGas(message, minGasLimit) - 16 * data.length, data), "delivered");
        assertEq(target.calls(), 1);
        assertTrue(target.seenGas() + 300 >= minGasLimit, "the promise");
    }

    // ---- reentrancy

    function test_nestedRelay_isRememberedAsFailedInsteadOfExecuted() public {
        bytes memory inner = relay(NONCE + 1, 1 ether, 60_000);
        target.setFailing(true);
        assertTrue(deliver(1 ether, 2_000_000, inner), "inner fails first");
        target.setFailing(false);

        bytes memory outer = abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (NONCE, ALICE, address(target), 0, 500_000, abi.encodeCall(Target.reenter, (inner)))
        );
        assertTrue(deliver(0, 3_000_000, outer), "outer");
        assertEq(target.calls(), 1);
        assertEq(address(target).balance, 0);
        assertFalse(l1Messenger.successfulMessages(messageHash(NONCE + 1, 1 ether, 60_000)), "inner");

        this.relayAs(ALICE, inner);
        assertEq(address(target).balance, 1 ether);
    }

    function test_replayInsideItsOwnReplay_paysOnce() public {
        bytes memory message = abi.encodeCall(Reenterer.attack, ());
        Reenterer attacker = new Reenterer(l1Messenger);
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(attacker), 1 ether, 200_000, message)
        );
        attacker.arm(data);
        assertTrue(deliver(1 ether, 3_000_000, data), "fails at first");
        // Ether of others' failed messages is in the messenger too.
        vm.deal(address(l1Messenger), 5 ether);
        attacker.go();
        this.relayAs(ALICE, data);
        assertEq(address(attacker).balance, 1 ether);
        assertEq(address(l1Messenger).balance, 4 ether);
    }

    // ---- set-up

    function test_initialisation_happensOnce_neverOnTheImplementation_neverWithZero() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        l1Messenger.initialize(pause, portal);
        L1CrossDomainMessenger implementation = new L1CrossDomainMessenger();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(pause, portal);
        vm.store(
            address(implementation), 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00, bytes32(0)
        );
        vm.expectRevert(ICrossDomainMessenger.CrossDomainMessenger_ZeroAddress.selector);
        implementation.initialize(pause, IDepositPortal(address(0)));
    }

    // ---- L2

    function test_l2_acceptsTheAliasOfTheL1MessengerOnly() public {
        bytes memory data = abi.encodeCall(
            ICrossDomainMessenger.relayMessage, (NONCE, ALICE, address(0xB0B), 0, 60_000, hex"")
        );
        vm.prank(address(l1Messenger));
        (bool unaliased,) = address(l2Messenger).call(data);
        assertFalse(unaliased, "the L1 address itself");
        vm.prank(AddressAliasing.applyL1ToL2Alias(address(l1Messenger)));
        (bool aliased,) = address(l2Messenger).call(data);
        assertTrue(aliased, "the alias");
    }

    function test_l2_refusesTheMessagePasserAsTarget() public {
        vm.prank(AddressAliasing.applyL1ToL2Alias(address(l1Messenger)));
        vm.expectRevert(
            abi.encodeWithSelector(
                ICrossDomainMessenger.CrossDomainMessenger_UnsafeTarget.selector, Predeploys.L2_TO_L1_MESSAGE_PASSER
            )
        );
        l2Messenger.relayMessage(NONCE, ALICE, Predeploys.L2_TO_L1_MESSAGE_PASSER, 0, 60_000, hex"");
    }

    function test_aMessageOfL2ArrivesOnL1_withItsValue() public {
        vm.recordLogs();
        vm.deal(ALICE, 2 ether);
        vm.prank(ALICE);
        l2Messenger.sendMessage{value: 2 ether}(address(target), abi.encodeCall(Target.hit, ()), 60_000);
        assertEq(Predeploys.L2_TO_L1_MESSAGE_PASSER.balance, 2 ether);
        assertTrue(executeRecordedWithdrawal(), "delivered");
        assertEq(target.seenSender(), ALICE);
        assertEq(address(target).balance, 2 ether);
    }

    function relayAs(address caller, bytes calldata data) external {
        vm.prank(caller);
        (bool success, bytes memory returned) = address(l1Messenger).call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(returned, 0x20), mload(returned))
        }
    }

    function _nonZeroBytes(uint256 length) private pure returns (bytes memory data) {
        data = new bytes((length + 31) / 32 * 32);
        for (uint256 i = 0; i < length; i += 32) {
            assembly ("memory-safe") {
                mstore(add(add(data, 0x20), i), not(0))
            }
        }
    }

    function deliver(uint256 value, uint256 gasLimit, bytes memory data) private returns (bool success) {
        (success,) =
            portal.deliver(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), value, gasLimit, data);
    }

    function relay(uint256 nonce, uint256 value, uint256 minGasLimit) private view returns (bytes memory) {
        return abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (nonce, ALICE, address(target), value, minGasLimit, abi.encodeCall(Target.hit, ()))
        );
    }

    /// @dev The specification's definition: keccak256 of the relay's calldata.
    function messageHash(uint256 nonce, uint256 value, uint256 minGasLimit) private view returns (bytes32) {
        return keccak256(relay(nonce, value, minGasLimit));
    }
}

/// @notice Uses up all gas of any call.
contract Burner {
    fallback() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice Fails until told to go, then replays its own message from inside it.
contract Reenterer {
    error NotYet();

    CrossDomainMessenger private immutable _MESSENGER;
    bytes private _data;
    bool private _going;

    constructor(CrossDomainMessenger messenger) {
        _MESSENGER = messenger;
    }

    function arm(bytes calldata data) external {
        _data = data;
    }

    function go() external {
        _going = true;
    }

    function attack() external payable {
        require(_going, NotYet());
        (bool success,) = address(_MESSENGER).call(_data);
        success;
    }
}
