// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title CodeBlob
/// @notice Data kept as the code of an account that does nothing: it costs a third of storage, and never changes.
library CodeBlob {
    error CodeBlob_TooLarge(uint256 length);
    error CodeBlob_NotCreated();

    /// @dev STOP before the data, so that a call of the account does nothing (and no code begins with EIP-3541's 0xef).
    bytes1 private constant STOP = 0x00;

    /// @dev EIP-170, less that byte.
    uint256 private constant MAX_BYTES = 24_575;

    /// @notice Creates the account.
    function write(bytes memory data) internal returns (address where) {
        require(data.length <= MAX_BYTES, CodeBlob_TooLarge(data.length));
        // PUSH2 size, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN: what stands after these ten bytes.
        bytes memory creation =
            bytes.concat(hex"61", bytes2(uint16(data.length + 1)), hex"80600a3d393df3", STOP, data);
        assembly ("memory-safe") {
            where := create(0, add(creation, 0x20), mload(creation))
        }
        require(where != address(0), CodeBlob_NotCreated());
    }

    /// @notice What was written.
    function read(address where) internal view returns (bytes memory data) {
        uint256 size = where.code.length;
        require(size != 0, CodeBlob_NotCreated());
        data = new bytes(size - 1);
        assembly ("memory-safe") {
            extcodecopy(where, add(data, 0x20), 1, sub(size, 1))
        }
    }
}
