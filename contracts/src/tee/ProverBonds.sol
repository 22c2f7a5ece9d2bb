// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";

/// @title ProverBonds
/// @notice Each key's bond: taken with its registration, held while what the key signed can be held against it, then
///         returned to who paid it, or slashed.
abstract contract ProverBonds is IProverRegistry, OwnableUpgradeable {
    using SafeERC20 for IERC20;

    /// @notice How long a bond stays after its key's end: while what the key signed can still be held against it.
    uint64 public constant BOND_HOLD = 14 days;

    /// @notice How long the owner, a timelock, may take to decide about a disputed bond.
    uint64 public constant DECISION_PERIOD = 60 days;

    /// @notice What who shows an equivocation gets of the bond: enough to look for it, too little to slash oneself for it.
    uint256 public constant REPORTER_PERCENT = 10;

    /// @notice PHA.
    IERC20 public immutable bondToken;

    mapping(address key => Prover) internal _provers;

    constructor(IERC20 bondToken_) {
        bondToken = bondToken_;
    }

    /// @inheritdoc IProverRegistry
    function decideBond(address key, bool slash) external onlyOwner {
        Prover storage prover_ = _provers[key];
        require(prover_.bondState == BondState.DISPUTED, ProverRegistry_BondState(key, prover_.bondState));
        uint64 until = prover_.endedAt + DECISION_PERIOD;
        require(block.timestamp < until, ProverRegistry_DecisionPeriodOver(key, until));
        if (slash) _slash(key, msg.sender, 0);
        else _returnBond(key);
    }

    /// @inheritdoc IProverRegistry
    function returnBond(address key) external {
        Prover storage prover_ = _provers[key];
        BondState state = prover_.bondState;
        require(state == BondState.HELD || state == BondState.DISPUTED, ProverRegistry_BondState(key, state));
        uint64 until =
            state == BondState.HELD ? _endOf(prover_) + BOND_HOLD : prover_.endedAt + DECISION_PERIOD;
        require(block.timestamp >= until, ProverRegistry_BondHeld(key, until));
        _returnBond(key);
    }

    /// @dev A token that keeps a part for itself would leave the last bonds unpaid.
    function _takeBond(uint96 bond) internal {
        if (bond == 0) return;
        uint256 before = bondToken.balanceOf(address(this));
        bondToken.safeTransferFrom(msg.sender, address(this), bond);
        uint256 received = bondToken.balanceOf(address(this)) - before;
        require(received == bond, ProverRegistry_BondNotReceived(bond, received));
    }

    /// @param percent Of the bond, for the reporter; the rest is the owner's.
    function _slash(address key, address reporter, uint256 percent) internal {
        Prover storage prover_ = _provers[key];
        prover_.bondState = BondState.SLASHED;
        uint256 bond = prover_.bond;
        uint256 reward = bond * percent / 100;
        emit ProverSlashed(key, reporter, bond, reward);
        if (reward != 0) bondToken.safeTransfer(reporter, reward);
        if (bond != 0) bondToken.safeTransfer(owner(), bond - reward);
    }

    function _returnBond(address key) private {
        Prover storage prover_ = _provers[key];
        prover_.bondState = BondState.RETURNED;
        emit BondReturned(key, prover_.registrant, prover_.bond);
        if (prover_.bond != 0) bondToken.safeTransfer(prover_.registrant, prover_.bond);
    }

    /// @dev When the key stopped counting for whatever reason.
    function _endOf(Prover storage prover_) private view returns (uint64) {
        bool early = prover_.ending != Ending.NONE && prover_.endedAt < prover_.expiresAt;
        return early ? prover_.endedAt : prover_.expiresAt;
    }
}
