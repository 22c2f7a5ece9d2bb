// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICrossDomainMessenger} from "./ICrossDomainMessenger.sol";

/// @title IStandardBridge
/// @notice Moves ether and ERC-20 tokens between the layers (OP Stack specs, bridges.md). A native token is locked here
///         and released on the way back; a mintable token is burnt and minted. For fee-on-transfer tokens, what arrived
///         is what counts. Tokens whose balances change by themselves (rebasing) lose or gain for those inside.
interface IStandardBridge {
    /// @notice Ether left for the other layer.
    event ETHBridgeInitiated(address indexed from, address indexed to, uint256 amount, bytes extraData);

    /// @notice Ether arrived from the other layer.
    event ETHBridgeFinalized(address indexed from, address indexed to, uint256 amount, bytes extraData);

    /// @notice Tokens left for the other layer.
    event ERC20BridgeInitiated(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Tokens arrived from the other layer.
    event ERC20BridgeFinalized(
        address indexed localToken,
        address indexed remoteToken,
        address indexed from,
        address to,
        uint256 amount,
        bytes extraData
    );

    /// @notice Only an account with a key may send to its own address on the other layer.
    error StandardBridge_NotEOA();
    /// @notice Only the bridge on the other layer may do this, through the messenger.
    error StandardBridge_NotOtherBridge();
    /// @notice Withdrawals to L1 are paused.
    error StandardBridge_Paused();
    /// @notice The ether sent differs from the amount named.
    error StandardBridge_ValueMismatch(uint256 expected, uint256 actual);
    /// @notice Ether was sent along with a token.
    error StandardBridge_UnexpectedValue();
    /// @notice Ether may not be delivered to the bridge or its messenger.
    error StandardBridge_UnsafeRecipient(address to);
    /// @notice The recipient refused the ether.
    error StandardBridge_TransferFailed(address to);
    /// @notice No contract stands at the token's address.
    error StandardBridge_TokenHasNoCode(address token);
    /// @notice The mintable token belongs to another remote token.
    error StandardBridge_WrongTokenPair(address localToken, address remoteToken);
    /// @notice More of the pair would be released than was ever locked.
    error StandardBridge_InsufficientDeposits(address localToken, address remoteToken);
    /// @notice A counterpart's address must not be zero.
    error StandardBridge_ZeroAddress();

    /// @notice Sends `msg.value` wei to the caller's own address on the other layer.
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice Sends `msg.value` wei to `to` on the other layer. If `to` rejects it, the message can be replayed.
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable;

    /// @notice Sends tokens to the caller's own address on the other layer.
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Sends tokens to `to` on the other layer.
    /// @dev If the remote token is not the local one's counterpart, delivery fails and the tokens stay locked.
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external;

    /// @notice Delivers ether. Only the other bridge, through the messenger.
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData) external payable;

    /// @notice Delivers tokens; `localToken` is the one on this layer. Only the other bridge, through the messenger.
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) external;

    /// @notice Native tokens locked here for a pair (of local and remote token).
    function deposits(address localToken, address remoteToken) external view returns (uint256);

    /// @notice The messenger of this layer.
    function messenger() external view returns (ICrossDomainMessenger);

    /// @notice The bridge on the other layer.
    function otherBridge() external view returns (IStandardBridge);

    /// @notice Whether deliveries are paused on this layer.
    function paused() external view returns (bool);

    /// @notice `messenger()` under the name older clients use.
    function MESSENGER() external view returns (ICrossDomainMessenger);

    /// @notice `otherBridge()` under the name older clients use.
    function OTHER_BRIDGE() external view returns (IStandardBridge);
}
