// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vm
/// @notice The cheatcodes of Hardhat's Solidity test runner that the tests here use.
interface Vm { // solhint-disable-line interface-starts-with-i
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function warp(uint256 timestamp) external;
    function roll(uint256 number) external;
    function fee(uint256 baseFee) external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function setBlockhash(uint256 number, bytes32 blockHash) external;
    function chainId(uint256 id) external;
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function getNonce(address account) external view returns (uint64 nonce);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata revertData) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function expectEmit(address emitter) external;
    function expectCall(address callee, bytes calldata data) external;
    function mockCall(address callee, bytes calldata data, bytes calldata returnData) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function assume(bool condition) external pure;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonBool(string calldata json, string calldata key) external pure returns (bool);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function toString(uint256 value) external pure returns (string memory);
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshotId) external returns (bool);
}

/// @title Base
/// @notice Assertions and cheatcodes for Solidity tests.
abstract contract Base {
    // solhint-disable-next-line const-name-snakecase
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqualUint(uint256 found, uint256 wanted);
    error NotEqualBytes32(bytes32 found, bytes32 wanted);
    error NotEqualAddress(address found, address wanted);
    error NotEqualBytes(bytes found, bytes wanted);
    error DoesNotHold(string what);

    function assertEq(uint256 found, uint256 wanted) internal pure {
        require(found == wanted, NotEqualUint(found, wanted));
    }

    function assertEq(bytes32 found, bytes32 wanted) internal pure {
        require(found == wanted, NotEqualBytes32(found, wanted));
    }

    function assertEq(address found, address wanted) internal pure {
        require(found == wanted, NotEqualAddress(found, wanted));
    }

    function assertEq(bytes memory found, bytes memory wanted) internal pure {
        require(keccak256(found) == keccak256(wanted), NotEqualBytes(found, wanted));
    }

    function assertTrue(bool condition, string memory what) internal pure {
        require(condition, DoesNotHold(what));
    }

    function assertFalse(bool condition, string memory what) internal pure {
        require(!condition, DoesNotHold(what));
    }

    /// @notice Maps a fuzzed value into [least, most].
    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        if (least == 0 && most == type(uint256).max) return value;
        return least + value % (most - least + 1);
    }

    /// @notice An address that no test uses for anything else.
    function account(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }
}
