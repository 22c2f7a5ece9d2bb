// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Predeploys} from "../types/Predeploys.sol";
import {FastLZ} from "./FastLZ.sol";
import {IGasPriceOracle} from "./interfaces/IGasPriceOracle.sol";
import {IL1Block} from "./interfaces/IL1Block.sol";

/// @title GasPriceOracle
/// @notice See IGasPriceOracle. It has no state; all prices come from L1Block.
contract GasPriceOracle is IGasPriceOracle {
    /// @inheritdoc IGasPriceOracle
    uint256 public constant DECIMALS = 6;

    IL1Block private constant L1_BLOCK = IL1Block(Predeploys.L1_BLOCK);

    /// @dev Linear model of a transaction's size in a batch, in millionths of a byte (fjord/exec-engine.md).
    uint256 private constant INTERCEPT = 42_585_600;
    uint256 private constant FASTLZ_COEFFICIENT = 836_500;
    uint256 private constant MIN_SIZE_SCALED = 100_000_000;
    uint256 private constant SIZE_UNIT = 1e6;

    /// @dev Bytes that a signature adds to an unsigned transaction.
    uint256 private constant SIGNATURE_SIZE = 68;

    /// @dev Calldata gas of a non-zero byte on L1, by which the base fee counts against the blob base fee.
    uint256 private constant CALLDATA_BYTE_GAS = 16;

    /// @dev The scalars' unit times the size's.
    uint256 private constant L1_FEE_UNIT = 1e12;

    /// @dev Multiplier of the operator fee's scalar (jovian/exec-engine.md).
    uint256 private constant OPERATOR_FEE_MULTIPLIER = 100;

    /// @dev FastLZ expands incompressible data by at most 1 byte in 255, and 16.
    uint256 private constant FASTLZ_EXPANSION_BLOCK = 255;
    uint256 private constant FASTLZ_EXPANSION_CONSTANT = 16;

    /// @inheritdoc IGasPriceOracle
    function getL1Fee(bytes calldata data) external view returns (uint256) {
        return _l1Fee(FastLZ.compressedLength(data) + SIGNATURE_SIZE);
    }

    /// @inheritdoc IGasPriceOracle
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256) {
        uint256 size = unsignedTxSize + SIGNATURE_SIZE;
        return _l1Fee(size + size / FASTLZ_EXPANSION_BLOCK + FASTLZ_EXPANSION_CONSTANT);
    }

    /// @inheritdoc IGasPriceOracle
    function getL1GasUsed(bytes calldata data) external pure returns (uint256) {
        return _sizeScaled(FastLZ.compressedLength(data) + SIGNATURE_SIZE) * CALLDATA_BYTE_GAS / SIZE_UNIT;
    }

    /// @inheritdoc IGasPriceOracle
    function getOperatorFee(uint256 gasUsed) external view returns (uint256) {
        uint256 variablePart =
            Math.saturatingMul(Math.saturatingMul(gasUsed, L1_BLOCK.operatorFeeScalar()), OPERATOR_FEE_MULTIPLIER);
        return Math.saturatingAdd(variablePart, L1_BLOCK.operatorFeeConstant());
    }

    /// @inheritdoc IGasPriceOracle
    function l1BaseFee() external view returns (uint256) {
        return L1_BLOCK.basefee();
    }

    /// @inheritdoc IGasPriceOracle
    function blobBaseFee() external view returns (uint256) {
        return L1_BLOCK.blobBaseFee();
    }

    /// @inheritdoc IGasPriceOracle
    function baseFeeScalar() external view returns (uint32) {
        return L1_BLOCK.baseFeeScalar();
    }

    /// @inheritdoc IGasPriceOracle
    function blobBaseFeeScalar() external view returns (uint32) {
        return L1_BLOCK.blobBaseFeeScalar();
    }

    /// @inheritdoc IGasPriceOracle
    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    /// @inheritdoc IGasPriceOracle
    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    /// @inheritdoc IGasPriceOracle
    function decimals() external pure returns (uint256) {
        return DECIMALS;
    }

    /// @inheritdoc IGasPriceOracle
    function overhead() external pure returns (uint256) {
        revert GasPriceOracle_Deprecated();
    }

    /// @inheritdoc IGasPriceOracle
    function scalar() external pure returns (uint256) {
        revert GasPriceOracle_Deprecated();
    }

    /// @inheritdoc IGasPriceOracle
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IGasPriceOracle
    function isEcotone() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IGasPriceOracle
    function isFjord() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IGasPriceOracle
    function isIsthmus() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IGasPriceOracle
    function isJovian() external pure returns (bool) {
        return true;
    }

    /// @dev Fee of a transaction of that FastLZ length, its signature included.
    function _l1Fee(uint256 fastLzSize) internal view returns (uint256) {
        uint256 weightedPrice = CALLDATA_BYTE_GAS * L1_BLOCK.baseFeeScalar() * L1_BLOCK.basefee()
            + L1_BLOCK.blobBaseFeeScalar() * L1_BLOCK.blobBaseFee();
        return _sizeScaled(fastLzSize) * weightedPrice / L1_FEE_UNIT;
    }

    /// @dev Estimated bytes in a batch, in millionths.
    function _sizeScaled(uint256 fastLzSize) private pure returns (uint256) {
        uint256 scaled = FASTLZ_COEFFICIENT * fastLzSize;
        return scaled < INTERCEPT + MIN_SIZE_SCALED ? MIN_SIZE_SCALED : scaled - INTERCEPT;
    }
}
