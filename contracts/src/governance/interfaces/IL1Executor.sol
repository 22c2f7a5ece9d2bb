// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ICrossDomainMessenger} from "../../bridging/interfaces/ICrossDomainMessenger.sol";
import {IDisputeGameFactory} from "../../settlement/interfaces/IDisputeGameFactory.sol";
import {IOptimismPortal} from "../../settlement/interfaces/IOptimismPortal.sol";
import {ISystemConfig} from "../../settlement/interfaces/ISystemConfig.sol";

/// @title IL1Executor
/// @notice The way from a vote on L2 to everything that the timelock owns on L1. It proposes to the timelock what the L2
///         timelock sends it by the messenger, and nothing else; there is no other proposer. What it schedules waits longer
///         than an exit takes at that moment, so that whoever disagrees has left before it happens:
///
///           vote ─► L2 timelock ─► message, proven and final on L1 ─► schedule ─► exit window + margin ─► anyone executes
///                                                                        └─ the guardian may veto for `vetoWindow`
///
///         It holds nothing, has no owner and no setter.
interface IL1Executor {
    /// @param messenger L1's, which brings the messages of L2.
    /// @param l2Timelock The only sender that is heard.
    /// @param timelock Owner of everything on L1, in which is scheduled.
    /// @param systemConfig Names the guardian.
    /// @param portal, gameFactory, gameType Where the length of an exit is read.
    /// @param margin Seconds beyond proving and finality: forced inclusion of the withdrawal on L2, a proposal, a pause.
    /// @param vetoWindow Seconds in which the guardian may cancel; at most `margin`.
    struct Parameters {
        ICrossDomainMessenger messenger;
        address l2Timelock;
        TimelockController timelock;
        ISystemConfig systemConfig;
        IOptimismPortal portal;
        IDisputeGameFactory gameFactory;
        uint32 gameType;
        uint64 margin;
        uint64 vetoWindow;
    }

    /// @notice A batch waits in the timelock under `id`.
    /// @param content Hash of all of it but the salt.
    /// @param readyAt Unix seconds from which anyone may execute it in the timelock.
    /// @param vetoableUntil Unix seconds until which the guardian may cancel it, exclusive.
    event BatchScheduled(bytes32 indexed id, bytes32 indexed content, uint256 readyAt, uint256 vetoableUntil);
    /// @notice The guardian cancelled the batch.
    event BatchVetoed(bytes32 indexed id, bytes32 indexed content);
    /// @notice L2's timelock took the batch back, whether or not it had arrived; it never comes again.
    event BatchWithdrawn(bytes32 indexed id);
    /// @notice A batch that claims to be good for longer than `MAX_VALIDITY` came, and will never be scheduled.
    event BatchRefused(bytes32 indexed id, uint256 validUntil);

    /// @notice One of the addresses that it is made with is missing.
    error L1Executor_ZeroAddress();
    /// @notice Without a margin a withdrawal would have to be on its way already.
    error L1Executor_ZeroMargin();
    /// @notice A veto must end before the batch can be executed.
    error L1Executor_InvalidVetoWindow(uint256 vetoWindow, uint256 margin);
    /// @notice Not called by the messenger.
    error L1Executor_NotTheMessenger(address caller);
    /// @notice The message is not the L2 timelock's.
    error L1Executor_NotTheL2Timelock(address sender);
    /// @notice Only `SystemConfig.guardian` vetoes.
    error L1Executor_NotTheGuardian(address caller);
    /// @notice A batch of no calls decides nothing.
    error L1Executor_EmptyBatch();
    /// @notice The decision was brought too late: who still wants it decides again.
    error L1Executor_Expired(uint256 validUntil);
    /// @notice The same batch came before, or was withdrawn: a new salt is a new decision.
    error L1Executor_Barred(bytes32 id);
    /// @notice It was not scheduled here.
    error L1Executor_UnknownBatch(bytes32 id);
    /// @notice What was not vetoed in time happens.
    error L1Executor_VetoWindowOver(bytes32 id, uint256 vetoableUntil);
    /// @notice The same was first vetoed more than `VETO_REPEAT` and less than `VETO_LAPSE` ago, and voted for again: a
    ///         veto delays, it does not rule.
    error L1Executor_AlreadyVetoed(bytes32 content);

    /// @notice Schedules a batch in the timelock. Only by a message of the L2 timelock; value that comes with it is the
    ///         timelock's, for the batch to spend. Each (batch, salt) once, whatever became of it: a message that failed
    ///         stays with the messenger, where anyone brings it again, and must not undo a veto or a withdrawal.
    /// @param validUntil Unix seconds until which the message may arrive. Further ahead than `MAX_VALIDITY` nothing is
    ///        scheduled, then or later: `readyAt` is zero.
    /// @return id The timelock's id of the batch. @return readyAt Unix seconds from which anyone may execute it there.
    function schedule(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt,
        uint64 validUntil
    ) external payable returns (bytes32 id, uint256 readyAt);

    /// @notice Takes a batch back before it is executed, or before it arrives; it can never be scheduled again. Only by a
    ///         message of the L2 timelock.
    function withdraw(bytes32 id) external;

    /// @notice Cancels a batch. Only the guardian, only within the window, and of the same content only until `VETO_REPEAT`
    ///         after its first veto, or after `VETO_LAPSE`.
    function veto(bytes32 id) external;

    /// @notice Seconds for which a batch that is scheduled now waits.
    function delay() external view returns (uint256);

    /// @notice Seconds that an exit takes at most by now, on the slow path, with the margin.
    function exitWindow() external view returns (uint256);

    /// @notice Unix seconds until which the guardian may veto; zero for what was not scheduled here.
    function vetoableUntil(bytes32 id) external view returns (uint256);

    /// @notice Hash of a batch without its salt; zero for what was not scheduled here.
    function contentOf(bytes32 id) external view returns (bytes32);

    /// @notice Unix seconds of the first veto of this content; zero = none. Of no account after `VETO_LAPSE`.
    function firstVetoAt(bytes32 content) external view returns (uint256);

    /// @notice Seconds from the first veto of a content in which it may be vetoed again. Twins under other salts that one
    ///         vote prepared all arrive within it: a whole vote with its delays and the way to L1 are shorter. What arrives
    ///         later is what was voted for again.
    // solhint-disable-next-line func-name-mixedcase
    function VETO_REPEAT() external view returns (uint256);

    /// @notice Seconds from the first veto of a content until it is forgotten: then it may be vetoed as if for the first
    ///         time. Between the two what was vetoed is voted for again, passes on L2, arrives, and waits out the window.
    // solhint-disable-next-line func-name-mixedcase
    function VETO_LAPSE() external view returns (uint256);

    /// @notice Whether the batch can never be scheduled: it came before, or was withdrawn.
    function isBarred(bytes32 id) external view returns (bool);

    /// @notice Seconds that a decision stays good at most, once it could arrive. A vote with its delays, the way to L1, and
    ///         the same calls voted for again after a veto on L2 are shorter.
    // solhint-disable-next-line func-name-mixedcase
    function MAX_VALIDITY() external view returns (uint256);

    /// @notice The only caller that is heard.
    function messenger() external view returns (ICrossDomainMessenger);

    /// @notice The only sender on L2 that is heard.
    function l2Timelock() external view returns (address);

    /// @notice In which is scheduled.
    function timelock() external view returns (TimelockController);

    /// @notice Names the guardian.
    function systemConfig() external view returns (ISystemConfig);

    /// @notice Says how long a proven withdrawal matures, and a game's air gap.
    function portal() external view returns (IOptimismPortal);

    /// @notice Says which game an exit needs now.
    function gameFactory() external view returns (IDisputeGameFactory);

    /// @notice Of the games that exits are proven against.
    function gameType() external view returns (uint32);

    /// @notice Seconds beyond an exit's proof and finality.
    function margin() external view returns (uint64);

    /// @notice Seconds from scheduling in which the guardian may veto.
    function vetoWindow() external view returns (uint64);
}
