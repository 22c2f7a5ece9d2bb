// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Claim} from "../tee/Claim.sol";
import {IProverRegistry} from "../tee/interfaces/IProverRegistry.sol";
import {GameBond} from "./GameBond.sol";
import {IAnchorStateRegistry} from "./interfaces/IAnchorStateRegistry.sol";
import {GameStatus, IDisputeGame} from "./interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "./interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "./interfaces/IMultiProofGame.sol";
import {IOptimismPortal} from "./interfaces/IOptimismPortal.sol";
import {IProofPolicy} from "./interfaces/IProofPolicy.sol";
import {IProverRewards} from "./interfaces/IProverRewards.sol";

/// @title MultiProofGame
/// @notice See `IMultiProofGame`. Not upgradeable: each game is a clone whose code carries its own arguments
///         (creator 20 | rootClaim 32 | l1Head 32 | l2BlockNumber 32 | parentGame 32 bytes).
contract MultiProofGame is GameBond {
    /// @notice Game type of multi-proof games. Not 4, 5, 7 or 9: clients take those for super-root games.
    uint32 public constant GAME_TYPE = 2035;

    /// @notice One supporter for each host vendor with and without a GPU: a bound on the loops.
    uint256 public constant MAX_SUPPORTERS = 2 * uint256(type(IProverRegistry.HostVendor).max);

    /// @notice Most L2 blocks that one claim spans: what an enclave executes for it, a day of two-second blocks. A longer
    ///         way is claimed in several games.
    uint256 public constant MAX_BLOCKS = 43_200;

    uint256 private constant EXTRA_DATA_LENGTH = 64;
    uint256 private constant ROOT_CLAIM_OFFSET = 20;
    uint256 private constant L1_HEAD_OFFSET = 52;
    uint256 private constant EXTRA_DATA_OFFSET = 84;

    IAnchorStateRegistry private immutable ANCHOR_STATE_REGISTRY;
    IDisputeGameFactory private immutable FACTORY;
    IProverRegistry private immutable PROVER_REGISTRY;
    IProverRewards private immutable REWARDS;
    bytes32 private immutable ROLLUP_CONFIG_HASH;

    /// @inheritdoc IDisputeGame
    uint64 public createdAt;
    /// @inheritdoc IDisputeGame
    uint64 public resolvedAt;
    /// @inheritdoc IDisputeGame
    GameStatus public status;
    /// @inheritdoc IMultiProofGame
    bool public contradicted;
    /// @inheritdoc IDisputeGame
    bool public wasRespectedGameTypeWhenCreated;
    /// @inheritdoc IMultiProofGame
    address public refuter;
    /// @inheritdoc IMultiProofGame
    bytes32 public previousOutputRoot;
    /// @inheritdoc IMultiProofGame
    uint256 public previousBlockNumber;

    /// @dev In the order of `provedAt`; at most MAX_SUPPORTERS, one for each class.
    Supporter[] private _supporters;

    modifier onlyFactory() {
        require(msg.sender == address(FACTORY), MultiProofGame_OnlyFactory());
        _;
    }

    modifier onlyInProgress() {
        require(createdAt != 0 && status == GameStatus.IN_PROGRESS, MultiProofGame_NotInProgress());
        _;
    }

    /// @param anchorStateRegistry_ Decides which games count.
    /// @param proverRegistry_ Decides which keys count.
    /// @param policy What finality needs.
    /// @param rewards Pays supporters.
    /// @param rollupConfigHash_ The chain whose execution is claimed.
    constructor(
        IAnchorStateRegistry anchorStateRegistry_,
        IProverRegistry proverRegistry_,
        IProofPolicy policy,
        IProverRewards rewards,
        bytes32 rollupConfigHash_
    ) GameBond(policy) {
        require(rollupConfigHash_ != 0, MultiProofGame_ZeroRollupConfigHash());
        address portal = anchorStateRegistry_.systemConfig().optimismPortal();
        uint256 maturity = IOptimismPortal(payable(portal)).proofMaturityDelaySeconds();
        uint256 wanted = policy.fastDelay() + anchorStateRegistry_.disputeGameFinalityDelaySeconds();
        require(maturity >= wanted, MultiProofGame_MaturityTooShort(maturity, wanted));

        ANCHOR_STATE_REGISTRY = anchorStateRegistry_;
        FACTORY = anchorStateRegistry_.disputeGameFactory();
        PROVER_REGISTRY = proverRegistry_;
        REWARDS = rewards;
        ROLLUP_CONFIG_HASH = rollupConfigHash_;
    }

    /// @inheritdoc IMultiProofGame
    function initialize() external onlyFactory {
        uint256 opensAt = fallbackOpensAt();
        require(block.timestamp >= opensAt, MultiProofGame_FallbackClosed(opensAt));
        _acceptBond();
        _start();
    }

    /// @inheritdoc IMultiProofGame
    function initializeWithProof(bytes calldata signature) external onlyFactory {
        _start();
        _prove(rootClaim(), signature);
    }

    /// @inheritdoc IMultiProofGame
    function prove(bytes32 outputRoot, bytes calldata signature) external onlyInProgress {
        _prove(outputRoot, signature);
    }

    /// @inheritdoc IDisputeGame
    function resolve() external onlyInProgress returns (GameStatus) {
        if (_parentLost()) {
            _finish(GameStatus.CHALLENGER_WINS);
            return GameStatus.CHALLENGER_WINS;
        }
        _requireParentWon();
        _requireDecidable();
        _finish(GameStatus.DEFENDER_WINS);
        _keepValidSupporters();
        if (_supporters.length != 0) REWARDS.reserve();
        return GameStatus.DEFENDER_WINS;
    }

    /// @inheritdoc IMultiProofGame
    function supporters() external view returns (Supporter[] memory) {
        return _supporters;
    }

    /// @inheritdoc IMultiProofGame
    function proofStatus() external view returns (Standing memory) {
        return _standing();
    }

    /// @inheritdoc IMultiProofGame
    function exceedsThreshold() external view returns (bool) {
        Standing memory standing = _standing();
        uint8 minimum = POLICY.minHostVendors();
        return standing.hostVendors > minimum || standing.gpuVendors >= minimum;
    }

    /// @inheritdoc IDisputeGame
    function gameData() external view returns (uint32 gameType_, bytes32 rootClaim_, bytes memory extraData_) {
        return (GAME_TYPE, rootClaim(), extraData());
    }

    /// @inheritdoc IDisputeGame
    function l2SequenceNumber() external view returns (uint256) {
        return l2BlockNumber();
    }

    /// @inheritdoc IDisputeGame
    function anchorStateRegistry() external view returns (IAnchorStateRegistry) {
        return ANCHOR_STATE_REGISTRY;
    }

    /// @inheritdoc IMultiProofGame
    function rollupConfigHash() external view returns (bytes32) {
        return ROLLUP_CONFIG_HASH;
    }

    /// @inheritdoc IMultiProofGame
    function proverRegistry() external view returns (IProverRegistry) {
        return PROVER_REGISTRY;
    }

    /// @inheritdoc IMultiProofGame
    function proofPolicy() external view returns (IProofPolicy) {
        return POLICY;
    }

    /// @inheritdoc IMultiProofGame
    function proverRewards() external view returns (IProverRewards) {
        return REWARDS;
    }

    /// @inheritdoc IMultiProofGame
    function disputeGameFactory() external view returns (IDisputeGameFactory) {
        return FACTORY;
    }

    /// @inheritdoc IDisputeGame
    function gameType() external pure returns (uint32) {
        return GAME_TYPE;
    }

    /// @inheritdoc IDisputeGame
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @inheritdoc IMultiProofGame
    function fallbackOpensAt() public view returns (uint256) {
        return uint256(FACTORY.lastProofAt()) + POLICY.fallbackDelay();
    }

    /// @inheritdoc IDisputeGame
    function gameCreator() public view returns (address) {
        return address(bytes20(_word(0)));
    }

    /// @inheritdoc IDisputeGame
    function rootClaim() public view returns (bytes32) {
        return _word(ROOT_CLAIM_OFFSET);
    }

    /// @inheritdoc IDisputeGame
    function l1Head() public view returns (bytes32) {
        return _word(L1_HEAD_OFFSET);
    }

    /// @inheritdoc IDisputeGame
    function l2BlockNumber() public view returns (uint256) {
        return uint256(_word(EXTRA_DATA_OFFSET));
    }

    /// @inheritdoc IMultiProofGame
    function parentGame() public view returns (IDisputeGame) {
        return IDisputeGame(address(uint160(uint256(_word(EXTRA_DATA_OFFSET + 32)))));
    }

    /// @inheritdoc IDisputeGame
    function extraData() public view returns (bytes memory) {
        return abi.encode(_word(EXTRA_DATA_OFFSET), _word(EXTRA_DATA_OFFSET + 32));
    }

    /// @inheritdoc GameBond
    /// @dev The air gap after the resolution: whatever it decides, the guardian has that long to look at it.
    function _bondHeldUntil() internal view override returns (uint256) {
        if (resolvedAt == 0) return type(uint256).max;
        return uint256(resolvedAt) + ANCHOR_STATE_REGISTRY.disputeGameFinalityDelaySeconds() + 1;
    }

    /// @inheritdoc GameBond
    /// @dev The rule stands at `IMultiProofGame.claimCredit`.
    function _bondOwners() internal view override returns (address owner, address sharer) {
        bool judged = ANCHOR_STATE_REGISTRY.isGameBlacklisted(this);
        if (!judged && !contradicted) return (gameCreator(), address(0));
        owner = Ownable(address(PROVER_REGISTRY)).owner();
        bool unopposed = !judged && PROVER_REGISTRY.isValid(refuter) && _standing().hostVendors == 0;
        if (unopposed) sharer = PROVER_REGISTRY.beneficiaryOf(refuter);
    }

    /// @dev Fixes what the claim starts from.
    function _start() private {
        require(createdAt == 0, MultiProofGame_AlreadyInitialized());
        _requireCanonicalArguments();
        createdAt = uint64(block.timestamp);
        wasRespectedGameTypeWhenCreated = ANCHOR_STATE_REGISTRY.respectedGameType() == GAME_TYPE;

        IDisputeGame parent = parentGame();
        (bytes32 root, uint256 number) = address(parent) == address(0)
            ? ANCHOR_STATE_REGISTRY.getAnchorRoot()
            : (_validParent(parent).rootClaim(), parent.l2BlockNumber());
        require(l2BlockNumber() > number, MultiProofGame_BlockNotAfterParent(l2BlockNumber(), number));
        uint256 blocks = l2BlockNumber() - number;
        require(blocks <= MAX_BLOCKS, MultiProofGame_TooManyBlocks(blocks, MAX_BLOCKS));
        previousOutputRoot = root;
        previousBlockNumber = number;
    }

    /// @dev One proposal must have one encoding, or it could exist twice under two UUIDs.
    function _requireCanonicalArguments() private view {
        uint256 length = Clones.fetchCloneArgs(address(this)).length;
        bool canonical = length == EXTRA_DATA_OFFSET + EXTRA_DATA_LENGTH && l2BlockNumber() <= type(uint64).max
            && uint256(_word(EXTRA_DATA_OFFSET + 32)) <= type(uint160).max;
        require(canonical, MultiProofGame_InvalidExtraData());
    }

    /// @dev A parent counts if it is this factory's, of this type while that was respected, and not known to be bad.
    function _validParent(IDisputeGame parent) private view returns (IDisputeGame) {
        require(address(parent).code.length != 0, MultiProofGame_InvalidParent(address(parent)));
        bool valid = ANCHOR_STATE_REGISTRY.isGameRegistered(parent) && parent.gameType() == GAME_TYPE
            && ANCHOR_STATE_REGISTRY.isGameRespected(parent) && !_distrusted(parent)
            && parent.status() != GameStatus.CHALLENGER_WINS;
        require(valid, MultiProofGame_InvalidParent(address(parent)));
        return parent;
    }

    function _prove(bytes32 outputRoot, bytes calldata signature) private {
        Claim memory claim = Claim({
            rollupConfigHash: ROLLUP_CONFIG_HASH,
            l1Head: l1Head(),
            previousOutputRoot: previousOutputRoot,
            outputRoot: outputRoot,
            l2BlockNumber: uint64(l2BlockNumber())
        });
        (address key, IProverRegistry.HostVendor vendor, bool gpu) = PROVER_REGISTRY.verify(claim, signature);
        if (outputRoot == rootClaim()) {
            _support(key, vendor, gpu);
        } else {
            contradicted = true;
            refuter = key;
            emit Contradicted(key, outputRoot);
            _finish(GameStatus.CHALLENGER_WINS);
        }
    }

    function _support(address key, IProverRegistry.HostVendor vendor, bool gpu) private {
        for (uint256 i = 0; i < _supporters.length; ++i) {
            Supporter storage other = _supporters[i];
            require(other.key != key, MultiProofGame_AlreadyProved(key));
            if (other.vendor != vendor || other.gpu != gpu) continue;
            require(!PROVER_REGISTRY.isValid(other.key), MultiProofGame_ClassAlreadyProved(vendor, gpu));
            _removeSupporter(i);
            break;
        }
        _supporters.push(Supporter({key: key, vendor: vendor, gpu: gpu, provedAt: uint64(block.timestamp)}));
        emit Proved(key, vendor, gpu);
    }

    /// @dev Keeps the order: `_standing` reads when the threshold was reached from it.
    function _removeSupporter(uint256 index) private {
        for (uint256 i = index + 1; i < _supporters.length; ++i) {
            _supporters[i - 1] = _supporters[i];
        }
        _supporters.pop();
    }

    /// @dev Whoever is no prover any more has no part in the win.
    function _keepValidSupporters() private {
        for (uint256 i = _supporters.length; i > 0; --i) {
            if (!PROVER_REGISTRY.isValid(_supporters[i - 1].key)) _removeSupporter(i - 1);
        }
    }

    function _finish(GameStatus outcome) private {
        status = outcome;
        resolvedAt = uint64(block.timestamp);
        emit Resolved(outcome);
    }

    /// @dev A pause must not turn into a verdict, so this asks less than `isGameProper`.
    function _distrusted(IDisputeGame game) private view returns (bool) {
        return ANCHOR_STATE_REGISTRY.isGameBlacklisted(game) || ANCHOR_STATE_REGISTRY.isGameRetired(game);
    }

    function _parentLost() private view returns (bool) {
        IDisputeGame parent = parentGame();
        if (address(parent) == address(0)) return false;
        return parent.status() == GameStatus.CHALLENGER_WINS || _distrusted(parent);
    }

    function _requireParentWon() private view {
        IDisputeGame parent = parentGame();
        if (address(parent) == address(0)) return;
        require(parent.status() == GameStatus.DEFENDER_WINS, MultiProofGame_ParentNotResolved(address(parent)));
    }

    /// @dev Fast, slow or fallback; else reverts with the first thing that the fast path lacks.
    function _requireDecidable() private view {
        Standing memory standing = _standing();
        if (standing.thresholdAt != 0 && _elapsed(standing.thresholdAt, POLICY.fastDelay())) return;
        if (standing.firstProofAt != 0 && _elapsed(standing.firstProofAt, POLICY.slowDelay())) return;
        if (bonded && _elapsed(createdAt, POLICY.challengeWindow())) return;

        uint8 wanted = POLICY.minHostVendors();
        require(standing.hostVendors >= wanted, MultiProofGame_NotEnoughVendors(standing.hostVendors, wanted));
        require(standing.thresholdAt != 0, MultiProofGame_GpuProofMissing());
        revert MultiProofGame_DelayNotElapsed(uint256(standing.thresholdAt) + POLICY.fastDelay());
    }

    /// @dev Wide enough for a delay that means "never".
    function _elapsed(uint64 start, uint64 delay) private view returns (bool) {
        return block.timestamp >= uint256(start) + delay;
    }

    /// @dev Supporters that are valid now, in the order in which they proved. Vendors are counted by a bit each.
    function _standing() private view returns (Standing memory standing) {
        uint256 seen;
        uint256 seenWithGpu;
        for (uint256 i = 0; i < _supporters.length; ++i) {
            Supporter memory supporter = _supporters[i];
            if (!PROVER_REGISTRY.isValid(supporter.key)) continue;
            if (standing.firstProofAt == 0) standing.firstProofAt = supporter.provedAt;
            uint256 vendorBit = 1 << uint256(supporter.vendor);
            if (seen & vendorBit == 0) {
                seen |= vendorBit;
                ++standing.hostVendors;
            }
            if (supporter.gpu && seenWithGpu & vendorBit == 0) {
                seenWithGpu |= vendorBit;
                ++standing.gpuVendors;
            }
            standing.gpu = standing.gpuVendors != 0;
            bool reached = standing.hostVendors >= POLICY.minHostVendors() && (standing.gpu || !POLICY.requiresGpu());
            if (reached && standing.thresholdAt == 0) standing.thresholdAt = supporter.provedAt;
        }
    }

    /// @dev The word at `offset` of the clone's arguments.
    function _word(uint256 offset) private view returns (bytes32 word) {
        bytes memory args = Clones.fetchCloneArgs(address(this));
        assembly ("memory-safe") {
            word := mload(add(add(args, 0x20), offset))
        }
    }
}
