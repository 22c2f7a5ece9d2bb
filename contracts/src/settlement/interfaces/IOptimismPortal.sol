// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorStateRegistry} from "./IAnchorStateRegistry.sol";
import {IDisputeGame} from "./IDisputeGame.sol";
import {IDisputeGameFactory} from "./IDisputeGameFactory.sol";
import {IResourceMetering} from "./IResourceMetering.sol";
import {IWithdrawalQuota} from "./IWithdrawalQuota.sol";
import {ISystemConfig} from "./ISystemConfig.sol";
import {Types} from "../../types/Types.sol";

/// @title IOptimismPortal
/// @notice The low-level door between L1 and L2: deposits in, proven withdrawals out. The OP Stack's ABI, version 3 and
///         later: a withdrawal is proven against a dispute game.
interface IOptimismPortal is IResourceMetering {
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
    event WithdrawalProven(bytes32 indexed withdrawalHash, address indexed from, address indexed to);
    event WithdrawalProvenExtension1(bytes32 indexed withdrawalHash, address indexed proofSubmitter);
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);

    error OptimismPortal_AlreadyFinalized();
    error OptimismPortal_BadTarget();
    error OptimismPortal_CallPaused();
    error OptimismPortal_CalldataTooLarge();
    error OptimismPortal_GasEstimation();
    error OptimismPortal_GasLimitTooLow();
    error OptimismPortal_ImproperDisputeGame();
    error OptimismPortal_InsufficientBalance();
    error OptimismPortal_InvalidDisputeGame();
    error OptimismPortal_InvalidMerkleProof();
    error OptimismPortal_InvalidOutputRootProof();
    error OptimismPortal_InvalidProofTimestamp();
    error OptimismPortal_InvalidRootClaim();
    /// @notice The messenger refused the message, and gave no (short) reason. The withdrawal stays open.
    error OptimismPortal_MessageRefused();
    error OptimismPortal_NoReentrancy();
    error OptimismPortal_ProofNotOldEnough();
    /// @notice The day's quota of ether is used up; the withdrawal passes at `passesAt` (Unix seconds), or, if others take
    ///         that room, later, but never more than `IWithdrawalQuota.MAX_DELAY` after it was due.
    error OptimismPortal_QuotaExceeded(uint256 passesAt);
    error OptimismPortal_Unproven();

    /// @notice Deposits `msg.value` for the sender on L2.
    receive() external payable;

    /// @notice Accepts ether without minting any on L2.
    function donateETH() external payable;

    /// @notice Makes L2 execute a transaction. A contract appears on L2 under its alias.
    /// @param to Target on L2; zero if and only if a contract is created.
    /// @param value Wei that the transaction carries on L2; `msg.value` is minted before.
    /// @param gasLimit L2 gas, bought here by burning L1 gas.
    /// @param isCreation Whether a contract is created.
    /// @param data Calldata or init code.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable;

    /// @notice Proves that the withdrawal is in the message passer at the output root of a game. May be repeated, by
    ///         anyone; each submitter has an own proof and an own waiting time.
    function proveWithdrawalTransaction(
        Types.WithdrawalTransaction calldata withdrawal,
        uint256 disputeGameIndex,
        Types.OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external;

    /// @notice Executes a withdrawal that the caller has proven. Once, whether its call succeeds or not; but a message that
    ///         the messenger refuses reverts with its reason, and stays open.
    function finalizeWithdrawalTransaction(Types.WithdrawalTransaction calldata withdrawal) external;

    /// @notice Executes a withdrawal that `proofSubmitter` has proven.
    function finalizeWithdrawalTransactionExternalProof(
        Types.WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) external;

    /// @notice Reverts, naming the reason, unless the withdrawal can be finalised now.
    function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) external view;

    /// @notice The proof of a withdrawal by a submitter; `timestamp` in Unix seconds, zero without one.
    function provenWithdrawals(bytes32 withdrawalHash, address proofSubmitter)
        external
        view
        returns (IDisputeGame disputeGameProxy, uint64 timestamp);

    function proofSubmitters(bytes32 withdrawalHash, uint256 index) external view returns (address);

    function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256);

    function finalizedWithdrawals(bytes32 withdrawalHash) external view returns (bool);

    /// @notice The L2 sender of the withdrawal being executed; 0x…dEaD outside one.
    function l2Sender() external view returns (address);

    /// @notice The game against which the withdrawal being executed was proven; zero outside one.
    function finalizingGame() external view returns (IDisputeGame);

    /// @notice Unix seconds from which nothing but the quota stood against the withdrawal being executed: the later of its
    ///         proof's maturity and its game's finality; zero outside one.
    function finalizingDueAt() external view returns (uint256);

    /// @notice What limits ether while only as many vendors as needed stand behind it.
    function withdrawalQuota() external view returns (IWithdrawalQuota);

    /// @notice Least L2 gas of a deposit with `byteCount` bytes of data.
    function minimumGasLimit(uint64 byteCount) external pure returns (uint64);

    /// @notice Seconds that must have passed, strictly, since the proof.
    function proofMaturityDelaySeconds() external view returns (uint256);

    function disputeGameFinalityDelaySeconds() external view returns (uint256);

    function disputeGameFactory() external view returns (IDisputeGameFactory);

    function anchorStateRegistry() external view returns (IAnchorStateRegistry);

    function systemConfig() external view returns (ISystemConfig);

    function superchainConfig() external view returns (ISystemConfig);

    function disputeGameBlacklist(IDisputeGame game) external view returns (bool);

    function respectedGameType() external view returns (uint32);

    /// @notice The retirement timestamp of the anchor state registry: what clients of this name want to know.
    function respectedGameTypeUpdatedAt() external view returns (uint64);

    function guardian() external view returns (address);

    function paused() external view returns (bool);

    function version() external pure returns (string memory);
}
