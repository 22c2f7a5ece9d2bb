// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeGame} from "./IDisputeGame.sol";
import {IDisputeGameFactory} from "./IDisputeGameFactory.sol";
import {ISystemConfig} from "./ISystemConfig.sol";

/// @title IAnchorStateRegistry
/// @notice Decides which games count, and keeps the newest output root that is beyond dispute. The OP Stack's ABI.
interface IAnchorStateRegistry {
    /// @param root Output root.
    /// @param l2SequenceNumber Its L2 block number.
    struct Proposal {
        bytes32 root;
        uint256 l2SequenceNumber;
    }

    event AnchorUpdated(IDisputeGame indexed game);
    event DisputeGameBlacklisted(IDisputeGame indexed disputeGame);
    event RespectedGameTypeSet(uint32 gameType);
    event RetirementTimestampSet(uint256 timestamp);

    error AnchorStateRegistry_InvalidAnchorGame();
    error AnchorStateRegistry_Unauthorized();
    /// @notice The factory makes no games of this type.
    error AnchorStateRegistry_NoSuchGame(uint32 gameType);
    error AnchorStateRegistry_ZeroAnchorRoot();

    /// @notice Makes `game` the anchor if it is valid, final and newer than the anchor. Anyone may call.
    function setAnchorState(IDisputeGame game) external;

    /// @notice Declares one game invalid, and with it every child that has not resolved. Children that have resolved stand
    ///         on their own: against a whole line of games, retire it. Only the guardian.
    function blacklistDisputeGame(IDisputeGame disputeGame) external;

    /// @notice Chooses the game type whose games count, among those that the factory makes. Only the guardian.
    function setRespectedGameType(uint32 gameType) external;

    /// @notice Retires every game created up to now; their withdrawals must be proven again against a later game. The
    ///         anchor stays: what was final is not undone. Only the guardian.
    function updateRetirementTimestamp() external;

    /// @notice The anchor; the parameter is kept for the OP Stack's ABI and has no influence.
    function anchors(uint32 gameType) external view returns (bytes32 root, uint256 l2SequenceNumber);

    function getAnchorRoot() external view returns (bytes32 root, uint256 l2SequenceNumber);

    function getStartingAnchorRoot() external view returns (Proposal memory);

    /// @notice The game that the anchor is from; zero before the first.
    function anchorGame() external view returns (IDisputeGame);

    function respectedGameType() external view returns (uint32);

    /// @notice Unix seconds; games created at or before it are retired.
    function retirementTimestamp() external view returns (uint64);

    function disputeGameBlacklist(IDisputeGame game) external view returns (bool);

    /// @notice Seconds between resolution and finality: the air gap in which the guardian can blacklist.
    function disputeGameFinalityDelaySeconds() external view returns (uint256);

    function disputeGameFactory() external view returns (IDisputeGameFactory);

    function systemConfig() external view returns (ISystemConfig);

    function superchainConfig() external view returns (ISystemConfig);

    function paused() external view returns (bool);

    /// @notice Whether the factory made the game.
    function isGameRegistered(IDisputeGame game) external view returns (bool);

    /// @notice Whether its type was the respected one when it was created.
    function isGameRespected(IDisputeGame game) external view returns (bool);

    function isGameBlacklisted(IDisputeGame game) external view returns (bool);

    function isGameRetired(IDisputeGame game) external view returns (bool);

    /// @notice Registered, not blacklisted, not retired, and the system is not paused.
    function isGameProper(IDisputeGame game) external view returns (bool);

    function isGameResolved(IDisputeGame game) external view returns (bool);

    /// @notice Resolved, strictly more than the air gap ago.
    function isGameFinalized(IDisputeGame game) external view returns (bool);

    /// @notice Proper, respected, final, and won by the defender: the root may be built on.
    function isGameClaimValid(IDisputeGame game) external view returns (bool);

    function version() external pure returns (string memory);
}
