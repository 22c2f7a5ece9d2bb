// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {GovernorFixture, VotesToken} from "./GovernorFixture.sol";

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

/// @notice The votes, and the attempts to have without them what they give.
contract PhaGovernorVotesTest is GovernorFixture {
    uint256 private constant VOTER_KEY = 0xa11ce;
    uint8 private constant AGAINST = 0;

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
