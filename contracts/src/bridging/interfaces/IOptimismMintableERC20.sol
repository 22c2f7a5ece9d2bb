// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title IOptimismMintableERC20
/// @notice A token that a bridge mints and burns for a token on the other layer. Its ERC-165 identifier is how the
///         bridge recognises such tokens, so the set of functions must not change.
interface IOptimismMintableERC20 is IERC165 {
    /// @notice Token on the other layer.
    function remoteToken() external view returns (address);

    /// @notice The one caller allowed to mint and burn.
    function bridge() external view returns (address);

    /// @notice Creates `amount` for `to`.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of `from`.
    function burn(address from, uint256 amount) external;
}

/// @title ILegacyMintableERC20
/// @notice The first generation of such tokens, which knows only tokens of L1.
interface ILegacyMintableERC20 is IERC165 {
    /// @notice Token on L1.
    function l1Token() external view returns (address);

    /// @notice Creates `amount` for `to`.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` of `from`.
    function burn(address from, uint256 amount) external;
}
