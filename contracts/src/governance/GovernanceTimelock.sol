// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title GovernanceTimelock
/// @notice Owner, on L2, of what is governed there, and the one voice that `L1Executor` hears. It administers itself; only
///         the governor schedules and cancels; anyone executes what is ready.
contract GovernanceTimelock is TimelockController {
    error GovernanceTimelock_ZeroAddress();

    /// @param minDelay Seconds between scheduling and executing.
    /// @param governor The only proposer and canceller.
    constructor(uint256 minDelay, address governor)
        TimelockController(minDelay, _one(governor), _one(address(0)), address(0))
    {
        require(governor != address(0), GovernanceTimelock_ZeroAddress());
    }

    function _one(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
