// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title DeterministicDeployer
/// @notice Creates many contracts in one transaction at addresses known beforehand, so that contracts that name each other
///         can be initialised in their constructors, and a repeated deployment sees what stands already.
contract DeterministicDeployer {
    /// @param named Whether the address follows from the caller and `salt` alone (CREATE3), whatever the code; else it
    ///        follows from the code with its arguments (CREATE2), and code found there is that code.
    /// @param salt Name of the contract; only used if `named`.
    /// @param initCode Creation code with its constructor arguments.
    struct Creation {
        bool named;
        bytes32 salt;
        bytes initCode;
    }

    event Created(address indexed deployed);

    /// @notice Creates in order. Unnamed code that stands already is passed over; a taken name reverts.
    function create(Creation[] calldata creations) external {
        for (uint256 i = 0; i < creations.length; ++i) {
            _create(creations[i]);
        }
    }

    /// @notice Address of what `caller` creates under the name `salt`.
    function namedAddress(address caller, bytes32 salt) external view returns (address) {
        return Create3.computeAddress(_own(caller, salt));
    }

    /// @notice Address of unnamed code with this hash.
    function codeAddress(bytes32 initCodeHash) external view returns (address) {
        return Create2.computeAddress(0, initCodeHash);
    }

    function _create(Creation calldata creation) private {
        if (creation.named) {
            emit Created(Create3.deploy(0, _own(msg.sender, creation.salt), creation.initCode));
        } else if (Create2.computeAddress(0, keccak256(creation.initCode)).code.length == 0) {
            emit Created(Create2.deploy(0, 0, creation.initCode));
        }
    }

    /// @dev A name belongs to its caller: nobody else can put code there first.
    function _own(address caller, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(caller, salt));
    }
}
