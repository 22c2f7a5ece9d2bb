// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IRewardDistributor} from "./interfaces/IRewardDistributor.sol";
import {IRewardTaker} from "./interfaces/IRewardTaker.sol";

/// @title RewardDistributor
/// @notice See `IRewardDistributor`. Not upgradeable. The owner decides how fast the reserve flows and in what parts; no
///         PHA leaves but to the three takers.
contract RewardDistributor is IRewardDistributor, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice What is here, in ten-thousandths of a wei; the sum is at most 10,000 times the balance.
    struct Accounts {
        uint256 reserve;
        uint256 treasury;
        uint256 stakers;
        uint256 providers;
    }

    /// @inheritdoc IRewardDistributor
    /// @dev 315 million PHA in a year, nearly a third of all: a slip of more digits might pass a vote unseen.
    uint256 public constant MOST_RATE = 10 ether;

    uint256 private constant WHOLE = 10_000;

    /// @inheritdoc IRewardDistributor
    IERC20 public immutable token;
    /// @inheritdoc IRewardDistributor
    address public immutable vault;
    /// @inheritdoc IRewardDistributor
    address public immutable pledges;

    /// @inheritdoc IRewardDistributor
    address public treasury;
    /// @inheritdoc IRewardDistributor
    uint256 public rate;
    /// @inheritdoc IRewardDistributor
    uint256 public totalFunded;
    /// @inheritdoc IRewardDistributor
    uint256 public totalPaid;

    Split private _split;
    Accounts private _accounts;
    uint256 private _accruedAt;

    /// @param token_ PHA.
    /// @param vault_ `VotingPha`; need not have code yet.
    /// @param pledges_ `ProviderPledges`; need not have code yet.
    /// @param treasury_ Where the treasury's part goes.
    /// @param owner_ Sets rate, split and treasury: the timelock.
    /// @param rate_ The first rate.
    constructor(IERC20 token_, address vault_, address pledges_, address treasury_, address owner_, uint256 rate_)
        Ownable(owner_)
    {
        require(address(token_).code.length != 0, RewardDistributor_TokenHasNoCode(address(token_)));
        require(vault_ != address(0) && pledges_ != address(0), RewardDistributor_ZeroAddress());
        token = token_;
        vault = vault_;
        pledges = pledges_;
        _accruedAt = block.timestamp;
        _setTreasury(treasury_);
        _setRate(rate_);
        _setSplit(Split({treasury: 2_000, stakers: 4_000, providers: 4_000}));
    }

    /// @inheritdoc IRewardDistributor
    /// @dev The lock: what arrived is measured around foreign code, and a nested call would be counted twice. What the time
    ///      before brought is settled first: the gift earns nothing for it.
    function fund(uint256 amount) external nonReentrant {
        _accrue();
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received != 0, RewardDistributor_NothingGiven());
        totalFunded += received;
        _accounts.reserve += received * WHOLE;
        emit Funded(msg.sender, received);
    }

    /// @inheritdoc IRewardDistributor
    function setRate(uint256 rate_) external onlyOwner nonReentrant {
        _accrue();
        _setRate(rate_);
    }

    /// @inheritdoc IRewardDistributor
    function setSplit(Split calldata split_) external onlyOwner nonReentrant {
        _accrue();
        _setSplit(split_);
    }

    /// @inheritdoc IRewardDistributor
    function setTreasury(address treasury_) external onlyOwner nonReentrant {
        _setTreasury(treasury_);
    }

    /// @inheritdoc IRewardDistributor
    function payStakers() external nonReentrant returns (uint256 amount) {
        require(msg.sender == vault, RewardDistributor_NotTheTaker(msg.sender));
        _accrue();
        amount = _accounts.stakers / WHOLE;
        _accounts.stakers %= WHOLE;
        _pay(vault, amount);
    }

    /// @inheritdoc IRewardDistributor
    function payProviders() external nonReentrant returns (uint256 amount) {
        require(msg.sender == pledges, RewardDistributor_NotTheTaker(msg.sender));
        _accrue();
        amount = _accounts.providers / WHOLE;
        _accounts.providers %= WHOLE;
        _pay(pledges, amount);
    }

    /// @inheritdoc IRewardDistributor
    function payTreasury() external nonReentrant returns (uint256 amount) {
        _accrue();
        amount = _accounts.treasury / WHOLE;
        _accounts.treasury %= WHOLE;
        _pay(treasury, amount);
    }

    /// @inheritdoc IRewardDistributor
    function stakersDue() external view returns (uint256) {
        return _accrued().stakers / WHOLE;
    }

    /// @inheritdoc IRewardDistributor
    function providersDue() external view returns (uint256) {
        return _accrued().providers / WHOLE;
    }

    /// @inheritdoc IRewardDistributor
    function treasuryDue() external view returns (uint256) {
        return _accrued().treasury / WHOLE;
    }

    /// @inheritdoc IRewardDistributor
    function reserve() external view returns (uint256) {
        return _accrued().reserve / WHOLE;
    }

    /// @inheritdoc IRewardDistributor
    function split() external view returns (Split memory) {
        return _split;
    }

    function _pay(address to, uint256 amount) private {
        if (amount == 0) return;
        totalPaid += amount;
        emit Paid(to, amount);
        token.safeTransfer(to, amount);
    }

    function _accrue() private {
        _accounts = _accrued();
        _accruedAt = block.timestamp;
    }

    /// @dev The accounts as of now. Below the cap each part is rate x its ten-thousandths x time, a whole number, so two
    ///      steps give what one does; at the cap the reserve is emptied, and the treasury has what the division leaves (less
    ///      than two ten-thousandths of a wei).
    function _accrued() private view returns (Accounts memory accounts) {
        accounts = _accounts;
        uint256 elapsed = block.timestamp - _accruedAt;
        if (elapsed == 0) return accounts;

        uint256 stakers = IRewardTaker(vault).takesRewards() ? _split.stakers : 0;
        uint256 providers = IRewardTaker(pledges).takesRewards() ? _split.providers : 0;
        uint256 taken = _split.treasury + stakers + providers;
        if (taken == 0) return accounts;

        uint256 amount = Math.min(rate * taken * elapsed, accounts.reserve);
        uint256 toStakers = Math.mulDiv(amount, stakers, taken);
        uint256 toProviders = Math.mulDiv(amount, providers, taken);
        accounts.reserve -= amount;
        accounts.stakers += toStakers;
        accounts.providers += toProviders;
        accounts.treasury += amount - toStakers - toProviders;
    }

    function _setRate(uint256 rate_) private {
        require(rate_ <= MOST_RATE, RewardDistributor_RateTooHigh(rate_, MOST_RATE));
        rate = rate_;
        emit RateSet(rate_);
    }

    function _setSplit(Split memory split_) private {
        uint256 sum = uint256(split_.treasury) + split_.stakers + split_.providers;
        require(sum == WHOLE, RewardDistributor_SplitIsNotWhole(sum));
        _split = split_;
        emit SplitSet(split_.treasury, split_.stakers, split_.providers);
    }

    function _setTreasury(address treasury_) private {
        require(treasury_ != address(0), RewardDistributor_ZeroAddress());
        treasury = treasury_;
        emit TreasurySet(treasury_);
    }
}
