// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IDisputeGame} from "./IDisputeGame.sol";

/// @title IProverRewards
/// @notice Pays provers for L2 blocks that they made final, out of what anyone gave for it.
///
///   resolve() ---> reserve() ---+-- final and valid --------> claim() ----> withdraw(), for each supporter's beneficiary
///                               +-- blacklisted or retired -> release() --> back to what is available
///
///         A reward is set aside at the moment in which the game is won, for the L2 blocks by which the game goes beyond
///         every rewarded game before it, at the rate of that moment, and never more than is there. So who claims when
///         makes no difference, no block is paid twice however many games cover it, and what could not be set aside then is
///         owed by nobody later.
interface IProverRewards {
    /// @param amount Tokens set aside for the game.
    /// @param blocks L2 blocks for which.
    struct Reservation {
        uint192 amount;
        uint64 blocks;
    }

    event Funded(address indexed from, uint256 amount);
    event RewardPerBlockSet(uint256 rewardPerBlock);
    event Reserved(IDisputeGame indexed game, uint256 amount, uint256 blocks);
    event Released(IDisputeGame indexed game, uint256 amount);
    /// @notice A supporter's share is owed to its beneficiary.
    event Earned(IDisputeGame indexed game, address indexed key, address indexed beneficiary, uint256 amount);
    event Paid(address indexed beneficiary, uint256 amount);

    error ProverRewards_NothingReserved(IDisputeGame game);
    /// @notice Not final yet, or the system is paused, or the game was blacklisted or retired (see `release`).
    error ProverRewards_GameNotValid(IDisputeGame game);
    /// @notice Neither blacklisted nor retired.
    error ProverRewards_GameStands(IDisputeGame game);
    error ProverRewards_NothingOwed(address beneficiary);
    /// @notice So much that the reward of a game could not be counted.
    error ProverRewards_RateTooHigh(uint256 rewardPerBlock, uint256 most);
    error ProverRewards_TokenHasNoCode(address token);

    /// @notice Gives `amount` of the caller's tokens (from an allowance) to the provers. There is no way back. What a token
    ///         keeps as a fee is not counted; tokens sent without this call are nobody's.
    function fund(uint256 amount) external;

    /// @notice Tokens for each newly final L2 block, from now on. Only the owner.
    function setRewardPerBlock(uint256 rewardPerBlock) external;

    /// @notice Sets the caller's reward aside. For games, when they are won; has no effect for anyone else. It never fails
    ///         for a game, whatever the funds are: rewards must not be able to stop settlement.
    function reserve() external;

    /// @notice Splits the reward of a game that is final and valid among its supporters in equal parts. Anyone may call.
    function claim(IDisputeGame game) external;

    /// @notice Takes back what was set aside for a game that is blacklisted or retired. Anyone may call.
    function release(IDisputeGame game) external;

    /// @notice Pays all that is owed to `beneficiary`. Anyone may call.
    function withdraw(address beneficiary) external;

    function token() external view returns (IERC20);

    function rewardPerBlock() external view returns (uint256);

    /// @notice Tokens given and not set aside.
    function available() external view returns (uint256);

    /// @notice Tokens set aside for games whose reward is not claimed.
    function reserved() external view returns (uint256);

    /// @notice Tokens claimed and not paid out, in all.
    function totalOwed() external view returns (uint256);

    function owed(address beneficiary) external view returns (uint256);

    function reservationOf(IDisputeGame game) external view returns (Reservation memory);

    /// @notice The highest L2 block of a rewarded game.
    function rewardedUpTo() external view returns (uint256);
}
