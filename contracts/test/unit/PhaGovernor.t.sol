// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {GovernanceTimelock} from "../../src/governance/GovernanceTimelock.sol";
import {PhaGovernor} from "../../src/governance/PhaGovernor.sol";
import {Base} from "./Base.sol";

/// @notice Votes by time, minted by whoever asks; who never delegated votes for himself, as with vPHA.
contract VotesToken is ERC20, ERC20Permit, ERC20Votes {
    constructor() ERC20("Votes", "VOTE") ERC20Permit("Votes") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        if (to != address(0) && delegates(to) == address(0)) _delegate(to, to);
        super._update(from, to, value);
    }
}

/// @notice Votes by block number.
contract BlockClock {
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=blocknumber&from=default";
    }
}

/// @notice Borrows votes, acts with them, and gives them back, all in one transaction.
contract FlashVoter {
    VotesToken private immutable TOKEN;

    constructor(VotesToken token) {
        TOKEN = token;
    }

    function strike(address target, bytes calldata call, uint256 amount)
        external
        returns (bool success, bytes memory returned)
    {
        TOKEN.mint(address(this), amount);
        // solhint-disable-next-line avoid-low-level-calls
        (success, returned) = target.call(call);
        TOKEN.burn(address(this), amount);
    }
}

/// @notice Takes what is paid to it, and tries to have the proposal executed once more.
contract Reenters {
    address private _target;
    bytes private _call;
    bool public reached;
    bool public succeeded;

    function arm(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    receive() external payable {
        reached = true;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded,) = _target.call(_call);
    }
}

/// @notice Something that is governed.
contract Governed {
    uint256 public value;
    address private immutable OWNER;

    error Governed_NotTheOwner();

    constructor(address owner) {
        OWNER = owner;
    }

    function set(uint256 value_) external {
        require(msg.sender == OWNER, Governed_NotTheOwner());
        value = value_;
    }
}

/// @notice The votes, and the attempts to have without them what they give.
contract PhaGovernorTest is Base {
    uint48 private constant DELAY = 1 days;
    uint32 private constant PERIOD = 7 days;
    uint48 private constant EXTENSION = 2 days;
    uint48 private constant GUARDIAN_WINDOW = 1 days;
    uint256 private constant L2_DELAY = 2 days;
    uint256 private constant THRESHOLD = 1_000 ether;
    uint256 private constant SUPPLY = 1_000_000 ether;
    uint256 private constant FLOOR = SUPPLY / 100;
    uint256 private constant VOTER_KEY = 0xa11ce;
    uint8 private constant AGAINST = 0;
    uint8 private constant FOR = 1;

    address private proposer = account("proposer");
    address private whale = account("whale");
    address private guardian = account("guardian");
    address private anyone = account("anyone");

    VotesToken private token;
    GovernanceTimelock private timelock;
    PhaGovernor private governor;
    Governed private governed;

    address[] private targets;
    uint256[] private values;
    bytes[] private calldatas;
    string private description = "raise the value";

    function setUp() public {
        vm.warp(1_000_000);
        token = new VotesToken();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        timelock = new GovernanceTimelock(L2_DELAY, next);
        governor = new PhaGovernor(_parameters());
        governed = new Governed(address(timelock));
        token.mint(proposer, THRESHOLD);
        token.mint(whale, SUPPLY - THRESHOLD);
        _wait(1);
        _call(address(governed), 0, abi.encodeCall(Governed.set, (7)));
    }

    // ---- the way

    function test_votes_decide_after_the_delays() public {
        uint256 id = _propose(proposer);
        assertEq(governor.proposalSnapshot(id), block.timestamp + DELAY);
        _wait(DELAY);
        vm.prank(whale);
        vm.expectRevert();
        governor.castVote(id, FOR);
        _wait(1);
        vm.prank(whale);
        governor.castVote(id, FOR);
        _refuse("queue", _queueCall());
        _wait(PERIOD);
        _must(_queueCall());
        assertEq(governor.proposalEta(id), block.timestamp + L2_DELAY);
        _refuse("execute", _executeCall());
        _wait(L2_DELAY);
        vm.prank(anyone);
        _must(_executeCall());
        assertEq(governed.value(), 7);
        _refuse("execute twice", _executeCall());
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed));
    }

    function test_a_vote_and_a_delegation_are_given_by_signature() public {
        address voter = vm.addr(VOTER_KEY);
        token.mint(voter, SUPPLY);
        address delegate = account("delegate");
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)"),
                        delegate,
                        uint256(0),
                        block.timestamp + 1
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(VOTER_KEY, digest);
        vm.prank(anyone);
        token.delegateBySig(delegate, 0, block.timestamp + 1, v, r, s);
        assertEq(token.getVotes(delegate), SUPPLY);
        vm.expectRevert();
        token.delegateBySig(delegate, 0, block.timestamp + 1, v, r, s);

        token.mint(vm.addr(0xb0b), SUPPLY);
        _wait(1);
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        (v, r, s) = vm.sign(0xb0b, _ballot(id, FOR, vm.addr(0xb0b)));
        vm.prank(anyone);
        governor.castVoteBySig(id, FOR, vm.addr(0xb0b), abi.encodePacked(r, s, v));
        (, uint256 forVotes,) = governor.proposalVotes(id);
        assertEq(forVotes, SUPPLY);
        vm.expectRevert();
        governor.castVoteBySig(id, AGAINST, vm.addr(0xb0b), abi.encodePacked(r, s, v));
    }

    // ---- who may propose, and with what votes

    function test_a_proposal_needs_the_threshold_a_second_before() public {
        vm.prank(anyone);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, anyone, 0, THRESHOLD)
        );
        governor.propose(targets, values, calldatas, description);
        token.mint(anyone, THRESHOLD);
        vm.prank(anyone);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calldatas, description);
        _wait(1);
        _propose(anyone);
    }

    function test_borrowed_votes_neither_propose_nor_vote() public {
        FlashVoter flash = new FlashVoter(token);
        (bool success,) = flash.strike(
            address(governor), abi.encodeCall(governor.propose, (targets, values, calldatas, description)), SUPPLY
        );
        assertFalse(success, "borrowed votes propose");
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        (success,) = flash.strike(address(governor), abi.encodeCall(governor.castVote, (id, FOR)), 10 * SUPPLY);
        (, uint256 forVotes,) = governor.proposalVotes(id);
        assertEq(forVotes, 0);
    }

    function test_votes_bought_after_the_snapshot_do_not_count() public {
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(whale);
        token.transfer(anyone, SUPPLY / 2);
        vm.prank(anyone);
        governor.castVote(id, FOR);
        vm.prank(whale);
        governor.castVote(id, AGAINST);
        (uint256 against, uint256 forVotes,) = governor.proposalVotes(id);
        assertEq(forVotes, 0);
        assertEq(against, SUPPLY - THRESHOLD);
    }

    function test_nobody_votes_twice() public {
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(whale);
        governor.castVote(id, FOR);
        vm.prank(whale);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, whale));
        governor.castVote(id, FOR);
        // The same votes in another's wallet were not there at the snapshot.
        vm.prank(whale);
        token.transfer(anyone, SUPPLY / 2);
        vm.prank(anyone);
        governor.castVote(id, FOR);
        (, uint256 forVotes,) = governor.proposalVotes(id);
        assertEq(forVotes, SUPPLY - THRESHOLD);
    }

    /// @dev Who is to be slashed copies the proposal to be its proposer, and cancels it for ever.
    function test_a_proposal_that_names_its_proposer_is_nobody_elses() public {
        address accused = account("accused");
        token.mint(accused, THRESHOLD);
        _wait(1);
        string memory plain = description;
        description = string.concat(plain, "#proposer=", Strings.toHexString(proposer));
        vm.prank(accused);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, accused));
        governor.propose(targets, values, calldatas, description);
        uint256 id = _propose(proposer);
        vm.prank(accused);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, accused));
        governor.cancel(id);
    }

    // ---- the quorum

    function test_the_quorum_is_of_the_supply_at_the_snapshot() public {
        address small = account("small");
        vm.prank(whale);
        token.transfer(small, SUPPLY * 4 / 100);
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        // Neither a mint nor a burn afterwards moves it.
        token.mint(anyone, 100 * SUPPLY);
        assertEq(governor.quorum(governor.proposalSnapshot(id)), SUPPLY * 4 / 100);
        vm.prank(small);
        governor.castVote(id, FOR);
        _wait(PERIOD);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Succeeded));
    }

    function test_short_of_the_quorum_nothing_is_decided() public {
        address small = account("small");
        vm.prank(whale);
        token.transfer(small, SUPPLY * 4 / 100 - 1);
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(small);
        governor.castVote(id, FOR);
        _wait(PERIOD);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
        _refuse("queue", _queueCall());
    }

    function test_a_late_quorum_extends_the_vote_so_that_others_can_answer() public {
        uint256 id = _propose(proposer);
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline);
        address late = account("late");
        vm.prank(whale);
        governor.castVote(id, FOR);
        assertEq(governor.proposalDeadline(id), deadline + EXTENSION);
        vm.warp(deadline + EXTENSION);
        assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Active));
        vm.prank(proposer);
        governor.castVote(id, AGAINST);
        vm.prank(late);
        governor.castVote(id, AGAINST);
        // It is extended once.
        assertEq(governor.proposalDeadline(id), deadline + EXTENSION);
        _wait(1);
        _must(_queueCall());
    }

    // ---- the guardian

    function test_the_guardian_cancels_in_any_state_within_his_window() public {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 before = vm.snapshotState();
            uint256 id = _propose(proposer);
            if (i > 0) _wait(DELAY + 1);
            if (i > 1) {
                vm.prank(whale);
                governor.castVote(id, FOR);
                _wait(PERIOD);
                _must(_queueCall());
            }
            vm.prank(guardian);
            _must(_cancelCall());
            assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled));
            _wait(PERIOD + L2_DELAY);
            _refuse("execute", _executeCall());
            vm.revertToState(before);
        }
    }

    function test_after_his_window_he_cannot() public {
        uint256 id = _succeed();
        _must(_queueCall());
        assertEq(governor.guardianMayCancelUntil(id), governor.proposalDeadline(id) + GUARDIAN_WINDOW);
        vm.warp(governor.guardianMayCancelUntil(id) + 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
        _wait(L2_DELAY);
        _must(_executeCall());
    }

    /// @dev The same calls under two descriptions at once: neither outlives the veto of the other.
    function test_twins_proposed_beforehand_are_cancelled_too() public {
        uint256 one = _propose(proposer);
        description = "twin";
        uint256 two = _propose(proposer);
        _wait(DELAY + 1);
        vm.startPrank(whale);
        governor.castVote(one, FOR);
        governor.castVote(two, FOR);
        vm.stopPrank();
        _wait(PERIOD);
        _must(_queueCall());
        vm.startPrank(guardian);
        governor.cancel(one);
        governor.cancel(two);
        vm.stopPrank();
        _wait(L2_DELAY);
        _refuse("execute", _executeCall());
        assertEq(governed.value(), 0);
    }

    /// @dev Any twin of before the first veto ends, and the guardian's window with it, while it may be vetoed again.
    function test_a_vote_with_all_its_delays_is_shorter_than_what_may_be_vetoed_again() public {
        _propose(proposer);
        vm.prank(guardian);
        _must(_cancelCall());
        description = "last second";
        uint256 id = _propose(proposer);
        vm.warp(governor.proposalDeadline(id));
        vm.prank(whale);
        governor.castVote(id, FOR);
        vm.warp(governor.guardianMayCancelUntil(id));
        vm.prank(guardian);
        governor.cancel(id);
    }

    function test_what_is_voted_for_again_is_not_cancelled_again() public {
        _propose(proposer);
        vm.prank(guardian);
        _must(_cancelCall());
        _wait(governor.VETO_REPEAT());
        description = "again";
        _propose(proposer);
        bytes32 content = keccak256(abi.encode(targets, values, calldatas));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(PhaGovernor.PhaGovernor_AlreadyVetoed.selector, content));
        governor.cancel(targets, values, calldatas, keccak256("again"));
    }

    function test_by_number_the_same_holds_as_by_the_calls() public {
        uint256 id = _succeed();
        vm.prank(anyone);
        governor.queue(id);
        uint256 before = vm.snapshotState();
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, anyone));
        governor.cancel(id);
        vm.prank(guardian);
        governor.cancel(id);
        assertEq(governor.firstVetoAt(keccak256(abi.encode(targets, values, calldatas))), block.timestamp);
        vm.revertToState(before);
        vm.warp(governor.guardianMayCancelUntil(id) + 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, guardian));
        governor.cancel(id);
        _wait(L2_DELAY);
        vm.prank(anyone);
        governor.execute(id);
        assertEq(governed.value(), 7);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 1));
        governor.execute(1);
    }

    function test_nobody_else_cancels_but_the_proposer_before_the_vote() public {
        uint256 id = _propose(proposer);
        vm.prank(anyone);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, anyone));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
        uint256 before = vm.snapshotState();
        vm.prank(proposer);
        _must(_cancelCall());
        vm.revertToState(before);
        _wait(DELAY + 1);
        vm.prank(proposer);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, proposer));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_without_a_guardian_nobody_has_his_power() public {
        _call(address(governor), 0, abi.encodeCall(governor.setProposalGuardian, (address(0))));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.proposalGuardian(), address(0));
        description = "next";
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(proposer);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, proposer));
        governor.cancel(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_the_guardian_does_nothing_else() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, guardian));
        governor.setVotingDelay(0);
        vm.prank(guardian);
        vm.expectRevert();
        timelock.cancel(keccak256("any"));
        vm.prank(guardian);
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        governor.propose(targets, values, calldatas, description);
    }

    // ---- what governs itself

    function test_the_governor_changes_itself_by_a_vote_and_not_otherwise() public {
        _call(address(governor), 0, abi.encodeCall(governor.setVotingDelay, (2 days)));
        vm.prank(whale);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, whale));
        governor.setVotingDelay(2 days);
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.votingDelay(), 2 days);
    }

    /// @dev Past the governor nothing reaches the governor: its own calls are only those that it announced.
    function test_executing_around_the_governor_does_not_change_it() public {
        _call(address(governor), 0, abi.encodeCall(governor.setVotingDelay, (0)));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(description));
        vm.expectRevert();
        timelock.executeBatch(targets, values, calldatas, 0, salt);
        assertEq(governor.votingDelay(), DELAY);
    }

    function test_the_timelock_is_fixed() public {
        _call(address(governor), 0, abi.encodeCall(governor.updateTimelock, (TimelockController(payable(anyone)))));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        vm.expectRevert(PhaGovernor.PhaGovernor_TimelockIsFixed.selector);
        governor.execute(targets, values, calldatas, keccak256(bytes(description)));
        assertEq(governor.timelock(), address(timelock));
    }

    function test_a_quorum_of_zero_is_refused_even_by_a_vote() public {
        _call(address(governor), 0, abi.encodeCall(governor.updateQuorumNumerator, (0)));
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        governor.execute(targets, values, calldatas, keccak256(bytes(description)));
    }

    function test_a_new_quorum_does_not_touch_votes_that_began_before() public {
        uint256 id = _propose(proposer);
        _wait(DELAY + 1);
        uint256 snapshot = governor.proposalSnapshot(id);
        uint256 wanted = governor.quorum(snapshot);
        _call(address(governor), 0, abi.encodeCall(governor.updateQuorumNumerator, (50)));
        description = "half of all";
        _succeed();
        _must(_queueCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertEq(governor.quorumNumerator(), 50);
        assertEq(governor.quorum(snapshot), wanted);
    }

    function test_nobody_but_the_governor_schedules_and_nobody_administers() public {
        bytes32 proposerRole = timelock.PROPOSER_ROLE();
        bytes32 adminRole = timelock.DEFAULT_ADMIN_ROLE();
        for (uint256 i = 0; i < 4; ++i) {
            address caller = [whale, guardian, anyone, address(this)][i];
            vm.prank(caller);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, proposerRole)
            );
            timelock.scheduleBatch(targets, values, calldatas, 0, 0, L2_DELAY);
            vm.prank(caller);
            vm.expectRevert(
                abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, adminRole)
            );
            timelock.grantRole(proposerRole, caller);
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, caller));
            timelock.updateDelay(0);
        }
        assertTrue(timelock.hasRole(adminRole, address(timelock)), "administers itself");
    }

    // ---- value and reentrancy

    function test_a_value_is_paid_once_though_the_payee_calls_back() public {
        Reenters payee = new Reenters();
        _call(address(payee), 1 ether, "");
        vm.deal(address(timelock), 5 ether);
        _succeed();
        _must(_queueCall());
        payee.arm(address(governor), _executeCall());
        _wait(L2_DELAY);
        _must(_executeCall());
        assertTrue(payee.reached(), "called");
        assertFalse(payee.succeeded(), "executed in an execution");
        assertEq(address(payee).balance, 1 ether);
    }

    function test_around_the_governor_the_payee_gets_no_more() public {
        Reenters payee = new Reenters();
        _call(address(payee), 1 ether, "");
        vm.deal(address(timelock), 5 ether);
        _succeed();
        _must(_queueCall());
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(description));
        payee.arm(address(timelock), abi.encodeCall(timelock.executeBatch, (targets, values, calldatas, 0, salt)));
        _wait(L2_DELAY);
        try governor.execute(targets, values, calldatas, keccak256(bytes(description))) {} catch {}
        assertTrue(address(payee).balance <= 1 ether, "paid once at most");
    }

    // ---- what makes no sense

    function test_a_clock_of_blocks_and_a_quorum_of_zero_are_refused() public {
        PhaGovernor.Parameters memory wrong = _parameters();
        wrong.token = IVotes(address(new BlockClock()));
        vm.expectRevert(PhaGovernor.PhaGovernor_ClockIsNotTime.selector);
        new PhaGovernor(wrong);
        wrong = _parameters();
        wrong.quorumPercent = 0;
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        new PhaGovernor(wrong);
        wrong = _parameters();
        wrong.quorumFloor = 0;
        vm.expectRevert(PhaGovernor.PhaGovernor_ZeroQuorum.selector);
        new PhaGovernor(wrong);
        vm.expectRevert(GovernanceTimelock.GovernanceTimelock_ZeroAddress.selector);
        new GovernanceTimelock(1, address(0));
    }

    // ---- verbs

    function _parameters() private view returns (PhaGovernor.Parameters memory) {
        return PhaGovernor.Parameters({
            token: token,
            timelock: timelock,
            votingDelay: DELAY,
            votingPeriod: PERIOD,
            proposalThreshold: THRESHOLD,
            quorumPercent: 4,
            quorumFloor: FLOOR,
            lateQuorumExtension: EXTENSION,
            guardian: guardian,
            guardianWindow: GUARDIAN_WINDOW
        });
    }

    function _wait(uint256 time) private {
        vm.warp(block.timestamp + time);
    }

    function _call(address target, uint256 value, bytes memory data) private {
        (targets, values, calldatas) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], values[0], calldatas[0]) = (target, value, data);
    }

    function _propose(address from) private returns (uint256) {
        vm.prank(from);
        return governor.propose(targets, values, calldatas, description);
    }

    function _succeed() private returns (uint256 id) {
        id = _propose(proposer);
        _wait(DELAY + 1);
        vm.prank(whale);
        governor.castVote(id, FOR);
        _wait(PERIOD);
    }

    function _queueCall() private view returns (bytes memory) {
        return _byCalls("queue(address[],uint256[],bytes[],bytes32)");
    }

    function _executeCall() private view returns (bytes memory) {
        return _byCalls("execute(address[],uint256[],bytes[],bytes32)");
    }

    function _cancelCall() private view returns (bytes memory) {
        return _byCalls("cancel(address[],uint256[],bytes[],bytes32)");
    }

    function _byCalls(string memory signature) private view returns (bytes memory) {
        return abi.encodeWithSignature(signature, targets, values, calldatas, keccak256(bytes(description)));
    }

    function _must(bytes memory call) private {
        (bool success,) = address(governor).call(call);
        assertTrue(success, "the governor refuses");
    }

    function _refuse(string memory what, bytes memory call) private {
        (bool success,) = address(governor).call(call);
        assertFalse(success, what);
    }

    function _ballot(uint256 id, uint8 support, address voter) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("PhaGovernor"),
                keccak256("1"),
                block.chainid,
                address(governor)
            )
        );
        bytes32 ballot = keccak256(
            abi.encode(
                keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"), id, support, voter, 0
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, ballot));
    }
}
