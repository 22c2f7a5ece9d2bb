// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {EOA} from "../../src/types/EOA.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {SafeCall} from "../../src/types/SafeCall.sol";
import {Types} from "../../src/types/Types.sol";
import {Base} from "./Base.sol";

/// @notice Returns far more data than anyone wants to pay for.
contract ReturnBomb {
    fallback() external payable {
        assembly {
            revert(0, 1000000)
        }
    }
}

contract GasCounter {
    uint256 public seen;

    function look() external {
        seen = gasleft();
    }
}

contract TypesTest is Base {
    /// @dev A real withdrawal of a token through the OP Stack's bridge, in op-node's tests.
    function test_withdrawalHash_ofARealWithdrawal() public pure {
        bytes memory delivery = abi.encodeWithSelector(
            0x0166a07a,
            0x89D51Be807D98Fc974A0F41b2E67a8228d7846ef,
            0x7c6b91D9Be155A6Db01f749217d76fF02A7227F2,
            0xC20C5Ec92fDA6e611a08485123CdC0d5B84BD3A2,
            0xC20C5Ec92fDA6e611a08485123CdC0d5B84BD3A2,
            500,
            bytes("")
        );
        bytes memory relay = Hashing.encodeCrossDomainMessage(
            uint256(1) << 240,
            0x4200000000000000000000000000000000000010,
            0x6900000000000000000000000000000000000003,
            0,
            0,
            delivery
        );
        bytes32 hash = Hashing.hashWithdrawal(
            Types.WithdrawalTransaction({
                nonce: 0,
                sender: 0x4200000000000000000000000000000000000007,
                target: 0x6900000000000000000000000000000000000002,
                value: 0,
                gasLimit: 0x31b80,
                data: relay
            })
        );
        assertEq(hash, 0x0d827f8148288e3a2466018f71b968ece4ea9f9e2a81c30da9bd46cce2868285);
    }

    function test_outputRoot_isOfAllFourWords() public pure {
        Types.OutputRootProof memory proof = Types.OutputRootProof({
            version: 0,
            stateRoot: bytes32(uint256(1)),
            messagePasserStorageRoot: bytes32(uint256(2)),
            latestBlockhash: bytes32(uint256(3))
        });
        assertEq(Hashing.hashOutputRootProof(proof), 
            keccak256(abi.encodePacked(uint256(0), uint256(1), uint256(2), uint256(3)))
        );
    }

    function test_messageHash_ofAnUnknownVersion_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(Hashing.Hashing_UnknownNonceVersion.selector, 0));
        this.hashMessage(0);
        vm.expectRevert(abi.encodeWithSelector(Hashing.Hashing_UnknownNonceVersion.selector, 2));
        this.hashMessage(uint256(2) << 240);
    }

    function testFuzz_aliasing_isUndone(address account) public pure {
        address aliased = AddressAliasing.applyL1ToL2Alias(account);
        assertEq(AddressAliasing.undoL1ToL2Alias(aliased), account);
        assertTrue(aliased != account, "differs");
    }

    function test_aliasing_wrapsAround() public pure {
        assertEq(
            AddressAliasing.applyL1ToL2Alias(address(type(uint160).max)), 0x1111000000000000000000000000000000001110
        );
    }

    function test_call_doesNotPayForTheCalleesReturnData() public {
        address bomb = address(new ReturnBomb());
        uint256 before = gasleft();
        assertFalse(SafeCall.call(bomb, 3_000_000, 0, ""), "the bomb reverts");
        // The callee pays for its megabyte of memory (about 2.0 million gas); copying would cost as much again.
        assertTrue(before - gasleft() < 2_200_000, "not copied");
    }

    function test_delegation_isRecognisedByItsForm() public {
        address account = address(0xDE1E);
        vm.etch(account, abi.encodePacked(hex"ef0100", address(this)));
        assertTrue(EOA.isDelegated(account), "delegated");
        vm.etch(account, abi.encodePacked(hex"5f0100", address(this)));
        assertFalse(EOA.isDelegated(account), "another prefix");
        assertFalse(EOA.isDelegated(address(this)), "another length");
        assertFalse(EOA.isDelegated(address(0xA11CE)), "no code");
    }

    /// @dev Either the whole call is refused, or the target gets what was asked.
    function testFuzz_callWithMinGas_keepsItsPromise(uint256 given, uint256 minGas) public {
        given = bound(given, 30_000, 600_000);
        minGas = bound(minGas, 25_000, 400_000);
        GasCounter counter = new GasCounter();
        try this.callWithMinGas{gas: given}(address(counter), minGas) {
            assertTrue(counter.seen() + 300 >= minGas, "promise");
        } catch {
            assertEq(counter.seen(), 0);
        }
    }

    function test_callWithMinGas_beyondAnyBlock_isRefused() public {
        vm.expectRevert();
        this.callWithMinGas(address(1), type(uint256).max);
    }

    function callWithMinGas(address target, uint256 minGas) external {
        SafeCall.callWithMinGas(target, minGas, 0, abi.encodeCall(GasCounter.look, ()));
    }

    function hashMessage(uint256 nonce) external pure returns (bytes32) {
        return Hashing.hashCrossDomainMessage(nonce, address(1), address(2), 0, 0, "");
    }
}
