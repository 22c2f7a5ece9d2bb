// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {
    ClaimForm,
    ClaimRole,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Order
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {SunsetDouble, SunsetFixture} from "./SunsetFixture.sol";

/// @title SunsetClaimsPaymentTest
/// @notice What an account's own key gets, once, for which leaf of the tree, and what it costs; registrations.
contract SunsetClaimsPaymentTest is SunsetFixture {
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

    function _notInTreeReason(uint8 kind) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, kind, _key(1));
    }
}
