// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IMultiProofGame} from "./interfaces/IMultiProofGame.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";
import {IWithdrawalQuota} from "./interfaces/IWithdrawalQuota.sol";

/// @title WithdrawalQuota
/// @notice See `IWithdrawalQuota`. Not upgradeable; holds no value.
contract WithdrawalQuota is IWithdrawalQuota, Ownable {
    /// @notice The bucket of an asset, counted in unit-seconds (units times a day), so that draining loses nothing to
    ///         rounding however often it is touched.
    struct Bucket {
        uint128 perDay;
        uint128 floor;
        uint256 level;
        uint256 updatedAt;
    }

    /// @notice The asset that stands for ether.
    address public constant ETHER = address(0);

    uint256 private constant DAY = 1 days;
    uint256 private constant MAX_DAYS = 7;

    /// @inheritdoc IWithdrawalQuota
    uint256 public constant MAX_DELAY = MAX_DAYS * DAY;

    address private immutable PORTAL;
    address private immutable BRIDGE;
    ISystemConfig private immutable SYSTEM_CONFIG;

    mapping(address asset => Bucket) private _buckets;

    /// @param portal Where ether leaves.
    /// @param bridge Where tokens leave.
    /// @param systemConfig Names the guardian.
    /// @param owner_ Lists assets and raises quotas: the timelock.
    /// @param etherPerDay Quota of ether, in wei.
    /// @param etherFloor What it can never be lowered below.
    constructor(
        address portal,
        address bridge,
        ISystemConfig systemConfig,
        address owner_,
        uint128 etherPerDay,
        uint128 etherFloor
    ) Ownable(owner_) {
        bool complete = portal != address(0) && bridge != address(0) && address(systemConfig) != address(0);
        require(complete, WithdrawalQuota_ZeroAddress());
        PORTAL = portal;
        BRIDGE = bridge;
        SYSTEM_CONFIG = systemConfig;
        _list(ETHER, etherPerDay, etherFloor);
    }

    /// @inheritdoc IWithdrawalQuota
    function consume(address asset, uint256 amount, uint256 dueAt, IDisputeGame game) external returns (uint256 opensAt) {
        require(msg.sender == (asset == ETHER ? PORTAL : BRIDGE), WithdrawalQuota_Unauthorized(msg.sender));
        Bucket storage bucket = _buckets[asset];
        if (bucket.perDay == 0 || isLifted(game)) return block.timestamp;
        opensAt = _passesAt(bucket, amount, dueAt);
        if (opensAt > block.timestamp) return opensAt;
        // Nothing waits longer than MAX_DELAY for a bucket, so more than that need not be remembered.
        uint256 most = MAX_DAYS * bucket.perDay;
        bucket.level = Math.min(_level(bucket) + Math.min(amount, most) * DAY, most * DAY);
        bucket.updatedAt = block.timestamp;
    }

    /// @inheritdoc IWithdrawalQuota
    function list(address asset, uint128 perDay, uint128 floor) external onlyOwner {
        require(_buckets[asset].perDay == 0, WithdrawalQuota_AlreadyListed(asset));
        _list(asset, perDay, floor);
    }

    /// @inheritdoc IWithdrawalQuota
    function setQuota(address asset, uint128 perDay) external {
        Bucket storage bucket = _buckets[asset];
        require(bucket.perDay != 0, WithdrawalQuota_NotListed(asset));
        bool allowed =
            msg.sender == owner() || (msg.sender == SYSTEM_CONFIG.guardian() && perDay < bucket.perDay);
        require(allowed, WithdrawalQuota_Unauthorized(msg.sender));
        require(perDay >= bucket.floor, WithdrawalQuota_BelowFloor(perDay, bucket.floor));
        // What has drained so far has drained by the old quota.
        bucket.level = Math.min(_level(bucket), MAX_DELAY * perDay);
        bucket.updatedAt = block.timestamp;
        bucket.perDay = perDay;
        emit QuotaSet(asset, perDay, bucket.floor);
    }

    /// @inheritdoc IWithdrawalQuota
    function passesAt(address asset, uint256 amount, uint256 dueAt, IDisputeGame game)
        external
        view
        returns (uint256)
    {
        Bucket storage bucket = _buckets[asset];
        if (bucket.perDay == 0 || isLifted(game)) return block.timestamp;
        return _passesAt(bucket, amount, dueAt);
    }

    /// @inheritdoc IWithdrawalQuota
    function quotaOf(address asset) external view returns (Quota memory) {
        Bucket storage bucket = _buckets[asset];
        return Quota({
            perDay: bucket.perDay,
            floor: bucket.floor,
            used: bucket.perDay == 0 ? 0 : Math.ceilDiv(_level(bucket), DAY)
        });
    }

    /// @inheritdoc IWithdrawalQuota
    /// @dev A game that does not know the question is one that the quota applies to: no exit may hang on it.
    function isLifted(IDisputeGame game) public view returns (bool) {
        if (address(game) == address(0)) return false;
        try IMultiProofGame(address(game)).exceedsThreshold() returns (bool exceeds) {
            return exceeds;
        } catch {
            return false;
        }
    }

    function _list(address asset, uint128 perDay, uint128 floor) private {
        require(floor != 0, WithdrawalQuota_ZeroFloor());
        require(perDay >= floor, WithdrawalQuota_BelowFloor(perDay, floor));
        _buckets[asset] = Bucket({perDay: perDay, floor: floor, level: 0, updatedAt: block.timestamp});
        emit QuotaSet(asset, perDay, floor);
    }

    function _level(Bucket storage bucket) private view returns (uint256) {
        uint256 drained = bucket.perDay * (block.timestamp - bucket.updatedAt);
        return bucket.level > drained ? bucket.level - drained : 0;
    }

    function _passesAt(Bucket storage bucket, uint256 amount, uint256 dueAt) private view returns (uint256 opensAt) {
        uint256 perDay = bucket.perDay;
        uint256 level = _level(bucket);
        if (amount <= perDay) {
            uint256 filled = level + amount * DAY;
            uint256 excess = filled > perDay * DAY ? filled - perDay * DAY : 0;
            opensAt = block.timestamp + Math.ceilDiv(excess, perDay);
        } else {
            // Nothing waits for more than MAX_DAYS quotas, which also keeps the product small.
            uint256 excess = Math.min(amount - perDay, MAX_DAYS * perDay) * DAY;
            opensAt = Math.max(block.timestamp + Math.ceilDiv(level, perDay), dueAt + Math.ceilDiv(excess, perDay));
        }
        return Math.max(block.timestamp, Math.min(opensAt, dueAt + MAX_DELAY));
    }
}
