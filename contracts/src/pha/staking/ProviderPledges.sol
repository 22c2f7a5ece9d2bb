// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ProviderRewards} from "./ProviderRewards.sol";
import {IProviderPledges} from "./interfaces/IProviderPledges.sol";
import {IRewardDistributor} from "./interfaces/IRewardDistributor.sol";
import {IVotingPha} from "./interfaces/IVotingPha.sol";

/// @title ProviderPledges
/// @notice See `IProviderPledges`. Not upgradeable. The owner slashes within the window and keeps the table of classes; he
///         can move no vPHA to anyone. The shares lie here; `VotingPha` knows whose they are and counts their votes for him.
contract ProviderPledges is ProviderRewards, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IProviderPledges
    /// @dev Longer than a vote with its timelock takes.
    uint256 public constant EVIDENCE_WINDOW = 21 days;

    /// @inheritdoc IProviderPledges
    /// @dev A week more than the window: whoever acts in the last bonded second can be slashed for all of the window.
    uint256 public constant UNBONDING_PERIOD = 28 days;

    /// @notice One vPHA: a class must be worth a slash.
    uint256 public constant LEAST_COLLATERAL = 10 ** 24;

    /// @notice Ten times an H100's.
    uint256 public constant MOST_WEIGHT = 100_000;

    /// @inheritdoc IProviderPledges
    IVotingPha public immutable vault;

    /// @inheritdoc IProviderPledges
    address public admitter;
    /// @inheritdoc IProviderPledges
    uint256 public pledgeCount;
    /// @inheritdoc IProviderPledges
    mapping(bytes32 device => uint256) public pledgeOfDevice;
    /// @inheritdoc IProviderPledges
    mapping(bytes32 offence => bool) public wasSlashedFor;

    mapping(bytes32 class => Class) private _classes;
    mapping(uint256 id => Pledge) private _pledges;

    modifier onlyAdmitter() {
        require(msg.sender == admitter, ProviderPledges_NotTheAdmitter(msg.sender));
        _;
    }

    /// @param vault_ `VotingPha`: its shares are pledged.
    /// @param distributor_ Streams the providers' rewards.
    /// @param owner_ Slashes, keeps the table, names the admitter: the timelock.
    /// @param admitter_ The first admitter.
    constructor(IVotingPha vault_, IRewardDistributor distributor_, address owner_, address admitter_)
        ProviderRewards(IERC20(vault_.asset()), distributor_)
        Ownable(owner_)
    {
        require(address(distributor_) != address(0), ProviderPledges_ZeroAddress());
        vault = vault_;
        _setAdmitter(admitter_);
        _setClass("H100", Class({collateral: 1_250 * 10 ** 24, weight: 10_000}));
        _setClass("H200", Class({collateral: 1_875 * 10 ** 24, weight: 15_000}));
        _setClass("B200", Class({collateral: 2_250 * 10 ** 24, weight: 18_000}));
    }

    /// @inheritdoc IProviderPledges
    function pledge(bytes32 class, uint256 shares) external nonReentrant returns (uint256 id) {
        Class memory terms = _classes[class];
        require(terms.weight != 0, ProviderPledges_ClassClosed(class));
        require(shares >= terms.collateral, ProviderPledges_CollateralTooLow(shares, terms.collateral));
        id = ++pledgeCount;
        Pledge storage pledge_ = _pledges[id];
        pledge_.provider = msg.sender;
        pledge_.bondedAt = SafeCast.toUint48(block.timestamp);
        pledge_.shares = SafeCast.toUint128(shares);
        pledge_.class = class;
        emit Pledged(id, msg.sender, class, shares);
        vault.lockPledge(msg.sender, shares);
    }

    /// @inheritdoc IProviderPledges
    function topUp(uint256 id, uint256 shares) external nonReentrant {
        Pledge storage pledge_ = _ownBonded(id);
        require(shares != 0, ProviderPledges_ZeroAmount());
        vault.lockPledge(msg.sender, shares);
        pledge_.shares = SafeCast.toUint128(pledge_.shares + shares);
        emit ToppedUp(id, shares);
        _reweigh(id);
    }

    /// @inheritdoc IProviderPledges
    function unbond(uint256 id) external nonReentrant {
        Pledge storage pledge_ = _ownBonded(id);
        pledge_.unbondedAt = SafeCast.toUint48(block.timestamp);
        if (pledge_.device != 0) _dismiss(id);
        emit Unbonding(id, block.timestamp + UNBONDING_PERIOD);
    }

    /// @inheritdoc IProviderPledges
    function release(uint256 id) external nonReentrant {
        Pledge storage pledge_ = _existing(id);
        uint256 shares = pledge_.shares;
        require(pledge_.unbondedAt != 0, ProviderPledges_NotUnbonding(id));
        require(block.timestamp >= releasableAt(id), ProviderPledges_StillUnbonding(id, releasableAt(id)));
        require(shares != 0, ProviderPledges_NothingHeld(id));
        pledge_.shares = 0;
        emit Released(id, pledge_.provider, shares);
        vault.returnPledge(pledge_.provider, shares);
    }

    /// @inheritdoc IProviderPledges
    function admit(uint256 id, bytes32 device) external onlyAdmitter nonReentrant {
        Pledge storage pledge_ = _existing(id);
        require(pledge_.unbondedAt == 0, ProviderPledges_NotBonded(id));
        require(pledge_.device == 0, ProviderPledges_AlreadyAdmitted(id, pledge_.device));
        require(device != 0, ProviderPledges_ZeroDevice());
        uint256 taken = pledgeOfDevice[device];
        require(taken == 0, ProviderPledges_DeviceTaken(device, taken));
        pledge_.device = device;
        pledgeOfDevice[device] = id;
        emit Admitted(id, device);
        _reweigh(id);
    }

    /// @inheritdoc IProviderPledges
    function dismiss(uint256 id) external onlyAdmitter nonReentrant {
        require(_existing(id).device != 0, ProviderPledges_NotAdmitted(id));
        _dismiss(id);
    }

    /// @inheritdoc IProviderPledges
    function refresh(uint256 id) external nonReentrant {
        _existing(id);
        _reweigh(id);
    }

    /// @inheritdoc IProviderPledges
    function slash(uint256 id, uint256 shares, bytes32 offence, uint256 committedAt)
        external
        onlyOwner
        nonReentrant
        returns (uint256 slashed)
    {
        Pledge storage pledge_ = _existing(id);
        require(!wasSlashedFor[offence], ProviderPledges_AlreadySlashed(offence));
        uint256 end = pledge_.unbondedAt == 0 ? block.timestamp : pledge_.unbondedAt;
        bool bondedThen = committedAt >= pledge_.bondedAt && committedAt <= end;
        require(bondedThen, ProviderPledges_NotBondedThen(id, committedAt));
        uint256 until = committedAt + EVIDENCE_WINDOW;
        require(block.timestamp <= until, ProviderPledges_TooLate(committedAt, until));
        require(shares != 0, ProviderPledges_ZeroAmount());
        slashed = Math.min(shares, pledge_.shares);
        require(slashed != 0, ProviderPledges_NothingHeld(id));

        wasSlashedFor[offence] = true;
        pledge_.shares -= SafeCast.toUint128(slashed);
        _reweigh(id);
        uint256 assets = vault.slashPledge(pledge_.provider, slashed);
        emit Slashed(id, offence, slashed, assets);
    }

    /// @inheritdoc IProviderPledges
    function setClass(bytes32 class, Class calldata terms) external onlyOwner {
        _setClass(class, terms);
    }

    /// @inheritdoc IProviderPledges
    function setAdmitter(address admitter_) external onlyOwner {
        _setAdmitter(admitter_);
    }

    /// @inheritdoc IProviderPledges
    function claimRewards(uint256 id, address receiver) external nonReentrant returns (uint256 amount) {
        _own(id);
        require(receiver != address(0) && receiver != address(this), ProviderPledges_ZeroAddress());
        amount = _take(id);
        emit RewardsPaid(id, receiver, amount);
        token.safeTransfer(receiver, amount);
    }

    /// @inheritdoc IProviderPledges
    function restakeRewards(uint256 id) external nonReentrant returns (uint256 shares) {
        _own(id);
        uint256 amount = _take(id);
        token.forceApprove(address(vault), amount);
        shares = vault.deposit(amount, msg.sender);
        emit RewardsRestaked(id, amount, shares);
    }

    /// @inheritdoc IProviderPledges
    function pledgeOf(uint256 id) external view returns (Pledge memory) {
        return _pledges[id];
    }

    /// @inheritdoc IProviderPledges
    function classOf(bytes32 class) external view returns (Class memory) {
        return _classes[class];
    }

    /// @inheritdoc IProviderPledges
    function releasableAt(uint256 id) public view returns (uint256) {
        uint256 unbondedAt = _pledges[id].unbondedAt;
        return unbondedAt == 0 ? 0 : unbondedAt + UNBONDING_PERIOD;
    }

    /// @dev By today's table.
    function _reweigh(uint256 id) private {
        Pledge storage pledge_ = _pledges[id];
        Class memory terms = _classes[pledge_.class];
        bool counts = pledge_.unbondedAt == 0 && pledge_.device != 0 && pledge_.shares >= terms.collateral;
        _weigh(id, counts ? terms.weight : 0);
    }

    function _dismiss(uint256 id) private {
        bytes32 device = _pledges[id].device;
        delete _pledges[id].device;
        delete pledgeOfDevice[device];
        emit Dismissed(id, device);
        _reweigh(id);
    }

    function _setClass(bytes32 class, Class memory terms) private {
        bool worthASlash = terms.weight == 0 || terms.collateral >= LEAST_COLLATERAL;
        require(worthASlash, ProviderPledges_CollateralOutOfBounds(terms.collateral, LEAST_COLLATERAL));
        require(terms.weight <= MOST_WEIGHT, ProviderPledges_WeightTooHigh(terms.weight, MOST_WEIGHT));
        _classes[class] = terms;
        emit ClassSet(class, terms.collateral, terms.weight);
    }

    function _setAdmitter(address admitter_) private {
        require(admitter_ != address(0), ProviderPledges_ZeroAddress());
        admitter = admitter_;
        emit AdmitterSet(admitter_);
    }

    function _existing(uint256 id) private view returns (Pledge storage pledge_) {
        pledge_ = _pledges[id];
        require(pledge_.provider != address(0), ProviderPledges_NoSuchPledge(id));
    }

    function _own(uint256 id) private view returns (Pledge storage pledge_) {
        pledge_ = _existing(id);
        require(pledge_.provider == msg.sender, ProviderPledges_NotTheProvider(id, msg.sender));
    }

    function _ownBonded(uint256 id) private view returns (Pledge storage pledge_) {
        pledge_ = _own(id);
        require(pledge_.unbondedAt == 0, ProviderPledges_NotBonded(id));
    }
}
