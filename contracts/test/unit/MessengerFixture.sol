// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CrossDomainMessenger} from "../../src/bridging/CrossDomainMessenger.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {BridgingFixture} from "./BridgingFixture.sol";

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

/// @title MessengerFixture
/// @notice Both messengers, a target that can fail, and verbs to send, relay and deliver.
abstract contract MessengerFixture is BridgingFixture {
    address internal constant ALICE = address(0xA11CE);
    uint256 internal constant NONCE = uint256(1) << 240;

    Target internal target;

    function setUp() public {
        setUpBridging();
        target = new Target(l1Messenger);
        vm.deal(address(portal), 100 ether);
    }

    function relayAs(address caller, bytes calldata data) external {
        vm.prank(caller);
        (bool success, bytes memory returned) = address(l1Messenger).call(data);
        if (success) return;
        assembly ("memory-safe") {
            revert(add(returned, 0x20), mload(returned))
        }
    }

    function deliver(uint256 value, uint256 gasLimit, bytes memory data) internal returns (bool success) {
        (success,) =
            portal.deliver(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(l1Messenger), value, gasLimit, data);
    }

    function relay(uint256 nonce, uint256 value, uint256 minGasLimit) internal view returns (bytes memory) {
        return abi.encodeCall(
            ICrossDomainMessenger.relayMessage,
            (nonce, ALICE, address(target), value, minGasLimit, abi.encodeCall(Target.hit, ()))
        );
    }

    /// @dev The specification's definition: keccak256 of the relay's calldata.
    function messageHash(uint256 nonce, uint256 value, uint256 minGasLimit) internal view returns (bytes32) {
        return keccak256(relay(nonce, value, minGasLimit));
    }
}
