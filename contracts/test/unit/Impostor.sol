// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";

/// @notice Says the same as a real game, but is not the factory's.
contract Impostor {
    MultiProofGame private immutable REAL;

    constructor(MultiProofGame real) {
        REAL = real;
    }

    // solhint-disable-next-line payable-fallback
    fallback(bytes calldata input) external returns (bytes memory output) {
        (, output) = address(REAL).staticcall(input);
    }
}
