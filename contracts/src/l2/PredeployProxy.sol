// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TransparentUpgradeableProxy} from "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol";

/// @title PredeployProxy
/// @notice The code at each proxied predeploy. Genesis writes the runtime code with the ProxyAdmin predeploy as its
///         immutable admin; the constructor never runs there.
contract PredeployProxy is TransparentUpgradeableProxy {
    constructor(address implementation, address owner, bytes memory initialization)
        TransparentUpgradeableProxy(implementation, owner, initialization)
    {}
}
