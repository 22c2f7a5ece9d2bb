// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeterministicDeployer} from "../../src/deployment/DeterministicDeployer.sol";
import {Multicall3} from "../../src/deployment/Multicall3.sol";
import {PhaTestToken} from "../../src/pha/PhaTestToken.sol";
import {Base} from "./Base.sol";

contract DeterministicDeployerTest is Base {
    DeterministicDeployer private deployer = new DeterministicDeployer();
    bytes32 private constant NAME = keccak256("name");

    function test_a_name_gives_the_address_whatever_the_code() public {
        address wanted = deployer.namedAddress(address(this), NAME);
        deployer.create(_one(true, _token(1)));
        assertTrue(wanted.code.length != 0, "stands where it was said");
        assertEq(PhaTestToken(wanted).totalSupply(), 1);
    }

    function test_a_name_is_its_callers_and_is_given_once() public {
        address ours = deployer.namedAddress(address(this), NAME);
        vm.prank(account("squatter"));
        deployer.create(_one(true, _token(7)));
        assertEq(ours.code.length, 0);
        deployer.create(_one(true, _token(1)));
        assertEq(PhaTestToken(ours).totalSupply(), 1);
        vm.expectRevert();
        deployer.create(_one(true, _token(2)));
    }

    function test_unnamed_code_has_the_address_of_its_hash_and_stays() public {
        address wanted = deployer.codeAddress(keccak256(_token(3)));
        deployer.create(_one(false, _token(3)));
        vm.prank(account("anyone"));
        deployer.create(_one(false, _token(3)));
        assertEq(PhaTestToken(wanted).totalSupply(), 3);
    }

    function test_a_failing_constructor_fails_the_batch() public {
        DeterministicDeployer.Creation[] memory creations = new DeterministicDeployer.Creation[](2);
        creations[0] = DeterministicDeployer.Creation(false, 0, _token(3));
        creations[1] = DeterministicDeployer.Creation(true, NAME, hex"fe");
        vm.expectRevert();
        deployer.create(creations);
        assertEq(deployer.codeAddress(keccak256(_token(3))).code.length, 0);
    }

    function _token(uint256 supply) private pure returns (bytes memory) {
        return abi.encodePacked(type(PhaTestToken).creationCode, abi.encode(address(1), supply));
    }

    function _one(bool named, bytes memory initCode)
        private
        pure
        returns (DeterministicDeployer.Creation[] memory creations)
    {
        creations = new DeterministicDeployer.Creation[](1);
        creations[0] = DeterministicDeployer.Creation(named, named ? NAME : bytes32(0), initCode);
    }
}

contract Multicall3Test is Base {
    Multicall3 private multicall = new Multicall3();

    function test_aggregate3_reports_what_may_fail_and_reverts_for_what_may_not() public {
        Multicall3.Call3[] memory calls = new Multicall3.Call3[](2);
        calls[0] = Multicall3.Call3(address(multicall), false, abi.encodeCall(Multicall3.getChainId, ()));
        calls[1] = Multicall3.Call3(address(multicall), true, hex"deadbeef");
        Multicall3.Result[] memory results = multicall.aggregate3(calls);
        assertEq(results[0].returnData, abi.encode(block.chainid));
        assertFalse(results[1].success, "no such function");
        calls[1].allowFailure = false;
        vm.expectRevert(abi.encodeWithSelector(Multicall3.Multicall3_CallFailed.selector, uint256(1)));
        multicall.aggregate3(calls);
    }

    function test_values_must_add_up() public {
        vm.deal(address(this), 10);
        Multicall3.Call3Value[] memory calls = new Multicall3.Call3Value[](1);
        calls[0] = Multicall3.Call3Value(account("payee"), false, 3, "");
        multicall.aggregate3Value{value: 3}(calls);
        assertEq(account("payee").balance, 3);
        vm.expectRevert(Multicall3.Multicall3_ValueMismatch.selector);
        multicall.aggregate3Value{value: 4}(calls);
    }
}
