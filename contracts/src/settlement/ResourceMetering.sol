// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IResourceMetering} from "./interfaces/IResourceMetering.sol";

/// @title ResourceMetering
/// @notice Sells L2 gas to deposits. The price follows EIP-1559 over L1 blocks, and is paid by burning L1 gas, so that
///         deposits cannot fill L2 for free (OP Stack specs, guaranteed-gas-market.md).
abstract contract ResourceMetering is IResourceMetering {
    /// @param prevBaseFee Wei per L2 gas in the last block with a deposit.
    /// @param prevBoughtGas L2 gas bought in that block.
    /// @param prevBlockNum That block.
    struct ResourceParams {
        uint128 prevBaseFee;
        uint64 prevBoughtGas;
        uint64 prevBlockNum;
    }

    /// @inheritdoc IResourceMetering
    ResourceParams public params;

    /// @notice The L1 base fee below which gas is not taken to be cheaper.
    uint256 private constant MIN_L1_BASE_FEE = 1 gwei;
    uint256 private constant WAD = 1e18;

    /// @notice Sells `amount` of L2 gas to the call, less the L1 gas that the call uses anyway.
    modifier metered(uint64 amount) {
        uint256 initialGas = gasleft();
        _;
        uint256 gasCost = _buy(amount);
        uint256 used = initialGas - gasleft();
        if (gasCost > used) _burn(gasCost - used);
    }

    function _resourceConfig() internal view virtual returns (ResourceConfig memory);

    /// @dev Starts the market at its minimum price.
    function _initializeMetering() internal {
        params = ResourceParams({
            prevBaseFee: uint128(_resourceConfig().minimumBaseFee), prevBoughtGas: 0, prevBlockNum: uint64(block.number)
        });
    }

    /// @dev Returns the L1 gas that `amount` of L2 gas costs.
    function _buy(uint64 amount) private returns (uint256 gasCost) {
        ResourceConfig memory config = _resourceConfig();
        ResourceParams memory market = params;
        uint256 elapsed = block.number - market.prevBlockNum;
        // No branch depends on what others have bought: clients take the estimate of a deposit's gas, made some blocks
        // before, as its limit, and do not know whether another deposit will precede it in its block.
        bool isFirst = elapsed > 0;
        market.prevBaseFee = uint128(Math.ternary(isFirst, _nextBaseFee(market, config, elapsed), market.prevBaseFee));
        market.prevBoughtGas = uint64(Math.ternary(isFirst, 0, market.prevBoughtGas)) + amount;
        market.prevBlockNum = uint64(block.number);
        require(market.prevBoughtGas <= config.maxResourceLimit, OutOfGas());
        params = market;
        return uint256(amount) * market.prevBaseFee / Math.max(block.basefee, MIN_L1_BASE_FEE);
    }

    /// @dev EIP-1559's step for the last block with deposits, then a decay for each block without.
    function _nextBaseFee(ResourceParams memory market, ResourceConfig memory config, uint256 elapsed)
        private
        pure
        returns (uint256)
    {
        uint256 target = uint256(config.maxResourceLimit) / config.elasticityMultiplier;
        uint256 fee = market.prevBaseFee;
        uint256 bought = market.prevBoughtGas;
        uint256 distance = Math.max(bought, target) - Math.min(bought, target);
        uint256 change = fee * distance / target / config.baseFeeMaxChangeDenominator;
        fee = Math.ternary(bought > target, fee + change, fee - Math.min(change, fee));
        fee = _clamp(fee, config);
        // A fee at its minimum stays there: a deposit's gas then does not depend on how long the last one is ago, and
        // an estimate of it holds when it is mined some blocks later.
        if (fee > config.minimumBaseFee && elapsed > 1) {
            fee = _clamp(fee * _decay(config.baseFeeMaxChangeDenominator, elapsed - 1) / WAD, config);
        }
        return fee;
    }

    /// @dev (1 - 1/denominator)^blocks in WAD, by squaring.
    function _decay(uint256 denominator, uint256 blocks) private pure returns (uint256 result) {
        result = WAD;
        uint256 base = WAD - WAD / denominator;
        for (uint256 n = blocks; n != 0 && result != 0; n >>= 1) {
            if (n & 1 == 1) result = result * base / WAD;
            base = base * base / WAD;
        }
    }

    function _clamp(uint256 fee, ResourceConfig memory config) private pure returns (uint256) {
        return Math.min(Math.max(fee, config.minimumBaseFee), config.maximumBaseFee);
    }

    /// @dev Uses up at least `amount` of gas.
    function _burn(uint256 amount) private view {
        uint256 initialGas = gasleft();
        while (initialGas - gasleft() < amount) continue;
    }
}
