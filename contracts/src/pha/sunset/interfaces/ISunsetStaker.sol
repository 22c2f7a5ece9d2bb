// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title ISunsetStaker
/// @notice On L2: stakes what was claimed on L1 for its receiver, in the order in which words and tokens arrive. Each claim
///         sends both, in two messages that may be relayed in either order, or fail and be replayed; what is owed and what
///         is here meet when both are. Where the vault refuses, the receiver gets the PHA itself.
interface ISunsetStaker {
    /// @notice The claims contract owes the receiver so much more.
    event Owed(address indexed receiver, uint256 amount);
    event Staked(address indexed receiver, uint256 amount, uint256 shares);
    /// @notice The vault refused: the receiver has the PHA.
    event Paid(address indexed receiver, uint256 amount);

    error SunsetStaker_ZeroAddress();
    error SunsetStaker_Unauthorized(address caller);
    error SunsetStaker_NothingOwed(address receiver);
    /// @notice The tokens have not arrived: try again when the bridge's message was relayed.
    error SunsetStaker_NotArrived(uint256 wanted, uint256 found);
    /// @notice With less the vault could seem to refuse.
    error SunsetStaker_TooLittleGas(uint256 wanted);

    /// @notice Notes what a claim on L1 owes, and settles it if the tokens are here. The claims contract, by the messenger.
    function stakeFor(address receiver, uint256 amount) external;

    /// @notice Stakes all that the receiver is owed. Anyone may.
    function settle(address receiver) external;

    /// @notice Wei of PHA that the receiver is owed.
    function owedTo(address receiver) external view returns (uint256);

    function claims() external view returns (address);
    function pha() external view returns (IERC20);
    function vault() external view returns (IERC4626);
}
