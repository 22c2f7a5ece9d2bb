// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeCall} from "../types/SafeCall.sol";

/// @title WETH
/// @notice Ether as an ERC-20 token, with the functions and events of WETH9. The predeploy is not upgradeable. Name and
///         symbol are code, so that genesis needs no storage for it.
contract WETH is ERC20 {
    /// @notice Ether was wrapped for `dst`.
    event Deposit(address indexed dst, uint256 wad);

    /// @notice Ether was unwrapped to `src`.
    event Withdrawal(address indexed src, uint256 wad);

    /// @notice The caller cannot receive ether.
    error WETH_TransferFailed();

    constructor() ERC20("", "") {}

    /// @notice Wraps ether sent without a call.
    receive() external payable {
        deposit();
    }

    /// @notice Wraps ether sent with any other call, as WETH9 does.
    fallback() external payable {
        deposit();
    }

    /// @notice Burns `wad` of the caller's tokens and sends it that much ether.
    function withdraw(uint256 wad) external {
        _burn(msg.sender, wad);
        emit Withdrawal(msg.sender, wad);
        require(SafeCall.send(msg.sender, wad), WETH_TransferFailed());
    }

    /// @notice Mints as many tokens to the caller as ether comes along.
    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice As in WETH9, moving one's own tokens this way needs no allowance.
    function transferFrom(address src, address dst, uint256 wad) public override returns (bool) {
        if (src == msg.sender) return transfer(dst, wad);
        return super.transferFrom(src, dst, wad);
    }

    /// @notice Ether that is wrapped; ether forced in counts too, as in WETH9.
    function totalSupply() public view override returns (uint256) {
        return address(this).balance;
    }

    /// @inheritdoc ERC20
    function name() public pure override returns (string memory) {
        return "Wrapped Ether";
    }

    /// @inheritdoc ERC20
    function symbol() public pure override returns (string memory) {
        return "WETH";
    }
}
