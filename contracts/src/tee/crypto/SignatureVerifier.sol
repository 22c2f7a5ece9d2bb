// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyKind} from "../certificates/SignatureScheme.sol";
import {ISignatureVerifier} from "../interfaces/ISignatureVerifier.sol";
import {P256} from "./P256.sol";
import {P384} from "./P384.sol";
import {RsaPss} from "./RsaPss.sol";
import {Sha384} from "./Sha384.sol";

/// @title SignatureVerifier
/// @notice See `ISignatureVerifier`. A contract of its own, because P-384's table would fill the code of whoever uses it.
contract SignatureVerifier is ISignatureVerifier {
    /// @inheritdoc ISignatureVerifier
    function verify(
        KeyKind kind,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature,
        bool oddFirst
    ) external view returns (bool) {
        if (kind == KeyKind.P256) return P256.verify(publicKey, signature, sha256(message));
        (uint256 high, uint256 low) = Sha384.hash(message);
        if (kind == KeyKind.P384) return P384.verify(publicKey, signature, high, low, oddFirst);
        return RsaPss.verify(publicKey, signature, high, low);
    }
}
