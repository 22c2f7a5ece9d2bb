// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {SunsetStaker} from "../../src/pha/sunset/SunsetStaker.sol";
import {ISunsetStaker} from "../../src/pha/sunset/interfaces/ISunsetStaker.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @title SunsetStakerVaultTest
/// @notice The staker before the real vPHA.
contract SunsetStakerVaultTest is StakingFixture {
    address private claims = account("claims on L1");
    SunsetStaker private staker;

    function setUp() public override {
        super.setUp();
        staker = new SunsetStaker(claims, pha, vault);
        address messenger = Predeploys.L2_CROSS_DOMAIN_MESSENGER;
        vm.etch(messenger, hex"00");
        bytes memory asked = abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ());
        vm.mockCall(messenger, asked, abi.encode(claims));
    }

    /// @dev Rewards accrue, the receiver holds and votes nothing yet: every slot that a deposit writes is new or cold.
    function test_a_real_deposit_needs_less_than_half_of_its_gas() public {
        _fund(1000 * PHA);
        _deposit(bob, 5000 * PHA);
        vm.warp(block.timestamp + 30 days);
        _owe(alice, 7 * PHA);
        vm.prank(address(staker));
        pha.approve(address(vault), 7 * PHA);
        uint256 before = vm.snapshotState();
        vm.prank(address(staker));
        uint256 left = gasleft();
        vault.deposit(7 * PHA, alice);
        uint256 used = left - gasleft();
        vm.revertToState(before);
        assertTrue(used < staker.DEPOSIT_GAS() / 2, vm.toString(used));
        staker.settle(alice);
        uint256 worth = vault.previewRedeem(vault.balanceOf(alice));
        assertTrue(worth <= 7 * PHA && worth + 1 >= 7 * PHA, "staked");
        assertEq(vault.getVotes(alice), vault.balanceOf(alice));
    }

    /// @dev The vault refuses itself and the pledges: the PHA goes there, as its owner signed, and the staker is free of it.
    function test_who_the_vault_refuses_gets_the_pha() public {
        _owe(address(pledges), 7 * PHA);
        vm.expectEmit(address(staker));
        emit ISunsetStaker.Paid(address(pledges), 7 * PHA);
        staker.settle(address(pledges));
        assertEq(pha.balanceOf(address(pledges)), 7 * PHA);
        assertEq(pha.balanceOf(address(staker)), 0);
        assertEq(vault.balanceOf(address(pledges)), 0);
    }

    /// @dev The word before the tokens.
    function _owe(address receiver, uint256 amount) private {
        vm.prank(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        staker.stakeFor(receiver, amount);
        pha.mint(address(staker), amount);
    }
}
