// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IGasPriceOracle
/// @notice Tells wallets what a transaction will pay beyond its execution gas (OP Stack specs, fjord and jovian
///         exec-engine.md). Execution does not depend on it.
interface IGasPriceOracle {
    /// @notice A value of the fee formula that this chain never had.
    error GasPriceOracle_Deprecated();

    /// @notice L1 data fee of a transaction, in wei.
    /// @param data The unsigned transaction, serialised; room for a signature is added.
    function getL1Fee(bytes calldata data) external view returns (uint256);

    /// @notice Upper bound of the L1 data fee of an unsigned transaction of that many bytes, whatever they are.
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256);

    /// @notice L1 gas that the transaction's share of a batch is worth, at 16 gas a byte.
    function getL1GasUsed(bytes calldata data) external pure returns (uint256);

    /// @notice Operator fee of a transaction that uses that much gas, in wei.
    function getOperatorFee(uint256 gasUsed) external view returns (uint256);

    /// @notice Base fee of the L1 origin, in wei.
    function l1BaseFee() external view returns (uint256);

    /// @notice Blob base fee of the L1 origin, in wei.
    function blobBaseFee() external view returns (uint256);

    /// @notice Scalar of the L1 base fee, `decimals()` decimals.
    function baseFeeScalar() external view returns (uint32);

    /// @notice Scalar of the L1 blob base fee, `decimals()` decimals.
    function blobBaseFeeScalar() external view returns (uint32);

    /// @notice Base fee of the L2 block, in wei.
    function gasPrice() external view returns (uint256);

    /// @notice The same.
    function baseFee() external view returns (uint256);

    /// @notice Decimals of the scalars.
    function decimals() external pure returns (uint256);

    /// @notice The same, under the name older clients use.
    function DECIMALS() external pure returns (uint256);

    /// @notice Always reverts.
    function overhead() external pure returns (uint256);

    /// @notice Always reverts.
    function scalar() external pure returns (uint256);

    /// @notice True: the chain began with these rules.
    function isEcotone() external pure returns (bool);

    /// @notice True: the chain began with these rules.
    function isFjord() external pure returns (bool);

    /// @notice True: the chain began with these rules.
    function isIsthmus() external pure returns (bool);

    /// @notice True: the chain began with these rules.
    function isJovian() external pure returns (bool);

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);
}
