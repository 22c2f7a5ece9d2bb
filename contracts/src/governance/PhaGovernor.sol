// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorPreventLateQuorum} from "@openzeppelin/contracts/governance/extensions/GovernorPreventLateQuorum.sol";
import {GovernorProposalGuardian} from "@openzeppelin/contracts/governance/extensions/GovernorProposalGuardian.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorStorage} from "@openzeppelin/contracts/governance/extensions/GovernorStorage.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Vetoes} from "./Vetoes.sol";

/// @title PhaGovernor
/// @notice Votes of vPHA decide. All of it is OpenZeppelin's Governor; what is added:
///
///         - the guardian only cancels, until `guardianWindow` after the end of the vote, and the same calls not for ever
///           (`Vetoes`): a veto delays what is voted for again, it does not rule;
///         - the quorum has a floor, so that the first who stake do not rule over what others bring later;
///         - the timelock is fixed, since `L1Executor` on L1 hears that one and no other;
///         - the token's clock must be time.
///
///         What was proposed is kept in storage: queue and execution need nothing but the proposal's number.
contract PhaGovernor is
    GovernorSettings,
    GovernorCountingSimple,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl,
    GovernorPreventLateQuorum,
    GovernorProposalGuardian,
    GovernorStorage
{
    /// @param token Whose votes decide: vPHA.
    /// @param timelock What is decided waits in, and is executed by; for ever.
    /// @param votingDelay Seconds from the proposal to the moment at which votes are counted.
    /// @param votingPeriod Seconds of the vote.
    /// @param proposalThreshold Votes that a proposer needs, in units of votes (vPHA has 24 decimals).
    /// @param quorumPercent Of the votes that exist, how many percent must take part.
    /// @param quorumFloor Votes that must take part however few exist, in units of votes (vPHA has 24 decimals).
    /// @param lateQuorumExtension Seconds that a vote goes on at least once its quorum is reached.
    /// @param guardian Who may cancel; zero = nobody.
    /// @param guardianWindow Seconds after the end of the vote for which he may.
    struct Parameters {
        IVotes token;
        TimelockController timelock;
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 proposalThreshold;
        uint256 quorumPercent;
        uint256 quorumFloor;
        uint48 lateQuorumExtension;
        address guardian;
        uint48 guardianWindow;
    }

    bytes32 private constant TIME = keccak256("mode=timestamp");

    /// @notice Votes that must take part however few exist, in units of votes.
    uint256 public immutable quorumFloor;

    /// @notice Seconds after the end of a vote until which the guardian may cancel.
    uint48 public immutable guardianWindow;

    /// @notice Seconds from the first veto of calls in which the same calls may be vetoed again. Twins under other
    ///         descriptions that were proposed before it end within: a whole vote with its delays, a late quorum and
    ///         `guardianWindow` must be shorter, which deployment checks.
    uint256 public constant VETO_REPEAT = Vetoes.REPEAT;

    /// @notice Seconds from the first veto of calls until it is forgotten, and they may be vetoed as if for the first time.
    uint256 public constant VETO_LAPSE = Vetoes.LAPSE;

    /// @notice Unix seconds at which the guardian first cancelled a proposal of these calls, zero = never; of no account
    ///         after `VETO_LAPSE`. `content` is keccak256(abi.encode(targets, values, calldatas)).
    mapping(bytes32 content => uint256) public firstVetoAt;

    /// @notice The guardian cancelled the proposal, which is of these calls (see `firstVetoAt`).
    event ProposalVetoed(uint256 indexed proposalId, bytes32 indexed content);

    /// @notice The same calls were first vetoed more than `VETO_REPEAT` ago, and less than `VETO_LAPSE`.
    error PhaGovernor_AlreadyVetoed(bytes32 content);
    /// @notice L1Executor hears this timelock alone.
    error PhaGovernor_TimelockIsFixed();
    /// @notice Periods are in seconds, so votes must be counted by time.
    error PhaGovernor_ClockIsNotTime();
    /// @notice A quorum of zero, as a fraction or as a floor, lets one vote rule.
    error PhaGovernor_ZeroQuorum();

    /// @dev Reverts with PhaGovernor_ClockIsNotTime, PhaGovernor_ZeroQuorum, and as OpenZeppelin's parts do.
    constructor(Parameters memory parameters)
        Governor("PhaGovernor")
        GovernorSettings(parameters.votingDelay, parameters.votingPeriod, parameters.proposalThreshold)
        GovernorVotes(parameters.token)
        GovernorVotesQuorumFraction(parameters.quorumPercent)
        GovernorTimelockControl(parameters.timelock)
        GovernorPreventLateQuorum(parameters.lateQuorumExtension)
    {
        require(keccak256(bytes(token().CLOCK_MODE())) == TIME, PhaGovernor_ClockIsNotTime());
        require(parameters.quorumFloor != 0, PhaGovernor_ZeroQuorum());
        quorumFloor = parameters.quorumFloor;
        guardianWindow = parameters.guardianWindow;
        _setProposalGuardian(parameters.guardian);
    }

    /// @inheritdoc Governor
    /// @dev Who may is `_validateCancel`'s to say; here a veto is counted.
    function cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) public override returns (uint256 proposalId) {
        proposalId = super.cancel(targets, values, calldatas, descriptionHash);
        if (_msgSender() != proposalGuardian()) return proposalId;
        bytes32 content = keccak256(abi.encode(targets, values, calldatas));
        require(Vetoes.count(firstVetoAt, content), PhaGovernor_AlreadyVetoed(content));
        emit ProposalVetoed(proposalId, content);
    }

    /// @inheritdoc GovernorTimelockControl
    function updateTimelock(TimelockController) public pure override {
        revert PhaGovernor_TimelockIsFixed();
    }

    /// @notice Unix seconds until which the guardian may cancel the proposal, inclusive.
    function guardianMayCancelUntil(uint256 proposalId) public view returns (uint256) {
        return proposalDeadline(proposalId) + guardianWindow;
    }

    /// @inheritdoc GovernorVotesQuorumFraction
    function quorum(uint256 timepoint)
        public
        view
        override(Governor, GovernorVotesQuorumFraction)
        returns (uint256)
    {
        return Math.max(super.quorum(timepoint), quorumFloor);
    }

    /// @inheritdoc GovernorSettings
    function proposalThreshold() public view override(Governor, GovernorSettings) returns (uint256) {
        return super.proposalThreshold();
    }

    /// @inheritdoc GovernorPreventLateQuorum
    function proposalDeadline(uint256 proposalId)
        public
        view
        override(Governor, GovernorPreventLateQuorum)
        returns (uint256)
    {
        return super.proposalDeadline(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    /// @inheritdoc GovernorTimelockControl
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override(Governor, GovernorStorage) returns (uint256) {
        return super._propose(targets, values, calldatas, description, proposer);
    }

    function _updateQuorumNumerator(uint256 newQuorumNumerator) internal override {
        require(newQuorumNumerator != 0, PhaGovernor_ZeroQuorum());
        super._updateQuorumNumerator(newQuorumNumerator);
    }

    function _tallyUpdated(uint256 proposalId) internal override(Governor, GovernorPreventLateQuorum) {
        super._tallyUpdated(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    /// @dev A proposer cancels what is not voted on yet, as with any Governor; the guardian has his window, and no more.
    function _validateCancel(uint256 proposalId, address caller)
        internal
        view
        override(Governor, GovernorProposalGuardian)
        returns (bool)
    {
        if (caller == proposalGuardian() && clock() <= guardianMayCancelUntil(proposalId)) return true;
        return Governor._validateCancel(proposalId, caller);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }
}
