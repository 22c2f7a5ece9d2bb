// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ERC20AnyNamePermit} from "./ERC20AnyNamePermit.sol";
import {ILegacyMintableERC20, IOptimismMintableERC20} from "./interfaces/IOptimismMintableERC20.sol";

/// @title OptimismMintableERC20
/// @notice The token that stands on one layer for a token of the other. Each unit here is backed by one that the other
///         layer's bridge holds; only this layer's bridge mints and burns.
contract OptimismMintableERC20 is ERC20AnyNamePermit, IOptimismMintableERC20, ILegacyMintableERC20 {
    /// @notice Token on the other layer.
    address public immutable REMOTE_TOKEN;

    /// @notice The bridge of this layer.
    address public immutable BRIDGE;

    uint8 private immutable _DECIMALS;

    /// @notice The bridge brought tokens in.
    event Mint(address indexed account, uint256 amount);

    /// @notice The bridge took tokens out.
    event Burn(address indexed account, uint256 amount);

    /// @notice Only the bridge may mint and burn.
    error OptimismMintableERC20_NotBridge();

    modifier onlyBridge() {
        require(msg.sender == BRIDGE, OptimismMintableERC20_NotBridge());
        _;
    }

    constructor(
        address bridge_,
        address remoteToken_,
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) ERC20(name_, symbol_) ERC20AnyNamePermit(name_) {
        REMOTE_TOKEN = remoteToken_;
        BRIDGE = bridge_;
        _DECIMALS = decimals_;
    }

    /// @inheritdoc IOptimismMintableERC20
    function mint(address to, uint256 amount)
        external
        override(IOptimismMintableERC20, ILegacyMintableERC20)
        onlyBridge
    {
        _mint(to, amount);
        emit Mint(to, amount);
    }

    /// @inheritdoc IOptimismMintableERC20
    function burn(address from, uint256 amount)
        external
        override(IOptimismMintableERC20, ILegacyMintableERC20)
        onlyBridge
    {
        _burn(from, amount);
        emit Burn(from, amount);
    }

    /// @inheritdoc IOptimismMintableERC20
    function remoteToken() external view returns (address) {
        return REMOTE_TOKEN;
    }

    /// @inheritdoc IOptimismMintableERC20
    function bridge() external view returns (address) {
        return BRIDGE;
    }

    /// @inheritdoc ILegacyMintableERC20
    function l1Token() external view returns (address) {
        return REMOTE_TOKEN;
    }

    /// @notice The bridge, under the name older clients use.
    function l2Bridge() external view returns (address) {
        return BRIDGE;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(ILegacyMintableERC20).interfaceId
            || interfaceId == type(IOptimismMintableERC20).interfaceId;
    }

    /// @notice Semantic version of this contract.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @notice Digits after the point, as the remote token has them if its creator told the truth.
    function decimals() public view override returns (uint8) {
        return _DECIMALS;
    }
}
