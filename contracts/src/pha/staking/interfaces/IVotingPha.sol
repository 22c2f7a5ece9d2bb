// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";
import {IRewardDistributor} from "./IRewardDistributor.sol";
import {IRewardTaker} from "./IRewardTaker.sol";

/// @title IVotingPha
/// @notice vPHA: staked PHA, which earns and votes. A share is worth ever more PHA; nothing lowers its price.
///
///                                              unlockAt
///   deposit() --> shares --- requestUnlock() ----+--------> claim(), by anyone: PHA to the receiver
///                   ^  ^                         |
///                   |  +----- cancelUnlock() ----+  until it is claimed, at the price of that moment
///                   v
///        pledged as a compute provider's collateral (`ProviderPledges`): returned, or slashed
///
///         An ERC-4626 vault whose way out takes time: `maxWithdraw` and `maxRedeem` are zero, `withdraw` and `redeem`
///         revert, `previewRedeem` says what a request would fix now. It is no ERC-7540 vault: the assets are fixed when
///         they are asked for, and anyone may pay them out.
///
///         One unit of voting power for each share, wherever it is: in a wallet, unlocking (the shares that were burnt
///         for the request, until it is claimed or cancelled) or pledged (for who pledged it). Who has named no delegate
///         votes for himself.
interface IVotingPha is IERC4626, IERC5805, IRewardTaker {
    /// @param owner Who asked: he keeps the votes and may cancel.
    /// @param receiver Gets the PHA.
    /// @param unlockAt Unix seconds from which it can be claimed; fixed by the request.
    /// @param assets PHA in wei; fixed by the request.
    /// @param shares Burnt for it: its voting power.
    struct Unlock {
        address owner;
        address receiver;
        uint64 unlockAt;
        uint128 assets;
        uint128 shares;
    }

    /// @notice Shares (24 decimals) were burnt for PHA in wei, payable from the Unix second `unlockAt` on.
    event UnlockRequested(
        uint256 indexed id,
        address indexed owner,
        address indexed receiver,
        uint256 assets,
        uint256 shares,
        uint256 unlockAt
    );
    /// @notice PHA in wei was paid; the votes of the request ended.
    event UnlockClaimed(uint256 indexed id, address indexed owner, address indexed receiver, uint256 assets);
    /// @notice PHA in wei was staked again for shares (24 decimals), at the price of this second.
    event UnlockCancelled(uint256 indexed id, address indexed owner, uint256 assets, uint256 shares);
    /// @notice Seconds, of later requests.
    event UnlockPeriodSet(uint256 period);
    /// @notice Rewards that are the stakers' from now on whatever happens elsewhere; the price had them before.
    event RewardsCollected(uint256 assets);
    /// @notice Shares (24 decimals) became collateral; their votes stay their owner's.
    event PledgeLocked(address indexed owner, uint256 shares);
    /// @notice Shares (24 decimals) came back from collateral.
    event PledgeReturned(address indexed owner, uint256 shares);
    /// @notice Shares (24 decimals) of collateral were burnt with their votes, and their PHA, in wei, went to the
    ///         reward reserve.
    event PledgeSlashed(address indexed owner, uint256 shares, uint256 assets);

    /// @notice An amount of nothing, or so little that rounding leaves nothing.
    error VotingPha_ZeroAmount();
    /// @notice A neighbour of the vault, or a receiver, is missing.
    error VotingPha_ZeroAddress();
    /// @notice What is no contract pays nobody, and seems to.
    error VotingPha_TokenHasNoCode(address token);
    /// @notice The token kept a part for itself.
    error VotingPha_NotReceived(uint256 received, uint256 wanted);
    /// @notice What is sent there would be lost.
    error VotingPha_NotAHolder(address account);
    /// @notice `withdraw` and `redeem` do not exist: see `requestUnlock`.
    error VotingPha_UnlockFirst();
    /// @notice Of open requests; one that is cancelled or claimed makes room.
    error VotingPha_TooManyUnlocks(address owner, uint256 most);
    /// @notice Never asked for, already claimed, or cancelled.
    error VotingPha_NoSuchUnlock(uint256 id);
    /// @notice Claimed from that Unix second on.
    error VotingPha_StillLocked(uint256 id, uint256 unlockAt);
    /// @notice Only who asked for it cancels a request.
    error VotingPha_NotTheOwner(uint256 id, address caller);
    /// @notice In seconds.
    error VotingPha_UnlockPeriodOutOfBounds(uint256 period, uint256 least, uint256 most);
    /// @notice Collateral is moved by `ProviderPledges` alone.
    error VotingPha_NotThePledges(address caller);
    /// @notice No more than the owner has pledged is returned or burnt, shares with 24 decimals.
    error VotingPha_NotPledged(address owner, uint256 shares, uint256 pledged);

    /// @notice `deposit` with an ERC-2612 permit of the caller's. A permit that somebody else has already used up is no
    ///         failure: then the allowance is there.
    function depositWithPermit(uint256 assets, address receiver, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
        returns (uint256 shares);

    /// @notice Burns `shares` of the caller's at the present price, rounded down, and promises the PHA to `receiver`. They
    ///         earn nothing more; their votes stay until the claim. Nobody can ask in another's name.
    /// @return id Of the request.
    function requestUnlock(uint256 shares, address receiver) external returns (uint256 id);

    /// @notice Pays a matured request to its receiver. Anyone may call.
    function claim(uint256 id) external returns (uint256 assets);

    /// @notice Stakes the request's PHA again, for its owner, as a deposit of this moment would. Only its owner, and for as
    ///         long as nobody has claimed it, matured or not.
    function cancelUnlock(uint256 id) external returns (uint256 shares);

    /// @notice Seconds from a request to its claim, for requests from now on. Only the owner of the contract; from
    ///         `LEAST_UNLOCK_PERIOD` to `MOST_UNLOCK_PERIOD`.
    function setUnlockPeriod(uint256 period) external;

    /// @notice Takes `shares` from their owner's wallet as collateral, out of his allowance for the pledges. Only
    ///         `ProviderPledges`.
    function lockPledge(address owner, uint256 shares) external;

    /// @notice Gives collateral back to who pledged it. Only `ProviderPledges`.
    function returnPledge(address owner, uint256 shares) external;

    /// @notice Burns collateral, with its votes, and gives the PHA that it was worth to the reward reserve. The price stays.
    ///         Only `ProviderPledges`.
    /// @return assets The PHA.
    function slashPledge(address owner, uint256 shares) external returns (uint256 assets);

    /// @notice The request as it was made; all zero when there is none of that id any more.
    function unlockOf(uint256 id) external view returns (Unlock memory);

    /// @notice Ids of the owner's open requests, in no order.
    function unlocksOf(address owner) external view returns (uint256[] memory);

    /// @notice PHA promised to open requests.
    function unlockingAssets() external view returns (uint256);

    /// @notice Shares burnt for the owner's open requests: votes of his.
    function unlockingSharesOf(address owner) external view returns (uint256);

    /// @notice Shares that the owner has pledged: votes of his.
    function pledgedOf(address owner) external view returns (uint256);

    function unlockPeriod() external view returns (uint256);

    function distributor() external view returns (IRewardDistributor);

    /// @notice `ProviderPledges`.
    function pledges() external view returns (address);

    function MOST_UNLOCKS() external view returns (uint256); // solhint-disable-line func-name-mixedcase
}
