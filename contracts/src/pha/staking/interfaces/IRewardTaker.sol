// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IRewardTaker
/// @notice Who a part of the rewards is for: `VotingPha` for the stakers, `ProviderPledges` for the compute providers.
interface IRewardTaker {
    /// @notice Whether anyone is there to whom rewards would go now. While nobody is, they stay in the reserve. A taker
    ///         collects what is due before its answer changes, so that each second is judged by what was true in it.
    function takesRewards() external view returns (bool);
}
