// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EdwardsPoint} from "../../src/pha/keys/EdwardsPoint.sol";
import {LittleEndian} from "../../src/pha/keys/LittleEndian.sol";
import {Sr25519} from "../../src/pha/keys/Sr25519.sol";
import {Base} from "./Base.sol";

contract Sr25519Test is Base {
    /// @dev The signature that bindings to schnorrkel test themselves with, by the root key of Substrate's phrase for
    ///      development.
    bytes32 private constant KEY = 0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a;
    bytes32 private constant R = 0x4e172314444b8f820bb54c22e95076f220ed25373e5c178234aa6c211d292712;
    bytes32 private constant S = 0x44b947e3ff3418ff6b45fd1df1140c8cbff69fc58ee6dc96df70936a2bb74b82;
    bytes private constant MESSAGE = "this is a message";

    /// @dev The marker of schnorrkel's signatures, in a word whose first byte is the least significant one.
    bytes32 private constant MARKER = bytes32(uint256(0x80));

    /// @dev The generator (RFC 9496, appendix A.1): the key whose secret is 1.
    bytes32 private constant GENERATOR = 0xe2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76;

    function test_aSignatureOfSchnorrkel() public view {
        assertTrue(Sr25519.verify(KEY, MESSAGE, R, S), "signed");
        assertFalse(Sr25519.verify(KEY, "this is another message", R, S), "another message");
        assertFalse(Sr25519.verify(GENERATOR, MESSAGE, R, S), "another key");
        assertFalse(Sr25519.verify(KEY, MESSAGE, KEY, S), "another R");
        assertFalse(Sr25519.verify(KEY, MESSAGE, S, R), "exchanged");
    }

    /// @dev Schnorrkel once signed without it; @polkadot/util-crypto 14 refuses such a signature, and so does this.
    function test_theMarker_isAskedFor() public view {
        assertFalse(Sr25519.verify(KEY, MESSAGE, R, S ^ MARKER), "without the marker");
    }

    function test_sIsBelowTheOrder_andNotZero() public view {
        uint256 scalar = LittleEndian.reverse(uint256(S ^ MARKER));
        for (uint256 i = 1; i < 7; ++i) {
            scalar += EdwardsPoint.L;
            assertFalse(
                Sr25519.verify(KEY, MESSAGE, R, bytes32(LittleEndian.reverse(scalar)) | MARKER), "s + i L"
            );
        }
        assertFalse(Sr25519.verify(KEY, MESSAGE, R, MARKER), "0");
        assertFalse(Sr25519.verify(KEY, MESSAGE, R, bytes32(type(uint256).max)), "all bits");
    }

    /// @dev With the neutral element for a key, s = 1 and R = B would hold for every message.
    function test_theNeutralElement_isNoKey() public view {
        bytes32 one = bytes32(uint256(1) << 248) | MARKER;
        assertFalse(Sr25519.verify(0, MESSAGE, GENERATOR, one), "neutral");
        assertFalse(Sr25519.verify(0, MESSAGE, 0, MARKER), "neutral, twice");
    }

    /// @dev All of RFC 9496 appendix A.2, as keys and as R.
    function test_badEncodings_areNoKeys_andNoR() public view {
        string memory json = vm.readFile("./protocol/vectors/substrate-keys.json");
        for (uint256 i = 0; i < 29; ++i) {
            bytes32 bad = vm.parseJsonBytes32(json, string.concat(".ristretto.bad[", vm.toString(i), "]"));
            assertFalse(Sr25519.verify(bad, MESSAGE, R, S), "key");
            assertFalse(Sr25519.verify(KEY, MESSAGE, bad, S), "R");
        }
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_oneBitMakesItInvalid(uint256 bit) public view {
        bit = bound(bit, 0, 767);
        bytes32 mask = bytes32(uint256(1) << (bit % 256));
        (bytes32 key, bytes32 r, bytes32 s) = (KEY, R, S);
        if (bit < 256) key ^= mask;
        else if (bit < 512) r ^= mask;
        else s ^= mask;
        assertFalse(Sr25519.verify(key, MESSAGE, r, s), "one bit");
    }
}
