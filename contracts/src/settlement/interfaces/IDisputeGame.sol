// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorStateRegistry} from "./IAnchorStateRegistry.sol";

/// @notice Outcome of a game: the values of the OP Stack.
enum GameStatus {
    IN_PROGRESS,
    CHALLENGER_WINS,
    DEFENDER_WINS
}

/// @title IDisputeGame
/// @notice One proposed output root, as the OP Stack's factory, anchor registry and portal see it.
interface IDisputeGame {
    event Resolved(GameStatus indexed status);

    /// @notice Decides the game, or reverts naming what is missing.
    function resolve() external returns (GameStatus);

    function status() external view returns (GameStatus);

    /// @notice Unix seconds.
    function createdAt() external view returns (uint64);

    /// @notice Unix seconds; zero while in progress.
    function resolvedAt() external view returns (uint64);

    function gameType() external view returns (uint32);

    function gameCreator() external view returns (address);

    /// @notice The proposed output root.
    function rootClaim() external view returns (bytes32);

    /// @notice Hash of the newest L1 block whose data the proposal may rest on.
    function l1Head() external view returns (bytes32);

    /// @notice The L2 block whose output is proposed.
    function l2BlockNumber() external view returns (uint256);

    /// @notice The same number under its newer OP Stack name.
    function l2SequenceNumber() external view returns (uint256);

    function extraData() external view returns (bytes memory);

    function gameData() external view returns (uint32 gameType_, bytes32 rootClaim_, bytes memory extraData_);

    function wasRespectedGameTypeWhenCreated() external view returns (bool);

    function anchorStateRegistry() external view returns (IAnchorStateRegistry);

    function version() external view returns (string memory);
}
