// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {SubstrateSignatures} from "../../src/pha/keys/SubstrateSignatures.sol";
import {Base} from "./Base.sol";

/// @notice What a verdict over a claim's message costs its caller, the call included. Signed by keys of `//Alice` with
///         polkadot-js.
contract SubstrateSignaturesGasTest is Base {
    bytes private constant SR_KEY = hex"d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    bytes private constant SR_SIGNATURE =
        hex"96970351a312be9d0d967eeb0d5783c81c271c97a58f7b5bf40585237d94a117"
        hex"76d73a097ecbf542b42541efb41621ad44027e994447388abaef24a648a5e58e";
    bytes private constant ED_KEY = hex"88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee";
    bytes private constant ED_SIGNATURE =
        hex"e26cc76ad4e8e1b016bd98d0f88ed1cc69b466928de5040cb647466d6955a33b"
        hex"ec068c80b5369bf3b8c08d34fbb93e986d582c521de225f4c76e222c50a2ad05";
    bytes private constant EC_KEY = hex"020a1091341fe5664bfa1782d5e04779689068c916b04cb365ec3153755684d9a1";
    bytes private constant EC_SIGNATURE =
        hex"87fccbf5e2b16bdb2a731e99cbeef62db942105b31647613217b44a4b71e4833"
        hex"7c31d79b2f4f6bb270bf8f7851ba87162c768dcf2d40c1886655e9240594d46d00";

    /// @dev EIP-170.
    uint256 private constant MOST_CODE = 24_576;

    ISubstrateSignatures private signatures;

    function setUp() public {
        signatures = new SubstrateSignatures();
    }

    /// @dev 350 bytes, about as many as a claim has.
    function _message() private pure returns (bytes memory message) {
        message = new bytes(350);
        for (uint256 i = 0; i < message.length; ++i) {
            message[i] = bytes1(uint8(0x20 + (7 * i) % 95));
        }
    }

    function _measure(
        ISubstrateSignatures.KeyKind kind,
        bytes memory key,
        bytes memory signature,
        uint256 most
    ) private view {
        bytes memory message = _message();
        uint256 gas = gasleft();
        bool valid = signatures.isValid(kind, key, message, signature);
        gas -= gasleft();
        assertTrue(valid, "valid");
        assertTrue(gas <= most, vm.toString(gas));
    }

    function test_sr25519_takesAtMost360k() public view {
        _measure(ISubstrateSignatures.KeyKind.SR25519, SR_KEY, SR_SIGNATURE, 360_000);
    }

    function test_ed25519_takesAtMost250k() public view {
        _measure(ISubstrateSignatures.KeyKind.ED25519, ED_KEY, ED_SIGNATURE, 250_000);
    }

    function test_ecdsa_takesAtMost25k() public view {
        _measure(ISubstrateSignatures.KeyKind.ECDSA, EC_KEY, EC_SIGNATURE, 25_000);
    }

    function test_theCode_isWithinTheBound() public view {
        assertTrue(address(signatures).code.length <= MOST_CODE, vm.toString(address(signatures).code.length));
    }
}
