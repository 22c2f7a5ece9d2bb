// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {FeeVault} from "../../src/l2/FeeVault.sol";
import {L2ProxyAdmin} from "../../src/l2/L2ProxyAdmin.sol";
import {L2ToL1MessagePasser} from "../../src/l2/L2ToL1MessagePasser.sol";
import {IFeeVault} from "../../src/l2/interfaces/IFeeVault.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Base} from "./Base.sol";

contract FeeVaultTest is Base {
    address private constant RECIPIENT = address(0xFEE5);
    address private constant OWNER = address(0x0123456);
    uint256 private constant MINIMUM = 10 ether;

    FeeVault private vault = FeeVault(payable(Predeploys.SEQUENCER_FEE_VAULT));

    function setUp() public {
        vm.etch(Predeploys.L2_TO_L1_MESSAGE_PASSER, address(new L2ToL1MessagePasser()).code);
        vm.etch(Predeploys.PROXY_ADMIN, address(new L2ProxyAdmin(OWNER)).code);
        vm.store(Predeploys.PROXY_ADMIN, 0, bytes32(uint256(uint160(OWNER))));
        vm.etch(address(vault), address(new FeeVault()).code);
        vault.initialize(RECIPIENT, MINIMUM, IFeeVault.WithdrawalNetwork.L2);
    }

    function testFuzz_payment_onL2_isOfEverything(uint256 collected) public {
        collected = bound(collected, MINIMUM, 1e30);
        vm.deal(address(vault), collected);
        vm.expectEmit(address(vault));
        emit IFeeVault.Withdrawal(collected, RECIPIENT, address(this));
        vm.expectEmit(address(vault));
        emit IFeeVault.Withdrawal(collected, RECIPIENT, address(this), IFeeVault.WithdrawalNetwork.L2);
        assertEq(vault.withdraw(), collected);
        assertEq(RECIPIENT.balance, collected);
        assertEq(vault.totalProcessed(), collected);
    }

    function test_payment_onL1_beginsAWithdrawal() public {
        vm.prank(OWNER);
        vault.setWithdrawalNetwork(IFeeVault.WithdrawalNetwork.L1);
        vm.deal(address(vault), MINIMUM);
        vault.withdraw();
        bytes32 hash = keccak256(
            abi.encode(uint256(1) << 240, address(vault), RECIPIENT, MINIMUM, 400_000, bytes(""))
        );
        assertTrue(
            L2ToL1MessagePasser(payable(Predeploys.L2_TO_L1_MESSAGE_PASSER)).sentMessages(hash), "withdrawal"
        );
        assertEq(Predeploys.L2_TO_L1_MESSAGE_PASSER.balance, MINIMUM);
    }

    function test_payment_belowTheMinimum_isRefused() public {
        vm.deal(address(vault), MINIMUM - 1);
        vm.expectRevert(abi.encodeWithSelector(IFeeVault.FeeVault_BelowMinimum.selector, MINIMUM - 1, MINIMUM));
        vault.withdraw();
    }

    function test_payment_toARecipientThatRefuses_isReverted() public {
        // This contract has no way to receive ether.
        vm.prank(OWNER);
        vault.setRecipient(address(this));
        vm.deal(address(vault), MINIMUM);
        vm.expectRevert(abi.encodeWithSelector(IFeeVault.FeeVault_TransferFailed.selector, address(this)));
        vault.withdraw();
        assertEq(vault.totalProcessed(), 0);
    }

    function testFuzz_settings_areTheProxyAdminOwnersAlone(address caller) public {
        vm.assume(caller != OWNER);
        vm.startPrank(caller);
        vm.expectRevert(IFeeVault.FeeVault_NotProxyAdminOwner.selector);
        vault.setRecipient(caller);
        vm.expectRevert(IFeeVault.FeeVault_NotProxyAdminOwner.selector);
        vault.setMinWithdrawalAmount(0);
        vm.expectRevert(IFeeVault.FeeVault_NotProxyAdminOwner.selector);
        vault.setWithdrawalNetwork(IFeeVault.WithdrawalNetwork.L1);
        vm.stopPrank();
    }

    function test_settings_changeAndTell() public {
        vm.startPrank(OWNER);
        vm.expectEmit(address(vault));
        emit IFeeVault.RecipientUpdated(RECIPIENT, OWNER);
        vault.setRecipient(OWNER);
        vm.expectEmit(address(vault));
        emit IFeeVault.MinWithdrawalAmountUpdated(MINIMUM, 7);
        vault.setMinWithdrawalAmount(7);
        vm.expectEmit(address(vault));
        emit IFeeVault.WithdrawalNetworkUpdated(IFeeVault.WithdrawalNetwork.L2, IFeeVault.WithdrawalNetwork.L1);
        vault.setWithdrawalNetwork(IFeeVault.WithdrawalNetwork.L1);
        vm.expectRevert(IFeeVault.FeeVault_ZeroAddress.selector);
        vault.setRecipient(address(0));
        vm.stopPrank();
        assertEq(vault.RECIPIENT(), OWNER);
        assertEq(vault.l1FeeWallet(), OWNER);
        assertEq(vault.MIN_WITHDRAWAL_AMOUNT(), 7);
        assertTrue(vault.WITHDRAWAL_NETWORK() == IFeeVault.WithdrawalNetwork.L1, "network");
    }

    function test_initialisation_happensOnce_neverOnTheImplementation_neverWithZero() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vault.initialize(OWNER, 0, IFeeVault.WithdrawalNetwork.L1);
        FeeVault implementation = new FeeVault();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(OWNER, 0, IFeeVault.WithdrawalNetwork.L1);
        address fresh = address(0xF5E5);
        vm.etch(fresh, address(implementation).code);
        vm.expectRevert(IFeeVault.FeeVault_ZeroAddress.selector);
        FeeVault(payable(fresh)).initialize(address(0), 0, IFeeVault.WithdrawalNetwork.L1);
    }
}
