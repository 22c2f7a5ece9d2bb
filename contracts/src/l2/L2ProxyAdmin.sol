// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ProxyAdmin} from "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol";

/// @title L2ProxyAdmin
/// @notice The admin of all predeploy proxies, its own included. Its owner is the alias of the timelock on L1, set in
///         genesis storage (slot 0), so an upgrade of L2 is a deposit that the timelock sends.
contract L2ProxyAdmin is ProxyAdmin {
    constructor(address initialOwner) ProxyAdmin(initialOwner) {}
}
