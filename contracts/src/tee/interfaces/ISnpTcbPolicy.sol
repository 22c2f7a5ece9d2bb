// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdProduct} from "../amd/SnpTcb.sol";

/// @title ISnpTcbPolicy
/// @notice The least TCB under which a guest's report counts as up to date. AMD signs no list of TCB levels, its bulletins
///         name them; so governance keeps the minimum. Whoever keeps it raises it at once, and lowers it after a delay.
interface ISnpTcbPolicy {
    /// @notice The least level of each part, as `SnpTcb` packs them.
    function minimumTcb(AmdProduct product) external view returns (uint40);
}
