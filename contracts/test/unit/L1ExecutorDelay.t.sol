// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {SystemConfig} from "../../src/settlement/SystemConfig.sol";
import {L1ExecutorFixture} from "./L1ExecutorFixture.sol";

/// @notice What L2 decides waits on L1 until everybody could leave, and happens then.
contract L1ExecutorDelayTest is L1ExecutorFixture {
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
}
