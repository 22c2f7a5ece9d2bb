// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Multicall3
/// @notice Several calls in one, with the ABI that clients expect under this name. For chains on which the well-known
///         deployment does not exist.
contract Multicall3 {
    struct Call {
        address target;
        bytes callData;
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Call3Value {
        address target;
        bool allowFailure;
        uint256 value;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice A call that must not fail did.
    error Multicall3_CallFailed(uint256 index);
    /// @notice The values of the calls do not add up to what was sent.
    error Multicall3_ValueMismatch();

    /// @notice Makes all calls; reverts if one fails.
    function aggregate(Call[] calldata calls)
        external
        payable
        returns (uint256 blockNumber, bytes[] memory returnData)
    {
        blockNumber = block.number;
        returnData = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            returnData[i] = _call(i, calls[i].target, false, 0, calls[i].callData).returnData;
        }
    }

    /// @notice Makes all calls; those that may fail are reported.
    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            returnData[i] = _call(i, calls[i].target, calls[i].allowFailure, 0, calls[i].callData);
        }
    }

    /// @notice Like `aggregate3`, with a value for each call.
    function aggregate3Value(Call3Value[] calldata calls) external payable returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        uint256 sum;
        for (uint256 i = 0; i < calls.length; ++i) {
            sum += calls[i].value;
            returnData[i] = _call(i, calls[i].target, calls[i].allowFailure, calls[i].value, calls[i].callData);
        }
        require(sum == msg.value, Multicall3_ValueMismatch());
    }

    /// @notice Makes all calls; with `requireSuccess`, reverts if one fails.
    function tryAggregate(bool requireSuccess, Call[] calldata calls)
        external
        payable
        returns (Result[] memory returnData)
    {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            returnData[i] = _call(i, calls[i].target, !requireSuccess, 0, calls[i].callData);
        }
    }

    function getBlockNumber() external view returns (uint256 blockNumber) {
        return block.number;
    }

    function getBlockHash(uint256 blockNumber) external view returns (bytes32 blockHash) {
        return blockhash(blockNumber);
    }

    function getLastBlockHash() external view returns (bytes32 blockHash) {
        return blockhash(block.number - 1);
    }

    function getCurrentBlockTimestamp() external view returns (uint256 timestamp) {
        return block.timestamp;
    }

    function getCurrentBlockGasLimit() external view returns (uint256 gaslimit) {
        return block.gaslimit;
    }

    function getCurrentBlockCoinbase() external view returns (address coinbase) {
        return block.coinbase;
    }

    function getEthBalance(address account) external view returns (uint256 balance) {
        return account.balance;
    }

    function getBasefee() external view returns (uint256 basefee) {
        return block.basefee;
    }

    function getChainId() external view returns (uint256 chainid) {
        return block.chainid;
    }

    function _call(uint256 index, address target, bool allowFailure, uint256 value, bytes calldata callData)
        private
        returns (Result memory result)
    {
        // solhint-disable-next-line avoid-low-level-calls
        (result.success, result.returnData) = target.call{value: value}(callData);
        require(result.success || allowFailure, Multicall3_CallFailed(index));
    }
}
