// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOptimismPortal} from "../../src/settlement/interfaces/IOptimismPortal.sol";
import {IResourceMetering} from "../../src/settlement/interfaces/IResourceMetering.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract OptimismPortalDepositTest is SettlementFixture {
    address private user = account("user");

    function setUp() public override {
        super.setUp();
        vm.deal(user, 100 ether);
    }

    function test_a_deposit_packs_mint_value_gas_creation_and_data() public {
        vm.expectEmit(address(portal));
        emit IOptimismPortal.TransactionDeposited(
            user, account("to"), 0, abi.encodePacked(uint256(3), uint256(2), uint64(100_000), false, hex"beef")
        );
        vm.prank(user, user);
        portal.depositTransaction{value: 3}(account("to"), 2, 100_000, false, hex"beef");
        assertEq(address(portal).balance, 3);
    }

    function test_a_contracts_deposit_comes_from_its_alias() public {
        vm.expectEmit(address(portal));
        emit IOptimismPortal.TransactionDeposited(
            AddressAliasing.applyL1ToL2Alias(address(this)),
            account("to"),
            0,
            abi.encodePacked(uint256(0), uint256(0), uint64(100_000), false, "")
        );
        portal.depositTransaction(account("to"), 0, 100_000, false, "");
    }

    function test_an_account_that_delegates_its_code_is_not_aliased() public {
        vm.etch(user, abi.encodePacked(hex"ef0100", address(portal)));
        vm.expectEmit(address(portal));
        emit IOptimismPortal.TransactionDeposited(
            user, account("to"), 0, abi.encodePacked(uint256(0), uint256(0), uint64(100_000), false, "")
        );
        vm.prank(user, account("bundler"));
        portal.depositTransaction(account("to"), 0, 100_000, false, "");
    }

    function test_a_plain_transfer_is_a_deposit_and_a_donation_is_not() public {
        vm.expectEmit(address(portal));
        emit IOptimismPortal.TransactionDeposited(
            user, user, 0, abi.encodePacked(uint256(1 ether), uint256(1 ether), uint64(100_000), false, "")
        );
        vm.prank(user, user);
        (bool sent,) = address(portal).call{value: 1 ether}("");
        assertTrue(sent, "accepted");
        vm.recordLogs();
        vm.prank(user, user);
        portal.donateETH{value: 1 ether}();
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(address(portal).balance, 2 ether);
    }

    function test_bad_deposits_are_refused_by_name() public {
        vm.expectRevert(IOptimismPortal.OptimismPortal_BadTarget.selector);
        portal.depositTransaction(account("to"), 0, 100_000, true, "");
        vm.expectRevert(IOptimismPortal.OptimismPortal_GasLimitTooLow.selector);
        portal.depositTransaction(account("to"), 0, 20_999, false, "");
        vm.expectRevert(IOptimismPortal.OptimismPortal_GasLimitTooLow.selector);
        portal.depositTransaction(account("to"), 0, 21_039, false, hex"00");
        bytes memory large = new bytes(120_001);
        vm.expectRevert(IOptimismPortal.OptimismPortal_CalldataTooLarge.selector);
        portal.depositTransaction(account("to"), 0, 10_000_000, false, large);
        portal.depositTransaction(account("to"), 0, 10_000_000, false, new bytes(120_000));
    }

    function test_a_block_sells_no_more_gas_than_its_limit() public {
        portal.depositTransaction(account("to"), 0, 15_000_000, false, "");
        vm.expectRevert(IResourceMetering.OutOfGas.selector);
        portal.depositTransaction(account("to"), 0, 5_000_001, false, "");
        portal.depositTransaction(account("to"), 0, 5_000_000, false, "");
        vm.roll(block.number + 1);
        portal.depositTransaction(account("to"), 0, 20_000_000, false, "");
    }

    function test_the_price_rises_with_demand_and_falls_without() public {
        portal.depositTransaction(account("to"), 0, 20_000_000, false, "");
        vm.roll(block.number + 1);
        portal.depositTransaction(account("to"), 0, 21_000, false, "");
        (uint128 fee,,) = portal.params();
        // Bought 20M against a target of 2M: 1 + (18 / 2) / 8 = 2.125 times.
        assertEq(fee, 2.125 gwei);
        vm.roll(block.number + 3);
        portal.depositTransaction(account("to"), 0, 21_000, false, "");
        (uint128 lower, uint64 bought, uint64 number) = portal.params();
        assertTrue(lower < fee && lower > 1 gwei, "decays");
        assertEq(bought, 21_000);
        assertEq(number, block.number);
        vm.roll(block.number + 1_000_000);
        portal.depositTransaction(account("to"), 0, 21_000, false, "");
        (fee,,) = portal.params();
        assertEq(fee, 1 gwei);
    }

    /// @dev Clients estimate a deposit's gas some blocks before it is mined, and viem leaves no margin.
    function testFuzz_a_deposits_gas_does_not_depend_on_earlier_deposits(uint256 blocks) public {
        portal.depositTransaction(account("to"), 0, 21_000, false, "");
        uint256 second = this.gasOfADeposit();
        assertEq(this.gasOfADeposit(), second);
        vm.roll(block.number + 1);
        assertEq(this.gasOfADeposit(), second);
        vm.roll(block.number + bound(blocks, 2, type(uint32).max));
        assertEq(this.gasOfADeposit(), second);
    }

    /// @dev Called from outside, so that each measurement has fresh memory.
    function gasOfADeposit() external returns (uint256 gas) {
        gas = gasleft();
        portal.depositTransaction(account("to"), 0, 21_000, false, "");
        gas -= gasleft();
    }

    function test_bought_gas_is_burnt() public {
        vm.fee(1 gwei);
        uint256 before = gasleft();
        portal.depositTransaction(account("to"), 0, 3_000_000, false, "");
        assertTrue(before - gasleft() >= 3_000_000, "at least what was bought, at equal prices");
    }

    function testFuzz_the_fee_stays_in_its_bounds(uint64 gas, uint256 blocks) public {
        gas = uint64(bound(gas, 21_000, 3_000_000));
        portal.depositTransaction(account("to"), 0, gas, false, "");
        vm.roll(block.number + bound(blocks, 0, type(uint32).max));
        portal.depositTransaction(account("to"), 0, gas, false, "");
        (uint128 fee,,) = portal.params();
        assertTrue(fee >= 1 gwei, "at least the minimum");
    }
}
