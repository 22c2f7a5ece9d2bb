// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";
import {AddressAliasing} from "../types/AddressAliasing.sol";
import {EOA} from "../types/EOA.sol";
import {Hashing} from "../types/Hashing.sol";
import {Predeploys} from "../types/Predeploys.sol";
import {SafeCall} from "../types/SafeCall.sol";
import {Types} from "../types/Types.sol";
import {ResourceMetering} from "./ResourceMetering.sol";
import {IAnchorStateRegistry} from "./interfaces/IAnchorStateRegistry.sol";
import {GameStatus, IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "./interfaces/IDisputeGameFactory.sol";
import {IOptimismPortal} from "./interfaces/IOptimismPortal.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";
import {IWithdrawalQuota} from "./interfaces/IWithdrawalQuota.sol";

/// @title OptimismPortal
/// @notice See `IOptimismPortal`. Holds all ether that is on L2.
contract OptimismPortal is IOptimismPortal, ResourceMetering, Initializable {
    /// @notice A proof of a withdrawal by one submitter.
    struct ProvenWithdrawal {
        IDisputeGame disputeGameProxy;
        uint64 timestamp;
    }

    /// @notice `version` of every `TransactionDeposited`: the packing of its opaque data.
    uint256 private constant DEPOSIT_VERSION = 0;

    /// @notice Value of `l2Sender` outside a withdrawal.
    address private constant DEFAULT_L2_SENDER = 0x000000000000000000000000000000000000dEaD;

    /// @notice L2 gas of a deposit by plain transfer.
    uint64 private constant RECEIVE_DEFAULT_GAS_LIMIT = 100_000;

    /// @notice Bound of a deposit's data: it must fit into what L2 nodes gossip as a transaction (128 KiB).
    uint256 private constant MAX_DEPOSIT_DATA = 120_000;

    /// @notice Least L2 gas of a deposit: the intrinsic cost, and EIP-7623's floor of a non-zero byte.
    uint64 private constant BASE_DEPOSIT_GAS = 21_000;
    uint64 private constant GAS_PER_DEPOSIT_BYTE = 40;

    /// @notice Sender that nobody has a key of: wallets estimate gas as it, so that a failing call shows.
    address private constant ESTIMATION_ADDRESS = address(1);

    /// @notice Ether, as the quota names it.
    address private constant ETHER = address(0);

    uint256 private immutable PROOF_MATURITY_DELAY_SECONDS;

    /// @inheritdoc IOptimismPortal
    IWithdrawalQuota public immutable withdrawalQuota;

    /// @inheritdoc IOptimismPortal
    address public l2Sender;
    /// @inheritdoc IOptimismPortal
    ISystemConfig public systemConfig;
    /// @inheritdoc IOptimismPortal
    IAnchorStateRegistry public anchorStateRegistry;
    /// @inheritdoc IOptimismPortal
    mapping(bytes32 withdrawalHash => bool) public finalizedWithdrawals;
    /// @inheritdoc IOptimismPortal
    mapping(bytes32 withdrawalHash => mapping(address proofSubmitter => ProvenWithdrawal)) public provenWithdrawals;
    /// @inheritdoc IOptimismPortal
    mapping(bytes32 withdrawalHash => address[]) public proofSubmitters;
    /// @inheritdoc IOptimismPortal
    IDisputeGame public transient finalizingGame;

    /// @dev When the withdrawal being executed was proven, Unix seconds; zero outside one.
    uint64 private transient _finalizingProvenAt;

    modifier whenNotPaused() {
        require(!paused(), OptimismPortal_CallPaused());
        _;
    }

    /// @param maturityDelay Seconds between proving and finalising a withdrawal.
    /// @param quota Limits ether.
    constructor(uint256 maturityDelay, IWithdrawalQuota quota) {
        withdrawalQuota = quota;
        PROOF_MATURITY_DELAY_SECONDS = maturityDelay;
        _disableInitializers();
    }

    /// @param systemConfig_ Names guardian, pause and the gas market. Must be initialised before.
    /// @param anchorStateRegistry_ Decides which games count.
    function initialize(ISystemConfig systemConfig_, IAnchorStateRegistry anchorStateRegistry_) external initializer {
        systemConfig = systemConfig_;
        anchorStateRegistry = anchorStateRegistry_;
        l2Sender = DEFAULT_L2_SENDER;
        _initializeMetering();
    }

    /// @inheritdoc IOptimismPortal
    receive() external payable {
        _depositTransaction(msg.sender, msg.value, RECEIVE_DEFAULT_GAS_LIMIT, false, "");
    }

    /// @inheritdoc IOptimismPortal
    function donateETH() external payable {}

    /// @inheritdoc IOptimismPortal
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        _depositTransaction(to, value, gasLimit, isCreation, data);
    }

    /// @inheritdoc IOptimismPortal
    function proveWithdrawalTransaction(
        Types.WithdrawalTransaction calldata withdrawal,
        uint256 disputeGameIndex,
        Types.OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external whenNotPaused {
        require(withdrawal.target != address(this), OptimismPortal_BadTarget());
        (,, IDisputeGame game) = disputeGameFactory().gameAtIndex(disputeGameIndex);
        _requireProvable(game);
        bool preimage = game.rootClaim() == Hashing.hashOutputRootProof(outputRootProof);
        require(preimage, OptimismPortal_InvalidOutputRootProof());

        bytes32 withdrawalHash = Hashing.hashWithdrawal(withdrawal);
        bool included = _isSent(withdrawalHash, outputRootProof.messagePasserStorageRoot, withdrawalProof);
        require(included, OptimismPortal_InvalidMerkleProof());

        // A repeated proof by the same submitter replaces the first; the list keeps one entry for each.
        if (provenWithdrawals[withdrawalHash][msg.sender].timestamp == 0) {
            proofSubmitters[withdrawalHash].push(msg.sender);
        }
        provenWithdrawals[withdrawalHash][msg.sender] =
            ProvenWithdrawal({disputeGameProxy: game, timestamp: uint64(block.timestamp)});
        emit WithdrawalProven(withdrawalHash, withdrawal.sender, withdrawal.target);
        emit WithdrawalProvenExtension1(withdrawalHash, msg.sender);
    }

    /// @inheritdoc IOptimismPortal
    function finalizeWithdrawalTransaction(Types.WithdrawalTransaction calldata withdrawal) external {
        finalizeWithdrawalTransactionExternalProof(withdrawal, msg.sender);
    }

    /// @inheritdoc IOptimismPortal
    function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256) {
        return proofSubmitters[withdrawalHash].length;
    }

    /// @inheritdoc IOptimismPortal
    function proofMaturityDelaySeconds() external view returns (uint256) {
        return PROOF_MATURITY_DELAY_SECONDS;
    }

    /// @inheritdoc IOptimismPortal
    function disputeGameFinalityDelaySeconds() external view returns (uint256) {
        return anchorStateRegistry.disputeGameFinalityDelaySeconds();
    }

    /// @inheritdoc IOptimismPortal
    function superchainConfig() external view returns (ISystemConfig) {
        return systemConfig;
    }

    /// @inheritdoc IOptimismPortal
    function disputeGameBlacklist(IDisputeGame game) external view returns (bool) {
        return anchorStateRegistry.disputeGameBlacklist(game);
    }

    /// @inheritdoc IOptimismPortal
    function respectedGameType() external view returns (uint32) {
        return anchorStateRegistry.respectedGameType();
    }

    /// @inheritdoc IOptimismPortal
    function respectedGameTypeUpdatedAt() external view returns (uint64) {
        return anchorStateRegistry.retirementTimestamp();
    }

    /// @inheritdoc IOptimismPortal
    function guardian() external view returns (address) {
        return systemConfig.guardian();
    }

    /// @inheritdoc IOptimismPortal
    function finalizingDueAt() external view returns (uint256) {
        if (_finalizingProvenAt == 0) return 0;
        return _dueAt(finalizingGame, _finalizingProvenAt);
    }

    /// @inheritdoc IOptimismPortal
    function version() external pure returns (string memory) {
        return "5.0.0";
    }

    /// @inheritdoc IOptimismPortal
    function finalizeWithdrawalTransactionExternalProof(
        Types.WithdrawalTransaction calldata withdrawal,
        address proofSubmitter
    ) public whenNotPaused {
        // Outside a withdrawal the sender is the default: any other value means we are inside one.
        require(l2Sender == DEFAULT_L2_SENDER, OptimismPortal_NoReentrancy());
        require(withdrawal.target != address(this), OptimismPortal_BadTarget());
        bytes32 withdrawalHash = Hashing.hashWithdrawal(withdrawal);
        checkWithdrawal(withdrawalHash, proofSubmitter);
        // Without this the call would fail at once, and the withdrawal would be spent.
        require(withdrawal.value <= address(this).balance, OptimismPortal_InsufficientBalance());
        finalizedWithdrawals[withdrawalHash] = true;
        ProvenWithdrawal memory proven = provenWithdrawals[withdrawalHash][proofSubmitter];
        _consumeQuota(withdrawal.value, proven);

        // A call that fails with the gas it was promised is not repeated here; the messengers keep what failed for
        // replay. A caller who gives too little gas cannot cause such a failure: the whole transaction reverts.
        l2Sender = withdrawal.sender;
        (finalizingGame, _finalizingProvenAt) = (proven.disputeGameProxy, proven.timestamp);
        bool success =
            SafeCall.callWithMinGas(withdrawal.target, withdrawal.gasLimit, withdrawal.value, withdrawal.data);
        // The messenger takes every message, to keep it for replay, but those that are better kept here: tokens beyond
        // the quota. Then this withdrawal is as open as before, and ends if its game turns out to be false. A forged
        // sender or target gains nothing: what reverts is not paid.
        if (!success && withdrawal.sender == Predeploys.L2_CROSS_DOMAIN_MESSENGER) {
            SafeCall.revertWithReason(OptimismPortal_MessageRefused.selector);
        }
        l2Sender = DEFAULT_L2_SENDER;
        (finalizingGame, _finalizingProvenAt) = (IDisputeGame(address(0)), 0);
        emit WithdrawalFinalized(withdrawalHash, success);

        // solhint-disable-next-line avoid-tx-origin
        require(success || tx.origin != ESTIMATION_ADDRESS, OptimismPortal_GasEstimation());
    }

    /// @inheritdoc IOptimismPortal
    function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) public view {
        require(!finalizedWithdrawals[withdrawalHash], OptimismPortal_AlreadyFinalized());
        ProvenWithdrawal memory proven = provenWithdrawals[withdrawalHash][proofSubmitter];
        require(proven.timestamp != 0, OptimismPortal_Unproven());
        require(proven.timestamp > proven.disputeGameProxy.createdAt(), OptimismPortal_InvalidProofTimestamp());
        bool matured = block.timestamp > proven.timestamp + PROOF_MATURITY_DELAY_SECONDS;
        require(matured, OptimismPortal_ProofNotOldEnough());
        bool valid = anchorStateRegistry.isGameClaimValid(proven.disputeGameProxy);
        require(valid, OptimismPortal_InvalidRootClaim());
    }

    /// @inheritdoc IOptimismPortal
    function disputeGameFactory() public view returns (IDisputeGameFactory) {
        return anchorStateRegistry.disputeGameFactory();
    }

    /// @inheritdoc IOptimismPortal
    function paused() public view returns (bool) {
        return systemConfig.paused();
    }

    /// @inheritdoc IOptimismPortal
    function minimumGasLimit(uint64 byteCount) public pure returns (uint64) {
        return BASE_DEPOSIT_GAS + byteCount * GAS_PER_DEPOSIT_BYTE;
    }

    /// @inheritdoc ResourceMetering
    function _resourceConfig() internal view override returns (ResourceConfig memory) {
        return systemConfig.resourceConfig();
    }

    function _depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes memory data)
        private
        metered(gasLimit)
    {
        require(!isCreation || to == address(0), OptimismPortal_BadTarget());
        require(data.length <= MAX_DEPOSIT_DATA, OptimismPortal_CalldataTooLarge());
        require(gasLimit >= minimumGasLimit(uint64(data.length)), OptimismPortal_GasLimitTooLow());
        address from = EOA.isSenderEOA() ? msg.sender : AddressAliasing.applyL1ToL2Alias(msg.sender);
        emit TransactionDeposited(
            from, to, DEPOSIT_VERSION, abi.encodePacked(msg.value, value, gasLimit, isCreation, data)
        );
    }

    function _consumeQuota(uint256 value, ProvenWithdrawal memory proven) private {
        if (value == 0) return;
        IDisputeGame game = proven.disputeGameProxy;
        uint256 passesAt = withdrawalQuota.consume(ETHER, value, _dueAt(game, proven.timestamp), game);
        require(passesAt <= block.timestamp, OptimismPortal_QuotaExceeded(passesAt));
    }

    /// @dev Due is a withdrawal when the later of its proof's maturity and its game's finality comes.
    function _dueAt(IDisputeGame game, uint64 provenAt) private view returns (uint256) {
        return Math.max(
            provenAt + PROOF_MATURITY_DELAY_SECONDS,
            game.resolvedAt() + anchorStateRegistry.disputeGameFinalityDelaySeconds()
        );
    }

    /// @dev A game may be proven against while it is in progress, but not in the block of its creation.
    function _requireProvable(IDisputeGame game) private view {
        require(anchorStateRegistry.isGameProper(game), OptimismPortal_ImproperDisputeGame());
        bool candidate = anchorStateRegistry.isGameRespected(game) && game.status() != GameStatus.CHALLENGER_WINS;
        require(candidate, OptimismPortal_InvalidDisputeGame());
        require(block.timestamp > game.createdAt(), OptimismPortal_InvalidProofTimestamp());
    }

    /// @dev The message passer stores `true` under the withdrawal's hash in its mapping at slot 0; the trie's key is the
    ///      hash of the slot, its value the RLP of 1, which is the byte 0x01.
    function _isSent(bytes32 withdrawalHash, bytes32 storageRoot, bytes[] calldata proof) private pure returns (bool) {
        bytes32 slot = keccak256(abi.encode(withdrawalHash, uint256(0)));
        return TrieProof.verify(hex"01", storageRoot, abi.encodePacked(keccak256(abi.encode(slot))), proof);
    }
}
