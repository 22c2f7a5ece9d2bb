// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RsaPss} from "../../src/tee/crypto/RsaPss.sol";
import {Sha384} from "../../src/tee/crypto/Sha384.sol";
import {Base} from "./Base.sol";

contract RsaPssTest is Base {
    bytes private modulus;
    bytes private signature;
    bytes private message;
    string private json;

    function setUp() public {
        json = vm.readFile("./protocol/vectors/attestation-crypto.json");
        modulus = vm.parseJsonBytes(json, ".pss.modulus");
        signature = vm.parseJsonBytes(json, ".pss.signature");
        message = vm.parseJsonBytes(json, ".pss.message");
    }

    function verify(bytes memory key, bytes memory signed) private view returns (bool) {
        (uint256 high, uint256 low) = Sha384.hash(message);
        return RsaPss.verify(key, signed, high, low);
    }

    function test_signatureOfOpenSsl() public view {
        uint256 gas = gasleft();
        assertTrue(verify(modulus, signature), "valid");
        gas -= gasleft();
        assertTrue(gas < 900_000, "900,000 gas");
    }

    function test_otherSaltsDigestsAndPaddings() public view {
        string[5] memory names = ["shortSalt", "longSalt", "noSalt", "otherDigest", "otherPadding"];
        for (uint256 i = 0; i < names.length; ++i) {
            assertFalse(verify(modulus, vm.parseJsonBytes(json, string.concat(".pss.", names[i]))), names[i]);
        }
    }

    /// @dev A digest has 384 bits; one with more is not cut to size.
    function test_digestOfMoreBits() public view {
        (uint256 high, uint256 low) = Sha384.hash(message);
        assertFalse(RsaPss.verify(modulus, signature, high | (1 << 128), low), "385 bits");
    }

    function test_otherMessage() public {
        message = "messagf";
        assertFalse(verify(modulus, signature), "another message");
    }

    /// @dev signature + modulus is congruent to it, and below 2^4096 for half of all keys; zero, one and the modulus itself
    ///      have known powers.
    function test_signatureIsBelowTheModulus() public view {
        bytes memory sum = new bytes(512);
        uint256 carry = 0;
        for (uint256 i = 512; i > 0; --i) {
            carry += uint256(uint8(modulus[i - 1])) + uint8(signature[i - 1]);
            sum[i - 1] = bytes1(uint8(carry));
            carry >>= 8;
        }
        assertFalse(verify(modulus, sum), "signature + modulus");
        assertFalse(verify(modulus, modulus), "modulus");
        bytes memory one = new bytes(512);
        assertFalse(verify(modulus, one), "zero");
        one[511] = 0x01;
        assertFalse(verify(modulus, one), "one");
    }

    function test_lengths() public view {
        assertFalse(verify(modulus, bytes.concat(hex"00", signature)), "a byte before");
        assertFalse(verify(modulus, bytes.concat(signature, hex"00")), "a byte after");
        assertFalse(verify(bytes.concat(hex"00", modulus), signature), "padded modulus");
        assertFalse(verify("", ""), "nothing");
        assertFalse(verify(new bytes(512), new bytes(512)), "zeros");
    }

    function test_modulusOfFewerBitsOrEven() public view {
        bytes memory key = modulus;
        key[0] &= 0x7f;
        assertFalse(verify(key, signature), "4095 bits");
        key = modulus;
        key[511] &= 0xfe;
        assertFalse(verify(key, signature), "even");
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_oneBitMakesItInvalid(uint256 bit, bool ofKey) public view {
        bytes memory key = modulus;
        bytes memory signed = signature;
        bit = bound(bit, 0, 4095);
        if (ofKey) key[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        else signed[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        assertFalse(verify(key, signed), "one bit");
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_otherDigest(uint256 high, uint256 low) public view {
        assertFalse(RsaPss.verify(modulus, signature, high, low), "another digest");
    }
}
