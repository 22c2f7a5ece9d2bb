// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PhaTestToken} from "../../src/pha/PhaTestToken.sol";
import {Base} from "./Base.sol";

contract PhaTestTokenTest is Base {
    PhaTestToken private token;

    function setUp() public {
        token = new PhaTestToken(address(0xA11CE), 1_000_000e18);
    }

    function test_supply_startsWithTheHolder() public view {
        assertEq(token.balanceOf(address(0xA11CE)), 1_000_000e18);
        assertEq(token.totalSupply(), 1_000_000e18);
        assertEq(uint256(token.decimals()), 18);
    }

    function test_name_saysTest() public view {
        assertEq(bytes(token.name()), "TEST Phala (worthless)");
        assertEq(bytes(token.symbol()), "TEST-PHA");
    }

    function testFuzz_faucet_mintsUpToItsLimit(uint256 amount) public {
        amount = bound(amount, 0, token.FAUCET_LIMIT());
        token.faucet(amount);
        assertEq(token.balanceOf(address(this)), amount);
    }

    function testFuzz_faucet_refusesMore(uint256 amount) public {
        amount = bound(amount, token.FAUCET_LIMIT() + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(
                PhaTestToken.PhaTestToken_AboveFaucetLimit.selector, amount, token.FAUCET_LIMIT()
            )
        );
        token.faucet(amount);
    }
}
