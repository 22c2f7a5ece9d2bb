// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title IL1Block
/// @notice What L2 knows of L1: the attributes of the L1 origin, written by the first transaction of each block
///         (OP Stack specs, deposits.md and jovian/l1-attributes.md). Clients read the storage slots named in L1Block.
interface IL1Block {
    /// @notice Only the depositor account may write. The name and selector are those of the OP Stack.
    error NotDepositor();

    /// @notice The calldata is not the packed form of 178 bytes.
    error L1Block_InvalidLength(uint256 length);

    /// @notice Writes all attributes from packed calldata behind the selector: baseFeeScalar u32, blobBaseFeeScalar u32,
    ///         sequenceNumber u64, timestamp u64, number u64, basefee u256, blobBaseFee u256, hash, batcherHash,
    ///         operatorFeeScalar u32, operatorFeeConstant u64, daFootprintGasScalar u16.
    function setL1BlockValuesJovian() external;

    /// @notice Number of the L1 origin.
    function number() external view returns (uint64);

    /// @notice Timestamp of the L1 origin, in seconds.
    function timestamp() external view returns (uint64);

    /// @notice Base fee of the L1 origin, in wei.
    function basefee() external view returns (uint256);

    /// @notice Hash of the L1 origin.
    function hash() external view returns (bytes32);

    /// @notice Position of this L2 block among those of the same L1 origin.
    function sequenceNumber() external view returns (uint64);

    /// @notice Scalar of the L1 blob base fee, 6 decimals.
    function blobBaseFeeScalar() external view returns (uint32);

    /// @notice Scalar of the L1 base fee, 6 decimals.
    function baseFeeScalar() external view returns (uint32);

    /// @notice The batcher's address, as a word.
    function batcherHash() external view returns (bytes32);

    /// @notice Overhead of the first fee formula; always zero here.
    function l1FeeOverhead() external view returns (uint256);

    /// @notice Scalar of the first fee formula; always zero here.
    function l1FeeScalar() external view returns (uint256);

    /// @notice Blob base fee of the L1 origin, in wei.
    function blobBaseFee() external view returns (uint256);

    /// @notice Constant part of the operator fee, in wei.
    function operatorFeeConstant() external view returns (uint64);

    /// @notice Part of the operator fee that grows with gas.
    function operatorFeeScalar() external view returns (uint32);

    /// @notice Gas of the DA footprint per byte of estimated DA use.
    function daFootprintGasScalar() external view returns (uint16);

    /// @notice The account that writes.
    function DEPOSITOR_ACCOUNT() external pure returns (address);

    /// @notice Token that pays gas (a placeholder for ether) and its decimals.
    function gasPayingToken() external pure returns (address token, uint8 decimals);

    /// @notice Name of the token that pays gas.
    function gasPayingTokenName() external pure returns (string memory);

    /// @notice Symbol of the token that pays gas.
    function gasPayingTokenSymbol() external pure returns (string memory);

    /// @notice Whether gas is paid in another token than ether.
    function isCustomGasToken() external pure returns (bool);

    /// @notice Semantic version of this implementation.
    function version() external pure returns (string memory);
}
