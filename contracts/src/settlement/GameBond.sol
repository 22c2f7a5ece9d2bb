// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IMultiProofGame} from "./interfaces/IMultiProofGame.sol";
import {IProofPolicy} from "./interfaces/IProofPolicy.sol";

/// @title GameBond
/// @notice The bond of a game: held by the game itself, decided once, claimed by whom it was credited to. Each game holds
///         its own, so that no error in one game can pay out of another's.
abstract contract GameBond is IMultiProofGame {
    using SafeERC20 for IERC20;

    /// @notice The refuter's part of a forfeited bond is one in so many.
    uint256 public constant REFUTER_DIVISOR = 2;

    IProofPolicy internal immutable POLICY;

    /// @inheritdoc IMultiProofGame
    bool public bonded;

    bool private _decided;

    /// @inheritdoc IMultiProofGame
    mapping(address recipient => uint256) public credit;

    constructor(IProofPolicy policy) {
        POLICY = policy;
    }

    /// @inheritdoc IMultiProofGame
    function claimCredit(address recipient) external {
        if (bonded && !_decided) _decide();
        uint256 amount = credit[recipient];
        require(amount != 0, MultiProofGame_NoCredit());
        credit[recipient] = 0;
        emit CreditClaimed(recipient, amount);
        POLICY.bondToken().safeTransfer(recipient, amount);
    }

    /// @inheritdoc IMultiProofGame
    function bond() public view returns (IERC20 token, uint256 amount) {
        return (POLICY.bondToken(), POLICY.fallbackBond());
    }

    /// @dev The factory has moved the bond here already.
    function _acceptBond() internal {
        (IERC20 token, uint256 wanted) = bond();
        uint256 received = token.balanceOf(address(this));
        require(received >= wanted, MultiProofGame_BondNotReceived(received, wanted));
        bonded = true;
    }

    /// @dev Unix seconds before which the bond is nobody's.
    function _bondHeldUntil() internal view virtual returns (uint256);

    /// @dev Whose the bond is, and who has the refuter's part of it; zero = nobody.
    function _bondOwners() internal view virtual returns (address owner, address sharer);

    /// @dev Credits exactly the bond: whatever else was sent here stays.
    function _decide() private {
        uint256 until = _bondHeldUntil();
        require(block.timestamp >= until, MultiProofGame_BondHeld(until));
        _decided = true;
        (address owner, address sharer) = _bondOwners();
        uint256 amount = POLICY.fallbackBond();
        uint256 share = sharer == address(0) ? 0 : amount / REFUTER_DIVISOR;
        if (share != 0) _credit(sharer, share);
        _credit(owner, amount - share);
    }

    function _credit(address recipient, uint256 amount) private {
        credit[recipient] += amount;
        emit BondCredited(recipient, amount);
    }
}
