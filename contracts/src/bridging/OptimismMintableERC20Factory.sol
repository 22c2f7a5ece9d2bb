// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {OptimismMintableERC20} from "./OptimismMintableERC20.sol";
import {IOptimismMintableERC20Factory} from "./interfaces/IOptimismMintableERC20Factory.sol";

/// @title OptimismMintableERC20Factory
/// @notice See IOptimismMintableERC20Factory. The same code serves both layers.
contract OptimismMintableERC20Factory is IOptimismMintableERC20Factory, Initializable {
    uint8 private constant DEFAULT_DECIMALS = 18;

    /// @inheritdoc IOptimismMintableERC20Factory
    address public bridge;

    /// @inheritdoc IOptimismMintableERC20Factory
    mapping(address localToken => address remoteToken) public deployments;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function initialize(address bridge_) external initializer {
        require(bridge_ != address(0), OptimismMintableERC20Factory_ZeroAddress());
        bridge = bridge_;
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function createOptimismMintableERC20(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address)
    {
        return _create(remoteToken, name, symbol, DEFAULT_DECIMALS);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function createOptimismMintableERC20WithDecimals(
        address remoteToken,
        string calldata name,
        string calldata symbol,
        uint8 decimals
    ) external returns (address) {
        return _create(remoteToken, name, symbol, decimals);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function createStandardL2Token(address remoteToken, string calldata name, string calldata symbol)
        external
        returns (address)
    {
        return _create(remoteToken, name, symbol, DEFAULT_DECIMALS);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function BRIDGE() external view returns (address) {
        return bridge;
    }

    function _create(address remoteToken, string calldata name, string calldata symbol, uint8 decimals)
        private
        returns (address localToken)
    {
        require(remoteToken != address(0), OptimismMintableERC20Factory_ZeroAddress());
        bytes32 salt = keccak256(abi.encode(remoteToken, name, symbol, decimals));
        localToken = address(new OptimismMintableERC20{salt: salt}(bridge, remoteToken, name, symbol, decimals));
        deployments[localToken] = remoteToken;
        emit StandardL2TokenCreated(remoteToken, localToken);
        emit OptimismMintableERC20Created(localToken, remoteToken, msg.sender);
    }

    /// @inheritdoc IOptimismMintableERC20Factory
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
