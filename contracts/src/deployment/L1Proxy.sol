// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

/// @title L1Proxy
/// @notice The proxy of every upgradeable contract on L1. It creates its own ProxyAdmin, owned by the timelock.
contract L1Proxy is TransparentUpgradeableProxy {
    /// @param implementation First implementation.
    /// @param timelock Owner of the ProxyAdmin.
    /// @param initialization Call that initialises the proxy, in the same transaction.
    constructor(address implementation, address timelock, bytes memory initialization)
        TransparentUpgradeableProxy(implementation, timelock, initialization)
    {}
}
