// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blake2b} from "../../src/pha/keys/Blake2b.sol";
import {Base} from "./Base.sol";

contract Blake2bTest is Base {
    function hash(bytes calldata data) external view returns (bytes32) {
        return Blake2b.hash(data);
    }

    /// @dev With the 32-byte digest of RFC 7693's reference program.
    function test_knownDigests() public view {
        assertEq(Blake2b.hash(""), 0x0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8);
        assertEq(Blake2b.hash("abc"), 0xbddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319);
    }

    /// @dev Every length over more than two blocks, against Python's hashlib.
    function test_lengthsFrom0To300() public view {
        string memory json = vm.readFile("./protocol/vectors/substrate-keys.json");
        bytes memory digests;
        for (uint256 i = 0; i <= 300; ++i) {
            bytes memory message = new bytes(i);
            for (uint256 j = 0; j < i; ++j) {
                message[j] = bytes1(uint8(31 * i + 7 * j));
            }
            digests = bytes.concat(digests, Blake2b.hash(message));
        }
        assertEq(Blake2b.hash(digests), vm.parseJsonBytes32(json, ".blake2b"));
    }

    function test_withoutGasForThePrecompile_itReverts() public {
        bytes memory data = new bytes(128 * 4000);
        uint256 before = gasleft();
        this.hash(data);
        uint256 used = before - gasleft();
        bool refused = false;
        for (uint256 part = 1; part < 8; ++part) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool success,) = address(this).call{gas: used * part / 8}(abi.encodeCall(this.hash, (data)));
            if (!success) refused = true;
            else assertTrue(part > 1, "no digest of less than the message");
        }
        assertTrue(refused, "refused");
    }
}
