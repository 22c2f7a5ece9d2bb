// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {L1CrossDomainMessenger} from "../../src/bridging/L1CrossDomainMessenger.sol";
import {IPauseSource} from "../../src/bridging/interfaces/IPauseSource.sol";
import {Timelock} from "../../src/deployment/Timelock.sol";
import {L1Executor} from "../../src/governance/L1Executor.sol";
import {IL1Executor} from "../../src/governance/interfaces/IL1Executor.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {PortalDouble} from "./BridgingFixture.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @title L1ExecutorFixture
/// @notice The way from L2's timelock to L1's. The timelock owns the settlement; messages are relayed by the real messenger,
///         for which a double of the portal speaks.
abstract contract L1ExecutorFixture is SettlementFixture {
    uint64 internal constant MARGIN = 15 days;
    uint64 internal constant VETO = 3 days;
    uint256 internal constant MIN_DELAY = 60;
    uint256 internal constant EXIT = uint256(MATURITY) + SLOW + AIR_GAP + MARGIN;
    uint256 internal constant RELAY_GAS = 3_000_000;
    bytes32 internal constant SALT = keccak256("salt");

    address internal l2Timelock = account("L2 timelock");
    address internal anyone = account("anyone");
    PortalDouble internal messagePortal;
    L1CrossDomainMessenger internal messenger;
    Timelock internal timelock;
    L1Executor internal executor;
    uint256 internal sent;

    address[] internal targets;
    uint256[] internal values;
    bytes[] internal payloads;

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

    function _executorParameters() internal view returns (IL1Executor.Parameters memory) {
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

    function _batch(address target, uint256 value, bytes memory payload) internal {
        (targets, values, payloads) = (_list(target), new uint256[](1), new bytes[](1));
        (values[0], payloads[0]) = (value, payload);
    }

    function _schedule(bytes32 salt) internal view returns (bytes memory) {
        return _scheduleUntil(salt, _validUntil());
    }

    function _scheduleUntil(bytes32 salt, uint64 validUntil) internal view returns (bytes memory) {
        return abi.encodeCall(L1Executor.schedule, (targets, values, payloads, 0, salt, validUntil));
    }

    function _validUntil() internal view returns (uint64) {
        return uint64(block.timestamp + 60 days);
    }

    function _id(bytes32 salt) internal view returns (bytes32) {
        return keccak256(abi.encode(targets, values, payloads, bytes32(0), salt));
    }

    function _execute(bytes32 salt) internal {
        timelock.executeBatch(targets, values, payloads, 0, salt);
    }

    function _nonce() internal returns (uint256) {
        return (uint256(1) << 240) | sent++;
    }

    /// @notice Sends and relays; whether the message did what it says.
    function _relay(address sender, uint256 value, bytes memory call) internal returns (bool) {
        uint256 nonce = _nonce();
        bytes memory relay =
            abi.encodeCall(messenger.relayMessage, (nonce, sender, address(executor), value, 0, call));
        _deliver(relay, value);
        return messenger.successfulMessages(
            Hashing.hashCrossDomainMessage(nonce, sender, address(executor), value, 0, call)
        );
    }

    function _deliver(bytes memory relay, uint256 value) internal returns (bool success, bytes memory returned) {
        return messagePortal.deliver(
            Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(messenger), value, RELAY_GAS, relay
        );
    }

    function _list(address one) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = one;
    }
}
