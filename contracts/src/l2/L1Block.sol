// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Predeploys} from "../types/Predeploys.sol";
import {IL1Block} from "./interfaces/IL1Block.sol";

/// @title L1Block
/// @notice See IL1Block. The layout is part of the protocol: execution clients read the fee parameters from slots 1, 3, 7
///         and 8. Do not reorder.
contract L1Block is IL1Block {
    /// @dev Selector and packed attributes.
    uint256 private constant CALLDATA_LENGTH = 178;

    /// @dev Stands for ether where a token's address is asked for.
    address private constant ETHER = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    // slot 0
    /// @inheritdoc IL1Block
    uint64 public number;
    /// @inheritdoc IL1Block
    uint64 public timestamp;

    // slot 1
    /// @inheritdoc IL1Block
    uint256 public basefee;

    // slot 2
    /// @inheritdoc IL1Block
    bytes32 public hash;

    // slot 3
    /// @inheritdoc IL1Block
    uint64 public sequenceNumber;
    /// @inheritdoc IL1Block
    uint32 public blobBaseFeeScalar;
    /// @inheritdoc IL1Block
    uint32 public baseFeeScalar;

    // slot 4
    /// @inheritdoc IL1Block
    bytes32 public batcherHash;

    // slots 5 and 6: kept so that what follows stays in place
    /// @inheritdoc IL1Block
    uint256 public l1FeeOverhead;
    /// @inheritdoc IL1Block
    uint256 public l1FeeScalar;

    // slot 7
    /// @inheritdoc IL1Block
    uint256 public blobBaseFee;

    // slot 8
    /// @inheritdoc IL1Block
    uint64 public operatorFeeConstant;
    /// @inheritdoc IL1Block
    uint32 public operatorFeeScalar;
    /// @inheritdoc IL1Block
    uint16 public daFootprintGasScalar;

    /// @inheritdoc IL1Block
    function setL1BlockValuesJovian() external {
        require(msg.sender == Predeploys.DEPOSITOR_ACCOUNT, NotDepositor());
        require(msg.data.length == CALLDATA_LENGTH, L1Block_InvalidLength(msg.data.length));

        baseFeeScalar = uint32(bytes4(msg.data[4:8]));
        blobBaseFeeScalar = uint32(bytes4(msg.data[8:12]));
        sequenceNumber = uint64(bytes8(msg.data[12:20]));
        timestamp = uint64(bytes8(msg.data[20:28]));
        number = uint64(bytes8(msg.data[28:36]));
        basefee = uint256(bytes32(msg.data[36:68]));
        blobBaseFee = uint256(bytes32(msg.data[68:100]));
        hash = bytes32(msg.data[100:132]);
        batcherHash = bytes32(msg.data[132:164]);
        operatorFeeScalar = uint32(bytes4(msg.data[164:168]));
        operatorFeeConstant = uint64(bytes8(msg.data[168:176]));
        daFootprintGasScalar = uint16(bytes2(msg.data[176:178]));
    }

    /// @inheritdoc IL1Block
    function DEPOSITOR_ACCOUNT() external pure returns (address) {
        return Predeploys.DEPOSITOR_ACCOUNT;
    }

    /// @inheritdoc IL1Block
    function gasPayingToken() external pure returns (address token, uint8 decimals) {
        return (ETHER, 18);
    }

    /// @inheritdoc IL1Block
    function gasPayingTokenName() external pure returns (string memory) {
        return "Ether";
    }

    /// @inheritdoc IL1Block
    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "ETH";
    }

    /// @inheritdoc IL1Block
    function isCustomGasToken() external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IL1Block
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
