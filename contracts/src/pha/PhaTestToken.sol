// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title PhaTestToken
/// @notice Stand-in for PHA on networks for trying things out: worthless, and minted to anyone who asks. The name says
///         so, because wallets show nothing else.
contract PhaTestToken is ERC20 {
    /// @notice A faucet call asked for more than it gives.
    error PhaTestToken_AboveFaucetLimit(uint256 amount, uint256 limit);

    /// @notice The most that one faucet call mints.
    uint256 public constant FAUCET_LIMIT = 100_000e18;

    /// @param holder Receives the first tokens.
    /// @param supply Amount of these, 18 decimals.
    constructor(address holder, uint256 supply) ERC20("TEST Phala (worthless)", "TEST-PHA") {
        _mint(holder, supply);
    }

    /// @notice Mints `amount` to the caller.
    function faucet(uint256 amount) external {
        require(amount <= FAUCET_LIMIT, PhaTestToken_AboveFaucetLimit(amount, FAUCET_LIMIT));
        _mint(msg.sender, amount);
    }
}
