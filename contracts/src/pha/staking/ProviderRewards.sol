// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IProviderPledges} from "./interfaces/IProviderPledges.sol";
import {IRewardDistributor} from "./interfaces/IRewardDistributor.sol";

/// @title ProviderRewards
/// @notice Spreads the compute providers' part over pledges by weight.
///
///         `_perWeight` is what one unit of weight has earned since the beginning, in 2^-64 wei; what its division leaves is
///         carried to the next time, so that it does not matter how often rewards are collected. A pledge has earned its
///         weight times the growth of that number since its weight last changed. Payments are taken from that sum, never
///         rounded one by one: it does not matter how often a provider takes them either. A change of weight rounds once,
///         by less than a wei, in favour of the others.
abstract contract ProviderRewards is IProviderPledges {
    using SafeERC20 for IERC20;

    struct Earnings {
        uint256 since;
        uint256 settled;
        uint256 paid;
    }

    uint256 private constant SCALE = 2 ** 64;

    /// @inheritdoc IProviderPledges
    IERC20 public immutable token;
    /// @inheritdoc IProviderPledges
    IRewardDistributor public immutable distributor;

    /// @inheritdoc IProviderPledges
    uint256 public totalWeight;
    /// @inheritdoc IProviderPledges
    mapping(uint256 id => uint256) public weightOf;

    uint256 private _perWeight;
    uint256 private _carried;
    mapping(uint256 id => Earnings) private _earnings;

    constructor(IERC20 token_, IRewardDistributor distributor_) {
        token = token_;
        distributor = distributor_;
    }

    /// @notice Whether any pledge has weight.
    function takesRewards() external view returns (bool) {
        return totalWeight != 0;
    }

    /// @inheritdoc IProviderPledges
    function rewardsOf(uint256 id) external view returns (uint256) {
        (uint256 perWeight,) = _spread(distributor.providersDue());
        return _earned(id, perWeight) - _earnings[id].paid;
    }

    /// @dev From now on the pledge earns with this weight.
    function _weigh(uint256 id, uint256 weight) internal {
        uint256 old = weightOf[id];
        if (weight == old) return;
        _collect();
        Earnings storage earnings = _earnings[id];
        earnings.settled = _earned(id, _perWeight);
        earnings.since = _perWeight;
        weightOf[id] = weight;
        totalWeight = totalWeight - old + weight;
        emit WeightChanged(id, weight);
    }

    /// @dev Counts what the pledge has earned as paid; whoever calls pays it.
    function _take(uint256 id) internal returns (uint256 amount) {
        _collect();
        Earnings storage earnings = _earnings[id];
        amount = _earned(id, _perWeight) - earnings.paid;
        require(amount != 0, ProviderPledges_NothingEarned(id));
        earnings.paid += amount;
    }

    function _collect() private {
        uint256 due = distributor.providersDue();
        (_perWeight, _carried) = _spread(due);
        uint256 paid = distributor.payProviders();
        require(paid == due, ProviderPledges_NotReceived(paid, due));
        if (due != 0) emit RewardsCollected(due);
    }

    function _spread(uint256 amount) private view returns (uint256 perWeight, uint256 carried) {
        perWeight = _perWeight;
        carried = _carried + amount * SCALE;
        if (totalWeight == 0) return (perWeight, carried);
        perWeight += carried / totalWeight;
        carried %= totalWeight;
    }

    function _earned(uint256 id, uint256 perWeight) private view returns (uint256) {
        Earnings storage earnings = _earnings[id];
        return earnings.settled + Math.mulDiv(weightOf[id], perWeight - earnings.since, SCALE);
    }
}
