// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {IRewardDistributor} from "./interfaces/IRewardDistributor.sol";
import {IVotingPha} from "./interfaces/IVotingPha.sol";

/// @title VotingPha
/// @notice See `IVotingPha`. Not upgradeable. The owner sets the period of later unlock requests and nothing else; nobody
///         mints but for PHA that came in.
///
///         The price. `_assets` counts what came in by deposits and rewards and went out by requests; PHA sent here is
///         nobody's and moves nothing. To that comes what the distributor owes the stakers up to this second, so that a
///         deposit just before the rewards are collected gains nothing.
///         Virtual stake of 10^-6 PHA and vPHA is always there: without it, the dust of rounding in an empty vault would set
///         the price at will. Shares have six digits more than PHA: a share unit stays below a wei, and with it what
///         rounding can take, until vPHA is worth a million PHA. For the same reason stakers earn only while
///         `LEAST_EARNING_SHARES` are staked: no supply of PHA, streamed to that many, makes it so dear.
contract VotingPha is IVotingPha, ERC4626, ERC20Permit, ERC20Votes, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using EnumerableSet for EnumerableSet.UintSet;

    /// @inheritdoc IVotingPha
    /// @dev So few that all of them can be listed; enough for one a day.
    uint256 public constant MOST_UNLOCKS = 32;

    uint256 public constant LEAST_UNLOCK_PERIOD = 7 days;
    uint256 public constant MOST_UNLOCK_PERIOD = 28 days;
    uint256 private constant FIRST_UNLOCK_PERIOD = 21 days;

    /// @notice 1,000 vPHA.
    uint256 public constant LEAST_EARNING_SHARES = 1_000 * 10 ** 24;

    /// @dev More than any supply of PHA; shares and votes for it fit their types many times over.
    uint256 private constant MOST_ASSETS = type(uint96).max;

    uint8 private constant DECIMALS_OFFSET = 6;
    uint256 private constant VIRTUAL_ASSETS = 10 ** 12;
    uint256 private constant VIRTUAL_SHARES = VIRTUAL_ASSETS * 10 ** DECIMALS_OFFSET;

    /// @inheritdoc IVotingPha
    IRewardDistributor public immutable distributor;
    /// @inheritdoc IVotingPha
    address public immutable pledges;

    /// @inheritdoc IVotingPha
    uint256 public unlockPeriod;
    /// @inheritdoc IVotingPha
    uint256 public unlockingAssets;
    /// @inheritdoc IVotingPha
    mapping(address owner => uint256) public unlockingSharesOf;
    /// @inheritdoc IVotingPha
    mapping(address owner => uint256) public pledgedOf;

    uint256 private _assets;
    uint256 private _lastUnlock;
    mapping(uint256 id => Unlock) private _unlocks;
    mapping(address owner => EnumerableSet.UintSet) private _unlocksOf;

    modifier onlyPledges() {
        require(msg.sender == pledges, VotingPha_NotThePledges(msg.sender));
        _;
    }

    /// @param pha What is staked: PHA on this layer.
    /// @param distributor_ Streams the stakers' rewards; need not have code yet.
    /// @param pledges_ Holds compute providers' collateral; need not have code yet.
    /// @param owner_ Sets the unlock period: the timelock.
    constructor(IERC20 pha, IRewardDistributor distributor_, address pledges_, address owner_)
        ERC20("Voting PHA", "vPHA")
        ERC20Permit("Voting PHA")
        ERC4626(pha)
        Ownable(owner_)
    {
        require(address(pha).code.length != 0, VotingPha_TokenHasNoCode(address(pha)));
        require(address(distributor_) != address(0) && pledges_ != address(0), VotingPha_ZeroAddress());
        distributor = distributor_;
        pledges = pledges_;
        _setUnlockPeriod(FIRST_UNLOCK_PERIOD);
    }

    /// @inheritdoc IERC4626
    function deposit(uint256 assets, address receiver)
        public
        override(IERC4626, ERC4626)
        nonReentrant
        returns (uint256)
    {
        return super.deposit(assets, receiver);
    }

    /// @inheritdoc IERC4626
    function mint(uint256 shares, address receiver) public override(IERC4626, ERC4626) nonReentrant returns (uint256) {
        return super.mint(shares, receiver);
    }

    /// @inheritdoc IVotingPha
    function depositWithPermit(uint256 assets, address receiver, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256)
    {
        try IERC20Permit(asset()).permit(msg.sender, address(this), assets, deadline, v, r, s) {} catch {}
        return deposit(assets, receiver);
    }

    /// @inheritdoc IERC4626
    function withdraw(uint256, address, address) public pure override(IERC4626, ERC4626) returns (uint256) {
        revert VotingPha_UnlockFirst();
    }

    /// @inheritdoc IERC4626
    function redeem(uint256, address, address) public pure override(IERC4626, ERC4626) returns (uint256) {
        revert VotingPha_UnlockFirst();
    }

    /// @inheritdoc IVotingPha
    function requestUnlock(uint256 shares, address receiver) external nonReentrant returns (uint256 id) {
        require(receiver != address(0), VotingPha_ZeroAddress());
        require(_mayHold(receiver), VotingPha_NotAHolder(receiver));
        _collect();
        uint256 assets = previewRedeem(shares);
        require(assets != 0, VotingPha_ZeroAmount());
        EnumerableSet.UintSet storage open = _unlocksOf[msg.sender];
        require(open.length() < MOST_UNLOCKS, VotingPha_TooManyUnlocks(msg.sender, MOST_UNLOCKS));

        _burn(msg.sender, shares);
        // Burning took the votes: they are still his.
        _transferVotingUnits(address(0), msg.sender, shares);
        id = ++_lastUnlock;
        uint256 unlockAt = block.timestamp + unlockPeriod;
        open.add(id);
        _unlocks[id] = Unlock({
            owner: msg.sender,
            receiver: receiver,
            unlockAt: SafeCast.toUint64(unlockAt),
            assets: SafeCast.toUint128(assets),
            shares: SafeCast.toUint128(shares)
        });
        _assets -= assets;
        unlockingAssets += assets;
        unlockingSharesOf[msg.sender] += shares;
        emit UnlockRequested(id, msg.sender, receiver, assets, shares, unlockAt);
    }

    /// @inheritdoc IVotingPha
    /// @dev Asks nothing of the distributor: whatever happens there, promised PHA is paid.
    function claim(uint256 id) external nonReentrant returns (uint256 assets) {
        Unlock memory unlock = _unlocks[id];
        require(unlock.owner != address(0), VotingPha_NoSuchUnlock(id));
        require(block.timestamp >= unlock.unlockAt, VotingPha_StillLocked(id, unlock.unlockAt));
        _endUnlock(id, unlock);
        assets = unlock.assets;
        emit UnlockClaimed(id, unlock.owner, unlock.receiver, assets);
        IERC20(asset()).safeTransfer(unlock.receiver, assets);
    }

    /// @inheritdoc IVotingPha
    /// @dev No option is in it: the PHA has earned nothing since the request, and anyone may deposit at this price.
    function cancelUnlock(uint256 id) external nonReentrant returns (uint256 shares) {
        Unlock memory unlock = _unlocks[id];
        require(unlock.owner != address(0), VotingPha_NoSuchUnlock(id));
        require(unlock.owner == msg.sender, VotingPha_NotTheOwner(id, msg.sender));
        _collect();
        shares = previewDeposit(unlock.assets);
        require(shares != 0, VotingPha_ZeroAmount());
        _endUnlock(id, unlock);
        _assets += unlock.assets;
        _mint(msg.sender, shares);
        emit UnlockCancelled(id, msg.sender, unlock.assets, shares);
    }

    /// @inheritdoc IVotingPha
    function setUnlockPeriod(uint256 period) external onlyOwner {
        _setUnlockPeriod(period);
    }

    /// @inheritdoc IVotingPha
    function lockPledge(address owner, uint256 shares) external onlyPledges nonReentrant {
        _spendAllowance(owner, pledges, shares);
        _transfer(owner, pledges, shares);
        pledgedOf[owner] += shares;
        emit PledgeLocked(owner, shares);
    }

    /// @inheritdoc IVotingPha
    function returnPledge(address owner, uint256 shares) external onlyPledges nonReentrant {
        _unpledge(owner, shares);
        _transfer(pledges, owner, shares);
        emit PledgeReturned(owner, shares);
    }

    /// @inheritdoc IVotingPha
    function slashPledge(address owner, uint256 shares) external onlyPledges nonReentrant returns (uint256 assets) {
        _collect();
        assets = previewRedeem(shares);
        _unpledge(owner, shares);
        _assets -= assets;
        _burn(pledges, shares);
        _transferVotingUnits(owner, address(0), shares);
        emit PledgeSlashed(owner, shares, assets);
        if (assets == 0) return 0;
        IERC20(asset()).forceApprove(address(distributor), assets);
        distributor.fund(assets);
    }

    /// @inheritdoc IVotingPha
    function unlockOf(uint256 id) external view returns (Unlock memory) {
        return _unlocks[id];
    }

    /// @inheritdoc IVotingPha
    function unlocksOf(address owner) external view returns (uint256[] memory) {
        return _unlocksOf[owner].values();
    }

    /// @notice Whether so much is staked that stakers earn.
    function takesRewards() external view returns (bool) {
        return totalSupply() >= LEAST_EARNING_SHARES;
    }

    /// @inheritdoc IERC4626
    function totalAssets() public view override(IERC4626, ERC4626) returns (uint256) {
        return _assets + distributor.stakersDue();
    }

    /// @inheritdoc IERC4626
    function maxDeposit(address receiver) public view override(IERC4626, ERC4626) returns (uint256) {
        return _mayHold(receiver) ? Math.saturatingSub(MOST_ASSETS, totalAssets() + unlockingAssets) : 0;
    }

    /// @inheritdoc IERC4626
    function maxMint(address receiver) public view override(IERC4626, ERC4626) returns (uint256) {
        return convertToShares(maxDeposit(receiver));
    }

    /// @inheritdoc IERC4626
    function maxWithdraw(address) public pure override(IERC4626, ERC4626) returns (uint256) {
        return 0;
    }

    /// @inheritdoc IERC4626
    function maxRedeem(address) public pure override(IERC4626, ERC4626) returns (uint256) {
        return 0;
    }

    /// @notice 24: six more than PHA has.
    function decimals() public view override(IERC20Metadata, ERC20, ERC4626) returns (uint8) {
        return ERC4626.decimals();
    }

    /// @notice Seconds since 1970 (ERC-6372): L2's blocks have no fixed length.
    function clock() public view override(IERC6372, Votes) returns (uint48) {
        return SafeCast.toUint48(block.timestamp);
    }

    /// @inheritdoc IERC6372
    function CLOCK_MODE() public pure override(IERC6372, Votes) returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Who votes for `account`: who he named, else he himself.
    function delegates(address account) public view override(IVotes, Votes) returns (address) {
        address named = super.delegates(account);
        return named == address(0) ? account : named;
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    /// @dev Naming nobody is naming himself: no vote is ever out of the count.
    function _delegate(address account, address delegatee) internal override {
        super._delegate(account, delegatee == address(0) ? account : delegatee);
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return balanceOf(account) + unlockingSharesOf[account] + pledgedOf[account];
    }

    /// @dev What lies with the pledges votes for who pledged it, so that neither way moves a vote.
    function _transferVotingUnits(address from, address to, uint256 amount) internal override {
        if (from != pledges && to != pledges) super._transferVotingUnits(from, to, amount);
    }

    /// @dev Shares sent to the pledges by hand would be nobody's collateral; with the vault they would be lost.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        require(_mayHold(to) || (to == pledges && msg.sender == pledges), VotingPha_NotAHolder(to));
        super._update(from, to, value);
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        require(assets != 0 && shares != 0, VotingPha_ZeroAmount());
        _collect();
        super._deposit(caller, receiver, assets, shares);
        _assets += assets;
    }

    function _transferIn(address from, uint256 assets) internal override {
        IERC20 pha = IERC20(asset());
        uint256 before = pha.balanceOf(address(this));
        super._transferIn(from, assets);
        uint256 received = pha.balanceOf(address(this)) - before;
        require(received == assets, VotingPha_NotReceived(received, assets));
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding) internal view override returns (uint256) {
        return Math.mulDiv(assets, totalSupply() + VIRTUAL_SHARES, totalAssets() + VIRTUAL_ASSETS, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding) internal view override returns (uint256) {
        return Math.mulDiv(shares, totalAssets() + VIRTUAL_ASSETS, totalSupply() + VIRTUAL_SHARES, rounding);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return DECIMALS_OFFSET;
    }

    /// @dev Before the number of shares changes. Counted before it is paid: whoever the token calls meanwhile sees the same
    ///      price as ever.
    function _collect() private {
        uint256 due = distributor.stakersDue();
        _assets += due;
        uint256 paid = distributor.payStakers();
        require(paid == due, VotingPha_NotReceived(paid, due));
        if (due != 0) emit RewardsCollected(due);
    }

    /// @dev Its votes end with it.
    function _endUnlock(uint256 id, Unlock memory unlock) private {
        delete _unlocks[id];
        _unlocksOf[unlock.owner].remove(id);
        unlockingAssets -= unlock.assets;
        unlockingSharesOf[unlock.owner] -= unlock.shares;
        _transferVotingUnits(unlock.owner, address(0), unlock.shares);
    }

    function _unpledge(address owner, uint256 shares) private {
        uint256 pledged = pledgedOf[owner];
        require(shares <= pledged, VotingPha_NotPledged(owner, shares, pledged));
        pledgedOf[owner] = pledged - shares;
    }

    function _setUnlockPeriod(uint256 period) private {
        bool allowed = period >= LEAST_UNLOCK_PERIOD && period <= MOST_UNLOCK_PERIOD;
        require(allowed, VotingPha_UnlockPeriodOutOfBounds(period, LEAST_UNLOCK_PERIOD, MOST_UNLOCK_PERIOD));
        unlockPeriod = period;
        emit UnlockPeriodSet(period);
    }

    function _mayHold(address account) private view returns (bool) {
        return account != address(this) && account != pledges;
    }
}
