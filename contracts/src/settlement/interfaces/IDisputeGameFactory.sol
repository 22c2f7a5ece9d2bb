// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDisputeGame} from "./IDisputeGame.sol";

/// @title IDisputeGameFactory
/// @notice Creates games and lists them, with the OP Stack's ABI, and `createWithProof` for proven games.
interface IDisputeGameFactory {
    /// @param metadata game type (32 bits) | creation time (64 bits) | game address (160 bits)
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);
    event ImplementationSet(address indexed impl, uint32 indexed gameType);

    error GameAlreadyExists(bytes32 uuid);
    error NoImplementation(uint32 gameType);
    error IncorrectBondAmount();
    error DisputeGameFactory_ZeroRootClaim();
    /// @notice The block hash is not one of this chain's, or too old to be known to it (8,191 blocks, EIP-2935).
    error DisputeGameFactory_L1HeadNotCanonical(bytes32 l1Head, uint64 l1HeadNumber);
    error DisputeGameFactory_WrongGameType(uint32 gameType, address impl);

    /// @notice Proposes an output root together with its first proof, in one transaction. Anyone may submit a prover's
    ///         signature; nobody can create such a game without one.
    /// @param l1Head Hash of the L1 block that the claim was derived from.
    /// @param l1HeadNumber Its number, so that this chain can check the hash.
    /// @param signature Signature over the claim whose output root is `rootClaim`.
    function createWithProof(
        uint32 gameType,
        bytes32 rootClaim,
        bytes calldata extraData,
        bytes32 l1Head,
        uint64 l1HeadNumber,
        bytes calldata signature
    ) external returns (IDisputeGame proxy);

    /// @notice Proposes an output root with a bond, which is taken from the caller's allowance for this contract, in the
    ///         token and amount that `IMultiProofGame.bond` of the implementation names: allow exactly that. No ether is
    ///         taken. Open only after provers were silent (see `IProofPolicy`).
    function create(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        payable
        returns (IDisputeGame proxy);

    /// @notice Unix seconds of the newest game that was created with a valid proof. Silence is measured from it, so only
    ///         a prover's fresh claim (its L1 head is recent) ends it.
    function lastProofAt() external view returns (uint64);

    /// @notice Sets the implementation of a game type. Only the owner.
    function setImplementation(uint32 gameType, IDisputeGame impl) external;

    function gameImpls(uint32 gameType) external view returns (IDisputeGame);

    /// @notice Wei that `create` must be sent: none, for bonds are tokens. Kept for the OP Stack's ABI.
    function initBonds(uint32 gameType) external view returns (uint256);

    function games(uint32 gameType, bytes32 rootClaim, bytes calldata extraData)
        external
        view
        returns (IDisputeGame proxy, uint64 timestamp);

    function gameAtIndex(uint256 index) external view returns (uint32 gameType, uint64 timestamp, IDisputeGame proxy);

    function gameCount() external view returns (uint256);

    /// @notice The newest `n` games of a type, searching downward from index `start`. Games of this very block are left
    /// out: nothing can be proven against them yet, and wallets prove against the first game that they are told of.
    function findLatestGames(uint32 gameType, uint256 start, uint256 n)
        external
        view
        returns (GameSearchResult[] memory games_);

    function getGameUUID(uint32 gameType, bytes32 rootClaim, bytes calldata extraData) external pure returns (bytes32);

    function version() external pure returns (string memory);
}
