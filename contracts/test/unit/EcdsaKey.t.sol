// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blake2b} from "../../src/pha/keys/Blake2b.sol";
import {EcdsaKey} from "../../src/pha/keys/EcdsaKey.sol";
import {Base} from "./Base.sol";

contract EcdsaKeyTest is Base {
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev The generator of secp256k1 (SEC 2 section 2.4.1): the key whose secret is 1.
    bytes32 private constant X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;

    bytes private constant MESSAGE = "I own this account.";

    function _key(uint8 prefix) private pure returns (bytes memory) {
        return bytes.concat(bytes1(prefix), X);
    }

    function _sign(uint256 secret, bytes memory message) private view returns (bytes32 r, bytes32 s, uint8 id) {
        (id, r, s) = vm.sign(secret, Blake2b.hash(message));
        id -= 27;
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_aSignatureHolds_forItsKeyAndMessage(bytes memory message) public view {
        for (uint8 prefix = 2; prefix < 4; ++prefix) {
            (bytes32 r, bytes32 s, uint8 id) = _sign(prefix == 2 ? 1 : N - 1, message);
            assertTrue(EcdsaKey.verify(_key(prefix), message, r, s, id), "signed");
            assertFalse(EcdsaKey.verify(_key(5 - prefix), message, r, s, id), "the negative key");
            assertFalse(EcdsaKey.verify(_key(prefix), bytes.concat(message, hex"00"), r, s, id), "another message");
            assertFalse(EcdsaKey.verify(_key(prefix), message, s, r, id), "exchanged");
        }
    }

    /// @dev The other recovery id makes another key; Ethereum's numbering is not Substrate's; 2 and 3 would be for an R that
    ///      nobody can make.
    function test_otherRecoveryIds_areNone() public view {
        (bytes32 r, bytes32 s, uint8 id) = _sign(1, MESSAGE);
        for (uint256 i = 0; i < 256; ++i) {
            assertTrue(EcdsaKey.verify(_key(2), MESSAGE, r, s, uint8(i)) == (i == id), "this one alone");
        }
    }

    /// @dev Substrate takes both forms of one signature.
    function test_aHighS_isAccepted_withTheOtherId() public view {
        (bytes32 r, bytes32 s, uint8 id) = _sign(1, MESSAGE);
        bytes32 high = bytes32(N - uint256(s));
        assertTrue(EcdsaKey.verify(_key(2), MESSAGE, r, high, 1 - id), "high");
        assertFalse(EcdsaKey.verify(_key(2), MESSAGE, r, high, id), "high, of the same id");
    }

    function test_numbersOutOfRange_areNone() public view {
        (bytes32 r, bytes32 s, uint8 id) = _sign(1, MESSAGE);
        bytes32[4] memory bad = [bytes32(0), bytes32(N), bytes32(P), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertFalse(EcdsaKey.verify(_key(2), MESSAGE, bad[i], s, id), "r");
            assertFalse(EcdsaKey.verify(_key(2), MESSAGE, r, bad[i], id), "s");
            assertFalse(EcdsaKey.verify(_key(2), MESSAGE, bad[i], bad[i], id), "both");
        }
    }

    /// @dev SEC 1 section 2.3.4.
    function test_keysThatAreNone() public view {
        (bytes32 r, bytes32 s, uint8 id) = _sign(1, MESSAGE);
        for (uint256 i = 0; i < 256; ++i) {
            assertTrue(EcdsaKey.verify(_key(uint8(i)), MESSAGE, r, s, id) == (i == 2), "prefix");
        }
        bytes32[4] memory bad = [bytes32(uint256(5)), bytes32(P), bytes32(P + 1), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < bad.length; ++i) {
            assertFalse(EcdsaKey.verify(bytes.concat(hex"02", bad[i]), MESSAGE, r, s, id), "no x of a point");
        }
    }

    /// @dev What the precompile answers nothing for is no address of any key.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_nothingRandomIsValid(bytes32 x, bytes32 r, bytes32 s, bool odd, bool id) public view {
        bytes memory key = bytes.concat(odd ? bytes1(0x03) : bytes1(0x02), x);
        assertFalse(EcdsaKey.verify(key, MESSAGE, r, s, id ? 1 : 0), "random");
    }
}
