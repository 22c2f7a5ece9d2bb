// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICrossDomainMessenger} from "../bridging/interfaces/ICrossDomainMessenger.sol";
import {IDisputeGameFactory} from "../settlement/interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "../settlement/interfaces/IMultiProofGame.sol";
import {IOptimismPortal} from "../settlement/interfaces/IOptimismPortal.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {Vetoes} from "./Vetoes.sol";
import {IL1Executor} from "./interfaces/IL1Executor.sol";

/// @title L1Executor
/// @notice See `IL1Executor`.
contract L1Executor is IL1Executor {
    /// @param vetoableUntil Unix seconds; never zero for a batch that was scheduled.
    struct Batch {
        bytes32 content;
        uint64 vetoableUntil;
    }

    /// @inheritdoc IL1Executor
    uint256 public constant VETO_REPEAT = Vetoes.REPEAT;
    /// @inheritdoc IL1Executor
    uint256 public constant VETO_LAPSE = Vetoes.LAPSE;
    /// @inheritdoc IL1Executor
    uint256 public constant MAX_VALIDITY = 90 days;

    /// @inheritdoc IL1Executor
    ICrossDomainMessenger public immutable messenger;
    /// @inheritdoc IL1Executor
    address public immutable l2Timelock;
    /// @inheritdoc IL1Executor
    TimelockController public immutable timelock;
    /// @inheritdoc IL1Executor
    ISystemConfig public immutable systemConfig;
    /// @inheritdoc IL1Executor
    uint64 public immutable margin;
    /// @inheritdoc IL1Executor
    uint64 public immutable vetoWindow;

    /// @inheritdoc IL1Executor
    IOptimismPortal public immutable portal;
    /// @inheritdoc IL1Executor
    IDisputeGameFactory public immutable gameFactory;
    /// @inheritdoc IL1Executor
    uint32 public immutable gameType;

    mapping(bytes32 id => Batch) private _batches;
    /// @inheritdoc IL1Executor
    mapping(bytes32 content => uint256) public firstVetoAt;
    /// @inheritdoc IL1Executor
    mapping(bytes32 id => bool) public isBarred;

    /// @dev None of what is named is called yet: most of it is created later.
    constructor(Parameters memory parameters) {
        bool complete = address(parameters.messenger) != address(0) && parameters.l2Timelock != address(0)
            && address(parameters.timelock) != address(0) && address(parameters.systemConfig) != address(0)
            && address(parameters.portal) != address(0) && address(parameters.gameFactory) != address(0);
        require(complete, L1Executor_ZeroAddress());
        require(parameters.margin != 0, L1Executor_ZeroMargin());
        require(
            parameters.vetoWindow != 0 && parameters.vetoWindow <= parameters.margin,
            L1Executor_InvalidVetoWindow(parameters.vetoWindow, parameters.margin)
        );
        messenger = parameters.messenger;
        l2Timelock = parameters.l2Timelock;
        timelock = parameters.timelock;
        systemConfig = parameters.systemConfig;
        portal = parameters.portal;
        gameFactory = parameters.gameFactory;
        gameType = parameters.gameType;
        margin = parameters.margin;
        vetoWindow = parameters.vetoWindow;
    }

    modifier onlyL2Timelock() {
        require(msg.sender == address(messenger), L1Executor_NotTheMessenger(msg.sender));
        address sender = messenger.xDomainMessageSender();
        require(sender == l2Timelock, L1Executor_NotTheL2Timelock(sender));
        _;
    }

    /// @inheritdoc IL1Executor
    function schedule(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint64 validUntil
    ) external payable onlyL2Timelock returns (bytes32 id, uint256 readyAt) {
        require(targets.length != 0, L1Executor_EmptyBatch());
        id = timelock.hashOperationBatch(targets, values, payloads, predecessor, salt);
        if (!_arrives(id, validUntil)) return (id, 0);
        readyAt = block.timestamp + delay();
        _remember(id, keccak256(abi.encode(targets, values, payloads, predecessor)), readyAt);
        timelock.scheduleBatch(targets, values, payloads, predecessor, salt, readyAt - block.timestamp);
    }

    /// @inheritdoc IL1Executor
    function withdraw(bytes32 id) external onlyL2Timelock {
        isBarred[id] = true;
        if (timelock.isOperation(id)) timelock.cancel(id);
        emit BatchWithdrawn(id);
    }

    /// @inheritdoc IL1Executor
    function veto(bytes32 id) external {
        require(msg.sender == systemConfig.guardian(), L1Executor_NotTheGuardian(msg.sender));
        Batch memory batch = _known(id);
        require(block.timestamp < batch.vetoableUntil, L1Executor_VetoWindowOver(id, batch.vetoableUntil));
        require(Vetoes.count(firstVetoAt, batch.content), L1Executor_AlreadyVetoed(batch.content));
        timelock.cancel(id);
        emit BatchVetoed(id, batch.content);
    }

    /// @inheritdoc IL1Executor
    function vetoableUntil(bytes32 id) external view returns (uint256) {
        return _batches[id].vetoableUntil;
    }

    /// @inheritdoc IL1Executor
    function contentOf(bytes32 id) external view returns (bytes32) {
        return _batches[id].content;
    }

    /// @inheritdoc IL1Executor
    function delay() public view returns (uint256) {
        return Math.max(exitWindow(), timelock.getMinDelay());
    }

    /// @inheritdoc IL1Executor
    /// @dev Everything that is read here is the timelock's to change, so that nobody else can shorten the window, or stop
    ///      governance by a window that cannot be read. The respected game type is the guardian's, and is not asked.
    function exitWindow() public view returns (uint256) {
        IMultiProofGame game = IMultiProofGame(address(gameFactory.gameImpls(gameType)));
        return portal.proofMaturityDelaySeconds() + portal.disputeGameFinalityDelaySeconds()
            + game.proofPolicy().slowDelay() + margin;
    }

    /// @dev Whether a batch is to be scheduled, which it is asked once. What asks for too long is no error: an error would
    ///      leave the message with the messenger, to be brought again when it fits, long after the vote.
    function _arrives(bytes32 id, uint64 validUntil) private returns (bool) {
        require(block.timestamp <= validUntil, L1Executor_Expired(validUntil));
        require(!isBarred[id], L1Executor_Barred(id));
        isBarred[id] = true;
        if (msg.value != 0) Address.sendValue(payable(address(timelock)), msg.value);
        if (validUntil <= block.timestamp + MAX_VALIDITY) return true;
        emit BatchRefused(id, validUntil);
        return false;
    }

    function _remember(bytes32 id, bytes32 content, uint256 readyAt) private {
        uint64 until = uint64(block.timestamp) + vetoWindow;
        _batches[id] = Batch({content: content, vetoableUntil: until});
        emit BatchScheduled(id, content, readyAt, until);
    }

    function _known(bytes32 id) private view returns (Batch memory batch) {
        batch = _batches[id];
        require(batch.vetoableUntil != 0, L1Executor_UnknownBatch(id));
    }
}
