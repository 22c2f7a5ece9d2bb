// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IOptimismMintableERC20Factory
/// @notice Creates the token that stands here for a token of the other layer, at an address that only the remote token,
///         name, symbol and decimals decide. Anyone may call; several tokens for one remote token can exist.
interface IOptimismMintableERC20Factory {
    /// @notice A token was created (legacy twin of `OptimismMintableERC20Created`).
    event StandardL2TokenCreated(address indexed remoteToken, address indexed localToken);

    /// @notice A token was created.
    event OptimismMintableERC20Created(address indexed localToken, address indexed remoteToken, address deployer);

    /// @notice A token must stand for some remote token, and the bridge be some contract.
    error OptimismMintableERC20Factory_ZeroAddress();

    /// @notice Sets the bridge that may mint and burn, once per proxy.
    function initialize(address bridge_) external;

    /// @notice Creates a token with 18 decimals.
    function createOptimismMintableERC20(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address);

    /// @notice Creates a token with the given decimals.
    function createOptimismMintableERC20WithDecimals(
        address remoteToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) external returns (address);

    /// @notice As `createOptimismMintableERC20` (legacy name).
    function createStandardL2Token(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address);

    /// @notice Remote token of a token made here, zero for any other.
    function deployments(address localToken) external view returns (address);

    /// @notice The bridge of this layer.
    function bridge() external view returns (address);

    /// @notice The same, under the name older clients use.
    function BRIDGE() external view returns (address);

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);
}
