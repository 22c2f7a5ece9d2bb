// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IDepositPortal} from "../../src/bridging/interfaces/IDepositPortal.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {PortalDouble} from "./BridgingFixture.sol";
import {MessengerFixture, Target} from "./MessengerFixture.sol";

/// @notice What is sent is relayed once, by the portal alone, as it was sent.
contract MessengerRelayTest is MessengerFixture {
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
}
