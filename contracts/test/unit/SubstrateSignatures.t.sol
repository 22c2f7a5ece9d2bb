// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {SubstrateSignatures} from "../../src/pha/keys/SubstrateSignatures.sol";
import {Base} from "./Base.sol";

/// @notice Keys of `//Alice` and what @polkadot/keyring 14.0.3 signs with them.
contract SubstrateSignaturesTest is Base {
    ISubstrateSignatures.KeyKind private constant SR25519 = ISubstrateSignatures.KeyKind.SR25519;
    ISubstrateSignatures.KeyKind private constant ED25519 = ISubstrateSignatures.KeyKind.ED25519;
    ISubstrateSignatures.KeyKind private constant ECDSA = ISubstrateSignatures.KeyKind.ECDSA;

    bytes private constant MESSAGE = "I own this account.";
    bytes private constant SR_KEY = hex"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    bytes private constant SR_SIGNATURE =
        hex"3869eedcb7d3d590fa08fd50151b0e16604bdb0672435f02793c95df0a0a8059"
        hex"af8c2f839157cbb1dbe5928e0d788b45c507eecd55132966978cc8c1f452f583";
    bytes private constant ED_KEY = hex"88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee";
    bytes private constant ED_SIGNATURE =
        hex"df0c44b2aa2a72374ffe9727e9e4485d05363f8574c39c6abf738876eab64f62"
        hex"7aea02f3d8371ceef0813ae0a82d0260f1b78286fa35510b4495838da703bf01";
    bytes private constant EC_KEY = hex"020a1091341fe5664bfa1782d5e04779689068c916b04cb365ec3153755684d9a1";
    bytes private constant EC_SIGNATURE =
        hex"d332fce7127493f87a63db13f30e3eb8fa3a4eb2cb52b856c8d7dc6b209a13d9"
        hex"05af983ecce8555638ba72a98432b33588fd89316879117f311b261ab2bb2fc601";

    ISubstrateSignatures private signatures;

    function setUp() public {
        signatures = new SubstrateSignatures();
    }

    function _keys() private pure returns (bytes[3] memory) {
        return [SR_KEY, ED_KEY, EC_KEY];
    }

    function _signatures() private pure returns (bytes[3] memory) {
        return [SR_SIGNATURE, ED_SIGNATURE, EC_SIGNATURE];
    }

    function _kind(uint256 index) private pure returns (ISubstrateSignatures.KeyKind) {
        return ISubstrateSignatures.KeyKind(index);
    }

    function test_eachKind_signs() public view {
        for (uint256 i = 0; i < 3; ++i) {
            assertTrue(signatures.isValid(_kind(i), _keys()[i], MESSAGE, _signatures()[i]), "signed");
        }
    }

    function test_aWrappedMessage_isAnotherMessage() public view {
        bytes memory wrapped = bytes.concat("<Bytes>", MESSAGE, "</Bytes>");
        for (uint256 i = 0; i < 3; ++i) {
            assertFalse(signatures.isValid(_kind(i), _keys()[i], wrapped, _signatures()[i]), "wrapped");
        }
    }

    function test_oneKindsSignature_isNoOthers() public view {
        assertFalse(signatures.isValid(ED25519, SR_KEY, MESSAGE, SR_SIGNATURE), "sr25519 as ed25519");
        assertFalse(signatures.isValid(SR25519, ED_KEY, MESSAGE, ED_SIGNATURE), "ed25519 as sr25519");
        assertFalse(signatures.isValid(ED25519, ED_KEY, MESSAGE, SR_SIGNATURE), "another's");
        assertFalse(signatures.isValid(SR25519, SR_KEY, MESSAGE, ED_SIGNATURE), "another's");
    }

    /// forge-config: default.fuzz.runs = 96
    function testFuzz_oneBitMakesItInvalid(uint256 which, uint256 bit) public view {
        which = bound(which, 0, 2);
        bytes memory key = _keys()[which];
        bytes memory all = bytes.concat(key, _signatures()[which], MESSAGE);
        bit = bound(bit, 0, all.length * 8 - 1);
        all[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        bytes memory signature = new bytes(which == 2 ? 65 : 64);
        bytes memory message = new bytes(MESSAGE.length);
        for (uint256 i = 0; i < all.length; ++i) {
            if (i < key.length) key[i] = all[i];
            else if (i < key.length + signature.length) signature[i - key.length] = all[i];
            else message[i - key.length - signature.length] = all[i];
        }
        assertFalse(signatures.isValid(_kind(which), key, message, signature), "one bit");
    }

    function test_otherLengths_areNamed() public {
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 key, uint256 signature) = i == 2 ? (33, 65) : (32, 64);
            _expectLength(i, key - 1, signature);
            _expectLength(i, key + 1, signature);
            _expectLength(i, key, signature - 1);
            _expectLength(i, key, signature + 1);
            _expectLength(i, 0, 0);
        }
    }

    function _expectLength(uint256 kind, uint256 key, uint256 signature) private {
        bytes4 selector = ISubstrateSignatures.SubstrateSignatures_Length.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, kind, key, signature));
        signatures.isValid(_kind(kind), new bytes(key), MESSAGE, new bytes(signature));
        if (key == (kind == 2 ? 33 : 32)) return;
        vm.expectRevert(abi.encodeWithSelector(selector, kind, key, 0));
        signatures.accountOf(_kind(kind), new bytes(key));
    }

    /// @dev Whatever part of the gas is there: the right answer, or a revert.
    function test_tooLittleGas_isNoVerdict() public view {
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory call_ =
                abi.encodeCall(ISubstrateSignatures.isValid, (_kind(i), _keys()[i], MESSAGE, _signatures()[i]));
            uint256 used = gasleft();
            assertTrue(_answers(call_, gasleft()), "enough");
            used -= gasleft();
            for (uint256 part = 1; part < 100; ++part) {
                _answers(call_, (used * part) / 100);
            }
        }
    }

    /// @dev Whether there was an answer, which was right then.
    function _answers(bytes memory call_, uint256 gas) private view returns (bool answered) {
        bytes memory answer;
        // solhint-disable-next-line avoid-low-level-calls
        (answered, answer) = address(signatures).staticcall{gas: gas}(call_);
        if (answered) assertTrue(abi.decode(answer, (bool)), "valid");
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_nothingRandomIsValid_orReverts(bytes32 key, bytes32 r, bytes32 s, bytes memory message) public view {
        assertFalse(signatures.isValid(SR25519, bytes.concat(key), message, bytes.concat(r, s)), "sr25519");
        assertFalse(signatures.isValid(ED25519, bytes.concat(key), message, bytes.concat(r, s)), "ed25519");
        for (uint8 prefix = 0; prefix < 5; ++prefix) {
            bytes memory ecdsa = bytes.concat(r, s, bytes1(prefix));
            assertFalse(signatures.isValid(ECDSA, bytes.concat(bytes1(prefix), key), message, ecdsa), "ecdsa");
        }
    }

    // ---- Accounts

    function test_accounts() public view {
        assertEq(signatures.accountOf(SR25519, SR_KEY), bytes32(SR_KEY));
        assertEq(signatures.accountOf(ED25519, ED_KEY), bytes32(ED_KEY));
        assertEq(
            signatures.accountOf(ECDSA, EC_KEY), 0x01e552298e47454041ea31273b4b630c64c104e4514aa3643490b8aaca9cf8ed
        );
    }

    /// @dev 32 bytes of 1, 32 bytes of 2 and so on.
    function _signatories(uint256 count) private pure returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = bytes32((i + 1) * (type(uint256).max / 255));
        }
    }

    /// @dev createKeyMulti of @polkadot/util-crypto 14.0.3: up to 63 signatories their number is one byte. A threshold of
    ///      one is no mistake: pallet-multisig has `as_multi_threshold_1`.
    function test_multisigs() public view {
        uint8[6] memory counts = [3, 3, 63, 64, 100, 100];
        uint8[6] memory thresholds = [1, 2, 63, 64, 99, 100];
        bytes32[6] memory wanted = [
            bytes32(0xef9f6722a8156468aae20f6c8f31741afe004b27fa18f8c38b11a0427ca99fe6),
            0x3ffd20eb97bafd6f5af8d026cd11101f1553fa9cb4b8a37d1721314fbbb48fc5,
            0xa0f178eda61849592381d7e4c7c51aaa98cfc7c7806a9c5ec5a7acf7d092a816,
            0x9abfd7a4bdb22c541226615145ae1b58e21838c214889d375b49d31faf9dc971,
            0x0d5d96a30dbc17be0341994a831a3f6c40bcc1b89d35f2673764612565d2bf98,
            0x0773a884d751acfc03f49774316a5f2b018269c0f015b40a24868c0517e1cac0
        ];
        for (uint256 i = 0; i < 6; ++i) {
            assertEq(signatures.multisigAccountOf(_signatories(counts[i]), thresholds[i]), wanted[i]);
        }
    }

    function test_multisigsThatAreNone_areNamed() public {
        _expectMultisig(_signatories(0), 0);
        _expectMultisig(_signatories(1), 1);
        _expectMultisig(_signatories(3), 0);
        _expectMultisig(_signatories(3), 4);
        bytes32[] memory list = _signatories(3);
        list[2] = list[1];
        _expectMultisig(list, 2);
        (list[0], list[1], list[2]) = (list[1], list[0], bytes32(type(uint256).max));
        _expectMultisig(list, 2);
    }

    function _expectMultisig(bytes32[] memory list, uint16 threshold) private {
        bytes4 selector = ISubstrateSignatures.SubstrateSignatures_Multisig.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, list.length, threshold));
        signatures.multisigAccountOf(list, threshold);
    }
}
