// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha384} from "./Sha384.sol";

/// @title RsaPss
/// @notice RSASSA-PSS-VERIFY (RFC 8017 sections 8.1.2 and 9.1.2) as AMD signs certificates: a modulus of exactly 4096
///         bits, the exponent 65537, SHA-384 for message and mask (MGF1), a salt of 48 bytes, the trailer 0xbc.
/// @dev About 131,000 gas for MODEXP (EIP-7883) and twelve blocks of SHA-384.
library RsaPss {
    /// @notice MODEXP did not answer (too little gas, or no such precompile).
    error RsaPss_PrecompileFailed();

    /// @dev Bytes of modulus, signature and encoded message.
    uint256 internal constant SIZE = 512;

    /// @dev Bytes of SHA-384 and of the salt.
    uint256 private constant DIGEST = 48;

    /// @dev Bytes of the data block: what is neither the digest H nor the trailer.
    uint256 private constant BLOCK = 463;

    /// @dev Bytes of the mask as it is made: ten digests.
    uint256 private constant MASK = 480;

    uint256 private constant EXPONENT = 65537;

    /// @notice Whether `signature` is the key's over the SHA-384 digest. False, never a revert, for what is no such key or
    ///         signature.
    /// @param modulus 512 bytes, the first bit set.
    /// @param signature 512 bytes, a number below the modulus.
    /// @param high The first 16 bytes of the digest.
    /// @param low Its last 32.
    function verify(bytes memory modulus, bytes memory signature, uint256 high, uint256 low)
        internal
        view
        returns (bool)
    {
        if (modulus.length != SIZE || modulus[0] < 0x80 || uint8(modulus[SIZE - 1]) & 1 == 0) return false;
        // RFC 8017 section 5.2.2, step 1. Any number congruent to a signature would verify as well.
        if (signature.length != SIZE || !_isBelow(signature, modulus) || high >> 128 != 0) return false;
        return _isEncoded(_power(signature, modulus), high, low);
    }

    /// @dev EMSA-PSS-VERIFY with emBits = 4095, in the section's order from step 4 on.
    function _isEncoded(bytes memory encoded, uint256 high, uint256 low) private pure returns (bool) {
        // Step 4: the trailer. Step 6: 8 emLen - emBits = 1 bit on the left must be zero.
        if (encoded[SIZE - 1] != 0xbc || encoded[0] >= 0x80) return false;
        bytes memory digest = new bytes(DIGEST);
        bytes memory data = new bytes(MASK);
        assembly ("memory-safe") {
            // Step 5: the masked block and H. Step 2 and 12: M' begins with eight zero bytes and the message's digest.
            mcopy(add(digest, 0x20), add(encoded, add(0x20, BLOCK)), DIGEST)
            mcopy(add(data, 0x20), add(encoded, 0x20), BLOCK)
        }
        _unmask(data, digest);
        bytes memory message = new bytes(8 + 2 * DIGEST);
        bool padded;
        assembly ("memory-safe") {
            let place := add(data, 0x20)
            // Step 9: the leftmost bit is not part of the block.
            mstore(place, shr(1, shl(1, mload(place))))
            // Step 10: 414 zero bytes and 0x01.
            let rest := 0
            for { let i := 0 } lt(i, 384) { i := add(i, 32) } {
                rest := or(rest, mload(add(place, i)))
            }
            padded := and(iszero(rest), eq(shr(8, mload(add(place, 384))), 1))
            // Steps 11 and 12.
            mstore(add(message, 0x28), shl(128, high))
            mstore(add(message, 0x38), low)
            mcopy(add(message, 0x58), add(place, 415), DIGEST)
        }
        if (!padded) return false;
        // Steps 13 and 14.
        (uint256 hi, uint256 lo) = Sha384.hash(message);
        (high, low) = _number(digest);
        return hi == high && lo == low;
    }

    /// @dev Steps 7 and 8: the block without its mask, MGF1(H). The last 17 bytes are beyond it.
    function _unmask(bytes memory data, bytes memory digest) private pure {
        bytes memory seed = bytes.concat(digest, bytes4(0));
        bytes memory mask = new bytes(MASK);
        for (uint256 i = 0; i < MASK / DIGEST; ++i) {
            seed[DIGEST + 3] = bytes1(uint8(i));
            (uint256 hi, uint256 lo) = Sha384.hash(seed);
            assembly ("memory-safe") {
                let target := add(add(mask, 0x20), mul(i, DIGEST))
                // The second store ends with the digest, so that nothing after it is touched.
                mstore(add(target, 0x10), lo)
                mstore(target, or(shl(128, hi), shr(128, lo)))
            }
        }
        assembly ("memory-safe") {
            for { let i := 0x20 } lt(i, add(MASK, 0x20)) { i := add(i, 0x20) } {
                mstore(add(data, i), xor(mload(add(data, i)), mload(add(mask, i))))
            }
        }
    }

    /// @dev 48 bytes as a number.
    function _number(bytes memory digest) private pure returns (uint256 hi, uint256 lo) {
        assembly ("memory-safe") {
            hi := shr(128, mload(add(digest, 0x20)))
            lo := mload(add(digest, 0x30))
        }
    }

    /// @dev a < b, of numbers of equal length in whole words.
    function _isBelow(bytes memory a, bytes memory b) private pure returns (bool below) {
        assembly ("memory-safe") {
            for { let i := 0x20 } lt(i, add(SIZE, 0x20)) { i := add(i, 0x20) } {
                let x := mload(add(a, i))
                let y := mload(add(b, i))
                if iszero(eq(x, y)) {
                    below := lt(x, y)
                    break
                }
            }
        }
    }

    /// @dev RSAVP1: signature^65537 mod modulus. EIP-198.
    function _power(bytes memory signature, bytes memory modulus) private view returns (bytes memory result) {
        result = new bytes(SIZE);
        bytes memory input =
            abi.encodePacked(uint256(SIZE), uint256(3), uint256(SIZE), signature, uint24(EXPONENT), modulus);
        bool done;
        assembly ("memory-safe") {
            done := staticcall(gas(), 5, add(input, 0x20), mload(input), add(result, 0x20), SIZE)
            done := and(done, eq(returndatasize(), SIZE))
        }
        require(done, RsaPss_PrecompileFailed());
    }
}
