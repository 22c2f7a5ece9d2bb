// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICrossDomainMessenger} from "../../src/bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {ClaimMessage, ClaimOrigin} from "../../src/pha/sunset/ClaimMessage.sol";
import {SunsetClaims} from "../../src/pha/sunset/SunsetClaims.sol";
import {
    ClaimForm,
    ClaimRole,
    ClaimTerms,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Order
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {ISunsetRegistry} from "../../src/pha/sunset/interfaces/ISunsetRegistry.sol";
import {SunsetDouble, SunsetFixture} from "./SunsetFixture.sol";

/// @notice The texts for any contract, as the contract itself makes them.
contract MessageMaker {
    function claim(ClaimOrigin memory origin, bytes32 account, uint256 planck, Order memory order, ClaimRole role)
        external
        view
        returns (bytes memory)
    {
        return ClaimMessage.claim(origin, account, planck, order, role);
    }

    function veto(ClaimOrigin memory origin, bytes32 account, bytes32 delegate, uint64 deadline)
        external
        view
        returns (bytes memory)
    {
        return ClaimMessage.veto(origin, account, delegate, deadline);
    }
}

/// @title SunsetClaimsTest
/// @notice What an account's own key gets, on which conditions, and what it costs; registrations; funds and their end.
contract SunsetClaimsTest is SunsetFixture {
    /// @dev All of a claim to L1 but the verification of its signature: leaf, message, payment.
    uint256 private constant GAS_BESIDE_THE_SIGNATURE = 130_000;

    // ---- what is paid

    function testFuzz_each_planck_is_a_million_wei(uint128 planck) public {
        planck = uint128(bound(planck, 1, FUNDED / 1e6));
        uint256 index = _hold(_key(1), planck);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        Entitlement memory entitlement = _entitlement(index);
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Claimed(_key(1), receiver, ClaimForm.TO_L1, planck, uint256(planck) * 1e6);
        vm.prank(stranger);
        claims.claim(entitlement, order, ownership);
        assertEq(pha.balanceOf(receiver), uint256(planck) * 1e6);
        assertEq(claims.totalReleased(), uint256(planck) * 1e6);
        assertEq(claims.unclaimed(), FUNDED - uint256(planck) * 1e6);
    }

    function test_wrapped_signatures_and_all_kinds_of_keys_count() public {
        for (uint256 i = 0; i < 6; ++i) {
            ISubstrateSignatures.KeyKind kind = ISubstrateSignatures.KeyKind(i / 2);
            bool ecdsa = kind == ISubstrateSignatures.KeyKind.ECDSA;
            bytes memory publicKey = ecdsa ? abi.encodePacked(uint8(2), _key(i)) : abi.encode(_key(i));
            uint256 index = _hold(ecdsa ? keccak256(publicKey) : _key(i), PHA);
            Order memory order = _order(ClaimForm.TO_L1);
            bytes memory text = _text(index, order, ClaimRole.OWNER);
            KeySignature memory ownership = _signAs(kind, publicKey, text, i % 2 == 1);
            claims.claim(_entitlement(index), order, ownership);
        }
        assertEq(pha.balanceOf(receiver), 6 ether);
    }

    function test_a_claim_costs_little_beside_its_signature() public {
        for (uint256 i = 0; i < 40; ++i) {
            leaves.push(Leaf(BALANCE, _key(i), 0, PHA + i));
        }
        uint256 index = _hold(_key(40), 123_456_789_012_345);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 40);
        Entitlement memory entitlement = _entitlement(index);
        uint256 before = gasleft();
        claims.claim(entitlement, order, ownership);
        uint256 used = before - gasleft();
        assertTrue(used < GAS_BESIDE_THE_SIGNATURE, vm.toString(used));
    }

    // ---- what is signed

    function test_texts_equal_the_shared_vectors() public {
        string memory json = vm.readFile("./protocol/vectors/sunset-messages.json");
        uint256 count;
        while (vm.keyExistsJson(json, _path(count, ".claim"))) {
            _sameTexts(json, count++);
        }
        assertTrue(count >= 5, "the file has vectors");
    }

    function test_only_the_exact_message_is_accepted() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        bytes32 account_ = leaves[index].account;
        _refusedText(index, order, claims.message(account_, PHA + 1, order, ClaimRole.OWNER));
        _refusedText(index, order, claims.message(_key(2), PHA, order, ClaimRole.OWNER));
        _refusedText(index, order, claims.message(account_, PHA, order, ClaimRole.SIGNATORY));
        _refusedText(index, order, claims.message(account_, PHA, order, ClaimRole.PROXY));
        _refusedText(index, order, claims.vetoMessage(account_, account_, order.deadline));
        _refusedText(index, order, "");
        Order memory other = _order(ClaimForm.TO_L1);
        other.receiver = stranger;
        _refusedText(index, order, _text(index, other, ClaimRole.OWNER));
        other = _order(ClaimForm.TO_L1);
        other.deadline += 1;
        _refusedText(index, order, _text(index, other, ClaimRole.OWNER));
        _refusedText(index, order, _text(index, _order(ClaimForm.TO_L2), ClaimRole.OWNER));
        _refusedText(index, order, _text(index, _order(ClaimForm.TO_STAKE), ClaimRole.OWNER));
        // Wrapped, but said to be raw, and the other way round.
        KeySignature memory ownership =
            _signAs(ISubstrateSignatures.KeyKind.SR25519, abi.encode(_key(1)), _ownerText(index, order), true);
        ownership.wrapped = false;
        _refused(index, order, ownership, _invalidSignature());
        ownership = _owned(index, order, 1);
        ownership.wrapped = true;
        _refused(index, order, ownership, _invalidSignature());
    }

    function test_another_chains_or_contracts_message_is_refused() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        _refused(index, order, ownership, _invalidSignature());
        vm.chainId(chain);
        SunsetClaims elsewhere = new SunsetClaims(_terms());
        pha.approve(address(elsewhere), FUNDED);
        elsewhere.fund(FUNDED);
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(_invalidSignature());
        elsewhere.claim(entitlement, order, ownership);
    }

    function test_whoever_submits_changes_nothing() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        Order memory stolen = _order(ClaimForm.TO_L1);
        stolen.receiver = stranger;
        vm.prank(stranger);
        _refused(index, stolen, ownership, _invalidSignature());
    }

    function test_another_keys_signature_is_refused() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        _refused(
            index,
            order,
            _owned(index, order, 2),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_OtherAccount.selector, _key(1), _key(2))
        );
    }

    function test_deadlines_are_kept() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        vm.warp(order.deadline + 1);
        _refused(
            index,
            order,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Expired.selector, order.deadline)
        );
        vm.warp(order.deadline);
        Order memory endless = order;
        endless.deadline = claims.MAX_DEADLINE() + 1;
        _refused(
            index,
            endless,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_DeadlineTooFar.selector, endless.deadline)
        );
        order = _order(ClaimForm.TO_L1);
        order.deadline = uint64(block.timestamp);
        ownership = _owned(index, order, 1);
        claims.claim(_entitlement(index), order, ownership);
    }

    // ---- once per account

    function test_an_account_claims_once_whatever_it_signs() public {
        uint256 index = _hold(_key(1), PHA);
        uint256 again = _hold(_key(1), 2 * PHA);
        uint256 registration = _add(RECEIVER, _key(1), bytes32(uint256(uint160(receiver))), 0);
        Order memory order = _order(ClaimForm.TO_L1);
        claims.claim(_entitlement(index), order, _owned(index, order, 1));
        bytes memory wanted = abi.encodeWithSelector(ISunsetClaims.SunsetClaims_AlreadyClaimed.selector, _key(1));
        _refused(index, order, _owned(index, order, 1), wanted);
        Order memory other = _order(ClaimForm.TO_STAKE);
        other.receiver = stranger;
        _refused(index, other, _owned(index, other, 1), wanted);
        // Nor by a second leaf, should a tree have one.
        _refused(again, order, _owned(again, order, 1), wanted);
        Entitlement memory entitlement = _entitlement(again);
        bytes32[] memory proof = _proof(registration);
        vm.expectRevert(wanted);
        claims.claimRegistered(entitlement, receiver, ClaimForm.TO_L1, proof);
        assertTrue(claims.isClaimed(_key(1)), "claimed");
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    // ---- leaves

    function test_leaves_that_are_not_there_are_refused() public {
        uint256 index = _hold(_key(1), PHA);
        uint256 other = _hold(_key(2), 5 * PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        Entitlement memory entitlement = _entitlement(index);
        entitlement.planck = 5 * PHA;
        _notInTree(entitlement, order, ownership, 0);
        entitlement = _entitlement(index);
        entitlement.account = _key(2);
        _notInTree(entitlement, order, ownership, 0);
        entitlement = _entitlement(index);
        entitlement.proof = new bytes32[](0);
        _notInTree(entitlement, order, ownership, 0);
        entitlement.proof = _proof(other);
        _notInTree(entitlement, order, ownership, 0);
        entitlement.proof = new bytes32[](500);
        _notInTree(entitlement, order, ownership, 0);
    }

    /// @dev Two children of a node are 64 bytes, as a leaf's words would be were it hashed once.
    function test_an_inner_node_is_no_leaf() public {
        _hold(_key(1), PHA);
        _hold(_key(2), PHA);
        (bytes32 a, bytes32 b) = (_hashOf(leaves[0]), _hashOf(leaves[1]));
        (a, b) = a < b ? (a, b) : (b, a);
        assertEq(keccak256(abi.encode(a, b)), _root());
        Entitlement memory entitlement = Entitlement(a, uint256(b), new bytes32[](0));
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(0, order, 1);
        _notInTree(entitlement, order, ownership, 0);
    }

    function test_leaves_of_other_kinds_are_no_balance() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        uint256 registration = _add(RECEIVER, _key(1), bytes32(uint256(uint160(receiver))), 2);
        uint256 proxy = _add(PROXY, _key(1), _key(2), 100);
        Entitlement memory entitlement = Entitlement(_key(1), 2, _proof(registration));
        _notInTree(entitlement, order, ownership, 0);
        entitlement = Entitlement(_key(1), 100, _proof(proxy));
        _notInTree(entitlement, order, ownership, 0);
        // And a balance is no registration, nor is a proxy.
        entitlement = _entitlement(index);
        bytes32[] memory proof = _proof(index);
        vm.expectRevert(_notInTreeReason(2));
        claims.claimRegistered(entitlement, address(0), ClaimForm.TO_L1, proof);
        proof = _proof(proxy);
        vm.expectRevert(_notInTreeReason(2));
        claims.claimRegistered(entitlement, receiver, ClaimForm.TO_L1, proof);
    }

    function test_amounts_outside_of_a_parachains_are_refused() public {
        uint256[3] memory amounts = [0, uint256(type(uint128).max) + 1, type(uint256).max];
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint256 index = _hold(_key(i), amounts[i]);
            Order memory order = _order(ClaimForm.TO_L1);
            _refused(
                index,
                order,
                _owned(index, order, i),
                abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidAmount.selector, amounts[i])
            );
        }
    }

    function test_nothing_is_paid_before_the_sunset_is_final() public {
        leaves.push(Leaf(BALANCE, _key(1), 0, PHA));
        Order memory order = _order(ClaimForm.TO_L1);
        _refused(
            0, order, _owned(0, order, 1), abi.encodeWithSelector(SunsetDouble.SunsetDouble_NotFinal.selector)
        );
    }

    function test_receivers_who_would_lose_it_are_refused() public {
        uint256 index = _hold(_key(1), PHA);
        _refusedReceiver(index, ClaimForm.TO_L1, address(0));
        _refusedReceiver(index, ClaimForm.TO_L1, address(claims));
        _refusedReceiver(index, ClaimForm.TO_L1, address(pha));
        _refusedReceiver(index, ClaimForm.TO_L2, address(0));
        _refusedReceiver(index, ClaimForm.TO_L2, address(staker));
        _refusedReceiver(index, ClaimForm.TO_L2, address(l2Pha));
        _refusedReceiver(index, ClaimForm.TO_STAKE, address(0));
        _refusedReceiver(index, ClaimForm.TO_STAKE, address(staker));
        _refusedReceiver(index, ClaimForm.TO_STAKE, address(l2Pha));
    }

    // ---- registered receivers

    function test_a_registered_receiver_is_paid_by_anyone() public {
        uint256 index = _hold(_key(1), 3 * PHA);
        uint256 registration = _add(RECEIVER, _key(1), bytes32(uint256(uint160(receiver))), 0);
        Entitlement memory entitlement = _entitlement(index);
        bytes32[] memory proof = _proof(registration);
        vm.expectRevert(_notInTreeReason(2));
        claims.claimRegistered(entitlement, stranger, ClaimForm.TO_L1, proof);
        vm.expectRevert(_notInTreeReason(2));
        claims.claimRegistered(entitlement, receiver, ClaimForm.TO_L2, proof);
        vm.prank(stranger);
        claims.claimRegistered(entitlement, receiver, ClaimForm.TO_L1, proof);
        assertEq(pha.balanceOf(receiver), 3 ether);
    }

    function test_a_registration_pays_its_own_account_only() public {
        uint256 index = _hold(_key(1), 3 * PHA);
        uint256 registration = _add(RECEIVER, _key(2), bytes32(uint256(uint160(stranger))), 0);
        Entitlement memory entitlement = _entitlement(index);
        bytes32[] memory proof = _proof(registration);
        vm.expectRevert(_notInTreeReason(2));
        claims.claimRegistered(entitlement, stranger, ClaimForm.TO_L1, proof);
    }

    // ---- funds

    function test_claims_beyond_the_funds_wait_for_more() public {
        uint256 index = _hold(_key(1), FUNDED / 1e6 + 1);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        _refused(
            index,
            order,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Underfunded.selector, FUNDED + 1e6, FUNDED)
        );
        assertFalse(claims.isClaimed(_key(1)), "still to be claimed");
        pha.transfer(stranger, 1e6);
        vm.startPrank(stranger);
        pha.approve(address(claims), 1e6);
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Funded(stranger, 1e6);
        claims.fund(1e6);
        vm.stopPrank();
        claims.claim(_entitlement(index), order, ownership);
        assertEq(claims.unclaimed(), 0);
    }

    function test_what_is_left_leaves_after_years_and_to_one_place() public {
        _hold(_key(1), PHA);
        uint256 closesAt = claims.closesAt();
        assertEq(claims.sweepsAt(), closesAt);
        vm.warp(closesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, closesAt));
        claims.sweep();
        vm.warp(closesAt);
        vm.prank(stranger);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
        assertEq(claims.unclaimed(), 0);
    }

    function test_nothing_leaves_for_years_while_a_sunset_is_undecided() public {
        uint256 closesAt = claims.closesAt();
        uint256 period = claims.LEAST_OPEN_PERIOD();
        vm.warp(closesAt + 10 * period);
        sunset.setUndecided(ISunsetRegistry.Status.PROPOSED, 0, block.timestamp + 7 days);
        assertEq(claims.sweepsAt(), block.timestamp + 7 days + period);
        vm.expectPartialRevert(ISunsetClaims.SunsetClaims_NotClosed.selector);
        claims.sweep();
        sunset.setUndecided(ISunsetRegistry.Status.NONE, block.timestamp, 0);
        assertEq(claims.sweepsAt(), block.timestamp + period);
        vm.warp(closesAt - 1);
        sunset.setUndecided(ISunsetRegistry.Status.NONE, 0, 0);
        assertEq(claims.sweepsAt(), closesAt + period);
        vm.warp(closesAt + period - 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, closesAt + period)
        );
        claims.sweep();
        vm.warp(closesAt + period);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    /// @dev Whoever can finalize and does not, or a proposal whose provers are all gone, must not hold the rest for ever.
    function test_a_proposal_that_nobody_makes_final_ends_with_the_claims() public {
        uint256 finalAt = block.timestamp + 7 days;
        sunset.setUndecided(ISunsetRegistry.Status.PROPOSED, 0, finalAt);
        uint256 opensAt = claims.closesAt() + claims.LEAST_OPEN_PERIOD();
        assertEq(claims.sweepsAt(), opensAt);
        vm.warp(opensAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, opensAt));
        claims.sweep();
        // Made final at the last moment, it gives holders their years all the same.
        uint256 snapshot = vm.snapshotState();
        _hold(_key(1), PHA);
        assertEq(claims.sweepsAt(), block.timestamp + claims.LEAST_OPEN_PERIOD());
        vm.revertToState(snapshot);
        vm.warp(opensAt);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    /// @dev A sunset that became final late leaves holders their two years all the same.
    function test_holders_have_their_time_from_finality() public {
        vm.warp(claims.closesAt());
        _hold(_key(1), PHA);
        uint256 opensAt = block.timestamp + claims.LEAST_OPEN_PERIOD();
        assertEq(claims.sweepsAt(), opensAt);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotClosed.selector, opensAt));
        claims.sweep();
        vm.warp(opensAt);
        claims.sweep();
        assertEq(pha.balanceOf(treasury), FUNDED);
    }

    function test_terms_are_checked() public {
        ClaimTerms memory terms = _terms();
        terms.l2Token = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.l2Staker = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.leftoverTo = address(0);
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        terms = _terms();
        terms.messenger = ICrossDomainMessenger(address(0));
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroAddress.selector));
        bytes memory noCode = abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NoCode.selector, stranger);
        terms = _terms();
        terms.token = IERC20(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.sunset = ISunsetRegistry(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.signatures = ISubstrateSignatures(stranger);
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.bridge = IL1StandardBridge(payable(stranger));
        _refusedTerms(terms, noCode);
        terms = _terms();
        terms.secondsPerBlock = 0;
        _refusedTerms(terms, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_ZeroBlockTime.selector));
        terms = _terms();
        terms.closesAt = uint64(block.timestamp + 730 days - 1);
        _refusedTerms(
            terms,
            abi.encodeWithSelector(
                ISunsetClaims.SunsetClaims_ClosesTooSoon.selector, terms.closesAt, block.timestamp + 730 days
            )
        );
    }

    function _sameTexts(string memory json, uint256 index) private {
        MessageMaker maker = MessageMaker(vm.parseJsonAddress(json, _path(index, ".contract")));
        vm.etch(address(maker), address(new MessageMaker()).code);
        bytes32 holder = vm.parseJsonBytes32(json, _path(index, ".account"));
        uint256 chain = block.chainid;
        vm.chainId(vm.parseJsonUint(json, _path(index, ".chainId")));
        assertEq(_claimText(maker, json, index, holder), bytes(vm.parseJsonString(json, _path(index, ".claim"))));
        bytes32 delegate = vm.parseJsonBytes32(json, _path(index, ".delegate"));
        bytes memory text =
            maker.veto(_originOf(json, index), holder, delegate, _orderOf(json, index).deadline);
        assertEq(text, bytes(vm.parseJsonString(json, _path(index, ".veto"))));
        vm.chainId(chain);
    }

    function _claimText(MessageMaker maker, string memory json, uint256 index, bytes32 holder)
        private
        view
        returns (bytes memory)
    {
        ClaimOrigin memory origin = _originOf(json, index);
        Order memory order = _orderOf(json, index);
        uint256 planck = vm.parseJsonUint(json, _path(index, ".planck"));
        uint256 role = vm.parseJsonUint(json, _path(index, ".role"));
        return maker.claim(origin, holder, planck, order, ClaimRole(role));
    }

    function _ownerText(uint256 index, Order memory order) private view returns (bytes memory) {
        return _text(index, order, ClaimRole.OWNER);
    }

    function _refusedText(uint256 index, Order memory order, bytes memory text) private {
        _refused(index, order, _sign(1, text), _invalidSignature());
    }

    function _refused(uint256 index, Order memory order, KeySignature memory ownership, bytes memory reason)
        private
    {
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(reason);
        claims.claim(entitlement, order, ownership);
    }

    function _refusedReceiver(uint256 index, ClaimForm form, address to) private {
        Order memory order = _order(form);
        order.receiver = to;
        _refused(
            index,
            order,
            _owned(index, order, 1),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidReceiver.selector, to)
        );
    }

    function _notInTree(
        Entitlement memory entitlement,
        Order memory order,
        KeySignature memory ownership,
        uint8 kind
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, kind, entitlement.account)
        );
        claims.claim(entitlement, order, ownership);
    }

    function _refusedTerms(ClaimTerms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        new SunsetClaims(terms);
    }

    function _notInTreeReason(uint8 kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, kind, _key(1));
    }

    function _invalidSignature() private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 0);
    }

    function _path(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", field);
    }

    function _originOf(string memory json, uint256 index) private pure returns (ClaimOrigin memory) {
        return ClaimOrigin(
            vm.parseJsonBytes32(json, _path(index, ".genesisHash")),
            uint64(vm.parseJsonUint(json, _path(index, ".height")))
        );
    }

    function _orderOf(string memory json, uint256 index) private pure returns (Order memory) {
        return Order(
            vm.parseJsonAddress(json, _path(index, ".receiver")),
            ClaimForm(vm.parseJsonUint(json, _path(index, ".form"))),
            uint64(vm.parseJsonUint(json, _path(index, ".deadline")))
        );
    }
}
