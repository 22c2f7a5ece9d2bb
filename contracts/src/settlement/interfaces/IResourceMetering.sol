// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IResourceMetering
/// @notice The market for L2 gas that deposits buy on L1 (OP Stack specs, guaranteed-gas-market.md).
interface IResourceMetering {
    /// @param maxResourceLimit L2 gas that deposits of one L1 block may buy.
    /// @param elasticityMultiplier maxResourceLimit divided by it is the target.
    /// @param baseFeeMaxChangeDenominator Bound of the base fee's change per L1 block.
    /// @param minimumBaseFee Wei per L2 gas.
    /// @param systemTxMaxGas L2 gas kept free for the L1 attributes transaction.
    /// @param maximumBaseFee Wei per L2 gas.
    struct ResourceConfig {
        uint32 maxResourceLimit;
        uint8 elasticityMultiplier;
        uint8 baseFeeMaxChangeDenominator;
        uint32 minimumBaseFee;
        uint32 systemTxMaxGas;
        uint128 maximumBaseFee;
    }

    /// @notice Deposits of this L1 block have bought all gas there is.
    error OutOfGas();

    /// @notice State of the market after the last deposit.
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum);
}
