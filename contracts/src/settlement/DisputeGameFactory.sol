// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "./interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "./interfaces/IMultiProofGame.sol";

/// @title DisputeGameFactory
/// @notice See `IDisputeGameFactory`.
contract DisputeGameFactory is IDisputeGameFactory, OwnableUpgradeable {
    using SafeERC20 for IERC20;

    uint256 private constant GAME_TYPE_SHIFT = 224;
    uint256 private constant TIMESTAMP_SHIFT = 160;

    /// @inheritdoc IDisputeGameFactory
    mapping(uint32 gameType => IDisputeGame) public gameImpls;

    /// @inheritdoc IDisputeGameFactory
    uint64 public lastProofAt;

    /// @dev UUID => game type | creation time | address; zero = no such game.
    mapping(bytes32 uuid => bytes32) private _gameIds;
    bytes32[] private _gameList;

    constructor() {
        _disableInitializers();
    }

    /// @param owner_ Sets implementations: the timelock.
    /// @param gameType Type of the first implementation.
    /// @param impl The first implementation; being here, it needs no later transaction of the owner.
    function initialize(address owner_, uint32 gameType, IDisputeGame impl) external initializer {
        __Ownable_init(owner_);
        _setImplementation(gameType, impl);
        // Silence of the provers is counted from the start, not from 1970.
        lastProofAt = uint64(block.timestamp);
    }

    /// @inheritdoc IDisputeGameFactory
    function createWithProof(
        uint32 gameType,
        bytes32 rootClaim,
        bytes calldata extraData,
        bytes32 l1Head,
        uint64 l1HeadNumber,
        bytes calldata signature
    ) external returns (IDisputeGame proxy) {
        bool canonical = l1Head != 0 && Blockhash.blockHash(l1HeadNumber) == l1Head;
        require(canonical, DisputeGameFactory_L1HeadNotCanonical(l1Head, l1HeadNumber));
        proxy = _clone(gameType, rootClaim, extraData, l1Head);
        lastProofAt = uint64(block.timestamp);
        IMultiProofGame(address(proxy)).initializeWithProof(signature);
    }

    /// @inheritdoc IDisputeGameFactory
    /// @dev The bond arrives before the game lives: a token that calls back finds a game that answers nothing.
    function create(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        payable
        returns (IDisputeGame proxy)
    {
        require(msg.value == initBonds(gameType), IncorrectBondAmount());
        proxy = _clone(gameType, rootClaim, extraData, blockhash(block.number - 1));
        IMultiProofGame game = IMultiProofGame(address(proxy));
        (IERC20 token, uint256 amount) = game.bond();
        token.safeTransferFrom(msg.sender, address(proxy), amount);
        game.initialize();
    }

    /// @inheritdoc IDisputeGameFactory
    function setImplementation(uint32 gameType, IDisputeGame impl) external onlyOwner {
        _setImplementation(gameType, impl);
    }

    /// @inheritdoc IDisputeGameFactory
    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (IDisputeGame proxy, uint64 timestamp)
    {
        (, timestamp, proxy) = _unpack(_gameIds[getGameUUID(gameType, rootClaim, extraData)]);
    }

    /// @inheritdoc IDisputeGameFactory
    function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 timestamp, IDisputeGame proxy) {
        return _unpack(_gameList[index]);
    }

    /// @inheritdoc IDisputeGameFactory
    function gameCount() external view returns (uint256) {
        return _gameList.length;
    }

    /// @inheritdoc IDisputeGameFactory
    function findLatestGames(uint32 gameType, uint256 start, uint256 n)
        external
        view
        returns (GameSearchResult[] memory games_)
    {
        if (start >= _gameList.length || n == 0) return games_;
        uint256 most = n < start + 1 ? n : start + 1;
        games_ = new GameSearchResult[](most);
        uint256 found;
        for (uint256 next = start + 1; next > 0 && found < most; --next) {
            bytes32 id = _gameList[next - 1];
            (uint32 itsType, uint64 timestamp, IDisputeGame game) = _unpack(id);
            if (itsType != gameType || timestamp >= block.timestamp) continue;
            games_[found] = GameSearchResult({
                index: next - 1,
                metadata: id,
                timestamp: timestamp,
                rootClaim: game.rootClaim(),
                extraData: game.extraData()
            });
            ++found;
        }
        assembly ("memory-safe") {
            mstore(games_, found)
        }
    }

    /// @inheritdoc IDisputeGameFactory
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IDisputeGameFactory
    function initBonds(uint32 gameType) public view returns (uint256) {
        IDisputeGame impl = gameImpls[gameType];
        require(address(impl) != address(0), NoImplementation(gameType));
        return 0;
    }

    /// @inheritdoc IDisputeGameFactory
    function getGameUUID(uint32 gameType, bytes32 rootClaim, bytes calldata extraData) public pure returns (bytes32) {
        return keccak256(abi.encode(gameType, rootClaim, extraData));
    }

    /// @dev Clones the implementation and lists the game. Nothing is called before the game is listed.
    function _clone(uint32 gameType, bytes32 rootClaim, bytes calldata extraData, bytes32 l1Head)
        private
        returns (IDisputeGame proxy)
    {
        IDisputeGame impl = gameImpls[gameType];
        require(address(impl) != address(0), NoImplementation(gameType));
        require(rootClaim != 0, DisputeGameFactory_ZeroRootClaim());
        bytes32 uuid = getGameUUID(gameType, rootClaim, extraData);
        require(_gameIds[uuid] == 0, GameAlreadyExists(uuid));

        bytes memory args = abi.encodePacked(msg.sender, rootClaim, l1Head, extraData);
        proxy = IDisputeGame(Clones.cloneWithImmutableArgs(address(impl), args));
        bytes32 id = _pack(gameType, uint64(block.timestamp), proxy);
        _gameIds[uuid] = id;
        _gameList.push(id);
        emit DisputeGameCreated(address(proxy), gameType, rootClaim);
    }

    function _setImplementation(uint32 gameType, IDisputeGame impl) private {
        bool fits = address(impl) == address(0) || impl.gameType() == gameType;
        require(fits, DisputeGameFactory_WrongGameType(gameType, address(impl)));
        gameImpls[gameType] = impl;
        emit ImplementationSet(address(impl), gameType);
    }

    function _pack(uint32 gameType, uint64 timestamp, IDisputeGame proxy) private pure returns (bytes32) {
        return bytes32(
            (uint256(gameType) << GAME_TYPE_SHIFT) | (uint256(timestamp) << TIMESTAMP_SHIFT)
                | uint256(uint160(address(proxy)))
        );
    }

    function _unpack(bytes32 id) private pure returns (uint32 gameType, uint64 timestamp, IDisputeGame proxy) {
        uint256 word = uint256(id);
        gameType = uint32(word >> GAME_TYPE_SHIFT);
        timestamp = uint64(word >> TIMESTAMP_SHIFT);
        proxy = IDisputeGame(address(uint160(word)));
    }
}
