// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeGame} from "./IDisputeGame.sol";

/// @title IWithdrawalQuota
/// @notice How much of an asset may leave in a day on the word of no more vendors than a root needs. A second line: should
///         every vendor of a threshold be forged at once, the guardian has days, not minutes.
///
///         Each listed asset has a leaky bucket that holds a day's quota and drains by a quota a day:
///
///           amount <= quota   passes while it fits into the bucket, and fills it by that much
///           amount >  quota   passes when the bucket is empty and as many days have gone by since the withdrawal was due as
///                             the excess has quotas; the bucket then overflows, and drains for as long
///           any amount        passes `MAX_DELAY` after it was due, whatever the bucket holds: an exit is delayed, not lost
///
///         A withdrawal whose game stands on more than the threshold (`IMultiProofGame.exceedsThreshold`) passes freely.
interface IWithdrawalQuota {
    /// @param perDay Units of the asset a day; zero = not listed, so without limit.
    /// @param floor What nobody may lower `perDay` below. Fixed when the asset is listed.
    /// @param used What is in the bucket now, rounded up.
    struct Quota {
        uint128 perDay;
        uint128 floor;
        uint256 used;
    }

    event QuotaSet(address indexed asset, uint256 perDay, uint256 floor);

    error WithdrawalQuota_Unauthorized(address caller);
    error WithdrawalQuota_ZeroAddress();
    error WithdrawalQuota_AlreadyListed(address asset);
    error WithdrawalQuota_NotListed(address asset);
    /// @notice A floor of zero would let somebody stop an asset.
    error WithdrawalQuota_ZeroFloor();
    error WithdrawalQuota_BelowFloor(uint256 perDay, uint256 floor);

    /// @notice Lets `amount` of `asset` pass, or says when it may. Only the portal for ether, only the bridge for tokens.
    /// @param asset A token on L1; zero = ether.
    /// @param dueAt Unix seconds from which nothing but the quota stood against the withdrawal.
    /// @param game What the withdrawal was proven against; zero = not known, so the quota applies.
    /// @return opensAt Now, if it passes; else Unix seconds, and nothing was counted. Others may take the room until then,
    ///         but never beyond `dueAt` + `MAX_DELAY`.
    function consume(address asset, uint256 amount, uint256 dueAt, IDisputeGame game)
        external
        returns (uint256 opensAt);

    /// @notice What `consume` would answer now.
    function passesAt(address asset, uint256 amount, uint256 dueAt, IDisputeGame game) external view returns (uint256);

    /// @notice Whether the game stands on more than the threshold asks for, by provers that are valid now.
    function isLifted(IDisputeGame game) external view returns (bool);

    function quotaOf(address asset) external view returns (Quota memory);

    /// @notice Limits a token for the first time. Only the owner.
    /// @param floor The least that the quota can ever be lowered to; not zero.
    function list(address asset, uint128 perDay, uint128 floor) external;

    /// @notice Changes the quota of a listed asset. The owner to anything from the floor up, the guardian only downward.
    function setQuota(address asset, uint128 perDay) external;

    /// @notice The longest that a quota delays a withdrawal, in seconds.
    function MAX_DELAY() external view returns (uint256); // solhint-disable-line func-name-mixedcase
}
