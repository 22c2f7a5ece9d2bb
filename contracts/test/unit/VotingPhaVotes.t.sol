// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice Every share votes once, for one account, wherever it is.
contract VotingPhaVotesTest is StakingFixture {
    uint256 private constant ALICE_KEY = 0xA11CE;
    bytes32 private constant DELEGATION_TYPEHASH =
        keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");

    function test_the_clock_is_the_timestamp() public view {
        assertEq(uint256(vault.clock()), block.timestamp);
        assertEq(bytes(vault.CLOCK_MODE()), "mode=timestamp");
    }

    function test_stake_votes_for_its_owner_without_a_delegation() public {
        _deposit(alice, 10 * PHA);
        assertEq(vault.delegates(alice), alice);
        _expectVotes(10 * VPHA, 0, 0, 10 * VPHA);
    }

    function test_delegated_votes_move_and_come_back() public {
        _deposit(alice, 10 * PHA);
        vm.prank(alice);
        vault.delegate(bob);
        _expectVotes(0, 10 * VPHA, 0, 10 * VPHA);
        _deposit(alice, PHA);
        _expectVotes(0, 11 * VPHA, 0, 11 * VPHA);
        // Nobody means himself.
        vm.prank(alice);
        vault.delegate(address(0));
        assertEq(vault.delegates(alice), alice);
        _expectVotes(11 * VPHA, 0, 0, 11 * VPHA);
        vm.prank(alice);
        vault.delegate(alice);
        _expectVotes(11 * VPHA, 0, 0, 11 * VPHA);
    }

    function test_unlocking_stake_votes_until_it_is_claimed() public {
        _deposit(alice, 10 * PHA);
        uint256 id = _request(alice, 4 * VPHA);
        assertEq(vault.totalSupply(), 6 * VPHA);
        _expectVotes(10 * VPHA, 0, 0, 10 * VPHA);
        // Its votes go where the rest of his go.
        vm.prank(alice);
        vault.delegate(bob);
        _expectVotes(0, 10 * VPHA, 0, 10 * VPHA);
        _wait(21 days);
        vault.claim(id);
        _expectVotes(0, 6 * VPHA, 0, 6 * VPHA);
    }

    function test_cancelled_stake_votes_with_its_new_shares_only() public {
        _deposit(bob, 10_000 * PHA);
        _deposit(alice, 10 * PHA);
        uint256 id = _request(alice, 4 * VPHA);
        _fund(10_000 * PHA);
        _wait(1 days);
        vm.prank(alice);
        uint256 shares = vault.cancelUnlock(id);
        assertTrue(shares < 4 * VPHA, "the price rose");
        _expectVotes(6 * VPHA + shares, 10_000 * VPHA, 0, 10_006 * VPHA + shares);
    }

    function test_the_receiver_of_a_request_has_none_of_its_votes() public {
        _deposit(alice, 10 * PHA);
        vm.prank(alice);
        vault.requestUnlock(4 * VPHA, carol);
        _expectVotes(10 * VPHA, 0, 0, 10 * VPHA);
    }

    function test_pledged_stake_votes_for_its_owner_alone() public {
        uint256 shares = pledges.classOf(H100).collateral;
        _deposit(alice, 2_000 * PHA);
        uint256 id = _pledge(alice, H100, shares);
        _expectVotes(2_000 * VPHA, 0, 0, 2_000 * VPHA);
        assertEq(vault.getVotes(address(pledges)), 0);
        vm.prank(alice);
        vault.delegate(bob);
        _expectVotes(0, 2_000 * VPHA, 0, 2_000 * VPHA);
        vm.prank(alice);
        pledges.unbond(id);
        _expectVotes(0, 2_000 * VPHA, 0, 2_000 * VPHA);
        _wait(pledges.UNBONDING_PERIOD());
        pledges.release(id);
        _expectVotes(0, 2_000 * VPHA, 0, 2_000 * VPHA);
    }

    function test_slashed_stake_votes_no_more() public {
        _deposit(alice, 2_000 * PHA);
        uint256 id = _pledge(alice, H100, 1_250 * VPHA);
        vm.prank(alice);
        vault.delegate(bob);
        _slash(id, 250 * VPHA, "offence", block.timestamp);
        _expectVotes(0, 1_750 * VPHA, 0, 1_750 * VPHA);
        vm.prank(alice);
        vault.delegate(carol);
        _expectVotes(0, 0, 1_750 * VPHA, 1_750 * VPHA);
    }

    /// @dev Shares that pass through many hands in one second count where they are at its end.
    function test_one_stake_does_not_vote_from_two_wallets() public {
        _deposit(alice, 10 * PHA);
        vm.prank(alice);
        vault.transfer(bob, 10 * VPHA);
        vm.prank(bob);
        vault.transfer(carol, 10 * VPHA);
        _expectVotes(0, 0, 10 * VPHA, 10 * VPHA);
        _wait(1);
        assertEq(vault.getPastVotes(alice, START), 0);
        assertEq(vault.getPastVotes(bob, START), 0);
        assertEq(vault.getPastVotes(carol, START), 10 * VPHA);
        assertEq(vault.getPastTotalSupply(START), 10 * VPHA);
    }

    /// @dev A vote asks for a past moment; what came later has none in it, and what is borrowed cannot leave in its block.
    function test_borrowed_stake_has_no_votes_in_the_past() public {
        _deposit(bob, PHA);
        _wait(1 hours);
        _deposit(alice, 1_000_000 * PHA);
        assertEq(vault.getPastVotes(alice, block.timestamp - 1), 0);
        vm.expectRevert(
            abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, block.timestamp, uint48(block.timestamp))
        );
        vault.getPastVotes(alice, block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(Votes.ERC5805FutureLookup.selector, block.timestamp, uint48(block.timestamp))
        );
        vault.getPastTotalSupply(block.timestamp);
    }

    function test_a_signature_delegates_once_and_in_time() public {
        address signer = vm.addr(ALICE_KEY);
        _deposit(signer, 10 * PHA);
        (uint8 v, bytes32 r, bytes32 s) = _signDelegation(bob, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IVotes.VotesExpiredSignature.selector, block.timestamp - 1));
        vault.delegateBySig(bob, 0, block.timestamp - 1, v, r, s);
        vault.delegateBySig(bob, 0, block.timestamp, v, r, s);
        assertEq(vault.getVotes(bob), 10 * VPHA);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, signer, 1));
        vault.delegateBySig(bob, 0, block.timestamp, v, r, s);
        // For another delegate it is nobody's signature.
        (v, r, s) = _signDelegation(bob, 0, block.timestamp);
        vault.delegateBySig(carol, 0, block.timestamp, v, r, s);
        assertEq(vault.delegates(signer), bob);
        assertEq(vault.getVotes(carol), 0);
    }

    function _expectVotes(uint256 ofAlice, uint256 ofBob, uint256 ofCarol, uint256 inAll) private {
        assertEq(vault.getVotes(alice), ofAlice);
        assertEq(vault.getVotes(bob), ofBob);
        assertEq(vault.getVotes(carol), ofCarol);
        uint256 moment = block.timestamp;
        _wait(1);
        assertEq(vault.getPastTotalSupply(moment), inAll);
    }

    function _signDelegation(address to, uint256 nonce, uint256 expiry)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 hash = keccak256(abi.encode(DELEGATION_TYPEHASH, to, nonce, expiry));
        return vm.sign(ALICE_KEY, keccak256(abi.encodePacked(hex"1901", vault.DOMAIN_SEPARATOR(), hash)));
    }
}
