// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {WETH} from "../../src/l2/WETH.sol";
import {Base} from "./Base.sol";

/// @notice Withdraws a second time from inside its first withdrawal.
contract GreedyHolder {
    WETH private immutable _WETH;

    constructor(WETH weth) payable {
        _WETH = weth;
        weth.deposit{value: msg.value}();
    }

    receive() external payable {
        _WETH.withdraw(1);
    }

    function withdrawAll() external {
        _WETH.withdraw(_WETH.balanceOf(address(this)));
    }
}

contract WETHTest is Base {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);

    WETH private weth;

    function setUp() public {
        weth = new WETH();
        vm.deal(ALICE, 10 ether);
    }

    function test_names_areCode() public view {
        assertEq(bytes(weth.name()), "Wrapped Ether");
        assertEq(bytes(weth.symbol()), "WETH");
        assertEq(uint256(weth.decimals()), 18);
    }

    function testFuzz_wrapping_isUndoneByUnwrapping(uint256 wrapped, uint256 unwrapped) public {
        wrapped = bound(wrapped, 0, 10 ether);
        unwrapped = bound(unwrapped, 0, wrapped);
        vm.startPrank(ALICE);
        vm.expectEmit(address(weth));
        emit WETH.Deposit(ALICE, wrapped);
        weth.deposit{value: wrapped}();
        vm.expectEmit(address(weth));
        emit WETH.Withdrawal(ALICE, unwrapped);
        weth.withdraw(unwrapped);
        vm.stopPrank();
        assertEq(weth.balanceOf(ALICE), wrapped - unwrapped);
        assertEq(weth.totalSupply(), wrapped - unwrapped);
        assertEq(ALICE.balance, 10 ether - wrapped + unwrapped);
    }

    function test_etherSentAnyHow_isWrapped() public {
        vm.startPrank(ALICE);
        (bool plain,) = address(weth).call{value: 1 ether}("");
        (bool unknown,) = address(weth).call{value: 1 ether}(hex"12345678");
        vm.stopPrank();
        assertTrue(plain && unknown, "sent");
        assertEq(weth.balanceOf(ALICE), 2 ether);
    }

    function test_unwrapping_moreThanOneHas_isRefused() public {
        vm.prank(ALICE);
        weth.deposit{value: 1 ether}();
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, BOB, 0, 1));
        weth.withdraw(1);
    }

    function test_unwrapping_fromInsideAnUnwrapping_takesNothingMore() public {
        vm.prank(ALICE);
        weth.deposit{value: 5 ether}();
        vm.deal(address(this), 1 ether);
        GreedyHolder greedy = new GreedyHolder{value: 1 ether}(weth);
        vm.expectRevert(WETH.WETH_TransferFailed.selector);
        greedy.withdrawAll();
        assertEq(address(weth).balance, 6 ether);
    }

    function test_transferFrom_needsAnAllowance_exceptForOnesOwn() public {
        vm.startPrank(ALICE);
        weth.deposit{value: 2 ether}();
        weth.transferFrom(ALICE, BOB, 1 ether);
        vm.stopPrank();
        assertEq(weth.balanceOf(BOB), 1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(this), 0, 1 ether)
        );
        weth.transferFrom(ALICE, BOB, 1 ether);
    }
}
