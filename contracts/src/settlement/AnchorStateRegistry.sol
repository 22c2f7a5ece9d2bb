// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IAnchorStateRegistry} from "./interfaces/IAnchorStateRegistry.sol";
import {GameStatus, IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "./interfaces/IDisputeGameFactory.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";

/// @title AnchorStateRegistry
/// @notice See `IAnchorStateRegistry`.
contract AnchorStateRegistry is IAnchorStateRegistry, Initializable {
    uint256 private immutable DISPUTE_GAME_FINALITY_DELAY_SECONDS;

    /// @inheritdoc IAnchorStateRegistry
    ISystemConfig public systemConfig;
    /// @inheritdoc IAnchorStateRegistry
    IDisputeGameFactory public disputeGameFactory;
    /// @inheritdoc IAnchorStateRegistry
    IDisputeGame public anchorGame;
    /// @inheritdoc IAnchorStateRegistry
    uint32 public respectedGameType;
    /// @inheritdoc IAnchorStateRegistry
    uint64 public retirementTimestamp;
    /// @inheritdoc IAnchorStateRegistry
    mapping(IDisputeGame game => bool) public disputeGameBlacklist;

    Proposal private _startingAnchor;

    modifier onlyGuardian() {
        require(msg.sender == systemConfig.guardian(), AnchorStateRegistry_Unauthorized());
        _;
    }

    /// @param finalityDelay Seconds of the air gap between resolution and finality.
    constructor(uint256 finalityDelay) {
        DISPUTE_GAME_FINALITY_DELAY_SECONDS = finalityDelay;
        _disableInitializers();
    }

    /// @param systemConfig_ Names guardian and pause.
    /// @param factory Makes the games.
    /// @param startingAnchor Output root and number of the L2 block to start from (genesis).
    /// @param startingGameType The respected game type.
    function initialize(
        ISystemConfig systemConfig_,
        IDisputeGameFactory factory,
        Proposal calldata startingAnchor,
        uint32 startingGameType
    ) external initializer {
        require(startingAnchor.root != 0, AnchorStateRegistry_ZeroAnchorRoot());
        systemConfig = systemConfig_;
        disputeGameFactory = factory;
        _startingAnchor = startingAnchor;
        respectedGameType = startingGameType;
        retirementTimestamp = uint64(block.timestamp);
        emit RespectedGameTypeSet(startingGameType);
        emit RetirementTimestampSet(block.timestamp);
    }

    /// @inheritdoc IAnchorStateRegistry
    function setAnchorState(IDisputeGame game) external {
        require(isGameClaimValid(game), AnchorStateRegistry_InvalidAnchorGame());
        (, uint256 anchored) = getAnchorRoot();
        require(game.l2SequenceNumber() > anchored, AnchorStateRegistry_InvalidAnchorGame());
        anchorGame = game;
        emit AnchorUpdated(game);
    }

    /// @inheritdoc IAnchorStateRegistry
    function blacklistDisputeGame(IDisputeGame disputeGame) external onlyGuardian {
        disputeGameBlacklist[disputeGame] = true;
        emit DisputeGameBlacklisted(disputeGame);
    }

    /// @inheritdoc IAnchorStateRegistry
    function setRespectedGameType(uint32 gameType) external onlyGuardian {
        bool isMade = address(disputeGameFactory.gameImpls(gameType)) != address(0);
        require(isMade, AnchorStateRegistry_NoSuchGame(gameType));
        respectedGameType = gameType;
        emit RespectedGameTypeSet(gameType);
    }

    /// @inheritdoc IAnchorStateRegistry
    function updateRetirementTimestamp() external onlyGuardian {
        retirementTimestamp = uint64(block.timestamp);
        emit RetirementTimestampSet(block.timestamp);
    }

    /// @inheritdoc IAnchorStateRegistry
    function anchors(uint32) external view returns (bytes32 root, uint256 l2SequenceNumber) {
        return getAnchorRoot();
    }

    /// @inheritdoc IAnchorStateRegistry
    function getStartingAnchorRoot() external view returns (Proposal memory) {
        return _startingAnchor;
    }

    /// @inheritdoc IAnchorStateRegistry
    function disputeGameFinalityDelaySeconds() external view returns (uint256) {
        return DISPUTE_GAME_FINALITY_DELAY_SECONDS;
    }

    /// @inheritdoc IAnchorStateRegistry
    function superchainConfig() external view returns (ISystemConfig) {
        return systemConfig;
    }

    /// @inheritdoc IAnchorStateRegistry
    function version() external pure returns (string memory) {
        return "3.0.0";
    }

    /// @inheritdoc IAnchorStateRegistry
    function getAnchorRoot() public view returns (bytes32 root, uint256 l2SequenceNumber) {
        IDisputeGame game = anchorGame;
        if (address(game) == address(0)) return (_startingAnchor.root, _startingAnchor.l2SequenceNumber);
        return (game.rootClaim(), game.l2SequenceNumber());
    }

    /// @inheritdoc IAnchorStateRegistry
    function paused() public view returns (bool) {
        return systemConfig.paused();
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameRegistered(IDisputeGame game) public view returns (bool) {
        (uint32 gameType, bytes32 rootClaim, bytes memory extraData) = game.gameData();
        (IDisputeGame registered,) = disputeGameFactory.games(gameType, rootClaim, extraData);
        return address(registered) == address(game);
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameRespected(IDisputeGame game) public view returns (bool) {
        return game.wasRespectedGameTypeWhenCreated();
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameBlacklisted(IDisputeGame game) public view returns (bool) {
        return disputeGameBlacklist[game];
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameRetired(IDisputeGame game) public view returns (bool) {
        return game.createdAt() <= retirementTimestamp;
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameProper(IDisputeGame game) public view returns (bool) {
        return isGameRegistered(game) && !isGameBlacklisted(game) && !isGameRetired(game) && !paused();
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameResolved(IDisputeGame game) public view returns (bool) {
        return game.resolvedAt() != 0 && game.status() != GameStatus.IN_PROGRESS;
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameFinalized(IDisputeGame game) public view returns (bool) {
        return isGameResolved(game) && block.timestamp > game.resolvedAt() + DISPUTE_GAME_FINALITY_DELAY_SECONDS;
    }

    /// @inheritdoc IAnchorStateRegistry
    function isGameClaimValid(IDisputeGame game) public view returns (bool) {
        return isGameProper(game) && isGameRespected(game) && isGameFinalized(game)
            && game.status() == GameStatus.DEFENDER_WINS;
    }
}
