// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {EOA} from "../types/EOA.sol";
import {SafeCall} from "../types/SafeCall.sol";
import {ICrossDomainMessenger} from "./interfaces/ICrossDomainMessenger.sol";
import {ILegacyMintableERC20, IOptimismMintableERC20} from "./interfaces/IOptimismMintableERC20.sol";
import {IStandardBridge} from "./interfaces/IStandardBridge.sol";

/// @title StandardBridge
/// @notice What both layers' bridges have in common. A layer adds its legacy functions and events, through the four
///         `_emit` hooks.
abstract contract StandardBridge is IStandardBridge, Initializable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Gas guaranteed on the other layer to ether sent here without a call.
    uint32 internal constant RECEIVE_DEFAULT_GAS_LIMIT = 200_000;

    /// @inheritdoc IStandardBridge
    mapping(address localToken => mapping(address remoteToken => uint256)) public deposits;

    /// @inheritdoc IStandardBridge
    ICrossDomainMessenger public messenger;

    /// @inheritdoc IStandardBridge
    IStandardBridge public otherBridge;

    modifier onlyEOA() {
        require(EOA.isSenderEOA(), StandardBridge_NotEOA());
        _;
    }

    modifier onlyOtherBridge() {
        // The messenger reverts on `xDomainMessageSender` unless it relays a message.
        require(
            msg.sender == address(messenger) && messenger.xDomainMessageSender() == address(otherBridge),
            StandardBridge_NotOtherBridge()
        );
        _;
    }

    modifier whenNotPaused() {
        require(!paused(), StandardBridge_Paused());
        _;
    }

    /// @notice Ether sent without a call goes to the sender's own address on the other layer.
    receive() external payable onlyEOA {
        _initiateBridgeETH(msg.sender, msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, "");
    }

    /// @inheritdoc IStandardBridge
    function bridgeETH(uint32 minGasLimit, bytes calldata extraData) external payable onlyEOA {
        _initiateBridgeETH(msg.sender, msg.sender, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeETHTo(address to, uint32 minGasLimit, bytes calldata extraData) external payable {
        _initiateBridgeETH(msg.sender, to, msg.value, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeERC20(
        address localToken,
        address remoteToken,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external onlyEOA {
        _initiateBridgeERC20(localToken, remoteToken, msg.sender, msg.sender, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function bridgeERC20To(
        address localToken,
        address remoteToken,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes calldata extraData
    ) external {
        _initiateBridgeERC20(localToken, remoteToken, msg.sender, to, amount, minGasLimit, extraData);
    }

    /// @inheritdoc IStandardBridge
    function finalizeBridgeETH(address from, address to, uint256 amount, bytes calldata extraData)
        public
        payable
        onlyOtherBridge
        whenNotPaused
    {
        require(msg.value == amount, StandardBridge_ValueMismatch(amount, msg.value));
        require(to != address(this) && to != address(messenger), StandardBridge_UnsafeRecipient(to));
        _emitETHBridgeFinalized(from, to, amount, extraData);
        require(SafeCall.send(to, amount), StandardBridge_TransferFailed(to));
    }

    /// @inheritdoc IStandardBridge
    function finalizeBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes calldata extraData
    ) public onlyOtherBridge whenNotPaused {
        require(localToken.code.length > 0, StandardBridge_TokenHasNoCode(localToken));
        _beforeRelease(localToken, amount);
        if (_isMintable(localToken)) {
            require(_isPair(localToken, remoteToken), StandardBridge_WrongTokenPair(localToken, remoteToken));
            IOptimismMintableERC20(localToken).mint(to, amount);
        } else {
            uint256 locked = deposits[localToken][remoteToken];
            require(locked >= amount, StandardBridge_InsufficientDeposits(localToken, remoteToken));
            deposits[localToken][remoteToken] = locked - amount;
            IERC20(localToken).safeTransfer(to, amount);
        }
        _emitERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @inheritdoc IStandardBridge
    function MESSENGER() external view returns (ICrossDomainMessenger) {
        return messenger;
    }

    /// @inheritdoc IStandardBridge
    function OTHER_BRIDGE() external view returns (IStandardBridge) {
        return otherBridge;
    }

    /// @inheritdoc IStandardBridge
    function paused() public view virtual returns (bool) {
        return false;
    }

    function __StandardBridge_init(ICrossDomainMessenger messenger_, IStandardBridge otherBridge_)
        internal
        onlyInitializing
    {
        require(
            address(messenger_) != address(0) && address(otherBridge_) != address(0), StandardBridge_ZeroAddress()
        );
        messenger = messenger_;
        otherBridge = otherBridge_;
    }

    /// @dev What a layer asks before tokens are released or minted.
    function _beforeRelease(address localToken, uint256 amount) internal virtual {}

    /// @dev Sends `amount` wei, all of `msg.value`.
    function _initiateBridgeETH(
        address from,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes memory extraData
    ) internal {
        require(msg.value == amount, StandardBridge_ValueMismatch(amount, msg.value));
        _emitETHBridgeInitiated(from, to, amount, extraData);
        messenger.sendMessage{value: amount}(
            address(otherBridge), abi.encodeCall(this.finalizeBridgeETH, (from, to, amount, extraData)), minGasLimit
        );
    }

    /// @dev Takes tokens and sends the message. On the other side the pair is named from that side's point of view.
    function _initiateBridgeERC20(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        uint32 minGasLimit,
        bytes memory extraData
    ) internal {
        require(msg.value == 0, StandardBridge_UnexpectedValue());
        uint256 taken = _take(localToken, remoteToken, from, amount);
        _emitERC20BridgeInitiated(localToken, remoteToken, from, to, taken, extraData);
        messenger.sendMessage(
            address(otherBridge),
            abi.encodeCall(this.finalizeBridgeERC20, (remoteToken, localToken, from, to, taken, extraData)),
            minGasLimit
        );
    }

    /// @dev Burns a mintable token or locks a native one, and returns the amount that the other side owes.
    ///      The lock is needed because a balance difference is measured around foreign code: a token with hooks could
    ///      else nest a second deposit inside the first and have it counted twice.
    function _take(address localToken, address remoteToken, address from, uint256 amount)
        private
        nonReentrant
        returns (uint256 taken)
    {
        require(localToken.code.length > 0, StandardBridge_TokenHasNoCode(localToken));
        if (_isMintable(localToken)) {
            require(_isPair(localToken, remoteToken), StandardBridge_WrongTokenPair(localToken, remoteToken));
            IOptimismMintableERC20(localToken).burn(from, amount);
            return amount;
        }
        uint256 before = IERC20(localToken).balanceOf(address(this));
        IERC20(localToken).safeTransferFrom(from, address(this), amount);
        taken = IERC20(localToken).balanceOf(address(this)) - before;
        deposits[localToken][remoteToken] += taken;
    }

    /// @dev Emits the layer's events for ether that leaves.
    function _emitETHBridgeInitiated(address from, address to, uint256 amount, bytes memory extraData)
        internal
        virtual
    {
        emit ETHBridgeInitiated(from, to, amount, extraData);
    }

    /// @dev Emits the layer's events for ether that arrives.
    function _emitETHBridgeFinalized(address from, address to, uint256 amount, bytes memory extraData)
        internal
        virtual
    {
        emit ETHBridgeFinalized(from, to, amount, extraData);
    }

    /// @dev Emits the layer's events for tokens that leave.
    function _emitERC20BridgeInitiated(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal virtual {
        emit ERC20BridgeInitiated(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @dev Emits the layer's events for tokens that arrive.
    function _emitERC20BridgeFinalized(
        address localToken,
        address remoteToken,
        address from,
        address to,
        uint256 amount,
        bytes memory extraData
    ) internal virtual {
        emit ERC20BridgeFinalized(localToken, remoteToken, from, to, amount, extraData);
    }

    /// @dev Whether the token says that a bridge mints it. A token that lies about itself harms only its own holders:
    ///      everything done about a pair touches that token alone.
    function _isMintable(address token) private view returns (bool) {
        return ERC165Checker.supportsInterface(token, type(ILegacyMintableERC20).interfaceId)
            || ERC165Checker.supportsInterface(token, type(IOptimismMintableERC20).interfaceId);
    }

    /// @dev Whether the mintable `token` stands for `remoteToken`.
    function _isPair(address token, address remoteToken) private view returns (bool) {
        if (ERC165Checker.supportsInterface(token, type(ILegacyMintableERC20).interfaceId)) {
            return remoteToken == ILegacyMintableERC20(token).l1Token();
        }
        return remoteToken == IOptimismMintableERC20(token).remoteToken();
    }
}
