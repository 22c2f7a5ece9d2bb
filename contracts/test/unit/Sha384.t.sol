// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha512} from "../../src/crypto/Sha512.sol";
import {Sha384} from "../../src/tee/crypto/Sha384.sol";
import {Base} from "./Base.sol";

contract Sha384Test is Base {
    /// @dev FIPS 180-4 examples (NIST, Cryptographic Standards and Guidelines, example values).
    bytes private constant TWO_BLOCKS =
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

    function hash(bytes memory data, uint256 offset, uint256 length) external pure returns (uint256, uint256) {
        return Sha384.hash(data, offset, length);
    }

    function digest(bytes memory data) private pure returns (bytes memory) {
        (uint256 high, uint256 low) = Sha384.hash(data);
        return abi.encodePacked(uint128(high), low);
    }

    function digest512(bytes memory data) private pure returns (bytes memory) {
        (bytes32 first, bytes32 last) = Sha512.hash(data);
        return abi.encodePacked(first, last);
    }

    function test_examplesOfNist() public pure {
        assertEq(
            digest("abc"),
            hex"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        );
        assertEq(
            digest(TWO_BLOCKS),
            hex"09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"
        );
        assertEq(
            digest(""),
            hex"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"
        );
        assertEq(
            digest512("abc"),
            hex"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            hex"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assertEq(
            digest512(TWO_BLOCKS),
            hex"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
            hex"501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"
        );
    }

    /// @dev Every length over more than two blocks, against Node's crypto.
    function test_lengthsFrom0To300() public view {
        string memory json = vm.readFile("./protocol/vectors/attestation-crypto.json");
        bytes32 rolling = keccak256("");
        bytes32 rolling512 = keccak256("");
        for (uint256 i = 0; i <= 300; ++i) {
            bytes memory message = new bytes(i);
            for (uint256 j = 0; j < i; ++j) {
                message[j] = bytes1(uint8(31 * i + 7 * j));
            }
            rolling = keccak256(bytes.concat(rolling, digest(message)));
            rolling512 = keccak256(bytes.concat(rolling512, digest512(message)));
        }
        assertEq(rolling, vm.parseJsonBytes32(json, ".sha384"));
        assertEq(rolling512, vm.parseJsonBytes32(json, ".sha512"));
    }

    /// @dev Scratch memory is dirty after the first hash; a slice's neighbours must not matter.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_sliceIsHashedAlone(bytes memory data, uint256 offset, uint256 length) public pure {
        offset = bound(offset, 0, data.length);
        length = bound(length, 0, data.length - offset);
        bytes memory part = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            part[i] = data[offset + i];
        }
        bytes32 before = keccak256(data);
        (uint256 high, uint256 low) = Sha384.hash(data, offset, length);
        assertEq(digest(part), abi.encodePacked(uint128(high), low));
        assertEq(keccak256(data), before);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_oneBitChangesTheDigest(bytes memory data, uint256 bit) public pure {
        vm.assume(data.length > 0);
        bit = bound(bit, 0, data.length * 8 - 1);
        bytes memory before = digest(data);
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        assertTrue(keccak256(digest(data)) != keccak256(before), "another digest");
    }

    function test_sliceOutsideTheDataReverts() public {
        vm.expectRevert(abi.encodeWithSelector(Sha512.Sha512_OutOfBounds.selector, 2, 2, 3));
        this.hash("abc", 2, 2);
        vm.expectRevert(abi.encodeWithSelector(Sha512.Sha512_OutOfBounds.selector, 4, 0, 3));
        this.hash("abc", 4, 0);
        vm.expectRevert(abi.encodeWithSelector(Sha512.Sha512_OutOfBounds.selector, 1, type(uint256).max, 3));
        this.hash("abc", 1, type(uint256).max);
    }

    /// @dev A bound, so that a change that makes it dearer is seen. About 32,000 a block was measured.
    function test_gasOfABlock() public view {
        bytes memory data = new bytes(1280);
        uint256 gas = gasleft();
        Sha384.hash(data);
        gas -= gasleft();
        assertTrue(gas < 11 * 36_000, "36,000 gas a block");
    }
}
