// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {
    ClaimForm,
    ClaimRole,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Multisig,
    Order,
    Owners,
    ProxyLink
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {SunsetFixture} from "./SunsetFixture.sol";

/// @title SunsetOwnersTest
/// @notice Accounts without a key of their own: multisigs, those within multisigs, and what proxies may take for others.
contract SunsetOwnersTest is SunsetFixture {
    // ---- multisigs

    function test_enough_signatories_claim() public {
        Multisig memory multisig = _multisigOf(1, 3, 2);
        uint256 index = _hold(_accountOf(multisig), 7 * PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        Owners memory owners = _signedBy(index, order, multisig, _list(3, 1));
        vm.prank(stranger);
        claims.claimMultisig(_entitlement(index), order, owners);
        assertEq(pha.balanceOf(receiver), 7 ether);
    }

    function test_too_few_signatories_do_not() public {
        Multisig memory multisig = _multisigOf(1, 3, 2);
        uint256 index = _hold(_accountOf(multisig), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        _refused(index, order, _signedBy(index, order, multisig, _list(2)), _tooFew(2, 1));
        // The same one twice, and one with a stranger, are one.
        _refused(index, order, _signedBy(index, order, multisig, _list(2, 2)), _tooFew(2, 1));
        _refused(index, order, _signedBy(index, order, multisig, _list(2, 9)), _tooFew(2, 1));
        _refused(index, order, _signedBy(index, order, multisig, new uint256[](0)), _tooFew(2, 0));
    }

    function test_a_multisig_of_other_members_or_threshold_is_another_account() public {
        Multisig memory multisig = _multisigOf(1, 3, 2);
        bytes32 holder = _accountOf(multisig);
        uint256 index = _hold(holder, PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        Multisig memory mine = _multisigOf(1, 3, 1);
        _refused(index, order, _signedBy(index, order, mine, _list(1)), _other(holder, _accountOf(mine)));
        mine = _multisigOf(11, 3, 2);
        _refused(index, order, _signedBy(index, order, mine, _list(11, 12)), _other(holder, _accountOf(mine)));
        mine = _multisigOf(1, 3, 2);
        (mine.signatories[0], mine.signatories[1]) = (mine.signatories[1], mine.signatories[0]);
        bytes memory unordered =
            abi.encodeWithSelector(ISubstrateSignatures.SubstrateSignatures_Multisig.selector, 3, 2);
        _refused(index, order, _signedBy(index, order, mine, _list(1, 2)), unordered);
        mine.signatories[1] = mine.signatories[0];
        _refused(index, order, _signedBy(index, order, mine, _list(1, 2)), unordered);
    }

    function test_a_multisig_in_a_multisig_counts_as_one_signatory() public {
        Multisig memory inner = _multisigOf(1, 3, 2);
        bytes32[] memory members = new bytes32[](3);
        (members[0], members[1], members[2]) = (_accountOf(inner), _key(8), _key(9));
        Multisig memory outer = _multisig(members, 2);
        uint256 index = _hold(_accountOf(outer), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        uint256[] memory keys = new uint256[](3);
        (keys[0], keys[1], keys[2]) = (1, 2, 9);
        Owners memory owners = _owners(_text(index, order, ClaimRole.SIGNATORY), keys);
        owners.multisigs = new Multisig[](2);
        // Top-down the inner one is not shown yet.
        (owners.multisigs[0], owners.multisigs[1]) = (outer, inner);
        _refused(index, order, owners, _tooFew(2, 1));
        (owners.multisigs[0], owners.multisigs[1]) = (inner, outer);
        claims.claimMultisig(_entitlement(index), order, owners);
        assertEq(pha.balanceOf(receiver), 1 ether);
    }

    function test_signatures_that_do_not_fit_together_are_put_on_record_first() public {
        Multisig memory multisig = _multisigOf(1, 5, 3);
        uint256 index = _hold(_accountOf(multisig), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        bytes memory text = _text(index, order, ClaimRole.SIGNATORY);
        Owners memory owners = _signedBy(index, order, multisig, _list(5));
        owners.earlier = new bytes32[](2);
        (owners.earlier[0], owners.earlier[1]) = (_key(1), _key(2));
        bytes memory unknown =
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotApproved.selector, _key(1));
        _refused(index, order, owners, unknown);
        // On record for another message: of no use.
        claims.approve("anything else", _owners("anything else", _list(1, 2)).keys);
        _refused(index, order, owners, unknown);
        KeySignature[] memory keys = _owners(text, _list(1, 2)).keys;
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Approved(_key(1), keccak256(text));
        claims.approve(text, keys);
        assertTrue(claims.isApproved(keccak256(text), _key(2)), "on record");
        claims.claimMultisig(_entitlement(index), order, owners);
    }

    function test_a_wrong_signature_is_not_put_on_record() public {
        KeySignature[] memory keys = _owners("this", _list(1, 2)).keys;
        keys[1].signature = keys[0].signature;
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 1));
        claims.approve("this", keys);
    }

    function test_every_signature_must_be_good() public {
        Multisig memory multisig = _multisigOf(1, 3, 1);
        uint256 index = _hold(_accountOf(multisig), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        Owners memory owners = _signedBy(index, order, multisig, _list(1, 2));
        owners.keys[1].signature = "";
        _refused(
            index,
            order,
            owners,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 1)
        );
    }

    function test_evidence_of_no_account_or_of_several_is_refused() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        bytes memory text = _text(index, order, ClaimRole.SIGNATORY);
        bytes memory wanted = abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NoAccountShown.selector);
        Owners memory owners;
        _refused(index, order, owners, wanted);
        _refused(index, order, _owners(text, _list(2, 1)), wanted);
    }

    // ---- proxies without delay

    function test_a_delegate_claims_at_once_without_a_delay() public {
        (uint256 index, uint256 proxy) = _proxied(0);
        Order memory order = _order(ClaimForm.TO_L1);
        claims.claimByProxy(_entitlement(index), order, _link(proxy), _delegated(index, order, 2));
        assertEq(pha.balanceOf(receiver), 5 ether);
    }

    /// @dev As that of a keyless proxy account often is.
    function test_a_delegate_may_be_a_multisig() public {
        Multisig memory multisig = _multisigOf(4, 3, 2);
        uint256 index = _hold(_key(1), 5 * PHA);
        uint256 proxy = _add(PROXY, _key(1), _accountOf(multisig), 0);
        Order memory order = _order(ClaimForm.TO_L1);
        Owners memory owners = _owners(_text(index, order, ClaimRole.PROXY), _list(4, 6));
        owners.multisigs = new Multisig[](1);
        owners.multisigs[0] = multisig;
        claims.claimByProxy(_entitlement(index), order, _link(proxy), owners);
        assertEq(pha.balanceOf(receiver), 5 ether);
    }

    function test_a_delegate_takes_for_nobody_else() public {
        (, uint256 proxy) = _proxied(0);
        uint256 other = _hold(_key(3), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        _refusedByProxy(
            other,
            order,
            _link(proxy),
            _delegated(other, order, 2),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, PROXY, _key(3))
        );
    }

    function test_others_are_no_delegates() public {
        (uint256 index, uint256 proxy) = _proxied(0);
        Order memory order = _order(ClaimForm.TO_L1);
        ProxyLink memory link = _link(proxy);
        _refusedByProxy(index, order, link, _delegated(index, order, 3), _other(_key(2), _key(3)));
        link.delegate = _key(3);
        _refusedByProxy(
            index,
            order,
            link,
            _delegated(index, order, 3),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, PROXY, _key(1))
        );
        // What a signatory or owner signed is no delegate's word.
        Owners memory owners = _owners(_text(index, order, ClaimRole.SIGNATORY), _list(2));
        _refusedByProxy(
            index,
            order,
            _link(proxy),
            owners,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 0)
        );
    }

    // ---- proxies with a delay

    function test_a_delay_is_waited_for() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory order = _order(ClaimForm.TO_L1);
        Owners memory owners = _delegated(index, order, 2);
        _refusedByProxy(
            index,
            order,
            _link(proxy),
            owners,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_DelayedProxy.selector, 600)
        );
        _refusedAnnounced(order, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotAnnounced.selector));
        uint256 opensAt = block.timestamp + 600 * uint256(BLOCK_TIME);
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Announced(_key(1), _key(2), receiver, ClaimForm.TO_L1, opensAt);
        claims.announceByProxy(_entitlement(index), order, _link(proxy), owners);
        assertEq(claims.announcedFor(_key(1), 5 * PHA, order, _key(2)), opensAt);
        vm.warp(opensAt - 1);
        _refusedAnnounced(order, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_TooEarly.selector, opensAt));
        vm.warp(opensAt);
        vm.prank(stranger);
        claims.claimAnnounced(_key(1), 5 * PHA, order, _key(2));
        assertEq(pha.balanceOf(receiver), 5 ether);
    }

    function test_a_shorter_delay_is_not_to_be_had() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory order = _order(ClaimForm.TO_L1);
        ProxyLink memory link = _link(proxy);
        link.delay = 0;
        _refusedByProxy(
            index,
            order,
            link,
            _delegated(index, order, 2),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotInTree.selector, PROXY, _key(1))
        );
    }

    /// @dev The words are public once they were sent: who sends them again must not begin the delay anew.
    function test_an_announcement_repeated_does_not_begin_anew() public {
        uint256 opensAt = block.timestamp + 600 * uint256(BLOCK_TIME);
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory order = _announced(index, proxy);
        vm.warp(block.timestamp + 60);
        Entitlement memory entitlement = _entitlement(index);
        ProxyLink memory link = _link(proxy);
        Owners memory owners = _delegated(index, order, 2);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_AlreadyAnnounced.selector, opensAt));
        claims.announceByProxy(entitlement, order, link, owners);
    }

    function test_what_was_announced_cannot_be_changed() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory order = _announced(index, proxy);
        vm.warp(block.timestamp + 600 * uint256(BLOCK_TIME));
        bytes memory unknown = abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotAnnounced.selector);
        order.receiver = stranger;
        _refusedAnnounced(order, unknown);
        order.receiver = receiver;
        order.form = ClaimForm.TO_L2;
        _refusedAnnounced(order, unknown);
        order.form = ClaimForm.TO_L1;
        vm.expectRevert(unknown);
        claims.claimAnnounced(_key(1), 6 * PHA, order, _key(2));
        vm.expectRevert(unknown);
        claims.claimAnnounced(_key(1), 5 * PHA, order, _key(3));
    }

    function test_the_account_claims_first_while_a_delegate_waits() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory announced = _announced(index, proxy);
        Order memory order = _order(ClaimForm.TO_L1);
        order.receiver = treasury;
        claims.claim(_entitlement(index), order, _owned(index, order, 1));
        vm.warp(block.timestamp + 600 * uint256(BLOCK_TIME));
        _refusedAnnounced(
            announced, abi.encodeWithSelector(ISunsetClaims.SunsetClaims_AlreadyClaimed.selector, _key(1))
        );
        assertEq(pha.balanceOf(treasury), 5 ether);
        assertEq(pha.balanceOf(receiver), 0);
    }

    function test_a_veto_shuts_the_delegate_out() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        uint256 swift = _add(PROXY, _key(1), _key(2), 0);
        Order memory announced = _announced(index, proxy);
        uint64 deadline = uint64(block.timestamp + 1 days);
        Owners memory owners = _owners(claims.vetoMessage(_key(1), _key(2), deadline), _list(1));
        vm.expectEmit(address(claims));
        emit ISunsetClaims.Vetoed(_key(1), _key(2));
        vm.prank(stranger);
        claims.veto(_key(1), _key(2), deadline, owners);
        assertTrue(claims.isVetoed(_key(1), _key(2)), "vetoed");
        bytes memory vetoed =
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Vetoed.selector, _key(1), _key(2));
        vm.expectRevert(vetoed);
        claims.veto(_key(1), _key(2), deadline, owners);
        Order memory order = _order(ClaimForm.TO_L1);
        _refusedByProxy(index, order, _link(swift), _delegated(index, order, 2), vetoed);
        vm.warp(block.timestamp + 600 * uint256(BLOCK_TIME));
        _refusedAnnounced(announced, vetoed);
    }

    function test_a_veto_is_the_accounts_alone_and_in_time() public {
        _proxied(600);
        uint64 deadline = uint64(block.timestamp + 1 days);
        Owners memory owners = _owners(claims.vetoMessage(_key(1), _key(2), deadline), _list(2));
        vm.expectRevert(_other(_key(1), _key(2)));
        claims.veto(_key(1), _key(2), deadline, owners);
        owners = _owners(claims.vetoMessage(_key(1), _key(3), deadline), _list(1));
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 0));
        claims.veto(_key(1), _key(2), deadline, owners);
        owners = _owners(claims.vetoMessage(_key(1), _key(2), deadline), _list(1));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Expired.selector, deadline));
        claims.veto(_key(1), _key(2), deadline, owners);
    }

    function test_announcements_need_what_claims_need() public {
        (uint256 index, uint256 proxy) = _proxied(600);
        Order memory order = _order(ClaimForm.TO_L1);
        order.receiver = address(claims);
        Entitlement memory entitlement = _entitlement(index);
        ProxyLink memory link = _link(proxy);
        Owners memory owners = _delegated(index, order, 2);
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidReceiver.selector, address(claims))
        );
        claims.announceByProxy(entitlement, order, link, owners);
        order = _order(ClaimForm.TO_L1);
        owners = _delegated(index, order, 2);
        vm.warp(order.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Expired.selector, order.deadline));
        claims.announceByProxy(entitlement, order, link, owners);
    }

    /// @dev Key 1 holds 5 PHA, and key 2 is its delegate.
    function _proxied(uint256 delay) private returns (uint256 index, uint256 proxy) {
        index = _hold(_key(1), 5 * PHA);
        proxy = _add(PROXY, _key(1), _key(2), delay);
    }

    function _announced(uint256 index, uint256 proxy) private returns (Order memory order) {
        order = _order(ClaimForm.TO_L1);
        claims.announceByProxy(_entitlement(index), order, _link(proxy), _delegated(index, order, 2));
    }

    function _delegated(uint256 index, Order memory order, uint256 key) private view returns (Owners memory) {
        return _owners(_text(index, order, ClaimRole.PROXY), _list(key));
    }

    function _signedBy(uint256 index, Order memory order, Multisig memory multisig, uint256[] memory keys)
        private
        view
        returns (Owners memory owners)
    {
        owners = _owners(_text(index, order, ClaimRole.SIGNATORY), keys);
        owners.multisigs = new Multisig[](1);
        owners.multisigs[0] = multisig;
    }

    function _refused(uint256 index, Order memory order, Owners memory owners, bytes memory reason) private {
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(reason);
        claims.claimMultisig(entitlement, order, owners);
    }

    function _refusedByProxy(
        uint256 index,
        Order memory order,
        ProxyLink memory link,
        Owners memory owners,
        bytes memory reason
    ) private {
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(reason);
        claims.claimByProxy(entitlement, order, link, owners);
    }

    function _refusedAnnounced(Order memory order, bytes memory reason) private {
        vm.expectRevert(reason);
        claims.claimAnnounced(_key(1), 5 * PHA, order, _key(2));
    }

    function _tooFew(uint256 wanted, uint256 found) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_TooFewSignatories.selector, wanted, found);
    }

    function _other(bytes32 wanted, bytes32 found) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_OtherAccount.selector, wanted, found);
    }
}
