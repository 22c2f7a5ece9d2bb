// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title SafeCall
/// @notice Calls into untrusted code that never copy its return data (so it cannot make the caller pay for memory), and
///         the check that a call is really given the gas that a message promised.
library SafeCall {
    /// @notice Too little gas remains to give the target the minimum it was promised.
    error SafeCall_NotEnoughGas();

    /// @notice Worst static cost of a CALL with value to a cold, empty account, plus what surrounds it: 2,600 access,
    ///         9,000 value, 25,000 new account, and 3,400 for the loop of instructions between check and CALL.
    uint256 internal constant CALL_OVERHEAD = 40_000;

    /// @notice Bytes of a reason that are passed on: a selector and seven words.
    uint256 internal constant MAX_REASON = 228;

    /// @notice Calls `target` with all gas that the 63/64 rule of EIP-150 leaves. Return data stays uncopied.
    function call(address target, uint256 value, bytes memory data) internal returns (bool) {
        return call(target, gasleft(), value, data);
    }

    /// @notice Calls `target` with at most `gasLimit` gas. Return data stays uncopied.
    function call(address target, uint256 gasLimit, uint256 value, bytes memory data) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gasLimit, target, value, add(data, 0x20), mload(data), 0, 0)
        }
    }

    /// @notice Sends `value` wei with no data. Return data stays uncopied.
    function send(address target, uint256 value) internal returns (bool success) {
        assembly ("memory-safe") {
            success := call(gas(), target, value, 0, 0, 0, 0)
        }
    }

    /// @notice Whether a call made now can forward `minGas` and still leave `reservedGas` to its caller.
    /// @dev EIP-150: at most 63/64 of what remains is forwarded, so `minGas * 64 / 63` must remain beyond the reserve
    ///      and the CALL's own cost. Callers bound `minGas` (uint32 or a block's gas): the products cannot overflow
    ///      for any value that could be affordable, and an overflow reverts.
    function hasMinGas(uint256 minGas, uint256 reservedGas) internal view returns (bool) {
        return gasleft() * 63 >= minGas * 64 + 63 * (CALL_OVERHEAD + reservedGas);
    }

    /// @notice Reverts with what the last call of this frame returned; with `otherwise` when that is nothing, or longer
    ///         than `MAX_REASON`, since the failed side chose its length and this frame pays for the copy.
    function revertWithReason(bytes4 otherwise) internal pure {
        assembly ("memory-safe") {
            let size := returndatasize()
            if or(iszero(size), gt(size, MAX_REASON)) {
                mstore(0, otherwise)
                revert(0, 4)
            }
            let reason := mload(0x40)
            returndatacopy(reason, 0, size)
            revert(reason, size)
        }
    }

    /// @notice Like `call`, but reverts the whole transaction when `target` cannot be given `minGas`: a relayer must not
    ///         make a call fail by starving it. All remaining gas is forwarded.
    function callWithMinGas(address target, uint256 minGas, uint256 value, bytes memory data)
        internal
        returns (bool success)
    {
        require(hasMinGas(minGas, 0), SafeCall_NotEnoughGas());
        return call(target, gasleft(), value, data);
    }
}
