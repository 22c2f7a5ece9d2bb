// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICrossDomainMessenger} from "../../bridging/interfaces/ICrossDomainMessenger.sol";
import {Predeploys} from "../../types/Predeploys.sol";
import {SafeCall} from "../../types/SafeCall.sol";
import {ISunsetStaker} from "./interfaces/ISunsetStaker.sol";

/// @title SunsetStaker
/// @notice See `ISunsetStaker`. Not upgradeable, without an owner.
contract SunsetStaker is ISunsetStaker, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Gas that the vault is given at least: above its deposit's cost, so that what fails fails of itself.
    uint256 public constant DEPOSIT_GAS = 800_000;

    /// @dev Kept for what follows a refusal.
    uint256 private constant RESERVED_GAS = 100_000;

    /// @inheritdoc ISunsetStaker
    address public immutable claims;
    /// @inheritdoc ISunsetStaker
    IERC20 public immutable pha;
    /// @inheritdoc ISunsetStaker
    IERC4626 public immutable vault;

    /// @inheritdoc ISunsetStaker
    mapping(address receiver => uint256) public owedTo;

    /// @param claims_ SunsetClaims on L1.
    /// @param pha_ PHA here; it need not be there yet, nor the vault.
    constructor(address claims_, IERC20 pha_, IERC4626 vault_) {
        require(
            claims_ != address(0) && address(pha_) != address(0) && address(vault_) != address(0),
            SunsetStaker_ZeroAddress()
        );
        (claims, pha, vault) = (claims_, pha_, vault_);
    }

    /// @inheritdoc ISunsetStaker
    /// @dev The messenger delivers each message once. Whoever's tokens come first are given to whoever's word comes first:
    ///      the sums are the same, so that nobody is left without.
    function stakeFor(address receiver, uint256 amount) external nonReentrant {
        ICrossDomainMessenger messenger = ICrossDomainMessenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);
        require(
            msg.sender == address(messenger) && messenger.xDomainMessageSender() == claims,
            SunsetStaker_Unauthorized(msg.sender)
        );
        owedTo[receiver] += amount;
        emit Owed(receiver, amount);
        if (pha.balanceOf(address(this)) >= owedTo[receiver]) _settle(receiver);
    }

    /// @inheritdoc ISunsetStaker
    function settle(address receiver) external nonReentrant {
        uint256 owed = owedTo[receiver];
        require(owed != 0, SunsetStaker_NothingOwed(receiver));
        uint256 held = pha.balanceOf(address(this));
        require(held >= owed, SunsetStaker_NotArrived(owed, held));
        _settle(receiver);
    }

    function _settle(address receiver) private {
        uint256 amount = owedTo[receiver];
        owedTo[receiver] = 0;
        require(SafeCall.hasMinGas(DEPOSIT_GAS, RESERVED_GAS), SunsetStaker_TooLittleGas(DEPOSIT_GAS));
        pha.forceApprove(address(vault), amount);
        try vault.deposit(amount, receiver) returns (uint256 shares) {
            emit Staked(receiver, amount, shares);
        } catch {
            pha.forceApprove(address(vault), 0);
            emit Paid(receiver, amount);
            pha.safeTransfer(receiver, amount);
        }
    }
}
