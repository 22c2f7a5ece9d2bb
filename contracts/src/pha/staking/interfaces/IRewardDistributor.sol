// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IRewardDistributor
/// @notice A reserve of PHA that anyone fills and that flows out at a governed rate.
///
///   fund() --> reserve --- rate, while there is something ---+--> treasury
///                                                            +--> stakers: part of the share price at once
///                                                            +--> compute providers, by weight
///
///         What accrues in a time is the lesser of rate x time and the reserve, so nothing is ever promised that is not
///         here. It is counted in ten-thousandths of a wei, in which every split of every second is a whole number: when
///         and how often anybody calls makes no difference to anyone, not by a wei. A part that nobody is there to take
///         stays in the reserve.
interface IRewardDistributor {
    /// @notice Parts of what flows out, in ten-thousandths; together 10,000.
    struct Split {
        uint16 treasury;
        uint16 stakers;
        uint16 providers;
    }

    /// @notice PHA in wei that came into the reserve.
    event Funded(address indexed from, uint256 amount);
    /// @notice PHA in wei per second from now on.
    event RateSet(uint256 rate);
    /// @notice In ten-thousandths, from now on.
    event SplitSet(uint256 treasury, uint256 stakers, uint256 providers);
    /// @notice Where the treasury's part goes, what it has not taken included.
    event TreasurySet(address indexed treasury);
    /// @notice PHA in wei that left, to one of the three takers.
    event Paid(address indexed to, uint256 amount);

    /// @notice Each part is paid at the call of whom it is for, which counts it in the same call.
    error RewardDistributor_NotTheTaker(address caller);
    /// @notice A gift of nothing, or of which the token kept all.
    error RewardDistributor_NothingGiven();
    /// @notice In wei per second.
    error RewardDistributor_RateTooHigh(uint256 rate, uint256 most);
    /// @notice The three parts are 10,000 together.
    error RewardDistributor_SplitIsNotWhole(uint256 sum);
    /// @notice A taker or the treasury is missing.
    error RewardDistributor_ZeroAddress();
    /// @notice What is no contract pays nobody, and seems to.
    error RewardDistributor_TokenHasNoCode(address token);

    /// @notice Adds `amount` of the caller's PHA (from an allowance) to the reserve. There is no way back. PHA that was sent
    ///         without this call is nobody's.
    function fund(uint256 amount) external;

    /// @notice PHA in wei that flow out per second from now on. Only the owner; at most `MOST_RATE`.
    function setRate(uint256 rate) external;

    /// @notice How what flows out is split from now on. Only the owner.
    function setSplit(Split calldata split) external;

    /// @notice Where the treasury's part goes, what it has not taken yet included. Only the owner.
    function setTreasury(address treasury) external;

    /// @notice Pays the stakers' part to the vault. Only the vault, which counts it in the same call.
    /// @return amount What `stakersDue` said.
    function payStakers() external returns (uint256 amount);

    /// @notice Pays the compute providers' part to the pledges. Only these, which count it in the same call.
    /// @return amount What `providersDue` said.
    function payProviders() external returns (uint256 amount);

    /// @notice Pays the treasury's part. Anyone may call.
    function payTreasury() external returns (uint256 amount);

    /// @notice The stakers' PHA up to this second that the vault has not taken.
    function stakersDue() external view returns (uint256);

    /// @notice The compute providers' PHA up to this second that they have not taken.
    function providersDue() external view returns (uint256);

    /// @notice The treasury's PHA up to this second that it has not taken.
    function treasuryDue() external view returns (uint256);

    /// @notice PHA that has not flowed out up to this second, rounded down.
    function reserve() external view returns (uint256);

    function token() external view returns (IERC20);

    /// @notice Takes the stakers' part: `VotingPha`.
    function vault() external view returns (address);

    /// @notice Takes the compute providers' part: `ProviderPledges`.
    function pledges() external view returns (address);

    function treasury() external view returns (address);

    /// @notice PHA in wei per second, if all parts are taken.
    function rate() external view returns (uint256);

    function split() external view returns (Split memory);

    /// @notice All that was ever given by `fund`.
    function totalFunded() external view returns (uint256);

    /// @notice All that was ever paid, to whomever.
    function totalPaid() external view returns (uint256);

    function MOST_RATE() external view returns (uint256); // solhint-disable-line func-name-mixedcase
}
