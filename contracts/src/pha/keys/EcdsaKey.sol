// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Blake2b} from "./Blake2b.sol";
import {ModExp} from "./ModExp.sol";

/// @title EcdsaKey
/// @notice Substrate's ECDSA: secp256k1 over BLAKE2b-256 of the message, with the recovery id after r and s.
/// @dev The precompile recovers an Ethereum address, so the key is decompressed and its address compared. A high s is
///      accepted, as Substrate does.
library EcdsaKey {
    /// @dev p = 2^256 - 2^32 - 977.
    uint256 private constant P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    /// @dev As p = 3 modulo 4, this power of a square is its root.
    uint256 private constant ROOT_EXPONENT = (P + 1) / 4;

    /// @dev What Ethereum adds to a recovery id.
    uint8 private constant ETHEREUM = 27;

    /// @notice Whether (r, s, recoveryId) is the compressed key's (33 bytes) over `message`.
    /// @dev Recovery ids 2 and 3 stand for an x of R from the group's order to p: of such an R nobody can know the discrete
    ///      logarithm, so no signer makes one. The precompile has no way to say it, and here it is no signature.
    function verify(bytes memory publicKey, bytes memory message, bytes32 r, bytes32 s, uint8 recoveryId)
        internal
        view
        returns (bool)
    {
        if (recoveryId > 1) return false;
        (bool isKey, uint256 x, uint256 y) = _decompress(publicKey);
        if (!isKey) return false;
        address signer = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        address recovered = ecrecover(Blake2b.hash(message), ETHEREUM + recoveryId, r, s);
        return recovered != address(0) && recovered == signer;
    }

    /// @dev SEC 1 section 2.3.4: 2 for an even y or 3 for an odd one, then x.
    function _decompress(bytes memory publicKey) private view returns (bool isKey, uint256 x, uint256 y) {
        uint256 prefix = uint8(publicKey[0]);
        assembly ("memory-safe") {
            x := mload(add(publicKey, 0x21))
        }
        if ((prefix != 2 && prefix != 3) || x >= P) return (false, 0, 0);
        uint256 y2 = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
        y = ModExp.power(y2, ROOT_EXPONENT, P);
        if (mulmod(y, y, P) != y2) return (false, 0, 0);
        // No point has y = 0, as the group's order is odd.
        if (y & 1 != prefix & 1) y = P - y;
        return (true, x, y);
    }
}
