// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Timelock
/// @notice Owner of everything on L1. It administers itself: nobody else can change its roles or its delay.
contract Timelock is TimelockController {
    /// @param minDelay Seconds between scheduling and executing.
    /// @param proposers May schedule and cancel.
    /// @param executors May execute what is ready.
    constructor(uint256 minDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minDelay, proposers, executors, address(0))
    {}
}
