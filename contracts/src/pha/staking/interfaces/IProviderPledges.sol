// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRewardDistributor} from "./IRewardDistributor.sol";
import {IRewardTaker} from "./IRewardTaker.sol";
import {IVotingPha} from "./IVotingPha.sol";

/// @title IProviderPledges
/// @notice Compute providers' collateral, one pledge of vPHA for each GPU, and their rewards, by weight.
///
///   pledge() ---> BONDED ---- unbond() ---> UNBONDING ---- UNBONDING_PERIOD ---> release(): the vPHA returns
///                  |  ^                        |
///        admit()   |  |  topUp()               |  earns nothing
///        dismiss() |  +--------                |
///                  +--- slash(): for an act while it was bonded, within EVIDENCE_WINDOW of it
///
///         A pledge has weight, and earns, while it is bonded, admitted for a device that no other pledge has, and holds
///         what its class asks for. The slasher is the owner, a timelock; what he slashes goes to the reward reserve and so
///         to nobody at once. The admitter has no power over stake.
///         The window is shorter than the unbonding: nobody who acted wrongly leaves before he can be answered.
interface IProviderPledges is IRewardTaker {
    /// @param collateral vPHA that a pledge of this class must hold, 24 decimals.
    /// @param weight In ten-thousandths; zero when the class takes none (any more).
    struct Class {
        uint128 collateral;
        uint64 weight;
    }

    /// @param provider Whose vPHA it is, and who earns.
    /// @param bondedAt Unix seconds.
    /// @param unbondedAt When it ceased to be bonded; zero = bonded.
    /// @param shares vPHA; zero when all was released or slashed.
    /// @param device Admitted for; zero = not admitted.
    struct Pledge {
        address provider;
        uint48 bondedAt;
        uint48 unbondedAt;
        uint128 shares;
        bytes32 class;
        bytes32 device;
    }

    /// @notice What pledges of a class must hold, vPHA with 24 decimals, and weigh, in ten-thousandths, from their
    ///         next `refresh`.
    event ClassSet(bytes32 indexed class, uint256 collateral, uint256 weight);
    /// @notice Who admits and dismisses from now on.
    event AdmitterSet(address indexed admitter);
    /// @notice vPHA (24 decimals) became collateral; without weight until it is admitted.
    event Pledged(uint256 indexed id, address indexed provider, bytes32 indexed class, uint256 shares);
    /// @notice vPHA (24 decimals) more.
    event ToppedUp(uint256 indexed id, uint256 shares);
    /// @notice The pledge is for this device.
    event Admitted(uint256 indexed id, bytes32 indexed device);
    /// @notice The pledge is for no device any more, by the admitter or because it unbonds.
    event Dismissed(uint256 indexed id, bytes32 indexed device);
    /// @notice With which it earns from now on, in ten-thousandths.
    event WeightChanged(uint256 indexed id, uint256 weight);
    /// @notice It has no weight any more, and can be released from that Unix second on.
    event Unbonding(uint256 indexed id, uint256 releasableAt);
    /// @notice vPHA (24 decimals) returned to its provider.
    event Released(uint256 indexed id, address indexed provider, uint256 shares);
    /// @notice vPHA (24 decimals) was burnt, and the PHA that it was worth, in wei, went to the reward reserve.
    event Slashed(uint256 indexed id, bytes32 indexed offence, uint256 shares, uint256 assets);
    /// @notice PHA that came for the providers, spread over all weight.
    event RewardsCollected(uint256 amount);
    /// @notice PHA in wei that the pledge had earned.
    event RewardsPaid(uint256 indexed id, address indexed receiver, uint256 amount);
    /// @notice PHA in wei that the pledge had earned became vPHA of its provider.
    event RewardsRestaked(uint256 indexed id, uint256 amount, uint256 shares);

    /// @notice Nobody, or this contract, where what is paid or named would be lost.
    error ProviderPledges_ZeroAddress();
    /// @notice A top-up or a slash of nothing.
    error ProviderPledges_ZeroAmount();
    /// @notice Only the admitter admits and dismisses.
    error ProviderPledges_NotTheAdmitter(address caller);
    /// @notice Only who pledged does this with a pledge.
    error ProviderPledges_NotTheProvider(uint256 id, address caller);
    /// @notice Ids run from 1 to `pledgeCount`.
    error ProviderPledges_NoSuchPledge(uint256 id);
    /// @notice The class takes no pledges.
    error ProviderPledges_ClassClosed(bytes32 class);
    /// @notice Less vPHA than the class asks for, 24 decimals.
    error ProviderPledges_CollateralTooLow(uint256 shares, uint256 wanted);
    /// @notice A class that is open asks for something that is worth a slash.
    error ProviderPledges_CollateralOutOfBounds(uint256 collateral, uint256 least);
    /// @notice In ten-thousandths: a slip of more digits might pass a vote unseen.
    error ProviderPledges_WeightTooHigh(uint256 weight, uint256 most);
    /// @notice It unbonds, or has been released.
    error ProviderPledges_NotBonded(uint256 id);
    /// @notice `unbond` comes first.
    error ProviderPledges_NotUnbonding(uint256 id);
    /// @notice Released from that Unix second on.
    error ProviderPledges_StillUnbonding(uint256 id, uint256 releasableAt);
    /// @notice Released, or slashed to nothing.
    error ProviderPledges_NothingHeld(uint256 id);
    /// @notice There is no device to take back.
    error ProviderPledges_NotAdmitted(uint256 id);
    /// @notice One GPU for each pledge: the admitter dismisses it first.
    error ProviderPledges_AlreadyAdmitted(uint256 id, bytes32 device);
    /// @notice Zero stands for a pledge that was not admitted.
    error ProviderPledges_ZeroDevice();
    /// @notice Each GPU earns for one pledge.
    error ProviderPledges_DeviceTaken(bytes32 device, uint256 id);
    /// @notice An offence counts once, over all pledges.
    error ProviderPledges_AlreadySlashed(bytes32 offence);
    /// @notice The pledge was not bonded when the act is said to have been committed.
    error ProviderPledges_NotBondedThen(uint256 id, uint256 committedAt);
    /// @notice The evidence window of the act ended at that Unix second.
    error ProviderPledges_TooLate(uint256 committedAt, uint256 until);
    /// @notice Nothing, or less than a wei.
    error ProviderPledges_NothingEarned(uint256 id);
    /// @notice The distributor paid another amount than it owed.
    error ProviderPledges_NotReceived(uint256 received, uint256 wanted);

    /// @notice Pledges `shares` of the caller's vPHA, at least what the class asks for, out of his allowance. It has no
    ///         weight until it is admitted.
    function pledge(bytes32 class, uint256 shares) external returns (uint256 id);

    /// @notice Adds to a bonded pledge. Only its provider.
    function topUp(uint256 id, uint256 shares) external;

    /// @notice Starts to unbond: the weight ends now, the device is free, the collateral stays for `UNBONDING_PERIOD`. Only
    ///         its provider.
    function unbond(uint256 id) external;

    /// @notice Returns unbonded collateral to its provider. Anyone may call.
    function release(uint256 id) external;

    /// @notice Gives a bonded pledge its device. Only the admitter.
    /// @param device Identity of the GPU; each belongs to one pledge.
    function admit(uint256 id, bytes32 device) external;

    /// @notice Takes the device back, and with it the weight. Only the admitter. The collateral is not touched.
    function dismiss(uint256 id) external;

    /// @notice Gives a pledge the weight that the table says today. Anyone may call, after a change of its class.
    function refresh(uint256 id) external;

    /// @notice Slashes at most `shares` of a pledge, bonded or unbonding. Only the owner, and once for each offence.
    /// @param offence What the pledge is slashed for; never again.
    /// @param committedAt Unix seconds of the act; the pledge was bonded then, at most `EVIDENCE_WINDOW` ago.
    /// @return slashed What was taken: less than asked for if less was held.
    function slash(uint256 id, uint256 shares, bytes32 offence, uint256 committedAt) external returns (uint256 slashed);

    /// @notice Sets what a class asks for and weighs. Only the owner. Pledges feel it by their next `refresh`.
    function setClass(bytes32 class, Class calldata terms) external;

    /// @notice Names who admits and dismisses. Only the owner.
    function setAdmitter(address admitter) external;

    /// @notice Pays what the pledge has earned. Only its provider.
    function claimRewards(uint256 id, address receiver) external returns (uint256 amount);

    /// @notice Stakes what the pledge has earned, for its provider. Only its provider.
    function restakeRewards(uint256 id) external returns (uint256 shares);

    function pledgeOf(uint256 id) external view returns (Pledge memory);

    function classOf(bytes32 class) external view returns (Class memory);

    /// @notice The pledge that was admitted for the device; zero = none.
    function pledgeOfDevice(bytes32 device) external view returns (uint256 id);

    /// @notice PHA that the pledge has earned up to this second and not taken.
    function rewardsOf(uint256 id) external view returns (uint256);

    /// @notice Unix seconds from which `release` returns it; zero = not unbonding.
    function releasableAt(uint256 id) external view returns (uint256);

    function wasSlashedFor(bytes32 offence) external view returns (bool);

    /// @notice With which the pledge earns now, in ten-thousandths.
    function weightOf(uint256 id) external view returns (uint256);

    function totalWeight() external view returns (uint256);

    /// @notice Ids run from 1 to this.
    function pledgeCount() external view returns (uint256);

    function admitter() external view returns (address);

    function vault() external view returns (IVotingPha);

    function distributor() external view returns (IRewardDistributor);

    function token() external view returns (IERC20);

    function EVIDENCE_WINDOW() external view returns (uint256); // solhint-disable-line func-name-mixedcase

    function UNBONDING_PERIOD() external view returns (uint256); // solhint-disable-line func-name-mixedcase
}
