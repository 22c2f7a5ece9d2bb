// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IProverRegistry} from "../tee/interfaces/IProverRegistry.sol";
import {IAnchorStateRegistry} from "./interfaces/IAnchorStateRegistry.sol";
import {IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IMultiProofGame} from "./interfaces/IMultiProofGame.sol";
import {IProverRewards} from "./interfaces/IProverRewards.sol";

/// @title ProverRewards
/// @notice See `IProverRewards`. Not upgradeable, and nobody can take funds out but provers: the owner only sets the rate.
///         At any time the balance is at least `available` + `reserved` + `totalOwed`.
contract ProverRewards is IProverRewards, Ownable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice A game spans less than 2^64 blocks: with this rate its reward still fits into a reservation.
    uint256 public constant MOST_REWARD_PER_BLOCK = type(uint128).max;

    /// @inheritdoc IProverRewards
    IERC20 public immutable token;
    IAnchorStateRegistry private immutable ANCHOR_STATE_REGISTRY;
    IProverRegistry private immutable PROVER_REGISTRY;

    /// @inheritdoc IProverRewards
    uint256 public rewardPerBlock;
    /// @inheritdoc IProverRewards
    uint256 public available;
    /// @inheritdoc IProverRewards
    uint256 public reserved;
    /// @inheritdoc IProverRewards
    uint256 public totalOwed;
    /// @inheritdoc IProverRewards
    uint256 public rewardedUpTo;
    /// @inheritdoc IProverRewards
    mapping(address beneficiary => uint256) public owed;

    mapping(IDisputeGame game => Reservation) private _reservations;

    /// @param token_ What is paid: PHA.
    /// @param anchorStateRegistry Decides which games count.
    /// @param proverRegistry Names the keys' beneficiaries.
    /// @param owner_ Sets the rate: the timelock.
    /// @param rewardPerBlock_ The first rate.
    constructor(
        IERC20 token_,
        IAnchorStateRegistry anchorStateRegistry,
        IProverRegistry proverRegistry,
        address owner_,
        uint256 rewardPerBlock_
    ) Ownable(owner_) {
        require(address(token_).code.length != 0, ProverRewards_TokenHasNoCode(address(token_)));
        token = token_;
        ANCHOR_STATE_REGISTRY = anchorStateRegistry;
        PROVER_REGISTRY = proverRegistry;
        _setRewardPerBlock(rewardPerBlock_);
    }

    /// @inheritdoc IProverRewards
    /// @dev The lock: what arrived is measured around foreign code, and a nested call would be counted twice.
    function fund(uint256 amount) external nonReentrant {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        available += received;
        emit Funded(msg.sender, received);
    }

    /// @inheritdoc IProverRewards
    function setRewardPerBlock(uint256 rewardPerBlock_) external onlyOwner {
        _setRewardPerBlock(rewardPerBlock_);
    }

    /// @inheritdoc IProverRewards
    function reserve() external {
        IMultiProofGame game = IMultiProofGame(msg.sender);
        if (!ANCHOR_STATE_REGISTRY.isGameRegistered(game) || _reservations[game].blocks != 0) return;
        if (!ANCHOR_STATE_REGISTRY.isGameRespected(game) || _isDistrusted(game)) return;
        uint256 number = game.l2BlockNumber();
        uint256 start = Math.max(game.previousBlockNumber(), rewardedUpTo);
        if (number <= start) return;

        // Blocks that nobody was paid for are past too: they earn nothing when funds come.
        rewardedUpTo = number;
        uint256 blocks = number - start;
        uint256 amount = Math.min(blocks * rewardPerBlock, available);
        available -= amount;
        reserved += amount;
        _reservations[game] = Reservation({amount: uint192(amount), blocks: uint64(blocks)});
        emit Reserved(game, amount, blocks);
    }

    /// @inheritdoc IProverRewards
    function claim(IDisputeGame game) external {
        uint256 amount = _reservations[game].amount;
        require(amount != 0, ProverRewards_NothingReserved(game));
        require(ANCHOR_STATE_REGISTRY.isGameClaimValid(game), ProverRewards_GameNotValid(game));
        _reservations[game].amount = 0;
        reserved -= amount;

        IMultiProofGame.Supporter[] memory supporters = IMultiProofGame(address(game)).supporters();
        uint256 share = amount / supporters.length;
        for (uint256 i = 0; i < supporters.length; ++i) {
            address beneficiary = PROVER_REGISTRY.beneficiaryOf(supporters[i].key);
            owed[beneficiary] += share;
            emit Earned(game, supporters[i].key, beneficiary, share);
        }
        totalOwed += share * supporters.length;
        available += amount - share * supporters.length;
    }

    /// @inheritdoc IProverRewards
    function release(IDisputeGame game) external {
        Reservation memory reservation = _reservations[game];
        // Not after a claim: what was final then is not undone.
        require(reservation.amount != 0, ProverRewards_NothingReserved(game));
        require(_isDistrusted(game), ProverRewards_GameStands(game));
        _reservations[game].amount = 0;
        reserved -= reservation.amount;
        available += reservation.amount;
        // Its blocks have to be proven again, unless later ones were rewarded since.
        if (rewardedUpTo == game.l2BlockNumber()) rewardedUpTo -= reservation.blocks;
        emit Released(game, reservation.amount);
    }

    /// @inheritdoc IProverRewards
    function withdraw(address beneficiary) external {
        uint256 amount = owed[beneficiary];
        require(amount != 0, ProverRewards_NothingOwed(beneficiary));
        owed[beneficiary] = 0;
        totalOwed -= amount;
        emit Paid(beneficiary, amount);
        token.safeTransfer(beneficiary, amount);
    }

    /// @inheritdoc IProverRewards
    function reservationOf(IDisputeGame game) external view returns (Reservation memory) {
        return _reservations[game];
    }

    function _setRewardPerBlock(uint256 rewardPerBlock_) private {
        require(
            rewardPerBlock_ <= MOST_REWARD_PER_BLOCK, ProverRewards_RateTooHigh(rewardPerBlock_, MOST_REWARD_PER_BLOCK)
        );
        rewardPerBlock = rewardPerBlock_;
        emit RewardPerBlockSet(rewardPerBlock_);
    }

    /// @dev For ever, either way. A pause is not asked for: it is no verdict.
    function _isDistrusted(IDisputeGame game) private view returns (bool) {
        return ANCHOR_STATE_REGISTRY.isGameBlacklisted(game) || ANCHOR_STATE_REGISTRY.isGameRetired(game);
    }
}
