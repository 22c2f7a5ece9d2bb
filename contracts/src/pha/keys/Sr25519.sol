// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EdwardsPoint} from "./EdwardsPoint.sol";
import {LittleEndian} from "./LittleEndian.sol";
import {MerlinTranscript} from "./MerlinTranscript.sol";
import {Ristretto255} from "./Ristretto255.sol";
import {ScalarField} from "./ScalarField.sol";

/// @title Sr25519
/// @notice Schnorr signatures of schnorrkel over Ristretto255, with the context "substrate".
library Sr25519 {
    using MerlinTranscript for MerlinTranscript.Transcript;

    /// @dev The last byte's highest bit tells schnorrkel's signatures from those of ed25519.
    uint256 private constant MARKER = 1 << 255;

    /// @notice Whether (r, s), the signature's halves as they are written, is `publicKey`'s over `message`.
    function verify(bytes32 publicKey, bytes memory message, bytes32 r, bytes32 s) internal view returns (bool) {
        uint256 scalar = LittleEndian.reverse(uint256(s));
        if (scalar & MARKER == 0) return false;
        scalar ^= MARKER;
        // No signer makes an s of 0; the library refuses it.
        if (scalar == 0 || scalar >= EdwardsPoint.L) return false;
        // The neutral element is no key: its signatures would hold for every message.
        if (publicKey == 0) return false;
        (bool isElement, uint256 x, uint256 y) = Ristretto255.decode(publicKey);
        if (!isElement) return false;
        (bool isCommitment, uint256 rx, uint256 ry) = Ristretto255.decode(r);
        if (!isCommitment) return false;
        (x, y,) = EdwardsPoint.subtractMultiple(scalar, _challenge(publicKey, message, r), x, y);
        return Ristretto255.areEqual(x, y, rx, ry);
    }

    /// @dev The scalar that depends on all that is signed.
    function _challenge(bytes32 publicKey, bytes memory message, bytes32 r) private pure returns (uint256) {
        MerlinTranscript.Transcript memory transcript = MerlinTranscript.start("SigningContext");
        transcript.append("", "substrate");
        transcript.append("sign-bytes", message);
        transcript.append("proto-name", "Schnorr-sig");
        transcript.append("sign:pk", bytes.concat(publicKey));
        transcript.append("sign:R", bytes.concat(r));
        (uint256 low, uint256 high) = transcript.challenge("sign:c", 64);
        return ScalarField.reduce(low, high);
    }
}
